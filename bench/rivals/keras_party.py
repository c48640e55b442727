#!/usr/bin/env python3
"""Keras 3 as a party of the benchmark. The first argument is its back end, tensorflow or jax.

The training step is Keras's own train_step (what fit and train_on_batch run), compiled, with data and weights on the
device: the fastest of the ways in which Keras runs it. With `train_on_batch` as second argument it is the method of
that name, which most loops of users call: it also hands weights back to the model's variables after every step."""

import os
import sys
import time

backend = sys.argv[1]
by_method = sys.argv[2:] == ["train_on_batch"]
os.environ["KERAS_BACKEND"] = backend
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["JAX_PLATFORMS"] = "cpu"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from protocol import Missing, fastest, serve  # noqa: E402

THREADS = len(os.sched_getaffinity(0))
if backend == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    VERSION = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
else:
    import jax

    VERSION = f"Keras {keras.__version__} on JAX {jax.__version__}"
if by_method:
    VERSION += ", train_on_batch"

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}


def make_model(request, given, jit):
    """Cell, Dense(1), Adam, MSE, with the given weights. Fixed shapes: what a compiler likes best."""
    shape = (request["steps"], request["input"])
    model = keras.Sequential([keras.Input(shape, batch_size=request["batch"]), CELLS[request["cell"]](request["units"]),
                              keras.layers.Dense(1)])
    model.layers[0].set_weights([given["cell.kernel"], given["cell.recurrent_kernel"], given["cell.bias"]])
    model.layers[1].set_weights([given["head.kernel"], given["head.bias"]])
    model.compile(keras.optimizers.Adam(), "mse", jit_compile=jit)
    model.optimizer.build(model.trainable_variables)
    return model


def method_step(model, x, y):
    x, y = x.copy(), y.copy()
    return lambda: model.train_on_batch(x, y)


def tensorflow_step(model, x, y, jit):
    x, y = tf.constant(x), tf.constant(y)
    compiled = tf.function(lambda: model.train_step((x, y)), jit_compile=jit, reduce_retracing=True)
    return lambda: compiled()["loss"].numpy()


def jax_step(model, x, y):
    model._symbolic_build(data_batch=(x, y))  # makes the metrics, as fit does
    x, y = jax.numpy.array(x), jax.numpy.array(y)
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables, model.metrics_variables)
    compiled = jax.jit(model.train_step, donate_argnums=0)
    now = {"state": tuple([jax.numpy.array(v.value) for v in group] for group in groups)}

    def run():
        logs, now["state"] = compiled(now["state"], (x, y))
        jax.block_until_ready(now["state"])
        return logs["loss"]

    return run


def make_step(request, given, way):
    jit = {"XLA": True, "graph": False}[way] if backend == "tensorflow" else "auto"
    model = make_model(request, given, jit)
    if by_method:
        return method_step(model, given["x"], given["y"])
    if backend == "tensorflow":
        return tensorflow_step(model, given["x"], given["y"], jit)
    return jax_step(model, given["x"], given["y"])


def first_steps(step):
    """The losses of four steps, and the seconds that the quickest took. train_on_batch reports the loss of this step,
    train_step the mean since the start, whose sums' differences are it."""
    means, seconds = [], []
    for _ in range(4):
        begin = time.perf_counter()
        means.append(float(step()))
        seconds.append(time.perf_counter() - begin)
    if not by_method:
        means = [means[n] * (n + 1) - (means[n - 1] * n if n else 0) for n in range(4)]
    return np.array(means), min(seconds)


def open_work(request, given):
    if request["work"] != "train_step":
        raise Missing(f"{request['work']} is not measured on Keras")
    if THREADS != request["threads"]:
        raise Missing(f"started with {THREADS} threads, asked for {request['threads']}")
    keras.backend.clear_session()
    steps = {way: make_step(request, given, way) for way in (["XLA", "graph"] if backend == "tensorflow" else ["XLA"])}
    first = {way: first_steps(step) for way, step in steps.items()}
    how = fastest(steps, {way: seconds for way, (_, seconds) in first.items()}) if len(steps) > 1 else "XLA"
    return steps[how], lambda: {"losses": first[how][0]}, how


if __name__ == "__main__":
    sys.exit(serve(VERSION, open_work))
