"""Random values for parameters, by what they are."""

import numpy as np

from .bundle import rounded

_SPREAD = {"kernel": 0.5, "recurrent_kernel": 0.4, "bias": 0.3, "beta": 0.3, "moving_mean": 0.3, "embeddings": 0.7,
           "recurrent_diagonal": 0.4, "update_diagonal": 0.4, "candidate_diagonal": 0.4,
           "peephole_input": 0.4, "peephole_forget": 0.4, "peephole_output": 0.4,
           "projection_kernel": 0.5, "state_bias": 0.3,
           "input_decay_kernel": 0.5, "input_decay_bias": 0.3, "state_decay_kernel": 0.5, "state_decay_bias": 0.3}


def random_parameter(case, name, shape, scale=1.0):
    """A value for the parameter with the dotted `name`; its last part decides the distribution."""
    kind = name.rsplit(".", 1)[-1]
    if kind == "gamma" or kind.endswith("_gain"):
        return rounded(1.0 + 0.3 * case.normal(shape))
    if kind == "moving_variance":
        return case.uniform(shape, 0.5, 1.5)
    return rounded(np.asarray(case.normal(shape)) * _SPREAD[kind] * scale)
