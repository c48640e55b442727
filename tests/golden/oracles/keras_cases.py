"""Cases whose expected values Keras computes: forward and backward passes, losses on models, training runs."""

import numpy as np

from . import keras_layers as kl
from .bundle import Case, mask_of
from .conditioning import LEVELS, shaken, well_conditioned
from .keras_layers import tf
from .keras_losses import make_loss
from .keras_optimizers import make_optimizer
from .parameters import random_parameter


def _is_reversed(spec):
    """Whether the sequence that leaves a spec is in the processing order of a backward layer."""
    last = spec["layers"][-1]
    return bool(last["type"] in kl.RECURRENT and last.get("go_backwards") and last.get("return_sequences"))


def _state_shapes(spec, batch):
    """Shapes of the state of the first recurrent layer, in Keras's order."""
    first = next(layer for layer in spec["layers"] if layer["type"] in kl.RECURRENT or layer["type"] == "bidirectional")
    cells = [first]
    if first["type"] == "bidirectional":
        cells = [first["layer"], first.get("backward_layer", first["layer"])]
    return [(batch, cell["units"]) for cell in cells for _ in range(2 if cell["type"] == "lstm" else 1)]


def _inputs(case, shapes, mask, ids, repeats_zero):
    """Random inputs (name -> array) and the mask of the first, stored in the case."""
    values, names, mask_value = {}, {}, None
    for name, shape in shapes.items():
        if ids:
            low = 0 if repeats_zero else 1
            values[name] = case.rng.integers(low, ids, size=shape).astype(np.float64)
        else:
            values[name] = case.normal(shape)
        names[name] = case.given(name, values[name])
    names["mask"] = None
    if mask is not None:
        first = next(iter(shapes.values()))
        mask_value = mask_of(mask, first[0], first[1], case.rng)
        names["mask"] = case.given("mask", mask_value)
    return values, names, mask_value


class _Built:
    """A case with its network built on random inputs and random weights, ready to be run."""

    def __init__(self, case, spec, shapes, mask, initial_state, ids, repeats_zero, scale, zero_rows):
        self.case, self.spec = case, spec
        self.values, names, self.mask = _inputs(case, shapes, mask, ids, repeats_zero)
        if zero_rows is not None:      # steps that a Masking layer drops
            first = next(iter(self.values))
            dropped = mask_of(zero_rows, *self.values[first].shape[:2], case.rng) == 0
            self.values[first][dropped] = spec["layers"][0].get("mask_value", 0.0)
            case.tensors[first] = self.values[first].astype(np.float32)
        self.states = [case.normal(shape, 0.5) for shape in _state_shapes(spec, next(iter(shapes.values()))[0])] \
            if initial_state else []
        names["initial_state"] = [case.given(f"s{i}", state) for i, state in enumerate(self.states)]
        self.tensors = {name: tf.constant(value, tf.float64) for name, value in self.values.items()}
        if self.mask is not None:
            kl.keep(next(iter(self.tensors.values())), tf.constant(self.mask != 0))
        self.state_tensors = [tf.constant(state, tf.float64) for state in self.states]
        self.network = kl.Network(spec)
        self.network(self.tensors, self.state_tensors)
        self.parameters = self.network.parameters()
        for name, variable in self.parameters.items():
            variable.assign(random_parameter(case, name, tuple(variable.shape), scale))
        case.meta.update(spec=spec, inputs=names, weights={
            name: case.given(f"w.{name}", variable.numpy()) for name, variable in self.parameters.items()})
        self.trainable = {name: variable for name, variable in self.parameters.items() if variable.trainable}

    def store_gradients(self, gradients, expected, with_inputs):
        """gradients: those of inputs, states and trainable parameters, in that order."""
        gradients = [None if g is None else tf.convert_to_tensor(g).numpy() for g in gradients]
        for name, value in self.values.items():
            gradient = gradients.pop(0)
            if with_inputs:
                expected[f"grad_{name}"] = self.case.expected(f"g.{name}", np.zeros_like(value) if gradient is None else gradient)
        expected["grad_initial_state"] = [
            self.case.expected(f"g.s{i}", np.zeros_like(state) if gradient is None else gradient)
            for i, (state, gradient) in enumerate(zip(self.states, [gradients.pop(0) for _ in self.states]))]
        expected["grad_weights"] = {
            name: self.case.expected(f"g.{name}", np.zeros(variable.shape) if gradient is None else gradient)
            for (name, variable), gradient in zip(self.trainable.items(), gradients)}

    def sources(self):
        return list(self.tensors.values()) + self.state_tensors + [v.value for v in self.trainable.values()]

    def watch(self, tape):
        tape.watch(list(self.tensors.values()) + self.state_tensors)

    def gradients(self, tape, target):
        trainable = [variable.value for variable in self.trainable.values()]
        return tape.gradient(target, list(self.tensors.values()) + self.state_tensors + trainable)

    def store_new_statistics(self, expected):
        """What training mode leaves in the parameters that are not trained."""
        expected["new_weights"] = {name: self.case.expected(f"n.{name}", variable.numpy())
                                   for name, variable in self.parameters.items() if not variable.trainable}


def forward_backward(seed, name, layers, shape=None, *, shapes=None, outputs=None, mask=None, initial_state=False,
                     training=False, ids=0, repeats_zero=False, scale=1.0, zero_rows=None, oracle_error=0.0):
    """Outputs of a network, and the gradients of sum(outputs * cotangents), with zero cotangents at masked steps.
    `oracle_error`: how far from exact the oracle itself is, relative to the largest number, where that is worse than 1e-9."""
    case = Case(name, "keras", "forward_backward", seed)
    spec = {"layers": layers} | ({"outputs": outputs} if outputs else {})
    built = _Built(case, spec, shapes or {"x": shape}, mask, initial_state, ids, repeats_zero, scale, zero_rows)
    with tf.GradientTape() as tape:
        built.watch(tape)
        results = built.network(built.tensors, built.state_tensors, training=training)
        expected, cotangents, masks, target = {"outputs": []}, [], [], 0.0
        for i, result in enumerate(results):
            kept = kl.kept(result)
            cotangent = case.normal(tuple(result.shape))
            masks.append(None)
            if kept is not None:
                order = kept.numpy()[:, ::-1] if _is_reversed(spec) else kept.numpy()
                cotangent = cotangent * order.reshape(order.shape + (1,) * (cotangent.ndim - 2))
                masks[-1] = case.given(f"m{i}", order.astype(np.float64))
            cotangents.append(case.given(f"c{i}", cotangent))
            expected["outputs"].append(case.expected(f"y{i}", result.numpy()))
            target += tf.reduce_sum(result * tf.constant(cotangent, tf.float64))
    built.store_gradients(built.gradients(tape, target), expected, with_inputs=not ids)
    if training:
        built.store_new_statistics(expected)
    case.meta.update(expected=expected, cotangents=cotangents, output_masks=masks, training=training)
    if oracle_error:
        case.meta["oracle_error"] = oracle_error
    return case


def _targets(case, loss, shape):
    """Random targets of a loss for predictions of a shape."""
    kind = loss["name"]
    if kind == "binary_crossentropy":
        return case.rng.integers(0, 2, size=shape).astype(np.float64)
    if kind == "categorical_crossentropy":
        return np.eye(shape[-1])[case.rng.integers(0, shape[-1], size=shape[:-1])]
    if kind == "sparse_categorical_crossentropy":
        return case.rng.integers(0, shape[-1], size=shape[:-1]).astype(np.float64)
    return case.normal(shape)


def model_loss(seed, name, layers, shape, loss, *, mask=None, ids=0, repeats_zero=False, sample_weight=False,
               training=False, zero_rows=None, oracle_error=0.0):
    """The loss of a network on a batch, penalties of its regularisers added, and its gradients."""
    case = Case(name, "keras", "model_loss", seed)
    spec = {"layers": layers, "loss": loss}
    built = _Built(case, spec, {"x": shape}, mask, False, ids, repeats_zero, 1.0, zero_rows)
    with tf.GradientTape() as tape:
        built.watch(tape)
        result = built.network(built.tensors, training=training)[0]
        y = _targets(case, loss, tuple(result.shape))
        weight = case.uniform((shape[0],), 0.25, 2.0) if sample_weight else None
        keras_weight = None if weight is None else weight.reshape((-1,) + (1,) * (len(result.shape) - 2))
        value = make_loss(loss)(tf.constant(y, tf.float64), result, sample_weight=keras_weight)
        penalty = built.network.penalty()
        total = value + penalty
    expected = {"outputs": [case.expected("y0", result.numpy())], "loss": case.expected("loss", total.numpy()),
                "penalty": case.expected("penalty", penalty.numpy())}
    built.store_gradients(built.gradients(tape, total), expected, with_inputs=not ids)
    case.meta["inputs"] |= {"y": case.given("y", y),
                            "sample_weight": None if weight is None else case.given("sample_weight", weight)}
    case.meta.update(expected=expected, training=training)
    if oracle_error:
        case.meta["oracle_error"] = oracle_error
    return case


class _Trainer:
    """Trains the network of `built` on its one batch, as often as wanted from the same start."""

    def __init__(self, built, y, loss, optimizer):
        loss_function, rule = make_loss(loss), make_optimizer(optimizer)
        self.variables = list(built.trainable.values())
        rule.build(self.variables)
        self.start = [(variable, variable.numpy()) for variable in self.variables + list(rule.variables)]

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                value = loss_function(y, built.network(built.tensors, training=True)[0]) + built.network.penalty()
            rule.apply(tape.gradient(value, [variable.value for variable in self.variables]), self.variables)
            return value

        self.step = step

    def run(self, steps, level, rng):
        """The loss before each step and the weights after the last; every step begins with weights shaken by `level`."""
        for variable, value in self.start:
            variable.assign(value)
        losses = []
        for _ in range(steps):
            for variable in self.variables if level else ():
                variable.assign(shaken(variable.numpy(), level, rng))
            losses.append(float(self.step()))
        return [np.array(losses)] + [variable.numpy() for variable in self.variables]


def training_run(seed, name, layers, shape, loss, optimizer, *, steps=100, mask=None):
    """Training steps on one fixed batch: the loss before each step and the weights after the last."""

    def draw_run(draw):
        case = Case(name, "keras", "training", seed, draw)
        spec = {"layers": layers, "loss": loss, "optimizer": optimizer, "steps": steps}
        built = _Built(case, spec, {"x": shape}, mask, False, 0, False, 1.0, None)
        y = _targets(case, loss, tuple(built.network(built.tensors)[0].shape))
        trainer = _Trainer(built, tf.constant(y, tf.float64), loss, optimizer)
        runs = [trainer.run(steps, level, case.rng) for level in LEVELS]
        case.meta["inputs"] |= {"y": case.given("y", y)}
        case.meta["expected"] = {
            "losses": case.expected("losses", runs[0][0]),
            "final_weights": {dotted: case.expected(f"f.{dotted}", value) for dotted, value in zip(built.trainable, runs[0][1:])}}
        return case, runs

    return well_conditioned(draw_run)
