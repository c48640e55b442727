#!/bin/sh
# All that can be checked without running the product. Every part runs, also after another has failed.
#   --changed   clang-tidy reads only the files that differ from the release point (tools/release_point.txt) or include
#               a header that does; everything else is quick and always checked whole
set -u
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}
only_changed=
[ "${1:-}" != --changed ] || only_changed=yes
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
    grep -q 'foreach_target\.h\|HWY_TARGET_INCLUDE' "$file" || echo "$file"
  done
}

# The compile commands of the clang preset: clang's options, every source by itself.
check_tidy() {
  cmake --preset clang >build/clang-configure.log 2>&1 || { cat build/clang-configure.log; return 1; }
  tidy_sources >build/tidy-sources.txt
  if [ -n "$only_changed" ]; then
    python3 tools/changed_sources.py <build/tidy-sources.txt >build/tidy-changed.txt || return 1
    mv build/tidy-changed.txt build/tidy-sources.txt
  fi
  echo "$(wc -l <build/tidy-sources.txt) files"
  [ -s build/tidy-sources.txt ] || return 0
  sed "s|^|$PWD/|; s|\$|\$|" build/tidy-sources.txt |
    xargs run-clang-tidy-14 -quiet -j "$jobs" -p build/clang >build/clang-tidy.log 2>&1
  status=$?
  # The log repeats each command; only findings are worth reading.
  sed 's/\x1b\[[0-9;]*m//g' build/clang-tidy.log | grep -E -A4 '(warning|error):'
  return $status
}

mkdir -p build
step format check_format
step include-order python3 tools/check_includes.py
step headers-alone python3 tools/check_headers.py
step clang-tidy check_tidy

if [ -n "$failed" ]; then
  echo "lint: failed:$failed"
  exit 1
fi
echo "lint: clean"
