"""What is measured: sizes, cells, rows with their data, and the ratios that are aimed at."""

import dataclasses

import numpy as np

SIZES = [(1, 50, 1, 100), (1, 50, 32, 100), (10, 50, 200, 20), (64, 128, 32, 100), (256, 512, 64, 35), (1024, 1024, 64, 50)]
# Streams: one step of one sequence. RTNeural's sizes, the issue's, and two that leave the first and the second cache.
STREAM_SIZES = [(1, 8, 1, 1), (1, 16, 1, 1), (1, 32, 1, 1), (1, 50, 1, 1), (64, 128, 1, 1), (256, 512, 1, 1)]
STREAM_STEPS = 256
OPTION_SIZES = [(1, 50, 32, 100), (64, 128, 32, 100)]
FIT_SIZE = (1, 50, 32, 60)
CELLS = ["lstm", "gru", "simple_rnn"]
GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
STATES = {"lstm": 2, "gru": 1, "simple_rnn": 1}
WORKS = ["train_step", "forward_backward", "forward", "ragged_train", "stream_step", "fit", "options", "kernels"]

# Best of PyTorch, Keras on TensorFlow and on JAX over rondo, one thread, by cell and size.
TRAIN_TARGETS = {
    "lstm": [6, 2.2, 1.8, 1.35, 1.25, 1.15],
    "gru": [14, 4.5, 3, 2, 1.25, 1.2],
    "simple_rnn": [20, 5, 3, 2, 1.15, 1.15],
}
TWO_THREADS_SHARE = 0.9
# Single rivals on the first four sizes: (rival, work, cell).
SINGLE_TARGETS = {
    ("PyTorch", "train_step", "gru"): [80, 8, 3, 2.5],
    ("Keras-TF", "train_step", "lstm"): [50, 7, 4, 2.5],
    ("oneDNN", "forward_backward", "lstm"): [2, 1.6, 1.6, 1.25],
}
RAGGED_TARGETS = {(1, 50, 32, 100): 20, (64, 128, 32, 100): 8, (10, 50, 200, 20): 6}  # PyTorch packed, lstm
RAGGED_SELF_TARGET = 1.6
STREAM_TARGETS = {("ONNX Runtime", 50): 20, ("PyTorch", 50): 100,  # lstm, by rival and units
                  **{(f"RTNeural ({build})", units): 1.15 for build in ("eigen", "xsimd") for units in (8, 16, 32)}}
FIT_TARGETS = {"Keras-TF": 10, "best": 6}
OPTION_COST = 1.3


# Fraction of FMA peak of forward and backward, LSTM, one thread.
PEAK_TARGETS = {(1, 50, 32, 100): 0.6, (64, 128, 32, 100): 0.8, (256, 512, 64, 35): 0.8, (1024, 1024, 64, 50): 0.8}


def product_flops(cell, size):
    """Of the matrix products of forward and backward, without the gradient of the input: 2 for a multiply-add."""
    inputs, units, batch, steps = size
    return 2 * batch * steps * GATES[cell] * units * (2 * (inputs + units) + units)


def flops(work, cell, size):
    """Of the matrix products of a work; of a ragged batch the mean over lengths uniform in 1 … T."""
    inputs, units, batch, steps = size
    if work in ("forward", "stream_step"):
        return 2 * batch * steps * GATES[cell] * units * (inputs + units)
    return product_flops(cell, size) * ((steps + 1) / (2 * steps) if work == "ragged_train" else 1)


def forward_target(size):
    """Against the best of ONNX Runtime and PyTorch."""
    return 2 if size[2] == 1 else 1.1 if size[1] >= 512 else 1


@dataclasses.dataclass(frozen=True)
class Option:
    """Something that a recurrent layer can do besides the plain thing. `factor`: how much of the plain work it is."""
    name: str
    layer: tuple = ()  # options of the layer, as pairs
    cells: tuple = tuple(CELLS)
    bidirectional: bool = False
    initial_state: bool = False
    used_steps: str = "all"  # all | lengths | mask


ACTIVATIONS = ["linear", "sigmoid", "relu", "relu6", "leaky_relu", "elu", "selu", "hard_sigmoid", "hard_tanh", "softplus",
               "softsign", "exponential"]

OPTIONS = [
    Option("lengths", used_steps="lengths"),
    Option("mask", used_steps="mask"),
    Option("go_backwards", (("go_backwards", True),)),
    Option("bidirectional", bidirectional=True),
    Option("initial state", initial_state=True),
    Option("dropout", (("dropout", 0.2),)),
    Option("recurrent_dropout", (("recurrent_dropout", 0.2),)),
    Option("dropout and recurrent_dropout", (("dropout", 0.2), ("recurrent_dropout", 0.2))),
    Option("zoneout", (("zoneout", 0.1),)),
    Option("zoneout of h and c", (("zoneout", 0.1), ("zoneout_cell", 0.1)), ("lstm",)),
    Option("layer_norm", (("layer_norm", True),)),
    Option("layer_norm and recurrent_dropout", (("layer_norm", True), ("recurrent_dropout", 0.2))),
    Option("clip", (("clip", 3.0),)),
    Option("proj_size", (("proj_size", -2),), ("lstm",)),  # -2: half of the units
    Option("peephole", (("peephole", True),), ("lstm",)),
    Option("coupled gates", (("coupled", True),), ("lstm",)),
    Option("reset_after=false", (("reset_after", False),), ("gru",)),
    Option("recurrent_activation=hard_sigmoid", (("recurrent_activation", "hard_sigmoid"),), ("lstm", "gru")),
] + [Option(f"activation={name}", (("activation", name),)) for name in ACTIVATIONS]


@dataclasses.dataclass(frozen=True)
class Row:
    work: str
    cell: str
    size: tuple  # input, units, batch, steps
    threads: int
    option: Option | None = None

    def title(self):
        return f"{self.work} {self.cell} {','.join(map(str, self.size))}, {self.threads} thread(s)" + (
            f", {self.option.name}" if self.option else "")

    def request(self, plain=False):
        """What opens the work; `plain`: without the option."""
        inputs, units, batch, steps = self.size
        layer = {"type": self.cell, "name": "cell", "units": units,
                 "return_sequences": self.work in ("forward", "forward_backward")}
        if self.option and not plain:
            layer.update(self.option.layer)
            if layer.get("proj_size", 0) < 0:
                layer["proj_size"] = units // -layer["proj_size"]
            if self.option.bidirectional:
                layer = {"type": "bidirectional", "name": "cell", "layer": layer}
        return {"work": self.work, "cell": self.cell, "input": inputs, "units": units, "batch": batch, "steps": self.data_steps(),
                "threads": self.threads, "layer": layer}

    def data_steps(self):
        return STREAM_STEPS if self.work == "stream_step" else self.size[3]

    def data(self, plain=False):
        """Weights in Keras's layout and data, the same for every party, from a seed that depends on the row only."""
        inputs, units, batch, _ = self.size
        steps = self.data_steps()
        random = np.random.default_rng([CELLS.index(self.cell), *self.size])
        width = GATES[self.cell] * units

        def uniform(limit, *shape):
            return random.uniform(-limit, limit, shape).astype(np.float32)

        limit = units ** -0.5
        data = {"x": random.standard_normal((batch, steps, inputs), dtype=np.float32)}
        if not self.option:  # with options, parameters have other shapes: rondo's own start serves
            data["cell.kernel"] = uniform(limit, inputs, width)
            data["cell.recurrent_kernel"] = uniform(limit, units, width)
            data["cell.bias"] = uniform(limit, *((2, width) if self.cell == "gru" else (width,)))
            data["head.kernel"] = uniform(limit, units, 1)
            data["head.bias"] = uniform(limit, 1)
        if self.work in ("train_step", "ragged_train"):
            # Far from what an untrained model says: the relative difference of losses then means something.
            data["y"] = 2 + random.standard_normal((batch, 1), dtype=np.float32)
        if self.work == "forward_backward":
            data["d_outputs"] = random.standard_normal((batch, steps, units), dtype=np.float32) / np.float32(batch * steps)
        if plain:
            return data
        if self.work == "ragged_train" or self.option and self.option.used_steps == "lengths":
            data["lengths"] = random.integers(1, steps + 1, batch).astype(np.float32)
        if self.option and self.option.used_steps == "mask":
            data["mask"] = (random.random((batch, steps)) < 0.8).astype(np.float32)
        if self.option and self.option.initial_state:
            for i in range(STATES[self.cell]):
                data[f"state_{i}"] = uniform(0.5, batch, units)
        return data

    def share_of_plain(self):
        """How much work the row is, measured in the plain cell's: steps that are used, directions."""
        if not self.option:
            return 1.0
        if self.option.bidirectional:
            return 2.0
        data = self.data()
        if "lengths" in data:
            return float(data["lengths"].sum()) / (self.size[2] * self.size[3])
        if "mask" in data:
            return float(data["mask"].mean())
        return 1.0


def rows(work, threads, sizes, cells):
    """Rows of a work; `sizes` are numbers of SIZES, which only the works over all six sizes heed."""
    if work == "options":
        for option in OPTIONS:
            for cell in cells:
                if cell in option.cells:
                    for size in OPTION_SIZES:
                        yield Row("train_step", cell, size, threads, option)
    elif work == "stream_step":
        for cell in cells:
            for size in STREAM_SIZES:
                yield Row(work, cell, size, threads)
    elif work == "ragged_train":
        for index in sizes:
            for cell in cells:
                if SIZES[index][2] > 1:
                    yield Row(work, cell, SIZES[index], threads)
    elif work not in ("fit", "kernels"):
        for index in sizes:
            for cell in cells:
                yield Row(work, cell, SIZES[index], threads)
