"""Random networks: every cell and option drawn, for the live comparison."""

import numpy as np

from .bundle import Bundle
from .keras_cases import forward_backward
from .topics_cells import ACTIVATIONS, CELLS, MASKS


def _cell(rng, last):
    kinds = list(CELLS)
    spec = dict(CELLS[kinds[int(rng.integers(len(kinds)))]])
    spec["units"] = int(rng.integers(3, 7))
    if rng.random() < 0.4:
        spec["activation"] = ACTIVATIONS[int(rng.integers(7))]
    if spec["type"] != "simple_rnn" and rng.random() < 0.3:
        spec["recurrent_activation"] = ("hard_sigmoid", "sigmoid", "softsign")[int(rng.integers(3))]
    if rng.random() < 0.2:
        spec["use_bias"] = False
    spec["return_sequences"] = bool(not last or rng.random() < 0.5)
    return spec


def _wrapped(rng, spec, name, last):
    if rng.random() < 0.35:
        mode = ("sum", "mul", "ave", "concat", None)[int(rng.integers(5 if last else 4))]
        return {"type": "bidirectional", "name": name, "layer": spec, "merge_mode": mode}
    return spec | {"name": name}


def random_models(seed, count):
    """`count` networks of one to three recurrent layers, some wrapped, some with a dense head or a norm between."""
    bundle = Bundle()
    for index in range(count):
        rng = np.random.default_rng([seed, 77, index])
        depth = int(rng.integers(1, 4))
        mask = None if rng.random() < 0.4 else MASKS[int(rng.integers(len(MASKS)))]
        layers = []
        for i in range(depth):
            layers.append(_wrapped(rng, _cell(rng, i == depth - 1), f"rnn_{i + 1}", i == depth - 1))
            if i < depth - 1 and rng.random() < 0.25:
                layers.append({"type": "layer_normalization", "name": f"norm_{i + 1}"})
        last = layers[-1]
        inner = last.get("layer", last)
        head = rng.random() < 0.4 and last.get("merge_mode", "concat") is not None
        if not head and rng.random() < 0.3:
            inner["return_state"] = True
        # Reversed sequences keep an unreversed mask in Keras, so only the last layer of a model reads backwards.
        if not head and last["type"] != "bidirectional" and rng.random() < 0.4:
            last["go_backwards"] = True
        if head:
            dense = {"type": "dense", "units": int(rng.integers(1, 4)), "activation": ACTIVATIONS[int(rng.integers(4))]}
            if inner["return_sequences"] and rng.random() < 0.5:
                layers.append({"type": "time_distributed", "name": "head", "layer": dense})
            else:
                layers.append(dense | {"name": "head"})
        shape = (int(rng.integers(2, 5)), int(rng.integers(4, 9)), int(rng.integers(2, 5)))
        # With an initial state a row without valid steps has no agreed last output (semantics 2.4.3).
        initial = bool(rng.random() < 0.4) and mask != "full_row"
        unbounded = any(part.get("layer", part).get("activation") in ("relu", "linear", "elu") for part in layers)
        bundle.add(forward_backward(seed, f"random.{index}", layers, shape, mask=mask, initial_state=initial,
                                    scale=0.5 if unbounded else 1.0))
    return bundle
