# Ctrl-C and SIGTERM are answered within a second, whatever the run is at; a table that is still being read too.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
answered() { # SIGNAL SECONDS COMMAND...: interrupted after so long, it ends with 130 within a second
  local signal=$1 after=$2
  shift 2
  "$@" >/dev/null 2>stderr.txt </dev/null &
  local process=$! start
  sleep "$after"
  start=$(date +%s%3N)
  kill "-$signal" $process 2>/dev/null || complain "it had ended before: $*"
  wait $process
  local code=$? took=$(($(date +%s%3N) - start))
  checks=$((checks + 1))
  [ $code -eq 130 ] || complain "exit code $code: $*"
  [ $took -le "${ANSWER_MS:-1500}" ] || complain "answered after $took ms: $*"
  grep -q '^error' stderr.txt || complain "not a word: $*"
}
# Many columns: reading them, and the search of the linear model, take their time.
awk 'BEGIN { n = 250; printf "t,y"; for (k = 0; k < n; ++k) printf ",c%d", k; print ""
  for (i = 0; i < 3000; ++i) { printf "%d,%.4f", i, sin(i / 7); for (k = 0; k < n; ++k) printf ",%.4f", sin(i / (7 + k)) + (i * (k + 7919) % 101) / 101; print "" } }' >wide.csv
past=$(head -1 wide.csv | cut -d, -f3-)
forecast=(forecast wide.csv --target y --time t --past "$past" --horizon 5 --out o)
for after in 0.05 0.3 1; do answered INT $after "$RONDO" "${forecast[@]}"; done
answered TERM 0.5 "$RONDO" "${forecast[@]}"
# Thousands of series, each with all methods.
awk 'BEGIN { print "id,t,y"; for (s = 0; s < 3000; ++s) for (i = 0; i < 40; ++i) printf "s%d,%d,%.3f\n", s, i, sin(i / 3 + s) + (i * s % 11) / 20 }' >many.csv
for after in 0.1 1 2; do answered INT $after "$RONDO" forecast many.csv --id id --time t --target y --horizon 4 --out m; done
answered INT 0.2 "$RONDO" check many.csv --id id --time t --target y --horizon 4
"$RONDO" init --task train --data wide.csv --target y --time t --out job.toml 2>/dev/null
answered INT 1.5 "$RONDO" train job.toml --quiet --set training.epochs=1000
finish
