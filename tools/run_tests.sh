#!/bin/sh
# Runs ctest with the given options, then says which test cases were skipped and why.
set -u
cd "$(dirname "$0")/.."
results=$PWD/build/test-results
rm -rf "$results"
mkdir -p "$results"
GTEST_OUTPUT="xml:$results/" ctest "$@"
status=$?
python3 tools/list_skipped.py "$results" || status=1
exit $status
