# rondo check: what is wrong with a table or a job, before time is spent on it.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120
check() { "$RONDO" check "$@"; }

expect 0 'knows nothing of the future' "$RONDO" check sales.csv --target sales --time month
tail -1 stdout.txt | grep -qE '^[0-9]+ passed, 0 warnings, 0 errors$' || complain "the last line is $(tail -1 stdout.txt)"
holds test ! -s stderr.txt
expect 0 "the target is taken to be 'sales'" "$RONDO" check sales.csv
expect 0 "'insert' rows without values, 'keep' them" "$RONDO" check --help
if grep -q $'\x1b' stdout.txt; then complain 'colours where nobody looks'; fi

# planted leaks: a centred moving average, the value of tomorrow; a trailing average is honest
awk -F, 'NR == 1 { print $0 ",centred,later,trailing"; next } { line[NR] = $0; y[NR] = $2 } END {
  for (i = 2; i <= NR; ++i) {
    a = i > 2 ? y[i-1] : y[i]; b = i > 3 ? y[i-2] : a; c = i < NR ? y[i+1] : y[i]
    printf "%s,%.4f,%s,%.4f\n", line[i], (a + y[i] + c) / 3, c, (a + b + y[i]) / 3
  } }' sales.csv >leaky.csv
expect 1 "'centred' is a centred moving average of 'sales': it knows 1 row of the future" \
  "$RONDO" check leaky.csv --target sales --time month
contains stdout.txt "'later' is the value of 'sales' 1 row later"
if grep -q "'trailing' is" stdout.txt; then complain 'a trailing average is called a leak'; fi
tail -1 stdout.txt | grep -qE '^[0-9]+ passed, [0-9]+ warnings, 2 errors$' || complain "the last line is $(tail -1 stdout.txt)"
contains stderr.txt 'the check found 2 errors'
expect 0 '0 errors' "$RONDO" check leaky.csv --target sales --time month --allow centred,later

# a table in z-scores of all rows; in those of the rows before the test part
z_scores() {  # z_scores ROWS: of the first so many
  awk -F, -v n="$1" 'NR == 1 { print; next } { time[NR] = $1; y[NR] = $2; rows = NR } END {
    for (i = 2; i < n + 2; ++i) mean += y[i] / n
    for (i = 2; i < n + 2; ++i) square += (y[i] - mean) ^ 2 / n
    for (i = 2; i <= rows; ++i) printf "%s,%.6f\n", time[i], (y[i] - mean) / sqrt(square)
  }' sales.csv
}
z_scores 120 >scaled.csv
expect 1 "'sales' was scaled with the test part in it" "$RONDO" check scaled.csv --target sales --time month
expect 0 '0 errors' "$RONDO" check scaled.csv --target sales --time month --allow sales
z_scores 96 >scaled.csv
expect 0 'no column looks scaled with the test part in it' "$RONDO" check scaled.csv --target sales --time month

# the same for machines
expect 1 '' "$RONDO" check leaky.csv --target sales --time month --json
cp stdout.txt check.json
holds python3 -c '
import json
d = json.load(open("check.json"))
levels = [f["level"] for f in d["findings"]]
assert d["errors"] == levels.count("error") == 2 and d["warnings"] == levels.count("warning")
assert d["passed"] == levels.count("ok") and d["target"] == ["sales"] and d["rows"] == 120
assert d["frequency"] == "monthly" and d["estimate"]["seconds"] > 0 and d["estimate"]["bytes"] > 0
assert all(f["fix"] for f in d["findings"] if f["level"] == "error")'

# what else is found
found() {  # found SED-SCRIPT CODE WORDS [OPTIONS]
  sed "$1" sales.csv >changed.csv
  expect "$2" "$3" "$RONDO" check changed.csv --target sales --time month "${@:4}"
}
found '20{h;d};30G'      0 'out of order'
found '20{h;d};30G'      1 'out of order' --strict
found '20p'              0 'occurs more than once'
found '20p'              1 'occurs more than once' --strict
found '20,22d'           0 '3 steps of time missing, in 1 gap'
found '20s/,.*/,oops/'   1 'text among its numbers'
found '20s/,.*/,/'       0 'is missing'
found '20s/,.*/,/'       1 'is missing' --missing error
found '20s/,.*/,-99999/' 0 '1 outlier'
found 's/,.*[0-9]$/,5/'  0 'constant'
found '20s/^[^,]*/soon/' 1 'line 20'
found '9,$d'             0 'too short, or constant'
sed 's/^/"/;s/,/","/;s/$/"/' sales.csv >quoted.csv
expect 0 '' "$RONDO" check quoted.csv
gzip -k sales.csv
expect 0 '0 errors' "$RONDO" check sales.csv.gz

# configs
expect 0 '' "$RONDO" init --task forecast --data sales.csv --target sales --out forecast.toml
expect 0 '0 errors' "$RONDO" check forecast.toml
expect 0 'too short, or constant, to learn a model from' "$RONDO" check forecast.toml --horizon 100
expect 0 '' "$RONDO" init --task train --data sales.csv --target sales --out train.toml
expect 0 'the shapes fit' "$RONDO" check train.toml
contains stdout.txt 'no target row belongs to two parts'
sed 's/^horizon = 1/horizon = 4/' train.toml >misfit.toml
expect 1 "the last layer's size does not fit the target" "$RONDO" check misfit.toml
contains stdout.txt 'set units = 4'
expect 2 'change the config instead' "$RONDO" check train.toml --horizon 4
sed 's/^horizon/horizn/' train.toml >wrong.toml
expect 2 "did you mean 'horizon'" "$RONDO" check wrong.toml

# bad input
expect 3 'cannot read' "$RONDO" check nowhere.csv
expect 3 'cannot read' "$RONDO" check nowhere.toml
expect 3 'there is no column' "$RONDO" check sales.csv --target sails2
expect 3 'month' "$RONDO" check sales.csv --time moth
expect 3 'there is no column' "$RONDO" check sales.csv --allow nothing
expect 3 '' "$RONDO" check .
: >empty.csv
expect 3 'the file is empty' "$RONDO" check empty.csv
head -1 sales.csv >names.csv
expect 3 'no rows' "$RONDO" check names.csv
head -c 3000 "$RONDO" >binary.csv
expect 3 'not a text file' "$RONDO" check binary.csv
expect 2 '--horizon' "$RONDO" check sales.csv --horizon 0
expect 2 '--backtest' "$RONDO" check sales.csv --backtest last=x
expect 2 "did you mean '--horizon'" "$RONDO" check sales.csv --horzion 3
expect 2 'FILE' "$RONDO" check
finish
