"""Cells written from their equations as PyTorch float64 autograd code, in rondo's layouts.

The oracle for what neither Keras nor PyTorch has (peephole connections, coupled input and forget gates, the minimal gated unit), and the models that
PyTorch's optimisers train.
"""

from . import torch_events
from .torch_alone import F, torch

ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "linear": lambda x: x,
               "hard_sigmoid": lambda x: F.relu6(x + 3) / 6, "softsign": F.softsign, "softmax": lambda x: F.softmax(x, -1)}
# Recurrent weights of cells whose units see no state but their own.
DIAGONAL = {"indrnn": ("recurrent_diagonal",), "diagonal_gru": ("update_diagonal", "candidate_diagonal")}
DEFAULT_ACTIVATION = {"simple_rnn": "tanh", "lstm": "tanh", "gru": "tanh", "dense": "linear"}


def parameter_shapes(layer, features):
    """(suffix, shape) of the parameters of one recurrent or dense layer."""
    units = layer["units"]
    if layer["type"] == "gru_d":
        return torch_events.parameter_shapes(layer, features)
    if layer["type"] == "dense":
        shapes = {"kernel": (features, units), "bias": (units,)}
    else:
        gates = {"simple_rnn": 1, "lstm": 3 if layer.get("coupled") else 4, "gru": 3, "mgu": 2, "indrnn": 1,
                 "diagonal_gru": 2}[layer["type"]]
        bias = (2, 3 * units) if layer["type"] == "gru" and layer.get("reset_after", True) else (gates * units,)
        width = layer.get("proj_size") or units
        seen = width // layer.get("recurrent_blocks", 1)
        shapes = {"kernel": (features, gates * units), "recurrent_kernel": (seen, gates * units), "bias": bias}
        if layer["type"] in DIAGONAL:
            del shapes["recurrent_kernel"]
            shapes |= {name: (units,) for name in DIAGONAL[layer["type"]]}
        if layer.get("proj_size"):
            shapes["projection_kernel"] = (units, width)
        if layer.get("layer_norm"):
            shapes |= {"kernel_gain": (gates * units,), "recurrent_gain": (gates * units,)}
            if layer["type"] == "lstm":
                shapes |= {"state_gain": (units,), "state_bias": (units,)}
        if layer.get("peephole"):
            names = ("forget", "output") if layer.get("coupled") else ("input", "forget", "output")
            shapes |= {f"peephole_{name}": (units,) for name in names}
    if not layer.get("use_bias", True):
        del shapes["bias"]
    return shapes


def _norm(layer, name, p, value, columns=slice(None)):
    """Layer normalisation of the last axis with the gain `name`; `columns` of the gain belong to `value`."""
    if not layer.get("layer_norm"):
        return value
    centred = value - value.mean(-1, keepdim=True)
    deviation = torch.sqrt((centred ** 2).mean(-1, keepdim=True) + layer.get("layer_norm_epsilon", 1e-3))
    return centred / deviation * p[name][columns]


def _recurrent(layer, h, kernel):
    """h times the columns of some gates. In blocks, the columns of a unit have weights for the h of its own block only."""
    blocks = layer.get("recurrent_blocks", 1)
    if blocks == 1:
        return h @ kernel
    seen = kernel.shape[0]
    of_units = kernel.reshape(seen, -1, blocks, seen)    # [h of the block, gate, block, unit of the block]
    return torch.einsum("nbk,kgbu->ngbu", h.reshape(-1, blocks, seen), of_units).reshape(h.shape[0], -1)


def _lstm_step(layer, p, x, h, c, act, rec):
    z = _norm(layer, "kernel_gain", p, x @ p["kernel"]) + _norm(layer, "recurrent_gain", p, _recurrent(layer, h, p["recurrent_kernel"]))
    z = z + p.get("bias", 0.0)
    peephole = layer.get("peephole", False)

    def look(name, state):
        return p[f"peephole_{name}"] * state if peephole else 0.0

    if layer.get("coupled"):
        zf, zc, zo = z.chunk(3, dim=-1)
        f = rec(zf + look("forget", c))
        i = 1 - f
    else:
        zi, zf, zc, zo = z.chunk(4, dim=-1)
        i, f = rec(zi + look("input", c)), rec(zf + look("forget", c))
    new_c = f * c + i * act(zc)
    o = rec(zo + look("output", new_c))
    seen = _norm(layer, "state_gain", p, new_c) + p["state_bias"] if layer.get("layer_norm") else new_c
    new_h = o * act(seen)
    return new_h @ p["projection_kernel"] if layer.get("proj_size") else new_h, new_c


def _gru_step(layer, p, x, h, act, rec):
    units = layer["units"]
    bias = p.get("bias")
    if layer.get("reset_after", True):
        a = _norm(layer, "kernel_gain", p, x @ p["kernel"]) + (bias[0] if bias is not None else 0.0)
        b = _norm(layer, "recurrent_gain", p, _recurrent(layer, h, p["recurrent_kernel"])) + (bias[1] if bias is not None else 0.0)
        z, r = rec(a[:, :units] + b[:, :units]), rec(a[:, units:2 * units] + b[:, units:2 * units])
        candidate = act(a[:, 2 * units:] + r * b[:, 2 * units:])
    else:
        a = _norm(layer, "kernel_gain", p, x @ p["kernel"]) + (bias if bias is not None else 0.0)
        b = _norm(layer, "recurrent_gain", p, _recurrent(layer, h, p["recurrent_kernel"][:, :2 * units]), slice(0, 2 * units))
        z, r = rec(a[:, :units] + b[:, :units]), rec(a[:, units:2 * units] + b[:, units:])
        product = _recurrent(layer, r * h, p["recurrent_kernel"][:, 2 * units:])
        candidate = act(a[:, 2 * units:] + _norm(layer, "recurrent_gain", p, product, slice(2 * units, None)))
    return z * h + (1 - z) * candidate


def _mgu_step(layer, p, x, h, act, rec):
    units = layer["units"]
    kernel_f, kernel_n = (_norm(layer, "kernel_gain", p, x @ p["kernel"]) + p.get("bias", 0.0)).chunk(2, dim=-1)
    recurrent_f, recurrent_n = p["recurrent_kernel"].chunk(2, dim=-1)
    f = rec(kernel_f + _norm(layer, "recurrent_gain", p, _recurrent(layer, h, recurrent_f), slice(0, units)))
    n = act(kernel_n + _norm(layer, "recurrent_gain", p, _recurrent(layer, f * h, recurrent_n), slice(units, None)))
    return (1 - f) * h + f * n


def _indrnn_step(layer, p, x, h, act):
    return act(x @ p["kernel"] + h * p["recurrent_diagonal"] + p.get("bias", 0.0))


def _diagonal_gru_step(layer, p, x, h, act, rec):
    a_z, a_n = (x @ p["kernel"] + p.get("bias", 0.0)).chunk(2, dim=-1)
    z, n = rec(a_z + h * p["update_diagonal"]), act(a_n + h * p["candidate_diagonal"])
    return z * h + (1 - z) * n


def state_widths(layer, features):
    """Sizes of h and, for an LSTM, c; for a GRU-D of the last readings."""
    if layer["type"] == "gru_d":
        return [layer["units"], features // 3]
    return [layer.get("proj_size") or layer["units"]] + ([layer["units"]] if layer["type"] == "lstm" else [])


def recurrent(layer, p, x, mask=None, states=None):
    """x `[batch, time, features]` -> (outputs `[batch, time, units]`, final states). A masked step changes nothing."""
    act = ACTIVATIONS[layer.get("activation", "tanh")]
    rec = ACTIVATIONS[layer.get("recurrent_activation", "sigmoid")]
    if layer.get("clip"):      # of the inputs of all activations, as in ONNX
        act, rec = (lambda x, f=f: f(x.clamp(-layer["clip"], layer["clip"])) for f in (act, rec))
    if layer["type"] == "gru_d":
        return torch_events.run(layer, p, x, mask, states, act, rec)
    states = list(states) if states else [x.new_zeros(x.shape[0], width) for width in state_widths(layer, x.shape[-1])]
    rates = (layer.get("zoneout", 0.0), layer.get("zoneout_cell", 0.0))
    outputs = []
    order = range(x.shape[1] - 1, -1, -1) if layer.get("go_backwards") else range(x.shape[1])
    for t in order:
        if layer["type"] == "lstm":
            new = _lstm_step(layer, p, x[:, t], states[0], states[1], act, rec)
        elif layer["type"] == "gru":
            new = (_gru_step(layer, p, x[:, t], states[0], act, rec),)
        elif layer["type"] == "mgu":
            new = (_mgu_step(layer, p, x[:, t], states[0], act, rec),)
        elif layer["type"] == "indrnn":
            new = (_indrnn_step(layer, p, x[:, t], states[0], act),)
        elif layer["type"] == "diagonal_gru":
            new = (_diagonal_gru_step(layer, p, x[:, t], states[0], act, rec),)
        else:
            products = (_norm(layer, "kernel_gain", p, x[:, t] @ p["kernel"]) +
                        _norm(layer, "recurrent_gain", p, _recurrent(layer, states[0], p["recurrent_kernel"])))
            new = (act(products + p.get("bias", 0.0)),)
        if any(rates):      # zoneout in inference
            new = [rate * before + (1 - rate) * after for after, before, rate in zip(new, states, rates)]
        if mask is not None:
            use = mask[:, t, None] != 0
            new = [torch.where(use, after, before) for after, before in zip(new, states)]
        states = list(new)
        outputs.append(states[0])
    return torch.stack(outputs, dim=1), states


def run(layers, parameters, x, mask=None, states=None):
    """The outputs of a stack of recurrent and dense layers; `parameters` have dotted names."""
    outputs = [x]
    for layer in layers:
        p = {name.rsplit(".", 1)[1]: value for name, value in parameters.items() if name.rsplit(".", 1)[0] == layer["name"]}
        if layer["type"] == "dense":
            act = ACTIVATIONS[layer.get("activation", "linear")]
            outputs = [act(outputs[0] @ p["kernel"] + p.get("bias", 0.0))]
            continue
        sequence, final = recurrent(layer, p, outputs[0], mask, states)
        states = None
        outputs = [sequence if layer.get("return_sequences") else final[0]]
        if layer.get("return_state"):
            outputs += final
    return outputs
