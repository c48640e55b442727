"""Tables of cases: cells, their options, masks, stacks and directions."""

import itertools

from .bundle import Bundle
from .keras_cases import forward_backward
from .torch_cases import forward_backward as from_equations
from .torch_cells import DIAGONAL
from .torch_modules import torch_module

ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear", "hard_sigmoid", "softsign", "elu", "selu", "softplus", "exponential")
GATE_ACTIVATIONS = ("hard_sigmoid", "tanh", "relu", "linear", "softsign", "elu", "selu", "softplus", "exponential")
MASKS = ("right", "left", "middle", "full_row", "first", "random")
CELLS = {"simple_rnn": {"type": "simple_rnn"}, "lstm": {"type": "lstm"}, "gru": {"type": "gru"},
         "gru_before": {"type": "gru", "reset_after": False}}
# How much smaller the weights are where an activation would make the numbers run away.
SPREAD = {"relu": 0.5, "linear": 0.5, "selu": 0.4, "elu": 0.5, "softplus": 0.4, "exponential": 0.1}


def cell(kind, name="rnn", units=4, **options):
    return CELLS[kind] | {"name": name, "units": units} | options


def activations(seed):
    """Every cell with every activation, and with every gate activation."""
    bundle = Bundle()
    for kind in CELLS:
        for activation in ACTIVATIONS:
            bundle.add(forward_backward(
                seed, f"{kind}.activation.{activation}", [cell(kind, activation=activation, return_sequences=True)], (2, 5, 3),
                scale=SPREAD.get(activation, 1.0)))
        if kind == "simple_rnn":
            continue
        for activation in GATE_ACTIVATIONS:
            bundle.add(forward_backward(
                seed, f"{kind}.recurrent_activation.{activation}",
                [cell(kind, units=3, recurrent_activation=activation, return_sequences=True)], (2, 4, 2),
                scale=SPREAD.get(activation, 1.0)))
    return bundle


def options(seed):
    """Every combination of use_bias, return_sequences, return_state, go_backwards and an explicit initial state."""
    bundle = Bundle()
    for i, (kind, *flags) in enumerate(itertools.product(CELLS, *[(True, False)] * 4, (False, True))):
        bias, sequences, state, backwards, initial = flags
        label = "".join(letter if flag else "-" for letter, flag in zip("bqsri", flags))
        bundle.add(forward_backward(
            seed, f"{kind}.options.{label}",
            [cell(kind, units=3 + i % 2, use_bias=bias, return_sequences=sequences, return_state=state, go_backwards=backwards)],
            (2 + i % 2, 4, 2 + i % 3), initial_state=initial))
    return bundle


def masks(seed):
    """Every cell with every kind of mask, forward and backward, sequence or last output."""
    bundle = Bundle()
    for i, (kind, mask, sequences, backwards) in enumerate(itertools.product(CELLS, MASKS, (True, False), (False, True))):
        # A row without a valid step and with an initial state has no agreed last output (semantics 2.4.3): none is asked for.
        initial = i % 3 != 0 and not (mask == "full_row" and not sequences)
        bundle.add(forward_backward(
            seed, f"{kind}.mask.{mask}.{'sequence' if sequences else 'last'}.{'backward' if backwards else 'forward'}",
            [cell(kind, units=3, return_sequences=sequences, go_backwards=backwards, return_state=i % 2 == 0)], (3, 6, 2),
            mask=mask, initial_state=initial))
    for kind, mask in itertools.product(CELLS, ("right", "middle")):
        bundle.add(forward_backward(
            seed, f"{kind}.mask.{mask}.zero_output",
            [cell(kind, units=3, return_sequences=True, zero_output_for_mask=True)], (3, 5, 2), mask=mask))
    return bundle


def stacks(seed):
    """Two and three layers on top of each other, with and without masks."""
    bundle = Bundle()
    for i, (lower, upper) in enumerate(itertools.product(CELLS, CELLS)):
        mask = (None, "right", "left", "middle")[i % 4]
        bundle.add(forward_backward(
            seed, f"stack.{lower}.{upper}",
            [cell(lower, "lower", units=4, return_sequences=True), cell(upper, "upper", units=3, return_sequences=i % 2 == 0)],
            (3, 5, 2), mask=mask, initial_state=i % 3 == 0))
    bundle.add(forward_backward(
        seed, "stack.three", [cell("lstm", "a", 3, return_sequences=True), cell("gru", "b", 4, return_sequences=True),
                              cell("simple_rnn", "c", 3)], (3, 6, 2), mask="right"))
    return bundle


def bidirectional(seed):
    """Five merge modes around every cell; masks, states, last outputs."""
    bundle = Bundle()
    for i, (kind, mode, sequences) in enumerate(itertools.product(CELLS, ("sum", "mul", "ave", "concat", None), (True, False))):
        mask = (None, "right", "left", "middle", "full_row", "random", "first")[i % 7]
        initial = i % 3 == 1 and not (mask == "full_row" and not sequences)
        inner = CELLS[kind] | {"units": 3, "return_sequences": sequences} | ({"return_state": True} if i % 4 == 1 else {})
        bundle.add(forward_backward(
            seed, f"bidirectional.{kind}.{mode}.{'sequence' if sequences else 'last'}",
            [{"type": "bidirectional", "name": "both", "layer": inner, "merge_mode": mode}], (3, 5, 2), mask=mask,
            initial_state=initial))
    inner = {"type": "lstm", "units": 3, "return_sequences": True}
    bundle.add(forward_backward(seed, "bidirectional.default.stacked",
                                [{"type": "bidirectional", "name": "lower", "layer": inner},
                                 {"type": "bidirectional", "name": "upper", "layer": dict(inner)}], (3, 5, 2), mask="right"))
    return bundle


def torch_modules(seed):
    """PyTorch's nn.RNN, nn.LSTM and nn.GRU."""
    bundle = Bundle()
    for kind, layers, both, lengths in itertools.product(("simple_rnn", "lstm", "gru"), (1, 2), (False, True), (False, True)):
        label = f"torch.{kind}.{layers}{'b' if both else 'f'}{'.packed' if lengths else ''}"
        bundle.add(torch_module(seed, label, kind, (3, 5, 3), 3, layers=layers, both=both, lengths=lengths))
        if layers == 1:
            bundle.add(torch_module(seed, label + ".state", kind, (3, 4, 2), 4, both=both, lengths=lengths, initial_state=True,
                                    bias=lengths))
    bundle.add(torch_module(seed, "torch.simple_rnn.relu", "simple_rnn", (3, 5, 3), 4, nonlinearity="relu"))
    return bundle


TRIES = {"plain": ({}, None, False), "sequence": ({"return_sequences": True, "return_state": True}, None, True),
         "no_bias": ({"use_bias": False}, None, True),
         "activation": ({"activation": "softsign", "recurrent_activation": "hard_sigmoid"}, None, False),
         "right": ({"return_sequences": True}, "right", True), "middle": ({"return_state": True}, "middle", False),
         "backward": ({"return_sequences": True, "go_backwards": True}, "left", True)}


def _add_equations(bundle, seed, label, base):
    """The cases of a cell that only its equations are an oracle for."""
    for name, (extra, mask, initial) in TRIES.items():
        if base["type"] in ("indrnn", "simple_rnn"):  # no gates
            extra = {key: value for key, value in extra.items() if key != "recurrent_activation"}
        bundle.add(from_equations(seed, f"{label}.{name}", [base | extra], (3, 6, 2), mask=mask, initial_state=initial))
    bundle.add(from_equations(seed, f"{label}.stack",
                              [base | {"return_sequences": True}, base | {"name": "upper", "units": 4},
                               {"type": "dense", "name": "out", "units": 2}], (3, 5, 2), mask="right"))


def variants(seed):
    """LSTM with peephole connections and with coupled gates, from their equations."""
    bundle = Bundle()
    for peephole, coupled in ((True, False), (False, True), (True, True)):
        base = {"type": "lstm", "name": "rnn", "units": 3}
        base |= ({"peephole": True} if peephole else {}) | ({"coupled": True} if coupled else {})
        _add_equations(bundle, seed, "lstm" + (".peephole" if peephole else "") + (".coupled" if coupled else ""), base)
    return bundle


def mgu(seed):
    """The minimal gated unit, from its equations."""
    bundle = Bundle()
    _add_equations(bundle, seed, "mgu", {"type": "mgu", "name": "rnn", "units": 3})
    return bundle


def diagonal_cells(seed):
    """Cells with a diagonal recurrence, from their equations, also with zoneout and clipping."""
    bundle = Bundle()
    for kind in DIAGONAL:
        base = {"type": kind, "name": "rnn", "units": 3}
        _add_equations(bundle, seed, kind, base)
        for name in ("zoneout", "clip"):
            bundle.add(from_equations(seed, f"{kind}.{name}", [base | EXTRAS[name] | {"return_sequences": True}], (3, 5, 2),
                                      initial_state=True))
    return bundle


def block_diagonal_cells(seed):
    """Recurrences in blocks of units, from their equations, also with what changes the recurrent products."""
    bundle = Bundle()
    variants_of = {"lstm": ({"peephole": True}, {"coupled": True})}
    for kind in ("simple_rnn", "gru", "gru_before", "lstm", "mgu"):
        base = (CELLS.get(kind) or {"type": kind}) | {"name": "rnn", "units": 6, "recurrent_blocks": 2}
        _add_equations(bundle, seed, f"{kind}.blocks", base)
        for i, extra in enumerate((*EXTRAS.values(), *variants_of.get(kind, ()))):
            bundle.add(from_equations(seed, f"{kind}.blocks.extra.{i}",
                                      [base | extra | {"recurrent_blocks": 3, "return_sequences": True}], (3, 5, 2),
                                      mask=(None, "right")[i % 2], initial_state=True))
    return bundle


def gru_d(seed):
    """GRU-D from its equations: readings with gaps, every option."""
    bundle = Bundle()
    uses = {"plain": {}, "means": {"means": [0.5, -1.0]}, "elapsed_input": {"elapsed_input": True}, "no_bias": {"use_bias": False},
            "no_input_decay": {"input_decay": False}, "no_state_decay": {"state_decay": False},
            "activations": {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}}
    for name, use in uses.items():
        for mask, initial, more in ((None, True, {"return_sequences": True, "return_state": True}), ("right", False, {}),
                                    ("middle", False, {"return_sequences": True})):
            bundle.add(from_equations(seed, f"gru_d.{name}.{mask}", [{"type": "gru_d", "name": "rnn", "units": 4} | use | more],
                                      (3, 6, 6), mask=mask, initial_state=initial))
    return bundle


# Options that change a cell's formulas, as far as no random number is in them.
EXTRAS = {"layer_norm": {"layer_norm": True, "layer_norm_epsilon": 0.01}, "zoneout": {"zoneout": 0.3}, "clip": {"clip": 0.5}}
LSTM_EXTRAS = {"zoneout_cell": {"zoneout": 0.2, "zoneout_cell": 0.4}, "projection": {"proj_size": 2},
               "peephole": {"peephole": True, "layer_norm": True, "layer_norm_epsilon": 0.01, "clip": 1.0},
               "coupled": {"coupled": True, "layer_norm": True, "layer_norm_epsilon": 0.01, "proj_size": 2},
               "all": {"proj_size": 2, "layer_norm": True, "layer_norm_epsilon": 0.01, "clip": 1.0, "zoneout": 0.2,
                       "zoneout_cell": 0.4}}


def extras(seed):
    """Layer normalisation, zoneout in inference, clipping and projections: PyTorch's own proj_size, the others from equations."""
    bundle = Bundle()
    for both, lengths, initial in ((False, False, False), (False, True, True), (True, True, False)):
        label = f"torch.lstm.projection.{'b' if both else 'f'}{'.packed' if lengths else ''}{'.state' if initial else ''}"
        bundle.add(torch_module(seed, label, "lstm", (3, 5, 3), 4, both=both, lengths=lengths, initial_state=initial,
                                projected=2))
    for kind in ("simple_rnn", "gru", "gru_before", "lstm", "mgu"):
        base = (CELLS.get(kind) or {"type": kind}) | {"name": "rnn", "units": 5}
        for name, extra in (EXTRAS | (LSTM_EXTRAS if kind == "lstm" else {})).items():
            for mask, initial, more in ((None, True, {"return_sequences": True, "return_state": True}),
                                        ("right", False, {"return_sequences": True, "go_backwards": True})):
                bundle.add(from_equations(seed, f"{kind}.{name}.{mask}", [base | extra | more], (3, 5, 2), mask=mask,
                                          initial_state=initial))
    return bundle
