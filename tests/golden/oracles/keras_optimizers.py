"""Keras optimisers and learning-rate schedules from rondo's spec."""

import numpy as np

from .bundle import Case
from .keras_layers import keras

OPTIMIZERS = {"sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop, "adam": keras.optimizers.Adam,
              "adamw": keras.optimizers.AdamW, "nadam": keras.optimizers.Nadam, "adagrad": keras.optimizers.Adagrad,
              "adadelta": keras.optimizers.Adadelta, "adamax": keras.optimizers.Adamax, "lion": keras.optimizers.Lion,
              "adafactor": keras.optimizers.Adafactor}
SCHEDULES = {"exponential_decay": keras.optimizers.schedules.ExponentialDecay,
             "cosine_decay": keras.optimizers.schedules.CosineDecay,
             "cosine_decay_restarts": keras.optimizers.schedules.CosineDecayRestarts,
             "piecewise_constant_decay": keras.optimizers.schedules.PiecewiseConstantDecay,
             "polynomial_decay": keras.optimizers.schedules.PolynomialDecay,
             "inverse_time_decay": keras.optimizers.schedules.InverseTimeDecay}


def make_schedule(spec):
    return SCHEDULES[spec["name"]](**{key: value for key, value in spec.items() if key != "name"})


def make_optimizer(spec):
    options = {key: value for key, value in spec.items() if key not in ("name", "convention")}
    if isinstance(options.get("learning_rate"), dict):
        options["learning_rate"] = make_schedule(options["learning_rate"])
    return OPTIMIZERS[spec["name"]](**options)


def schedule_case(seed, name, schedule, steps):
    """The learning rate that a schedule gives before step 0, 1, …"""
    case = Case(name, "keras", "schedule", seed)
    rule = make_schedule(schedule)
    values = np.array([float(rule(step)) for step in range(steps)])
    case.meta.update(spec={"schedule": schedule}, expected={"values": case.expected("values", values)})
    return case
