#!/usr/bin/env bash
# rondo online on a stream of a million rows: rows a second with a GRU(32), memory after ten thousand rows and at the end,
# errors against persistence, and whether kill -9 costs anything. Prints a JSON list of
# {name, metric, value, target, seconds, seed, command}; exit status 1 when a target is missed.
#   bench/quality/online.sh [RONDO]      the binary, build/rondo unless given; ROWS=100000 for a shorter stream
set -euo pipefail
rondo=$(realpath "${1:-$(dirname "$0")/../../build/rondo}")
rows=${ROWS:-1000000}
seed=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# A logistic map with noise: persistence and every line are bad at it, and 0.0058 (the noise's deviation) is the best RMSE.
awk -v rows="$rows" 'BEGIN { print "time,level"; x = 0.3; noise = 7
  for (i = 1; i <= rows; ++i) {
    noise = (noise * 75 + 74) % 65537
    x = 3.8 * x * (1 - x) + (noise / 65537 - 0.5) * 0.02
    if (x < 0.001) x = 0.001
    if (x > 0.999) x = 0.999
    printf "%d,%.6f\n", i, x
  } }' >stream.csv
command="rondo online stream.csv --target level --time time --cell gru --units 32 --seed $seed"
options=(--target level --time time --cell gru --units 32 --seed "$seed")

number() { awk -v key="\"$2\":" '$1 == key { gsub(",", "", $2); print $2; exit }' "$1"; }
nested() { awk -v outer="\"$2\":" -v key="\"$3\":" '$1 == outer { inside = 1 } inside && $1 == key { gsub(",", "", $2); print $2; exit }' "$1"; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

failed=0
separator='['
entry() { # entry METRIC VALUE COMPARISON TARGET SECONDS
  printf '%s\n  {"name": "online, GRU(32), %d rows", "metric": "%s", "value": %s, "target": "%s %s", "seconds": %s, "seed": %d, "command": "%s"}' \
    "$separator" "$rows" "$1" "$2" "$3" "$4" "$5" "$seed" "$command"
  separator=','
  awk -v v="$2" -v t="$4" -v c="$3" 'BEGIN { exit !(c == ">=" ? v >= t : v <= t) }' || failed=1
}

# Speed, alone and with nothing written but the result.
start=$(now)
"$rondo" online stream.csv "${options[@]}" --json >result.json
seconds=$(since "$start")
entry "rows a second" "$(number result.json rows_per_second)" '>=' 50000 "$seconds"
forecast=$(nested result.json test rmse)
ratio() { awk -v a="$forecast" -v b="$1" 'BEGIN { print a / b }'; }
entry "RMSE / RMSE of persistence" "$(ratio "$(nested result.json persistence rmse)")" '<=' 0.1 "$seconds"
entry "RMSE / RMSE of the linear predictor" "$(ratio "$(nested result.json linear rmse)")" '<=' 0.2 "$seconds"

# Memory: the stream comes through a pipe that is held open while we look.
start=$(now)
mkfifo pipe
"$rondo" online pipe "${options[@]}" --out forecasts.csv >table.txt &
process=$!
exec 3>pipe
resident() { # resident LINES: kilobytes once so many lines of forecasts stand
  while [ "$(wc -l <forecasts.csv)" -lt "$1" ]; do sleep 0.05; done
  awk '$1 == "VmRSS:" { print $2 }' "/proc/$process/status"
}
head -10001 stream.csv >&3
while [ ! -e forecasts.csv ]; do sleep 0.05; done
early=$(resident 10001)
tail -n +10002 stream.csv >&3
late=$(resident $((rows + 1)))
exec 3>&-
wait $process
entry "MB of memory more at the end than after 10,000 rows" "$(awk -v a="$early" -v b="$late" 'BEGIN { print (b - a) / 1024 }')" \
  '<=' 5 "$(since "$start")"

# kill -9 half-way, then on from the last snapshot: the forecasts are those of the run above.
start=$(now)
snapshot=(--out broken.csv --snapshot state.rondo --snapshot-every 20000)
"$rondo" online stream.csv "${options[@]}" "${snapshot[@]}" >table.txt &
process=$!
while [ ! -e broken.csv ] || [ "$(wc -l <broken.csv)" -lt $((rows / 2)) ]; do sleep 0.05; done
kill -9 $process
wait $process 2>/dev/null || true
"$rondo" online stream.csv "${options[@]}" "${snapshot[@]}" --resume --json >resumed.json
different=1
if cmp -s forecasts.csv broken.csv && [ "$(number resumed.json resumed_from)" -gt 0 ]; then different=0; fi
entry "forecasts that differ after kill -9 (0 none, 1 some)" $different '<=' 0 "$(since "$start")"
printf '\n]\n'
exit $failed
