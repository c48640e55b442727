#!/usr/bin/env bash
# Measures rondo against its rivals in one run: makes the virtual environment with the rivals from PyPI where it is missing,
# then hands its arguments to bench/run.py. Everything is written to bench/results.* by a full run and to build/bench/ by
# any other (see bench/run.py --help).
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(tools/python_environment.sh tests/golden/requirements.txt bench/requirements.txt)
exec "$python" bench/run.py --build build "$@"
