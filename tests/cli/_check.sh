# For the scripts beside it: source "$(dirname "$0")/_check.sh"
#   expect CODE 'WORDS' COMMAND...   the command must exit with CODE; when CODE is not 0 the first line of stderr must
#                                    begin with "error" and stderr must hold WORDS (a fixed text, '' for any)
#   contains FILE 'WORDS'            the file must hold the text
#   holds COMMAND...                 the command must succeed
# The script ends with: finish
set -u
: "${RONDO:?set RONDO to the path of the binary}"
failures=0
checks=0

complain() {
  echo "FAILED: $*" >&2
  failures=$((failures + 1))
}

expect() {
  local code=$1 words=$2
  shift 2
  checks=$((checks + 1))
  "$@" >stdout.txt 2>stderr.txt </dev/null
  local seen=$?
  if [ "$seen" -ne "$code" ]; then
    complain "exit code $seen instead of $code: $*"
    head -5 stderr.txt >&2
    return
  fi
  if [ "$code" -ne 0 ] && ! head -1 stderr.txt | grep -q '^error' && ! grep -q '^error' stderr.txt; then
    complain "no line of stderr begins with 'error': $*"
  fi
  if [ -n "$words" ] && ! cat stdout.txt stderr.txt | grep -qF -e "$words"; then
    complain "'$words' is not said by: $*"
    head -8 stderr.txt >&2
  fi
}

contains() {
  checks=$((checks + 1))
  grep -qF -e "$2" "$1" || complain "'$2' is not in $1"
}

holds() {
  checks=$((checks + 1))
  "$@" >/dev/null 2>&1 || complain "does not hold: $*"
}

finish() {
  echo "$checks checks, $failures failures"
  [ "$failures" -eq 0 ]
}

# series FILE ROWS: a monthly table with trend, season and a little noise that is always the same.
series() {
  awk -v rows="$2" 'BEGIN { print "month,sales"; noise = 7
    for (i = 0; i < rows; ++i) {
      noise = (noise * 1103 + 12345) % 65536
      printf "%04d-%02d,%.3f\n", 1990 + int(i / 12), i % 12 + 1, 100 + i / 2 + 20 * sin(i * 0.5235987756) + noise / 16384
    } }' >"$1"
}
