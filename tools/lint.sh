#!/bin/sh
# All that can be checked without running the product. Every part runs, also after another has failed.
set -u
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
failed=

step() {
  name=$1
  shift
  echo "== $name"
  "$@" || failed="$failed $name"
}

check_format() { tools/list_sources.sh | xargs clang-format-14 --dry-run -Werror; }

# What clang-tidy reads: the library and the command line. Left out are the files that Highway compiles once for every
# instruction set (minutes of vector intrinsics, and findings in generated code); tests and examples are held to the
# compilers' warnings.
tidy_sources() {
  find src apps -name '*.cc' | sort | while read -r file; do
    grep -q 'foreach_target\.h\|HWY_TARGET_INCLUDE' "$file" || echo "$PWD/$file\$"
  done
}

check_tidy() {
  # The build may be gcc's, whose warning options clang does not all know.
  tidy_sources | xargs -r run-clang-tidy-14 -quiet -j "$jobs" -p build \
    -extra-arg=-Wno-unknown-warning-option >build/clang-tidy.log 2>&1
  status=$?
  # The log repeats each command; only findings are worth reading.
  sed 's/\x1b\[[0-9;]*m//g' build/clang-tidy.log | grep -E -A4 '(warning|error):'
  return $status
}

step format check_format
step include-order python3 tools/check_includes.py
step headers-alone python3 tools/check_headers.py
step clang-tidy check_tidy

if [ -n "$failed" ]; then
  echo "lint: failed:$failed"
  exit 1
fi
echo "lint: clean"
