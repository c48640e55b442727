"""bench/quality.md: the entries of bench/quality.json as a table, and which of them this run measured."""

import os
import platform
from pathlib import Path

from entries import FAILED, keeps, of_case

HEAD = """# Quality

Every row by one command with the program's defaults (`make quality`; the commands stand in quality.json, `$DATA`
is the folder of the public data sets, `$WORK` one for files that are made). Targets were set beforehand; *missed* means missed.
"""
COLUMNS = """| data | figure | value | target | | for comparison | seconds |
| --- | --- | --- | --- | --- | --- | --- |"""


def number(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def verdict(entry):
    if entry["metric"] == FAILED:
        return "*failed*"
    return "met" if keeps(entry["value"], entry["target"]) else "*missed*"


def remarks(known, cases, measured, skipped):
    """What of the table is not of this run: `measured` has the names of the cases that ran (failed ones too), `skipped` why
    others could not."""
    kept = [case.name for case in cases if case.name not in measured and of_case(case, known)]
    if measured and len(measured) < len(kept):
        yield f"Measured in this run: {'; '.join(measured)}. All other rows are kept from earlier runs."
    elif kept:
        yield f"Not measured in this run, kept from an earlier one: {'; '.join(kept)}."
    without = [name + (f" ({skipped[name]})" if name in skipped else "") for name in
               (case.name for case in cases if not of_case(case, known))]
    if without:
        yield f"Without figures so far: {'; '.join(without)}."


def markdown(known, cases, measured, skipped):
    lines = [HEAD, f"Machine: {processor()}, {os.cpu_count()} cores; {platform.system()} {platform.release()}.", ""]
    for remark in remarks(known, cases, measured, skipped):
        lines += [remark, ""]
    lines.append(COLUMNS)
    for case in cases:
        for entry in of_case(case, known):
            lines.append(f"| {entry['name']} | {entry['metric']} | {number(entry['value'])} | {entry['target']} | "
                         f"{verdict(entry)} | {case.against} | {entry['seconds']} |")
    return "\n".join(lines) + "\n"
