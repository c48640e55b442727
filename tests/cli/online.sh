# rondo online: learns from a stream row by row, from a file or a pipe; what cannot be used is named, and kill -9 costs nothing.
# RONDO_SEED chooses other moments to kill.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
seed=${RONDO_SEED:-$(date +%s)}
RANDOM=$((seed % 32768))
echo "RONDO_SEED=$seed"

# stream FILE ROWS: time,level,flow with a noisy logistic map and a column of no use.
stream() {
  awk -v rows="$2" 'BEGIN { print "time,level,flow"; x = 0.3; noise = 7
    for (i = 1; i <= rows; ++i) {
      noise = (noise * 1103 + 12345) % 65536
      x = 3.9 * x * (1 - x) + (noise / 65536 - 0.5) * 0.02
      if (x < 0.001) x = 0.001
      if (x > 0.999) x = 0.999
      printf "%d,%.6f,%d\n", i, x, noise
    } }' >"$1"
}
value() { awk -v key="\"$2\":" '$1 == key { gsub(",", "", $2); print $2; exit }' "$1"; }
online() { "$RONDO" online "$@"; }

stream whole.csv 20000
expect 0 '16384' online whole.csv --target level --time time --out p.csv
holds test "$(wc -l <p.csv)" -eq 20001
contains p.csv 'row,time,level,level_forecast,level_next'
expect 0 '"rows": 20000' online whole.csv --target level --time time --json
cp stdout.txt whole.json
# It has learnt what no line can: the loss of the last stretch is a small part of the line's.
holds awk '/"loss":/ { loss = $2 + 0 } /"linear":/ && !/\{/ { line = $2 + 0 } END { exit !(loss < 0.1 * line && loss > 0) }' \
  whole.json

# From a pipe, and packed: the same numbers.
gzip -k whole.csv
expect 0 '' online whole.csv.gz --target level --time time --out q.csv
holds cmp p.csv q.csv
expect 0 '' bash -c '"$RONDO" online - --target level --time time --out q.csv <whole.csv'
holds cmp p.csv q.csv
expect 0 '' bash -c 'cat whole.csv | "$RONDO" online - --target level --time time --out - >q.csv'
holds cmp p.csv q.csv
# Who waits for a forecast gets it before the next row comes.
mkfifo pipe
"$RONDO" online pipe --target level --out live.csv >stdout.txt 2>stderr.txt &
process=$!
exec 3>pipe
head -11 whole.csv >&3
for _ in $(seq 1 100); do
  [ "$(wc -l <live.csv 2>/dev/null || echo 0)" -eq 11 ] && break
  sleep 0.1
done
holds test "$(wc -l <live.csv)" -eq 11
exec 3>&-
wait $process || complain 'a run over a pipe failed'

# kill -9 at random moments: the run that goes on writes the same forecasts, to the bit.
long=(--target level --time time --out broken.csv --snapshot s.rondo --snapshot-every 500)
kills=0
for _ in $(seq 1 40); do
  [ $kills -lt 6 ] || break
  "$RONDO" online whole.csv "${long[@]}" --resume >stdout.txt 2>stderr.txt &
  process=$!
  sleep "0.$(printf '%03d' $((20 + RANDOM % 250)))"
  kill -9 $process 2>/dev/null
  wait $process 2>/dev/null
  code=$?
  if [ $code -eq 137 ]; then
    kills=$((kills + 1))
  elif [ $code -eq 0 ]; then # it was done before: once more from the beginning
    holds cmp p.csv broken.csv
    rm -f s.rondo broken.csv
  else
    complain "a resumed run ended with $code"
    head -5 stderr.txt >&2
    break
  fi
done
holds test $kills -gt 0
expect 0 '' online whole.csv "${long[@]}" --resume --json
cp stdout.txt resumed.json
holds cmp p.csv broken.csv
for key in mse mae skill; do
  [ "$(value whole.json $key)" = "$(value resumed.json $key)" ] || complain "$key differs after kill -9"
done
echo "$kills kills"
# More rows at the end: only those are learnt from.
stream longer.csv 21000
expect 0 '"resumed_from": 20000' online longer.csv "${long[@]}" --resume --json
expect 0 '' online longer.csv --target level --time time --out q.csv
holds cmp q.csv broken.csv

# Bad input: one error with its place, and nothing that is saved is lost.
sha256sum s.rondo broken.csv >before.txt
stop() { # stop SED-SCRIPT CODE WORDS: a stream so changed ends there
  sed "$1" whole.csv >bad.csv
  expect "$2" "$3" online bad.csv --target level --time time --snapshot t.rondo --force
}
stop '900s/,[^,]*,/,oops,/' 3 'line 900'
stop '900s/,[^,]*,/,NaN,/' 3 'line 900'
stop '900s/,[^,]*,/,,/' 3 "column 'level'"
stop '900s/$/,1/' 3 '4 cells'
stop '900s/,[^,]*$//' 3 'line 900'
stop '900s/^[^,]*/3/' 3 'backwards'
stop '900s/^[^,]*/soon/' 3 "'soon'"
stop '2,$d' 3 'no rows'
stop '1,$d' 3 'empty'
stop '900s/,/,"/' 3 'line 900'
sed '900s/,[^,]*,/,oops,/' whole.csv >bad.csv
rm -f t.rondo
expect 3 'line 900' online bad.csv --target level --snapshot t.rondo
expect 0 '"resumed_from": 898' online whole.csv --target level --snapshot t.rondo --resume --json
expect 3 "did you mean 'level'" online whole.csv --target levle
expect 3 "did you mean 'flow'" online whole.csv --target level --past flwo
expect 3 "did you mean 'whole.csv'" online wole.csv --target level
expect 3 '' online . --target level
head -c 3000 "$RONDO" >bad.csv
expect 3 'no' online bad.csv --target level
expect 3 'zcat' bash -c '"$RONDO" online - --target level <whole.csv.gz'
expect 2 'no target given' online whole.csv
expect 2 'no CSV file given' online --target level
expect 2 "did you mean '--horizon'" online whole.csv --target level --horzion 2
expect 2 'horizon' online whole.csv --target level --horizon 0
expect 2 "did you mean 'gru'" online whole.csv --target level --cell grru
expect 2 'diagonal' online whole.csv --target level --cell gru --gradient rtrl
expect 2 '--snapshot FILE' online whole.csv --target level --resume
expect 2 '--force' online whole.csv "${long[@]}"
expect 4 'options' online whole.csv "${long[@]}" --resume --units 8
expect 4 'other rows' bash -c 'sed 77s/,0/,1/ longer.csv >bad.csv; "$RONDO" online bad.csv "$@"' - "${long[@]}" --resume
expect 3 'shorter' bash -c 'head -100 longer.csv >bad.csv; "$RONDO" online bad.csv "$@"' - "${long[@]}" --resume
expect 6 '' online whole.csv --target level --out no/such/folder.csv
if [ -w /dev/full ]; then expect 6 'space' online whole.csv --target level --out /dev/full; fi
holds sha256sum -c before.txt
head -c 500 s.rondo >cut.rondo
expect 4 '' online longer.csv --target level --time time --snapshot cut.rondo --resume
# Interrupted while it waits for more rows, a second after it has read (nearly) all: $$ is rondo once bash has become it.
expect 130 '--resume' bash -c \
  'exec "$RONDO" online <(cat whole.csv; sleep 1; kill -INT $$; sleep 5) --target level --snapshot u.rondo'
expect 0 '"resumed_from": 20000' online longer.csv --target level --snapshot u.rondo --resume --json
# A stream may be written as spreadsheets write tables.
python3 - <<'PY'
import math
rows = [(t, round(10 + math.sin(t / 5), 3)) for t in range(60)]
with open("plain.csv", "w") as f: f.write("t,height\n" + "".join(f"{t},{y}\n" for t, y in rows))
with open("sheet.csv", "wb") as f: f.write("sep=;\nt;h\xf6he\n".encode("latin1") + "".join(f"{t};{y}\n" for t, y in rows).encode())
PY
expect 0 '' "$RONDO" online plain.csv --target height --out plain-out.csv
expect 0 '' "$RONDO" online sheet.csv --target höhe --out sheet-out.csv
holds cmp <(cut -d, -f2- plain-out.csv | tail -n +2) <(cut -d, -f2- sheet-out.csv | tail -n +2)
# The hour that a clock shows twice in autumn, rows that come late, and readings that are broken.
python3 - <<'PY'
import datetime, math
def stream(name, times, values):
    with open(name, "w") as f: f.write("time,level\n" + "".join(f"{t:%Y-%m-%d %H:%M},{v:.3f}\n" for t, v in zip(times, values)))
start = datetime.datetime(2020, 10, 24, 22)
wave = [50 + 10 * math.sin(t / 4) for t in range(400)]
utc = [start + datetime.timedelta(minutes=15 * t) for t in range(400)]
change = datetime.datetime(2020, 10, 25, 1)  # UTC
stream("autumn.csv", [t + datetime.timedelta(hours=2 if t < change else 1) for t in utc], wave)
stream("late.csv", utc[:200] + [utc[190]] + utc[200:], wave[:200] + [0] + wave[200:])
stream("spike.csv", utc, wave[:200] + [1e9] + wave[201:])
PY
expect 3 '--zone' online autumn.csv --target level --time time
expect 0 '400 rows' online autumn.csv --target level --time time --zone Europe/Berlin
expect 2 "did you mean 'Europe/Berlin'" online autumn.csv --target level --time time --zone Europe/Berlim
expect 3 '--late-rows skip' online late.csv --target level --time time
expect 0 '1 row was late' online late.csv --target level --time time --late-rows skip
expect 0 '"late_rows": 1' online late.csv --target level --time time --late-rows skip --json
expect 2 "'error' or 'skip'" online late.csv --target level --time time --late-rows drop
expect 0 '1 reading was far off' online spike.csv --target level --time time --out p.csv
holds awk -F, 'NR > 203 && ($4 > 65 || $4 < 35) { exit 1 }' p.csv
finish
