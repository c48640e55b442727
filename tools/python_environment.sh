#!/usr/bin/env bash
# Makes the virtual environment build/venv-parity from requirement files, each installed where it has not been, and prints
# the path of its python. An interrupted installation starts again: a file is copied into the environment when it is done.
#
#     tools/python_environment.sh tests/golden/requirements.txt bench/requirements.txt
set -euo pipefail
cd "$(dirname "$0")/.."

venv=build/venv-parity

fail() {
  echo "error: $*" >&2
  exit 1
}

for requirements in "$@"; do
  # tests/golden/requirements.txt was the first; its mark keeps the name it had.
  installed="$venv/installed-requirements.txt"
  [ "$requirements" = tests/golden/requirements.txt ] || installed="$venv/installed-$(echo "$requirements" | tr / -)"
  cmp --silent "$requirements" "$installed" && continue
  echo "installing the Python packages of $requirements into $venv (several GB; a few minutes)" >&2
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is older than 3.11, which the pinned packages need"
  if [ "$requirements" = "$1" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv" || fail "no virtual environment could be made; on Debian install python3-venv"
  fi
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --requirement "$requirements" >&2
  cp "$requirements" "$installed"
done
echo "$venv/bin/python"
