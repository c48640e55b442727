"""Whether a training run can be compared in float32 at all.

RMSprop, Nadam and Adagrad divide a gradient by its own size. Once a weight's gradients are nearly zero its steps overshoot, and
rounding errors grow until two runs part ways, whoever computes them. Such a run says nothing about a formula. It is found by
letting the oracle run again with weights that are shaken before every step, as the rounding of float32 and of float64 would
shake them, and is drawn anew.
"""

import numpy as np

_SHAKES = {6e-8: 2e-5, 1e-15: 2e-10}   # relative size of a shake: how far off it may lead, relative to the largest number
_DRAWS = 50
LEVELS = (0.0, *_SHAKES)   # of the runs to make; the first is the one to keep


def shaken(values, level, rng):
    """`values` with every number changed by up to `level` of itself."""
    return values * (1 + level * rng.uniform(-1, 1, size=np.shape(values)))


def _close(one, other, allowed):
    return all(np.max(np.abs(a - b)) <= allowed * np.max(np.abs(a)) + 0.01 * allowed for a, b in zip(one, other))


def well_conditioned(draw_run):
    """The case of the first draw whose run hardly minds being shaken. `draw_run(draw)` gives the case and, for every level of
    LEVELS, the arrays that a run ends with."""
    for draw in range(_DRAWS):
        case, runs = draw_run(draw)
        if all(_close(runs[0], run, allowed) for run, allowed in zip(runs[1:], _SHAKES.values())):
            return case
    raise RuntimeError(f"{case.name}: {_DRAWS} draws and none is well conditioned; a smaller learning rate may help")
