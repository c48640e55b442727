"""Keras's layout of recurrent weights, in which they are exchanged, turned into the other frameworks'.

Keras: kernel [inputs, gates·units], recurrent_kernel [units, gates·units], bias [gates·units], for GRU (reset_after)
[2, 3·units]; gates i f c o for LSTM, z r h for GRU."""

import numpy as np


def blocks(array, count):
    return np.split(array, count, axis=-1)


def reordered(array, count, order):
    parts = blocks(array, count)
    return np.concatenate([parts[i] for i in order], axis=-1)


def to_torch(cell, kernel, recurrent, bias):
    """weight_ih, weight_hh, bias_ih, bias_hh of torch.nn.LSTM (i f g o), GRU (r z n), RNN."""
    if cell == "gru":
        order = [1, 0, 2]
        return (reordered(kernel, 3, order).T, reordered(recurrent, 3, order).T, reordered(bias[0], 3, order),
                reordered(bias[1], 3, order))
    return kernel.T, recurrent.T, bias, np.zeros_like(bias)


def from_torch(cell, weight_ih, weight_hh, bias_ih, bias_hh):
    """The gradients back in Keras's layout."""
    if cell == "gru":
        order = [1, 0, 2]
        return (reordered(weight_ih.T, 3, order), reordered(weight_hh.T, 3, order),
                np.stack([reordered(bias_ih, 3, order), reordered(bias_hh, 3, order)]))
    return weight_ih.T, weight_hh.T, bias_ih


def to_onnx(cell, kernel, recurrent, bias):
    """W [1, gates·units, inputs], R, B [1, 2·gates·units] of the ONNX operators LSTM (i o f c), GRU (z r h), RNN."""
    if cell == "lstm":
        order = [0, 3, 1, 2]
        kernel, recurrent, bias = (reordered(a, 4, order) for a in (kernel, recurrent, bias))
    if cell == "gru":
        b = np.concatenate([bias[0], bias[1]])
    else:
        b = np.concatenate([bias, np.zeros_like(bias)])
    return kernel.T[None], recurrent.T[None], b[None]
