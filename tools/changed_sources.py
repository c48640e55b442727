#!/usr/bin/env python3
"""Of the source files on standard input, prints those that differ from the release point or include a header that does.

The release point is a commit at which `make lint` was clean as a whole; tools/release_point.txt names it. Where git does
not know it (a copy without history, a shallow clone) every file counts as changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)


def changed_files() -> set[str] | None:
    point = (ROOT / "tools" / "release_point.txt").read_text().split("#")[0].strip()
    command = ["git", "-C", str(ROOT), "diff", "--name-only", point]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return set(done.stdout.split()) if done.returncode == 0 else None


def path_of(include: str, source: str) -> str | None:
    """The file of ours that an include names, relative to the root."""
    for folder in ("include", "src", str(Path(source).parent)):
        if (ROOT / folder / include).is_file():
            return f"{folder}/{include}"
    return None


def main() -> None:
    sources = sys.stdin.read().split()
    changed = changed_files()
    if changed is None:
        print("\n".join(sources))
        return
    touched: dict[str, bool] = {}

    def is_touched(path: str) -> bool:
        if path not in touched:
            touched[path] = path in changed  # settled before the includes: circles end here
            includes = INCLUDE.findall((ROOT / path).read_text(errors="replace"))
            found = [target for include in includes if (target := path_of(include, path)) is not None]
            touched[path] = touched[path] or any([is_touched(target) for target in found])
        return touched[path]

    everything = {".clang-tidy", "tools/lint.sh"} & changed
    for source in sources:
        if everything or is_touched(source):
            print(source)


if __name__ == "__main__":
    main()
