"""How long a backtest of 500 origins takes, beside Darts' RNNModel: the same table, horizon, look-back, size of a GRU and
number of threads; both are trained briefly, which is not counted. Rounds alternate. Prints a JSON list of
{name, metric, value, target, seconds, seed, command}; exit status 1 when a target is missed, 77 where there is no Darts
(`make quality-darts` installs it).

    bench/quality/darts_backtest.py [--paths] [RONDO]

rondo reads the look-back in segments of a day and writes the horizon at once, Darts reads row by row and feeds each forecast
back: what each of them does by itself. With --paths (some minutes more) also sample paths, which are the same algorithm in
both: row by row, 100 paths an origin. What Darts is timed at makes forecasts alone, so two figures: against rondo's seconds
for its forecasts (line and networks), and against those for its whole backtest: rivals, bands and all scores, too.

A figure is the smaller of two, for neighbours on the machine disturb one side more than the other: the median over rounds of
the ratio, and the ratio of the quickest rounds."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
ORIGINS, MANY, HORIZON, WINDOW, UNITS, THREADS, EPOCHS, PATHS, SEED = 500, 4000, 24, 168, 64, 2, 2, 100, 1
ROUNDS, PATH_ROUNDS = 7, 2
NO_RIVAL = 77


def python_with_darts():
    for python in (ROOT / "build/venv-parity/bin/python", Path(sys.executable)):
        look = [python, "-c", "import importlib.util as u, sys; sys.exit(not (u.find_spec('darts') and u.find_spec('torch')))"]
        if python.exists() and subprocess.run(look, capture_output=True).returncode == 0:
            return python
    return None


class Darts:
    """The worker's process: trained when made, one backtest a call."""

    def __init__(self, python, table, samples):
        options = {"csv": str(table), "origins": ORIGINS, "horizon": HORIZON, "window": WINDOW, "units": UNITS,
                   "threads": THREADS, "samples": samples, "seed": SEED}
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([python, HERE / "darts_worker.py", json.dumps(options)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=tempfile.gettempdir(),
                                        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"})
        self.batch_size = self.answer()["batch_size"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise SystemExit("Darts ended early: " + self.log.read()[-2000:])
        return json.loads(line)

    def backtest(self):
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Rondo:
    def __init__(self, program, table, *options, origins=ORIGINS):
        self.words = [program, "forecast", str(table), "--target", "value", "--time", "time", "--horizon", str(HORIZON),
                      "--window", str(WINDOW), "--cell", "gru", "--units", str(UNITS), "--epochs", str(EPOCHS),
                      "--threads", str(THREADS), "--seed", str(SEED), "--stride", "1",
                      "--backtest", f"last={origins + HORIZON - 1}", *options]

    def backtest(self):
        with tempfile.TemporaryDirectory() as out:
            printed = json.loads(subprocess.run([*self.words, "--json", "--out", out], check=True, capture_output=True,
                                                text=True).stdout)
        assert printed["rows"]["test"] == int(self.words[self.words.index("--backtest") + 1].removeprefix("last="))
        return {"seconds": printed["seconds"]["backtest_forecasts"], "whole": printed["seconds"]["backtest"],
                "rmse": printed["test"]["rmse"],
                "naive": printed["baselines"]["naive"]["rmse"]}

    def command(self):
        return " ".join(["rondo", *self.words[1:2], "hours.csv", *self.words[3:]])


class Report:
    def __init__(self):
        self.entries, self.missed = [], False

    def add(self, name, metric, value, comparison, target, seconds, command):
        self.missed |= not (value >= target if comparison == ">=" else value <= target)
        self.entries.append({"name": name, "metric": metric, "value": round(value, 3), "target": f"{comparison} {target:g}",
                             "seconds": round(seconds, 1), "seed": SEED, "command": command})


def spread(values, digits=1):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def race(name, rival, contenders, report, least, rounds=ROUNDS):
    """Rounds of the rival and then each contender {text: Rondo}; the ratio of a round is of neighbours in time."""
    begin = time.monotonic()
    theirs, ours = [], {text: [] for text in contenders}
    for _ in range(rounds):
        done = rival.backtest()
        assert done["origins"] == ORIGINS
        theirs.append(done["seconds"])
        for text, rondo in contenders.items():
            ours[text].append(rondo.backtest())
    print(f"{name}: Darts {spread([1000 * s for s in theirs])} ms (batches of {rival.batch_size}), RMSE {done['rmse']:.3f}",
          file=sys.stderr)
    for text, rondo in contenders.items():
        last = ours[text][-1]
        for part, figure, target in (("seconds", "forecasts", least), ("whole", "whole backtest", 1)):
            own = [round_[part] for round_ in ours[text]]
            ratios = [theirs_ / own_ for theirs_, own_ in zip(theirs, own)]
            print(f"{name}, {text}: rondo's {figure} {spread([1000 * s for s in own])} ms, {spread(ratios)} times faster, "
                  f"quickest rounds {min(theirs) / min(own):.1f}; RMSE {last['rmse']:.3f} "
                  f"(last value {last['naive']:.3f})", file=sys.stderr)
            report.add(f"{name}, {text}", f"Darts' seconds for forecasts / rondo's for {figure}",
                       min(statistics.median(ratios), min(theirs) / min(own)), ">=", target, time.monotonic() - begin,
                       rondo.command())
        # The quickest forecast is a bad one: both have to be better than the last value.
        report.add(f"{name}, {text}", "RMSE / that of the last value, the worse of the two",
                   max(last["rmse"], done["rmse"]) / last["naive"], "<=", 1, time.monotonic() - begin, rondo.command())


def growth(program, table, report):
    begin = time.monotonic()
    few, many = Rondo(program, table), Rondo(program, table, origins=MANY)
    ratios = [many.backtest()["whole"] / few.backtest()["whole"] for _ in range(ROUNDS)]
    print(f"{MANY} origins take {spread(ratios, 2)} times as long as {ORIGINS}", file=sys.stderr)
    report.add("backtest", f"seconds of {MANY} origins / of {ORIGINS}", statistics.median(ratios), "<=", 1.2 * MANY / ORIGINS,
               time.monotonic() - begin, many.command())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rondo", nargs="?", default=ROOT / "build/rondo", help="the program")
    parser.add_argument("--paths", action="store_true", help="sample paths, too")
    options = parser.parse_args()
    program = str(Path(options.rondo).resolve())
    python = python_with_darts()
    if python is None:
        print("there is no Darts to compare with: make quality-darts installs it", file=sys.stderr)
        return NO_RIVAL
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "hours.csv"
        subprocess.run([sys.executable, HERE / "make_series.py", "hours", str(SEED), table], check=True)
        rival = Darts(python, table, samples=0)
        race(f"backtest, {ORIGINS} origins, GRU({UNITS})", rival,
             {"one network": Rondo(program, table, "--ensemble", "1"), "three networks": Rondo(program, table)}, report, 20)
        rival.close()
        growth(program, table, report)
        if options.paths:
            rival = Darts(python, table, samples=PATHS)
            race(f"backtest, {ORIGINS} origins, GRU({UNITS}), {PATHS} sample paths", rival,
                 {"one network": Rondo(program, table, "--ensemble", "1", "--model", "recursive")}, report, 1, PATH_ROUNDS)
            rival.close()
    print(json.dumps(report.entries, indent=1))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
