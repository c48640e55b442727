"""The entries of bench/quality.json, the one file of figures: what each must hold, which case it belongs to, whether it keeps
its target. bench/quality.md is made from them (report.py)."""

import math
import re

KEYS = ("name", "metric", "value", "target", "seconds", "seed", "command")
FAILED = "command failed (1 yes, 0 no)"  # metric of the entry that stands where a case gave no figures


def keeps(value, target):
    """Whether a value keeps a target like ">= 0.83 (stretch 0.85)", "<= 8" or "0.77 to 0.83"."""
    text = re.sub(r" \(stretch .*\)$", "", target)
    try:
        if " to " in text:
            low, high = map(float, text.split(" to "))
            return low <= value <= high
        sign, bound = text.split(" ")
        return {">=": value >= float(bound), "<=": value <= float(bound)}[sign]
    except (KeyError, ValueError):
        raise ValueError(f"a target is not understood: {target!r}") from None


def checked(entry):
    """The entry; ValueError when it is not what every entry has to be."""
    if not isinstance(entry, dict) or set(entry) != set(KEYS):
        raise ValueError(f"an entry must hold {', '.join(KEYS)} and nothing else: {entry}")
    for key in ("name", "metric", "target", "command"):
        if not isinstance(entry[key], str) or not entry[key]:
            raise ValueError(f"'{key}' must be a text: {entry}")
    for key in ("value", "seconds", "seed"):
        number = entry[key]
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
            raise ValueError(f"'{key}' must be a number: {entry}")
    keeps(entry["value"], entry["target"])
    return {key: entry[key] for key in KEYS}


def belongs(entry, case):
    """A case that prints its entries itself gives them names of its own, which begin alike."""
    if case.entries:
        return entry["name"].startswith(case.entries)
    return entry["name"] == case.name


def of_case(case, known):
    return [entry for entry in known if belongs(entry, case)]


def replaced(known, case, fresh, cases):
    """What is known with the entries of one case put in place of its old ones, in the order of the cases. What belongs to no
    case any more goes."""
    kept = [entry for entry in known if not belongs(entry, case)] + fresh
    return [entry for one in cases for entry in of_case(one, kept)]


def failure(case, seconds, command):
    """The entry of a case that failed or took too long: what it measured before holds no more."""
    return {"name": case.entries or case.name, "metric": FAILED, "value": 1, "target": "<= 0", "seconds": round(seconds, 1),
            "seed": 1, "command": command}
