"""Cases, their tensors and the safetensors file that holds them.

A bundle is one safetensors file. Its `__metadata__` has one entry per case: the case's name and a JSON text that says what
to build, which tensors go in and which must come out (docs: tests/golden/README.md).
Inputs and weights are stored as F32 and are computed with exactly those values; expected values are F64.
"""

import json
import struct
import zlib

import numpy as np


def rounded(values):
    """`values` as float64 numbers that float32 can represent."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


class Case:
    """One comparison: a random stream of its own, tensors, and the description of what they mean."""

    def __init__(self, name, oracle, kind, seed, draw=0):
        self.name = name
        self.rng = np.random.default_rng([seed, zlib.crc32(name.encode())] + ([draw] if draw else []))
        self.tensors = {}
        self.meta = {"oracle": oracle, "kind": kind}

    def normal(self, shape, scale=1.0):
        return rounded(self.rng.normal(size=shape) * scale)

    def uniform(self, shape, low=0.0, high=1.0):
        return rounded(self.rng.uniform(low, high, size=shape))

    def given(self, label, values):
        """Stores something that rondo gets; returns the tensor's name in the file."""
        return self._store(label, np.asarray(values), np.float32)

    def expected(self, label, values):
        """Stores something that rondo must compute; returns the tensor's name in the file."""
        return self._store(label, np.asarray(values), np.float64)

    def _store(self, label, values, dtype):
        stored = values.astype(dtype)
        if not np.all(np.isfinite(stored)):
            raise ValueError(f"{self.name}: {label} has values that are not finite")
        if dtype == np.float32 and not np.array_equal(stored.astype(np.float64), values.astype(np.float64)):
            raise ValueError(f"{self.name}: {label} has values that float32 cannot hold")
        if label in self.tensors:
            raise ValueError(f"{self.name}: two tensors named {label}")
        self.tensors[label] = stored
        return f"{self.name}/{label}"


class Bundle:
    """The cases of one file, in the order in which they were added."""

    def __init__(self):
        self.cases = {}

    def add(self, case):
        if case.name in self.cases:
            raise ValueError(f"two cases named {case.name}")
        self.cases[case.name] = case

    def write(self, path):
        """Writes the safetensors file: 8-byte header length, JSON header, then the values, widest type first."""
        tensors = [(f"{case.name}/{label}", values)
                   for case in self.cases.values() for label, values in case.tensors.items()]
        tensors.sort(key=lambda item: (-item[1].dtype.itemsize, item[0]))
        header = {"__metadata__": {name: json.dumps(case.meta, separators=(",", ":"), sort_keys=True)
                                   for name, case in self.cases.items()}}
        offset = 0
        for name, values in tensors:
            code = {np.dtype(np.float64): "F64", np.dtype(np.float32): "F32"}[values.dtype]
            header[name] = {"dtype": code, "shape": list(values.shape),
                            "data_offsets": [offset, offset + values.nbytes]}
            offset += values.nbytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)))
            file.write(text)
            for _, values in tensors:
                file.write(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())


def mask_of(style, batch, steps, rng):
    """A mask `[batch, steps]` of ones (use) and zeros. Every row but that of `full_row` keeps at least one step."""
    mask = np.ones((batch, steps))
    cut = rng.integers(1, steps, size=batch)
    for row in range(batch):
        if style == "right":
            mask[row, int(cut[row]):] = 0
        elif style == "left":
            mask[row, :int(cut[row])] = 0
        elif style == "middle":
            start = 1 + int(rng.integers(0, steps - 2))
            mask[row, start:start + 1 + int(rng.integers(0, steps - 1 - start))] = 0
        elif style == "full_row":
            mask[row, int(cut[row]) if row else 0:] = 0
        elif style == "first":
            mask[row, 0] = 0
            mask[row, 1:] = rng.integers(0, 2, size=steps - 1)
            mask[row, 1 + int(rng.integers(0, steps - 1))] = 1
        elif style == "random":
            mask[row] = rng.integers(0, 2, size=steps)
            mask[row, int(rng.integers(0, steps))] = 1
        else:
            raise ValueError(f"unknown mask style {style}")
    return mask
