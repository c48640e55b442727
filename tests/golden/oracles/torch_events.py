"""GRU-D (Che et al. 2018) from its equations, as PyTorch float64 autograd code in rondo's layout `[values | masks | elapsed times]`."""

import numpy as np

from .torch_alone import torch


def parameter_shapes(layer, features):
    """(suffix, shape) of the parameters."""
    units, readings = layer["units"], features // 3
    inputs = (3 if layer.get("elapsed_input") else 2) * readings
    shapes = {"kernel": (inputs, 3 * units), "recurrent_kernel": (units, 3 * units)}
    if layer.get("use_bias", True):
        shapes["bias"] = (2, 3 * units)
    if layer.get("input_decay", True):
        shapes |= {"input_decay_kernel": (readings,), "input_decay_bias": (readings,)}
    if layer.get("state_decay", True):
        shapes |= {"state_decay_kernel": (readings, units), "state_decay_bias": (units,)}
    return shapes


def readings(values):
    """Normal numbers as values, masks of zeros and ones, and positive times."""
    x, masks, elapsed = np.split(values, 3, axis=-1)
    return np.concatenate([x, masks > 0.2, np.abs(elapsed)], axis=-1)


def _fade(layer, p, kind, product):
    """exp(-max(0, a)), or one where the layer does without."""
    if not layer.get(f"{kind}_decay", True):
        return 1.0
    return torch.exp(-torch.clamp(product(p[f"{kind}_decay_kernel"]) + p[f"{kind}_decay_bias"], min=0.0))


def run(layer, p, x, step_mask, states, act, rec):
    """x `[batch, time, 3 readings]` -> (outputs `[batch, time, units]`, [final h, last readings]). A masked step changes nothing."""
    units, count = layer["units"], x.shape[-1] // 3
    means = torch.tensor(layer.get("means") or [0.0] * count, dtype=x.dtype)
    h, last = states if states else (x.new_zeros(x.shape[0], units), means.expand(x.shape[0], count))
    bias = p.get("bias", torch.zeros(2, 3 * units, dtype=x.dtype))
    outputs = []
    for t in range(x.shape[1]):
        value, mask, elapsed = x[:, t].split(count, dim=-1)
        gamma = _fade(layer, p, "input", lambda w: w * elapsed)
        seen = torch.where(mask != 0, value, gamma * last + (1 - gamma) * means)
        new_last = torch.where(mask != 0, value, last)
        inputs = torch.cat([seen, mask] + ([elapsed] if layer.get("elapsed_input") else []), dim=-1)
        faded = _fade(layer, p, "state", lambda w: elapsed @ w) * h
        az, ar, an = (inputs @ p["kernel"] + bias[0]).chunk(3, dim=-1)
        bz, br, bn = (faded @ p["recurrent_kernel"] + bias[1]).chunk(3, dim=-1)
        z = rec(az + bz)
        new_h = z * faded + (1 - z) * act(an + rec(ar + br) * bn)
        if step_mask is not None:
            use = step_mask[:, t, None] != 0
            new_h, new_last = torch.where(use, new_h, h), torch.where(use, new_last, last)
        h, last = new_h, new_last
        outputs.append(h)
    return torch.stack(outputs, dim=1), [h, last]
