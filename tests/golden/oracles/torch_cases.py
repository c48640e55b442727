"""Cases that PyTorch computes from equations: cell variants, likelihood losses, optimisers, schedules."""

import numpy as np

from . import torch_cells, torch_events
from .bundle import Case, mask_of
from .conditioning import LEVELS, shaken, well_conditioned
from .parameters import random_parameter
from .torch_alone import torch


def _parameters(case, layers, features):
    """Random parameters under dotted names, stored in the case: (tensors, names in the file)."""
    values, names = {}, {}
    for layer in layers:
        for suffix, shape in torch_cells.parameter_shapes(layer, features).items():
            dotted = f"{layer['name']}.{suffix}"
            value = random_parameter(case, dotted, shape)
            values[dotted] = torch.tensor(value, requires_grad=True)
            names[dotted] = case.given(f"w.{dotted}", value)
        features = layer.get("proj_size") or layer["units"]
    return values, names


def forward_backward(seed, name, layers, shape, *, mask=None, initial_state=False):
    """Outputs and gradients of layers run from their equations."""
    case = Case(name, "torch", "forward_backward", seed)
    values = case.normal(shape)
    x = torch.tensor(torch_events.readings(values) if layers[0]["type"] == "gru_d" else values, requires_grad=True)
    inputs = {"x": case.given("x", x.detach().numpy()), "mask": None, "initial_state": []}
    keep = None
    if mask is not None:
        keep = mask_of(mask, shape[0], shape[1], case.rng)
        inputs["mask"] = case.given("mask", keep)
    parameters, names = _parameters(case, layers, shape[-1])
    states = []
    if initial_state:
        states = [torch.tensor(case.normal((shape[0], width), 0.5), requires_grad=True)
                  for width in torch_cells.state_widths(layers[0], shape[-1])]
        inputs["initial_state"] = [case.given(f"s{i}", s.detach().numpy()) for i, s in enumerate(states)]
    outputs = torch_cells.run(layers, parameters, x, None if keep is None else torch.tensor(keep), states)
    cotangents, masks, target = [], [], 0.0
    for i, out in enumerate(outputs):
        cotangent = case.normal(tuple(out.shape))
        masks.append(None)
        if keep is not None and out.ndim == 3:
            order = keep[:, ::-1] if layers[-1].get("go_backwards") else keep
            cotangent = cotangent * order[:, :, None]
            masks[-1] = case.given(f"m{i}", order)
        cotangents.append(case.given(f"c{i}", cotangent))
        target = target + (out * torch.tensor(cotangent)).sum()
    target.backward()
    case.meta.update(
        spec={"layers": layers}, inputs=inputs, weights=names, cotangents=cotangents, output_masks=masks, training=False,
        expected={"outputs": [case.expected(f"y{i}", out.detach().numpy()) for i, out in enumerate(outputs)],
                  "grad_x": case.expected("g.x", x.grad.numpy()),
                  "grad_initial_state": [case.expected(f"g.s{i}", s.grad.numpy()) for i, s in enumerate(states)],
                  "grad_weights": {dotted: case.expected(f"g.{dotted}", value.grad.numpy())
                                   for dotted, value in parameters.items()}})
    return case


OPTIMIZERS = {"sgd": torch.optim.SGD, "rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
              "nadam": torch.optim.NAdam, "adagrad": torch.optim.Adagrad, "adadelta": torch.optim.Adadelta}


def make_optimizer(spec, parameters):
    """A PyTorch optimiser from rondo's names of options (Keras's), PyTorch's defaults where none is given."""
    kind = spec["name"]
    renamed = {"learning_rate": "lr", "epsilon": "eps"} | ({"rho": "alpha"} if kind == "rmsprop" else {})
    options = {}
    for key, value in spec.items():
        if key not in ("name", "convention", "beta_1", "beta_2", "global_clipnorm", "clipvalue"):
            options[renamed.get(key, key)] = value
    if "beta_1" in spec or "beta_2" in spec:
        options["betas"] = (spec.get("beta_1", 0.9), spec.get("beta_2", 0.999))
    return OPTIMIZERS[kind](parameters, foreach=False, **options)


def _train(layers, start, x, y, optimizer, steps, level, rng):
    """Trains on one batch with mean squared error: the loss before each step and the weights after the last, by name. Every
    step begins with weights shaken by `level`."""
    parameters = {dotted: value.detach().clone().requires_grad_() for dotted, value in start.items()}
    rule = make_optimizer(optimizer, list(parameters.values()))
    losses = []
    for _ in range(steps):
        for value in parameters.values() if level else ():
            value.data.copy_(torch.tensor(shaken(value.detach().numpy(), level, rng)))
        rule.zero_grad()
        loss = ((torch_cells.run(layers, parameters, x)[0] - y) ** 2).mean()
        losses.append(loss.item())
        loss.backward()
        if "global_clipnorm" in optimizer:
            torch.nn.utils.clip_grad_norm_(list(parameters.values()), optimizer["global_clipnorm"])
        if "clipvalue" in optimizer:
            torch.nn.utils.clip_grad_value_(list(parameters.values()), optimizer["clipvalue"])
        rule.step()
    return [np.array(losses)] + [value.detach().numpy() for value in parameters.values()]


def training_run(seed, name, layers, shape, optimizer, *, steps=100):
    """Training steps with mean squared error on one fixed batch: the loss before each step, the weights after the last."""

    def draw_run(draw):
        case = Case(name, "torch", "training", seed, draw)
        x = case.normal(shape)
        start, names = _parameters(case, layers, shape[-1])
        y = case.normal(tuple(torch_cells.run(layers, start, torch.tensor(x))[0].shape))
        runs = [_train(layers, start, torch.tensor(x), torch.tensor(y), optimizer, steps, level, case.rng) for level in LEVELS]
        case.meta.update(
            spec={"layers": layers, "loss": {"name": "mean_squared_error"}, "steps": steps, "optimizer": optimizer},
            inputs={"x": case.given("x", x), "y": case.given("y", y), "mask": None, "initial_state": []}, weights=names,
            expected={"losses": case.expected("losses", runs[0][0]),
                      "final_weights": {dotted: case.expected(f"f.{dotted}", value)
                                        for dotted, value in zip(start, runs[0][1:])}})
        return case, runs

    return well_conditioned(draw_run)


SCHEDULES = {"step_decay": torch.optim.lr_scheduler.StepLR, "multi_step_decay": torch.optim.lr_scheduler.MultiStepLR,
             "one_cycle": torch.optim.lr_scheduler.OneCycleLR,
             "cosine_annealing": torch.optim.lr_scheduler.CosineAnnealingLR}


def _scheduler(spec, rule):
    """PyTorch's scheduler that a rondo schedule describes: its options have PyTorch's names."""
    options = {key: value for key, value in spec.items() if key not in ("name", "initial_learning_rate")}
    if spec["name"] == "one_cycle":
        options["cycle_momentum"] = False
    return SCHEDULES[spec["name"]](rule, **options)


def schedule_case(seed, name, schedule, steps):
    """The learning rate that a PyTorch schedule gives for step 0, 1, …"""
    case = Case(name, "torch", "schedule", seed)
    rule = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=schedule.get("initial_learning_rate", 0.1))
    scheduler = _scheduler(schedule, rule)
    values = []
    for step in range(steps):
        values.append(rule.param_groups[0]["lr"])
        rule.step()
        if step + 1 < steps:
            scheduler.step()
    case.meta.update(spec={"schedule": schedule}, expected={"values": case.expected("values", np.array(values))})
    return case
