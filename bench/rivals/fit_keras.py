#!/usr/bin/env python3
"""The counterpart of bench/fit_stock.cc in Keras. Arguments: back end, threads."""

import os
import sys

backend, threads = sys.argv[1], int(sys.argv[2])
os.environ["KERAS_BACKEND"] = backend
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["JAX_PLATFORMS"] = "cpu"

import keras  # noqa: E402
import numpy as np  # noqa: E402

if backend == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)

WINDOW = 60


def prices(count):
    state, price, values = 1, 0.0, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        price += (state >> 40) / 2**24 - 0.5
        values.append(price)
    values = np.array(values)
    return ((values - values.min()) / (values.max() - values.min())).astype(np.float32)


series = prices(2000)
x = np.stack([series[i:i + WINDOW] for i in range(len(series) - WINDOW)])[:, :, None]
y = series[WINDOW:, None]
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((WINDOW, 1)), keras.layers.SimpleRNN(50), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, y, batch_size=32, epochs=10, verbose=0)
print(history.history["loss"][-1])
