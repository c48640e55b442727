#!/usr/bin/env bash
# Times rondo against PyTorch, in turn: makes the virtual environment that tools/parity.sh makes too where it is missing.
# Arguments go to bench/run.py; without any, all cells of the first five sizes on one thread.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/venv-parity
if [ ! -f "$venv/installed-requirements.txt" ]; then
  echo "bench: installing PyTorch and Keras into $venv (about 7 GB; a few minutes)"
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --requirement tests/golden/requirements.txt
  cp tests/golden/requirements.txt "$venv/installed-requirements.txt"
fi
exec "$venv/bin/python" bench/run.py build/bench/train_step --json build/bench/results.json "$@"
