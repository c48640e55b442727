#!/usr/bin/env bash
# Compares rondo live with Keras and PyTorch: makes a virtual environment with both where there is none, lets them compute
# fresh random cases (every cell and option, and random networks), and runs the golden test on them.
#
#     tools/parity.sh                       seed from the clock, 200 random networks
#     SEED=7 RANDOM_MODELS=500 tools/parity.sh
#
# RONDO_TEST_GOLDEN names the test's binary where it is not under build/.
set -euo pipefail
cd "$(dirname "$0")/.."

cases=build/parity
seed=${SEED:-$(date +%s)}
random_models=${RANDOM_MODELS:-200}

fail() {
  echo "error: $*" >&2
  exit 1
}

python=$(tools/python_environment.sh tests/golden/requirements.txt)

binary=${RONDO_TEST_GOLDEN:-}
if [ -z "$binary" ]; then
  binary=$(find build -path build/venv-parity -prune -o -name test_golden -type f -perm -u+x -printf '%T@ %p\n' | sort -rn | head -n 1 | cut -d' ' -f2-)
fi
[ -n "$binary" ] && [ -x "$binary" ] || fail "no test_golden was found under build/; build it first, or name it in RONDO_TEST_GOLDEN"

rm -rf "$cases"
echo "parity: computing cases with seed $seed"
"$python" tests/golden/make_golden.py --out "$cases" --seed "$seed" --random "$random_models"
echo "parity: comparing with $binary"
log="$cases/compared.log"
RONDO_GOLDEN_DIR="$PWD/$cases" "$binary" --gtest_brief=1 | tee "$log" ||
  fail "rondo differs from an oracle; the same cases again: SEED=$seed RANDOM_MODELS=$random_models tools/parity.sh"
sed -n 's/.*float64: \([0-9]*\) cases compared.*/\1/p' "$log" |
  awk -v seed="$seed" '{ n += $1 } END { print "parity: " n " cases compared in float32 and in float64, all agree (seed " seed ")" }'
