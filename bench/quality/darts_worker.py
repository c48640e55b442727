"""Darts' side of darts_backtest.py: trains an RNNModel on the first part of a table, then answers every line on its standard
input with one timed backtest of the last part, as a line of JSON. The options are JSON in its only argument:

    csv, origins, horizon, window, units, threads, samples (0: point forecasts; else sample paths of a gaussian), seed

The fastest that Darts offers: its optimised path for historical forecasts (all origins in batches, no retraining), float32,
an integer index, every callback, logger and progress bar off, and of several batch sizes the quickest, tried beforehand."""

import csv
import json
import logging
import os
import sys
import time
import warnings

import numpy

BATCH_SIZES = {False: (128, 256, 512), True: (2048,)}  # of point forecasts, of sample paths
TRAINED_WINDOWS, EPOCHS, LEARNING_RATE = 1000, 4, 1e-2


def quiet():
    """Answers alone go to the standard output; what libraries print goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.filterwarnings("ignore")
    for name in ("pytorch_lightning", "lightning.pytorch", "darts"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return answers


def read(path):
    with open(path, newline="") as file:
        return numpy.array([float(row["value"]) for row in csv.DictReader(file)])


class Rival:
    def __init__(self, options):
        import torch
        from darts import TimeSeries
        from darts.models import RNNModel
        from darts.utils.likelihood_models.torch import GaussianLikelihood

        torch.set_num_threads(options["threads"])
        self.horizon, self.samples = options["horizon"], options["samples"]
        self.values = read(options["csv"])
        self.start = len(self.values) - options["origins"] - self.horizon + 1
        taught = self.values[:self.start]
        self.mean, self.deviation = taught.mean(), taught.std()
        scaled = ((self.values - self.mean) / self.deviation).astype(numpy.float32)
        self.series = TimeSeries.from_values(scaled)
        off = {name: False for name in ("enable_progress_bar", "enable_model_summary", "enable_checkpointing", "logger")}
        self.model = RNNModel(
            input_chunk_length=options["window"], training_length=options["window"] + self.horizon, model="GRU",
            hidden_dim=options["units"], n_rnn_layers=1, batch_size=64, n_epochs=EPOCHS,
            optimizer_kwargs={"lr": LEARNING_RATE}, random_state=options["seed"], likelihood=GaussianLikelihood() if self.samples else None,
            pl_trainer_kwargs={"accelerator": "cpu", "devices": 1, **off})
        self.model.fit(self.series[:self.start], max_samples_per_ts=TRAINED_WINDOWS, verbose=False)
        sizes = BATCH_SIZES[self.samples > 0]
        self.backtest(sizes[0])  # what is done once in a process is not measured
        self.batch_size = sizes[0] if len(sizes) == 1 else min(
            sizes, key=lambda size: min(self.backtest(size)["seconds"] for _ in range(2)))

    def backtest(self, batch_size=None):
        begin = time.perf_counter()
        forecasts = self.model.historical_forecasts(
            self.series, start=self.start, start_format="position", forecast_horizon=self.horizon, stride=1, retrain=False,
            last_points_only=False, overlap_end=False, num_samples=max(1, self.samples), enable_optimization=True,
            verbose=False, show_warnings=False, predict_kwargs={"batch_size": batch_size or self.batch_size})
        seconds = time.perf_counter() - begin
        errors = []
        for k, forecast in enumerate(forecasts):
            said = forecast.all_values()[:, 0, :].mean(axis=1) * self.deviation + self.mean
            truth = self.values[self.start + k:self.start + k + self.horizon]
            assert forecast.start_time() == self.start + k and len(said) == self.horizon
            errors.append(said - truth)
        return {"seconds": seconds, "origins": len(forecasts), "rmse": float(numpy.sqrt(numpy.mean(numpy.square(errors))))}


def main(options):
    answers = quiet()
    rival = Rival(options)

    def answer(fields):
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    answer({"batch_size": rival.batch_size})
    for _ in sys.stdin:
        answer(rival.backtest())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
