#!/usr/bin/env python3
"""PyTorch as a party of the benchmark: torch.nn.LSTM, GRU and RNN, time first (its faster order), padded or packed."""

import sys

import layouts
import numpy as np
import torch
from protocol import Missing, serve

torch.set_num_interop_threads(1)
# Denormal numbers cost some processors a hundred times the normal ones; flushing them is PyTorch's faster setting.
torch.set_flush_denormal(True)

CELLS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "simple_rnn": torch.nn.RNN}


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32).copy())


def open_work(request, given):
    torch.set_num_threads(request["threads"])
    cell, inputs, units = request["cell"], request["input"], request["units"]
    layer = CELLS[cell](inputs, units)
    arrays = layouts.to_torch(cell, given["cell.kernel"], given["cell.recurrent_kernel"], given["cell.bias"])
    with torch.no_grad():
        for parameter, array in zip(layer.parameters(), arrays):
            parameter.copy_(tensor(array))
    x = tensor(given["x"].transpose(1, 0, 2))
    if request["work"] == "forward":
        return forward(layer, x)
    if request["work"] == "forward_backward":
        return forward_backward(cell, layer, x, tensor(given["d_outputs"].transpose(1, 0, 2)))
    if request["work"] == "stream_step":
        return stream_step(cell, layer, given["x"])
    if request["work"] not in ("train_step", "ragged_train"):
        raise Missing(f"no work {request['work']}")
    if "lengths" in given:
        x = torch.nn.utils.rnn.pack_padded_sequence(x, torch.from_numpy(given["lengths"].astype(np.int64)),
                                                    enforce_sorted=False)
    return train_step(layer, x, given, request["units"])


def forward(layer, x):
    layer.eval()

    @torch.inference_mode()
    def run():
        return layer(x)[0]

    return run, lambda: {"outputs": run().numpy().transpose(1, 0, 2)}, "inference_mode"


def forward_backward(cell, layer, x, d_outputs):
    def run():
        for parameter in layer.parameters():
            parameter.grad = None
        layer(x)[0].backward(d_outputs)

    def outputs():
        run()
        gradients = layouts.from_torch(cell, *(p.grad.numpy() for p in layer.parameters()))
        return dict(zip(("gradient.cell.kernel", "gradient.cell.recurrent_kernel", "gradient.cell.bias"), gradients))

    return run, outputs, ""


def train_step(layer, x, given, units):
    head = torch.nn.Linear(units, 1)
    with torch.no_grad():
        head.weight.copy_(tensor(given["head.kernel"].T))
        head.bias.copy_(tensor(given["head.bias"]))
    # Fused is PyTorch's fastest Adam.
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], eps=1e-7, fused=True)
    y = tensor(given["y"])
    loss_of = torch.nn.MSELoss()
    packed = isinstance(x, torch.nn.utils.rnn.PackedSequence)

    def predict():
        out, state = layer(x)
        if not packed:
            return head(out[-1])
        h = state[0] if isinstance(state, tuple) else state
        return head(h[0])

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(predict(), y)
        loss.backward()
        optimizer.step()
        return loss

    def outputs():
        with torch.inference_mode():
            prediction = predict().numpy()
        losses = []
        for step in range(1, 5):
            # Keras adds epsilon before it corrects the bias of the second moment, PyTorch afterwards.
            optimizer.param_groups[0]["eps"] = 1e-7 / (1 - 0.999 ** step) ** 0.5
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(predict(), y)
            loss.backward()
            # LSTM and RNN have two biases that only ever act as their sum; one of them stands still here, or the sum would
            # move twice as far in a step as everybody else's.
            if not isinstance(layer, torch.nn.GRU):
                layer.bias_hh_l0.grad = None
            optimizer.step()
            losses.append(loss.item())
        return {"prediction": prediction, "losses": np.array(losses)}

    return run, outputs, "pack_padded_sequence, fused Adam" if packed else "fused Adam"


def stream_step(cell, layer, x):
    """One step a call; the state of the last call goes into the next."""
    layer.eval()
    steps = [tensor(x[:, t].reshape(1, 1, -1)) for t in range(x.shape[1])]
    now = {"state": None, "t": 0}

    @torch.inference_mode()
    def run():
        out, now["state"] = layer(steps[now["t"]], now["state"])
        now["t"] = (now["t"] + 1) % len(steps)
        return out

    def outputs():
        return {"outputs": np.concatenate([run().numpy() for _ in steps], axis=1)}

    return run, outputs, "inference_mode, one call of the module a step"


if __name__ == "__main__":
    sys.exit(serve("PyTorch " + torch.__version__, open_work))
