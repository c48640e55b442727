"""Arrays in a safetensors file: how weights and data go to every party of the benchmark and what it computed comes back."""

import json

import numpy as np


def write(path, arrays):
    header, offset, blocks = {}, 0, []
    for name, array in arrays.items():
        block = np.ascontiguousarray(array, dtype="<f4")
        header[name] = {"dtype": "F32", "shape": list(block.shape), "data_offsets": [offset, offset + block.nbytes]}
        offset += block.nbytes
        blocks.append(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for block in blocks:
            file.write(block.tobytes())


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        kind = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
        arrays[name] = np.frombuffer(data[8 + size + begin:8 + size + end], dtype=kind).reshape(entry["shape"])
    return arrays
