#!/bin/sh
# Prints the C++ files of the project, one a line.
set -eu
cd "$(dirname "$0")/.."
for folder in apps bench docs examples include src tests; do
  [ ! -d "$folder" ] || find "$folder" -type f \( -name '*.h' -o -name '*.cc' \)
done | sort
