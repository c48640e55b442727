"""PyTorch's recurrent weights in rondo's (Keras's) layouts, and back.

PyTorch stores `(nH, I)`, GRU gates r z n, LSTM gates i f g o and two biases; rondo stores `(I, nH)`, z r h, i f c o, one bias for
SimpleRNN and LSTM, and a `(2, 3H)` bias for the reset-after GRU.
"""

import numpy as np


def _gates_swapped(matrix, units):
    """The first two of three blocks of the last axis exchanged: r z n <-> z r h."""
    r, z, n = (matrix[..., i * units:(i + 1) * units] for i in range(3))
    return np.concatenate([z, r, n], axis=-1)


def to_rondo(kind, units, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None):
    """(suffix -> array) of one direction of one layer."""
    result = {"kernel": w_ih.T, "recurrent_kernel": w_hh.T}
    if b_ih is not None:
        result["bias"] = np.stack([b_ih, b_hh]) if kind == "gru" else b_ih + b_hh
    if w_hr is not None:
        result["projection_kernel"] = w_hr.T
    if kind == "gru":
        result = {suffix: _gates_swapped(value, units) for suffix, value in result.items()}
    return result


def gradient_to_rondo(kind, units, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None):
    """As to_rondo for gradients: both of PyTorch's biases have the gradient of the one that is their sum."""
    if b_ih is not None and kind != "gru":
        b_hh = np.zeros_like(b_ih)
    return to_rondo(kind, units, w_ih, w_hh, b_ih, b_hh, w_hr)
