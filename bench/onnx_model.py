"""The ONNX file of a row: one LSTM, GRU or RNN node with the row's weights as constants, which a runtime may prepack."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rivals"))
import layouts  # noqa: E402


def write(path, row, given):
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper, save

    inputs, units, batch, _ = row.size
    streaming = row.work == "stream_step"
    steps = 1 if streaming else row.size[3]
    w, r, b = layouts.to_onnx(row.cell, given["cell.kernel"], given["cell.recurrent_kernel"], given["cell.bias"])
    constants = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in (("w", w), ("r", r), ("b", b))]
    states = ["h", "c"] if row.cell == "lstm" else ["h"]

    def tensor(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    attributes = {"hidden_size": units, **({"linear_before_reset": 1} if row.cell == "gru" else {})}
    operator = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}[row.cell]
    if streaming:
        node = helper.make_node(operator, ["x", "w", "r", "b", "", *states], ["", *(s + "_next" for s in states)], **attributes)
        given_values = [tensor("x", steps, batch, inputs), *(tensor(s, 1, batch, units) for s in states)]
        results = [tensor(s + "_next", 1, batch, units) for s in states]
    else:
        node = helper.make_node(operator, ["x", "w", "r", "b"], ["y"], **attributes)
        given_values, results = [tensor("x", steps, batch, inputs)], [tensor("y", steps, 1, batch, units)]
    graph = helper.make_graph([node], "row", given_values, results, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, path)


def library():
    """The shared library inside the installed package; a name that is no file where it is not installed."""
    import glob
    import importlib.util

    found = importlib.util.find_spec("onnxruntime")
    if found is None:
        return "libonnxruntime.so"
    folder = os.path.join(os.path.dirname(found.origin), "capi")
    libraries = sorted(glob.glob(os.path.join(folder, "libonnxruntime.so*")))
    return libraries[0] if libraries else "libonnxruntime.so"
