#!/usr/bin/env python3
"""Lists the test cases that were skipped, with their reasons, from GoogleTest's XML results in a folder.

A case may be skipped for what a machine lacks, and only for the reasons in tests/skip_reasons.txt (one regular
expression a line): any other makes this script fail, so that no check disappears in silence.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as xml
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def skipped_cases(folder: Path):
    for path in sorted(folder.glob("*.xml")):
        for case in xml.parse(path).iter("testcase"):
            for skipped in case.iter("skipped"):
                # The first line is the place in the source.
                reason = " ".join(skipped.get("message", "").split("\n", 1)[-1].split())
                yield f"{case.get('classname')}.{case.get('name')}", reason or "no reason given"


def main() -> int:
    lines = (ROOT / "tests" / "skip_reasons.txt").read_text().splitlines()
    known = [re.compile(line) for line in lines if line and not line.startswith("#")]
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, reason in skipped_cases(Path(sys.argv[1])):
        by_reason[reason].append(name)
    unknown = [reason for reason in by_reason if not any(pattern.search(reason) for pattern in known)]
    for reason, names in sorted(by_reason.items()):
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        print(f"skipped: {len(names)}, {reason}: {shown}")
    print(f"test cases skipped: {sum(map(len, by_reason.values()))}")
    for reason in unknown:
        print(f"error: skipped for a reason that tests/skip_reasons.txt does not know: {reason}")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
