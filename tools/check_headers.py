#!/usr/bin/env python3
"""Compiles every public header alone: it must include what it uses, without warnings."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-x", "c++"]


def compile_alone(compiler: str, include: Path, header: str) -> str:
    """The compiler's complaint, empty when there is none. Included twice to see that the guard works."""
    unit = f'#include "{header}"\n#include "{header}"\n'
    command = [compiler, *FLAGS, f"-I{include}", "-"]
    done = subprocess.run(command, input=unit, text=True, capture_output=True, check=False)
    return done.stderr if done.returncode else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    options = parser.parse_args()
    include = options.root.resolve() / "include"
    headers = sorted(path.relative_to(include).as_posix() for path in include.glob("**/*.h"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = list(pool.map(lambda header: compile_alone(options.compiler, include, header), headers))
    failed = [(header, complaint) for header, complaint in zip(headers, complaints) if complaint]
    for header, complaint in failed:
        print(f"include/{header}: error: does not compile alone\n{complaint}")
    print(f"headers alone: {len(headers)} headers, {len(failed)} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
