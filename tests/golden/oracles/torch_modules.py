"""Cases from PyTorch's own nn.RNN, nn.LSTM and nn.GRU: stacked, bidirectional, packed sequences."""

import numpy as np

from .bundle import Case
from .torch_alone import torch
from .torch_layouts import gradient_to_rondo, to_rondo

MODULES = {"simple_rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def _spec(kind, units, layers, both, bias, nonlinearity, projected):
    cell = {"type": kind, "units": units, "return_sequences": True, "return_state": True}
    if not bias:
        cell["use_bias"] = False
    if projected:
        cell["proj_size"] = projected
    if kind == "simple_rnn" and nonlinearity != "tanh":
        cell["activation"] = nonlinearity
    result = []
    for i in range(layers):
        one = dict(cell) if i == layers - 1 else {k: v for k, v in cell.items() if k != "return_state"}
        name = f"rnn_{i + 1}"
        result.append({"type": "bidirectional", "name": name, "layer": one} if both else one | {"name": name})
    return result


def _parts(layer, both, bias, projected):
    """(rondo's name of the direction, PyTorch's parameter names) for one layer."""
    for suffix, part in (("", ".forward" if both else ""), ("_reverse", ".backward"))[:2 if both else 1]:
        names = [f"weight_ih_l{layer}{suffix}", f"weight_hh_l{layer}{suffix}"]
        names += [f"bias_ih_l{layer}{suffix}", f"bias_hh_l{layer}{suffix}"] if bias else []
        yield part, names + ([f"weight_hr_l{layer}{suffix}"] if projected else [])


def torch_module(seed, name, kind, shape, units, *, layers=1, both=False, bias=True, lengths=False, initial_state=False,
                 nonlinearity="tanh", projected=0):
    """Outputs and last layer's final states of a PyTorch module, with gradients. Weights are multiples of 1/1024 so that the
    sum of two biases is exact in float32. `projected`: proj_size of an LSTM with biases."""
    case = Case(name, "torch", "forward_backward", seed)
    batch, steps, features = shape
    options = {"nonlinearity": nonlinearity} if kind == "simple_rnn" else {}
    options |= {"proj_size": projected} if projected else {}
    module = MODULES[kind](features, units, num_layers=layers, bidirectional=both, bias=bias, batch_first=True,
                           dtype=torch.float64, **options)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.tensor(np.round(case.normal(tuple(parameter.shape), 0.4) * 1024) / 1024))
    x = torch.tensor(case.normal(shape), requires_grad=True)
    inputs = {"x": case.given("x", x.detach().numpy()), "mask": None, "initial_state": []}
    directions = 2 if both else 1
    length = torch.full((batch,), steps)
    if lengths:
        length = torch.tensor(case.rng.integers(1, steps + 1, size=batch))
        length[int(case.rng.integers(0, batch))] = steps
        inputs["mask"] = case.given("mask", (np.arange(steps)[None] < length.numpy()[:, None]).astype(float))
    states = []
    if initial_state:     # of the only layer, as rondo takes it: h forward, (c forward,) h backward, (c backward)
        widths = [projected or units, units] if kind == "lstm" else [units]
        states = [torch.tensor(case.normal((batch, width), 0.5), requires_grad=True) for width in widths * directions]
        inputs["initial_state"] = [case.given(f"s{i}", s.detach().numpy()) for i, s in enumerate(states)]
    per = 2 if kind == "lstm" else 1
    h0 = tuple(torch.stack(states[i::per]) for i in range(per)) if states else None
    if h0 is not None and per == 1:
        h0 = h0[0]
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, length, batch_first=True, enforce_sorted=False)
    y, last = module(packed, h0) if h0 is not None else module(packed)
    y = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=steps)[0]
    last = last if per == 2 else (last,)
    finals = [last[i][(layers - 1) * directions + d] for d in range(directions) for i in range(per)]
    cotangents, target = [], 0.0
    valid = (np.arange(steps)[None] < length.numpy()[:, None]).astype(float)
    outputs = [y] + finals
    for i, out in enumerate(outputs):
        cotangent = case.normal(tuple(out.shape))
        if i == 0:
            cotangent = cotangent * valid[:, :, None]
        cotangents.append(case.given(f"c{i}", cotangent))
        target = target + (out * torch.tensor(cotangent)).sum()
    target.backward()
    expected = {"outputs": [case.expected(f"y{i}", out.detach().numpy()) for i, out in enumerate(outputs)],
                "grad_x": case.expected("g.x", x.grad.numpy()),
                "grad_initial_state": [case.expected(f"g.s{i}", s.grad.numpy()) for i, s in enumerate(states)],
                "grad_weights": {}}
    weights = {}
    for layer in range(layers):
        for part, names in _parts(layer, both, bias, projected):
            values = [getattr(module, parameter) for parameter in names]
            for suffix, value in to_rondo(kind, units, *[v.detach().numpy() for v in values]).items():
                weights[f"rnn_{layer + 1}{part}.{suffix}"] = value
            for suffix, value in gradient_to_rondo(kind, units, *[v.grad.numpy() for v in values]).items():
                dotted = f"rnn_{layer + 1}{part}.{suffix}"
                expected["grad_weights"][dotted] = case.expected(f"g.{dotted}", value)
    case.meta.update(
        spec={"layers": _spec(kind, units, layers, both, bias, nonlinearity, projected)}, inputs=inputs, expected=expected,
        weights={dotted: case.given(f"w.{dotted}", value) for dotted, value in weights.items()}, cotangents=cotangents,
        output_masks=[inputs["mask"]] + [None] * len(finals), training=False)
    return case
