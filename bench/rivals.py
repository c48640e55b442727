"""Rivals of bench/run.py: each makes the same training step as bench/train_step.cc and returns its median in µs."""

import statistics
import time


def median_time(step, seconds):
    """Median duration of step() in µs over `seconds`, at least 5 times, after one warm-up."""
    step()
    times = []
    start = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        begin = time.perf_counter()
        step()
        times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times)


class PyTorch:
    """torch.nn.LSTM / GRU / RNN with batch_first=False, Linear(1) on the last step, MSE, Adam."""

    def __init__(self):
        import torch

        self.torch = torch
        self.version = "PyTorch " + torch.__version__
        torch.set_num_interop_threads(1)

    def train_step(self, cell, inputs, units, batch, steps, threads, seconds):
        torch = self.torch
        torch.set_num_threads(threads)
        kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "simple_rnn": torch.nn.RNN}[cell]
        layer, head = kind(inputs, units), torch.nn.Linear(units, 1)
        optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()])
        x, y = torch.randn(steps, batch, inputs), torch.randn(batch, 1)
        loss_of = torch.nn.MSELoss()

        def step():
            optimizer.zero_grad(set_to_none=False)
            out, _ = layer(x)
            loss_of(head(out[-1]), y).backward()
            optimizer.step()

        return median_time(step, seconds)
