"""Calls of the system that fail, and a process that is killed at them: whatever happens to `train`, `forecast` and
`online`, nothing is half-written, files of a run change together, and the next run ends with the bits of one that
nothing happened to.

    python3 faults.py RONDO libfail_nth.so           a few faults of every kind, in seconds
    python3 faults.py RONDO libfail_nth.so --all     every write, fsync, rename and open, and a thousand allocations
"""

import argparse
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys

ERRORS = {"write": "ENOSPC", "fsync": "EIO", "rename": "EACCES", "open": "EACCES", "ftruncate": "EIO"}
OUT_OF_MEMORY = 6


class Case:
    """A command with what it writes. `together`: files that change all or not at all; `grows`: files of which a part
    may be there while the run lasts; `again`: the command that finishes after a fault."""

    def __init__(self, name, command, together, grows=(), again=None):
        self.name, self.command, self.together, self.grows = name, command, together, grows
        self.again = again or command


CASES = [
    Case("train",
         "train job.toml --quiet --set training.epochs=3 --set training.patience=0 --set training.threads=1 "
         "--set training.checkpoint_batches=2 --set training.seed=2",
         ["run/model.rondo", "run/config.toml"], ["run/history.csv", "run/checkpoint.rondo"], "--resume"),
    Case("forecast",
         "forecast s.csv --target y --time t --horizon 2 --model encoder_decoder --ensemble 1 --epochs 2 --units 4 "
         "--threads 1 --quiet --out out --seed 2",
         ["out/forecast.csv", "out/backtest.csv", "out/model.rondo", "out/config.toml"], ["out/checkpoint.rondo"],
         "--resume"),
    Case("ahead", "forecast s.csv --from old.rondo --threads 1 --quiet --out ahead", ["ahead/forecast.csv"]),
    Case("online",
         "online s.csv --target y --units 4 --quiet --out p.csv --snapshot state.rondo --snapshot-every 20",
         ["state.rondo"], ["p.csv"], "--resume"),
]


def series(path, rows, shift):
    lines = [f"{i},{math.sin(i / 7) + 0.01 * (i * 7919 % 13) + shift:.4f}" for i in range(rows)]
    path.write_text("t,y\n" + "\n".join(lines) + "\n")


def content(folder, names):
    return {n: (folder / n).read_bytes() if (folder / n).exists() else None for n in names}


class Faults:
    def __init__(self, rondo, shim, everything, folder):
        self.rondo, self.shim, self.everything, self.folder = rondo, shim, everything, folder
        self.failures, self.runs = 0, 0

    def run(self, words, where, fault=None, count=None):
        environment = dict(os.environ)
        if fault:
            environment.update(LD_PRELOAD=str(self.shim), RONDO_FAULT=fault, RONDO_FAULT_COUNT=str(count or "/dev/null"))
        self.runs += 1
        done = subprocess.run([self.rondo, *words.split()], cwd=where, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        return done.returncode, done.stderr

    def complain(self, what):
        self.failures += 1
        print("FAILED:", what, file=sys.stderr)

    def fresh(self):
        where = self.folder / "work"  # configs hold whole paths
        shutil.rmtree(where, ignore_errors=True)
        shutil.copytree(self.folder / "start", where)
        return where

    def prepare(self):
        start = self.folder / "start"
        start.mkdir(parents=True)
        series(start / "s.csv", 70, 0)
        for words in ("init --task train --data s.csv --target y --time t --out job.toml",
                      "forecast s.csv --target y --time t --horizon 2 --ensemble 1 --epochs 1 --quiet --out old"):
            code, said = self.run(words, start)
            assert code == 0, said
        (start / "old" / "model.rondo").rename(start / "old.rondo")
        shutil.rmtree(start / "old")

    def positions(self, count, most):
        """All of them, or a few that are spread, the first and the last among them."""
        if count <= most:
            return range(1, count + 1)
        return sorted({1 + round(i * (count - 1) / (most - 1)) for i in range(most)})

    def count(self, case, call):
        where = self.fresh()
        file = self.folder / "count.txt"
        code, said = self.run(case.command, where, f"{call}:0:-", file)
        assert code == 0, said
        return int(file.read_text())

    def check(self, case, fault, expected, old):
        """One fault, on top of an earlier run's files or on none."""
        where = self.fresh()
        for name, bytes_ in old.items():
            if bytes_ is not None:
                (where / name).parent.mkdir(exist_ok=True)
                (where / name).write_bytes(bytes_)
        before = content(where, case.together)
        code, said = self.run(case.command, where, fault)
        label = f"{case.name}, {fault}, {'after an earlier run' if any(old.values()) else 'afresh'}"
        after = content(where, case.together)
        killed = fault.endswith(":KILL")
        if killed and code not in (-signal.SIGKILL, 0):
            self.complain(f"{label}: exit code {code}")
        if not killed and code < 0:
            self.complain(f"{label}: ended by signal {-code}: {said[-300:]}")
        if not killed and code > 0 and not said.lstrip().startswith("error") and "\nerror" not in said:
            self.complain(f"{label}: exit code {code} without a word")
        if fault.endswith(":EINTR") and code != 0:
            self.complain(f"{label}: an interrupted call was not begun again: {said[-300:]}")
        if fault.startswith("malloc") and code not in (0, OUT_OF_MEMORY):
            self.complain(f"{label}: exit code {code}: {said[-300:]}")
        for name in case.together:
            if after[name] not in (before[name], expected[name]) and not (case.name == "online"):
                self.complain(f"{label}: {name} is neither the old nor the new one")
        changed = {name for name in case.together if after[name] != before[name]}
        whole = {name for name in case.together if expected[name] != before[name]}
        if not killed and case.name != "online" and changed and changed != whole:
            self.complain(f"{label}: only {sorted(changed)} changed")
        if code == 0 and after != {name: expected[name] for name in case.together}:
            self.complain(f"{label}: exit code 0 with other results")
        left = [p for p in where.rglob("*.tmp")]
        if left and not killed:
            self.complain(f"{label}: left {left}")
        self.finish(case, label, where, expected, old)

    def finish(self, case, label, where, expected, old):
        resumes = case.again == "--resume" and not any(old.values())
        words = case.command + (" --resume" if resumes else " --force" if case.name == "online" else "")
        code, said = self.run(words, where)
        if code != 0:
            return self.complain(f"{label}: the next run ends with {code}: {said[-300:]}")
        names = [*case.together, *case.grows]
        now = content(where, names)
        for name in names:
            # A checkpoint tells of losses, and those of seconds; the model is what counts.
            if name.endswith("checkpoint.rondo"):
                continue
            if now[name] != expected[name]:
                self.complain(f"{label}: the next run makes another {name}")
        if [p for p in where.rglob("*.tmp")]:
            self.complain(f"{label}: the next run leaves temporary files")

    def run_case(self, case):
        reference = self.fresh()
        code, said = self.run(case.command, reference)
        assert code == 0, said
        names = [*case.together, *case.grows]
        expected = content(reference, names)
        none = {name: None for name in names}
        earlier = self.fresh()
        code, said = self.run(case.command.replace("seed=2", "seed=1").replace("seed 2", "seed 1"), earlier)
        assert code == 0, said
        old = content(earlier, names) if case.name in ("train", "forecast") else none
        most = 10**9 if self.everything else 2
        for call, error in ERRORS.items():
            for nth in self.positions(self.count(case, call), most):
                for kind in (error, "EINTR", "KILL"):
                    if kind == "EINTR" and call == "ftruncate":
                        continue
                    self.check(case, f"{call}:{nth}:{kind}", expected, none)
                    if old is not none and (self.everything or kind == error):
                        self.check(case, f"{call}:{nth}:{kind}", expected, old)
        for nth in self.positions(self.count(case, "malloc"), 1000 if self.everything else 10):
            self.check(case, f"malloc:{nth}:-", expected, none)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rondo", type=pathlib.Path)
    parser.add_argument("shim", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--case", help="only this one")
    options = parser.parse_args()
    folder = pathlib.Path("faults").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    faults = Faults(options.rondo.resolve(), options.shim.resolve(), options.all, folder)
    faults.prepare()
    for case in CASES:
        if options.case in (None, case.name):
            faults.run_case(case)
    print(f"{faults.runs} runs, {faults.failures} failures")
    return 1 if faults.failures else 0


if __name__ == "__main__":
    sys.exit(main())
