"""Runs the cases of cases.py, each by one command with the program's defaults, and puts their figures into bench/quality.json (a
list of {name, metric, value, target, seconds, seed, command}), from which bench/quality.md is made. Cases that are not run, or
whose data are not there, keep the figures that the file has, and quality.md says so; a case that fails loses them. Exit status 1
when a case fails or a target that must be met is missed.

The shared data are looked for in $RONDO_DATA, $RONDO_SHARED_DATA and ../shared/data."""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cases import CASES, Figure  # noqa: E402
from entries import KEYS, checked, failure, keeps, replaced  # noqa: E402
from report import markdown, number  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 600  # seconds a case
NOT_HERE = 77  # exit status of a case that needs what is not installed; its standard error says what


class Skipped(Exception):
    pass


def data_folder():
    for name in ("RONDO_DATA", "RONDO_SHARED_DATA"):
        if os.environ.get(name):
            return Path(os.environ[name])
    return ROOT.parent / "shared" / "data"


def filled(word, places):
    for name, path in places.items():
        word = word.replace(name, str(path))
    return word


def shown(case):
    """All that a reader has to type: what makes the files first, then the command. Scripts take build/rondo by themselves."""
    words = ["rondo" if i == 0 and word == "$RONDO" else word for i, word in enumerate(case.command)]
    command = " ".join(word for word in words if word != "$RONDO").replace(" --out $WORK/out", "")
    settings = "".join(f"{name}={value} " for name, value in case.environment.items())
    return " && ".join([*(" ".join(step) for step in case.prepare), settings + command])


def read(printed, metric):
    if metric == "RSE of the last step / persistence":
        last = printed["by_step"][-1]
        return last["rse"] / last["naive_rse"]
    if " / " in metric:  # of a single method of the leaderboard
        own, rival = metric.split(" / ")
        name, measure = rival.split("'s ")
        method = next(one for one in printed["methods"] if one["name"] == name)
        return printed["test"][own.lower()] / method[measure.lower()]
    value = printed
    for key in metric.split("."):
        value = value[key]
    return value


def target_of(figure: Figure, value):
    if figure.upper is not None:
        return f"{figure.must:g} to {figure.upper:g}"
    sign = ">=" if figure.least else "<="
    target = f"{sign} {figure.must:g}"
    if figure.stretch is None:
        return target
    reached = keeps(value, f"{sign} {figure.stretch:g}")
    return f"{target} (stretch {figure.stretch:g}{', reached' if reached else ''})"


def entries_of(case, printed, seconds):
    """Of the JSON that the case's command printed."""
    if case.entries:
        return [checked({**entry, "command": shown(case)}) for entry in printed]
    figures = [(figure.metric, value, target_of(figure, value))
               for figure in case.figures for value in [read(printed, figure.metric)]]
    if case.verdict is not None:
        figures.append((f'verdict "{case.verdict}" (1 yes, 0 no)', int(printed["verdict"] == case.verdict), ">= 1"))
    return [checked(dict(zip(KEYS, (case.name, *figure, seconds, printed.get("seed", 1), shown(case))))) for figure in figures]


def run_case(case, places):
    for step in case.prepare:
        subprocess.run([filled(word, places) for word in step], cwd=ROOT, check=True, timeout=LIMIT)
    environment = {**os.environ, **{name: filled(value, places) for name, value in case.environment.items()}}
    start = time.monotonic()
    done = subprocess.run([filled(word, places) for word in case.command], cwd=ROOT, env=environment, capture_output=True,
                          text=True, timeout=LIMIT)
    seconds = round(time.monotonic() - start, 1)
    if done.returncode == NOT_HERE:
        raise Skipped(done.stderr.strip())
    if not done.stdout.strip():
        raise RuntimeError(done.stderr.strip()[-400:] or f"exit status {done.returncode}")
    return entries_of(case, json.loads(done.stdout), seconds)


def write(folder, known, measured, skipped):
    (folder / "quality.json").write_text(json.dumps(known, indent=1) + "\n")
    (folder / "quality.md").write_text(markdown(known, CASES, measured, skipped))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rondo", default="build/rondo", help="the program")
    parser.add_argument("--only", action="append", default=[], help="cases whose names hold this text; may be repeated")
    parser.add_argument("--out", default="bench", help="folder of quality.json and quality.md")
    parser.add_argument("--work", default="build/quality", help="folder for files that are made on the way")
    options = parser.parse_args(arguments)
    folder, work = ROOT / options.out, ROOT / options.work
    work.mkdir(parents=True, exist_ok=True)
    places = {"$RONDO": (ROOT / options.rondo).resolve(), "$DATA": data_folder().resolve(), "$WORK": work}
    figures = folder / "quality.json"
    known = [checked(entry) for entry in json.loads(figures.read_text())] if figures.exists() else []
    chosen = [case for case in CASES if not options.only or any(text in case.name for text in options.only)]
    if not chosen:
        parser.error(f"no case has a name with {' or '.join(map(repr, options.only))} in it")
    measured, skipped, failed = [], {}, False

    def skip(case, reason):
        print(f"{case.name}: skipped, {reason}", file=sys.stderr)
        skipped[case.name] = reason

    for case in chosen:
        if case.data and not places["$DATA"].is_dir():
            skip(case, "there are no public data sets (set RONDO_DATA to their folder)")
            continue
        start = time.monotonic()
        try:
            fresh = run_case(case, places)
        except Skipped as reason:
            skip(case, str(reason))
            continue
        except (RuntimeError, subprocess.SubprocessError, OSError, KeyError, TypeError, ValueError) as error:
            print(f"{case.name}: failed: {error!r}", file=sys.stderr)
            fresh = [failure(case, time.monotonic() - start, shown(case))]
        measured.append(case.name)
        for entry in fresh:
            good = keeps(entry["value"], entry["target"])
            failed = failed or not good
            print(f"{entry['name']}: {entry['metric']} {number(entry['value'])} ({entry['target']}) "
                  f"{'met' if good else 'MISSED'}, {entry['seconds']} s", flush=True)
        known = replaced(known, case, fresh, CASES)
        write(folder, known, measured, skipped)  # after each, so that a run that is broken off loses nothing
    if measured:
        write(folder, known, measured, skipped)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
