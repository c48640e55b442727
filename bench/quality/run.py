"""Runs the cases of cases.py, each by one command with the program's defaults, and writes bench/quality.json (a list of
{name, metric, value, target, seconds, seed, command}) and bench/quality.md. Cases whose data are not there are skipped and
said so. Exit status 1 when a target that must be met is missed.

The shared data are looked for in $RONDO_DATA, $RONDO_SHARED_DATA and ../shared/data."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cases import CASES, Figure  # noqa: E402

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


def filled(words, places):
    out = []
    for word in words:
        for name, path in places.items():
            word = word.replace(name, str(path))
        out.append(word)
    return out


def shown(words):
    """The command as a reader would type it."""
    return " ".join(words).replace("$RONDO", "rondo").replace(" --out $WORK/out", "")


def read(printed, metric):
    if metric == "RSE of the last step / persistence":
        last = printed["by_step"][-1]
        return last["rse"] / last["naive_rse"]
    value = printed
    for key in metric.split("."):
        value = value[key]
    return value


def target_of(figure: Figure):
    if figure.upper is not None:
        return f"{figure.must:g} to {figure.upper:g}"
    return f"{'>=' if figure.least else '<='} {figure.must:g}"


def met(figure: Figure, value, bound):
    if value is None or bound is None:
        return False
    if figure.upper is not None:
        return bound <= value <= figure.upper
    return value >= bound if figure.least else value <= bound


def keeps(value, target, otherwise):
    """Whether a value keeps a target like ">= 20"; what the command said of all together where it is not like that."""
    sign, _, bound = str(target).partition(" ")
    if sign not in (">=", "<="):
        return otherwise
    return value >= float(bound) if sign == ">=" else value <= float(bound)


def run_case(case, places):
    """Entries of the JSON list, and rows (name, figure, value, target, stretch, verdict, against, seconds)."""
    for step in case.prepare:
        subprocess.run(filled(step, places), cwd=ROOT, check=True)
    environment = {**os.environ, "RONDO_DATA": str(places["$DATA"])}
    start = time.monotonic()
    done = subprocess.run(filled(case.command, places), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT)
    seconds = round(time.monotonic() - start, 1)
    if done.returncode == NOT_HERE:
        raise Skipped(done.stderr.strip())
    if not done.stdout.strip():
        raise RuntimeError(done.stderr.strip()[-400:] or f"exit status {done.returncode}")
    printed = json.loads(done.stdout)
    if case.json_list:
        entries = printed if isinstance(printed, list) else [printed]
        rows = [(e["name"], e["metric"], e["value"], e["target"], case.against, e["seconds"],
                 keeps(e["value"], e["target"], done.returncode == 0)) for e in entries]
        return entries, rows
    entries, rows = [], []

    def add(metric, value, target, good):
        entries.append({"name": case.name, "metric": metric, "value": value, "target": target, "seconds": seconds,
                        "seed": printed.get("seed", 1), "command": shown(case.command)})
        rows.append((case.name, metric, value, target, case.against, seconds, good))

    for figure in case.figures:
        value = read(printed, figure.metric)
        target = target_of(figure)
        if figure.stretch is not None:
            reached = met(figure, value, figure.stretch)
            target += f" (stretch {figure.stretch:g}{', reached' if reached else ''})"
        add(figure.metric, value, target, met(figure, value, figure.must))
    if case.verdict is not None:
        add("verdict", printed["verdict"], case.verdict, printed["verdict"] == case.verdict)
    return entries, rows


def number(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def write(results):
    entries = [entry for result in results.values() for entry in result["entries"]]
    (ROOT / "bench" / "quality.json").write_text(json.dumps(entries, indent=1) + "\n")
    lines = ["# Quality", "",
             "Every row by one command with the program's defaults (`make quality`; the commands stand in quality.json, `$DATA`",
             "is the folder of the public data sets). Targets were set beforehand; *missed* means missed.", "",
             f"Machine: {processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}.", "",
             "| data | figure | value | target | | for comparison | seconds |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for result in results.values():
        for name, metric, value, target, against, seconds, good in result["rows"]:
            lines.append(f"| {name} | {metric} | {number(value)} | {target} | {'met' if good else '*missed*'} | {against} | "
                         f"{seconds} |")
    (ROOT / "bench" / "quality.md").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rondo", default="build/rondo", help="the program")
    parser.add_argument("--only", action="append", default=[], help="cases whose names hold this text; may be repeated")
    parser.add_argument("--keep", default="build/quality/results.json", help="results so far; others are merged into them")
    options = parser.parse_args()
    keep = ROOT / options.keep
    keep.parent.mkdir(parents=True, exist_ok=True)
    work = keep.parent
    places = {"$RONDO": (ROOT / options.rondo).resolve(), "$DATA": data_folder().resolve(), "$WORK": work}
    known = json.loads(keep.read_text()) if keep.exists() else {}
    failed = False
    for case in CASES:
        if options.only and not any(text in case.name for text in options.only):
            continue
        if case.data and not places["$DATA"].is_dir():
            print(f"{case.name}: skipped, there are no data in {places['$DATA']} (set RONDO_DATA)", file=sys.stderr)
            continue
        try:
            entries, rows = run_case(case, places)
        except Skipped as reason:
            print(f"{case.name}: skipped, {reason}", file=sys.stderr)
            continue
        except (RuntimeError, subprocess.SubprocessError, KeyError, json.JSONDecodeError) as error:
            print(f"{case.name}: failed: {error}", file=sys.stderr)
            failed = True
            continue
        known[case.name] = {"entries": entries, "rows": rows}
        keep.write_text(json.dumps(known, indent=1))
        for name, metric, value, target, _, seconds, good in rows:
            print(f"{name}: {metric} {number(value)} ({target}) {'met' if good else 'MISSED'}, {seconds} s", flush=True)
            failed = failed or not good
    write({case.name: known[case.name] for case in CASES if case.name in known})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
