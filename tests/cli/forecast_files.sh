# What a forecast leaves behind and says: backtest.csv, bands of any level, the leaderboard of the terminal.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120
plain=(--target sales --time month --horizon 3)
quick=(--target sales --time month --ensemble 1 --epochs 3)

# The terminal: the best first, no word of a network where there is none, losses only where they are asked for.
expect 0 'made of' "$RONDO" forecast sales.csv "${plain[@]}" --backtest last=24 --out board
for stage in reading checking 'linear model' 'simple models' backtest report; do contains stderr.txt "$stage "; done
holds python3 - <<'PY'
lines = [line.split() for line in open("stdout.txt")]
start = next(i for i, line in enumerate(lines) if line[:2] == ["test", "part"]) + 1
board = lines[start:lines.index([], start)]
errors = [float(line[-4]) for line in board]  # RMSE
assert 5 <= len(board) <= 10 and errors == sorted(errors), board
assert sum(line[0] == "rondo" for line in board) == 1, board
made = next(line for line in open("stdout.txt") if line.startswith("made of"))
assert "network" in made or "gru" not in open("stdout.txt").read().lower()
PY
expect 0 'made of' "$RONDO" forecast sales.csv "${quick[@]}" --model encoder_decoder --out board
! grep -qi 'epoch' stderr.txt || complain 'losses are shown without --log-level debug'
contains stderr.txt 'network '
expect 0 'Epoch' "$RONDO" forecast sales.csv "${quick[@]}" --model encoder_decoder --log-level debug --out board
expect 0 '' "$RONDO" forecast sales.csv "${plain[@]}" --quiet --out board
[ ! -s stderr.txt ] || complain '--quiet is not quiet'
"$RONDO" forecast --help >help.txt
holds python3 - <<'PY'
text = open("help.txt").read()
text = text[text.index("Options:"):]
places = [text.index(word) for word in ("--horizon", "--level", "Expert: how the table is read:", "--decimal", "Expert: backtest:", "--stride",
                                        "Expert: models and training:", "--patience", "How it is run:", "--threads")]
assert places == sorted(places), places
PY

# backtest.csv: every origin and step, whose errors are those of --json.
expect 0 '' "$RONDO" forecast sales.csv "${plain[@]}" --backtest last=12 --json --out tested
holds python3 - <<'PY'
import csv, json, math
d = json.load(open("stdout.txt"))
rows = list(csv.DictReader(open("tested/backtest.csv")))
names = list(rows[0])
assert names[:9] == ["month", "cutoff", "step", "actual", "forecast", "low80", "high80", "low95", "high95"], names
assert names[9:13] == list(d["baselines"]) and "theta" in names, names
assert len(rows) == 12 and sorted({r["cutoff"] for r in rows}) == d["cutoffs"], d["cutoffs"]
def rmse(name): return math.sqrt(sum((float(r["actual"]) - float(r[name])) ** 2 for r in rows) / len(rows))
assert abs(rmse("forecast") - d["test"]["rmse"]) < 1e-5 * d["test"]["rmse"]
for m in d["methods"]: assert abs(rmse(m["name"].replace(" ", "_")) - m["rmse"]) < 1e-5 * m["rmse"], m["name"]
assert all(len(r[n].strip("-").replace(".", "")) <= 8 for r in rows for n in names[3:] if r[n]), rows[0]
ahead = list(csv.DictReader(open("tested/forecast.csv")))
said = d["series"]["forecasts"][0]
assert [r["month"] for r in ahead] == said["time"] and [float(r["forecast"]) for r in ahead] == said["forecast"]
assert d["files"]["backtest"] == "tested/backtest.csv" and d["period"] == d["season"] == 12
assert abs(sum(s["share"] for s in d["shares"]) - 1) < 1e-9
assert d["test"]["compared"] == d["test"]["rmse"] and d["measure"] == "RMSE"
PY
# A missing value stays missing; without a test part there is no such file, whatever an earlier run left.
sed '115s/,.*/,/' sales.csv >gap.csv
expect 0 '' "$RONDO" forecast gap.csv "${plain[@]}" --backtest last=12 --out gap
holds grep -q '^1999-06,[^,]*,[0-9],,[0-9]' gap/backtest.csv
expect 0 '' "$RONDO" forecast sales.csv "${plain[@]}" --backtest none --out gap
[ ! -e gap/backtest.csv ] || complain 'backtest.csv of an earlier run is left'
# Known columns that end with the target: the backtest runs, and the forecast of an earlier run does not stay.
awk -F, 'NR == 1 { print $0 ",price" } NR > 1 { print $0 "," NR % 5 }' sales.csv >priced.csv
expect 0 'There is no forecast past the end' "$RONDO" forecast priced.csv "${plain[@]}" --known price --out gap
[ ! -e gap/forecast.csv ] || complain 'forecast.csv of an earlier run is left'
holds test -s gap/backtest.csv

# Series, targets and methods that do not apply to all of them.
python3 - <<'PY'
import math
with open("shops.csv", "w") as f:
    f.write("shop,day,sales,visits\n")
    for s, rows in (("a", 90), ("b", 60), ("c", 3)):
        for t in range(rows):
            f.write(f"{s},2021-{1 + t // 28:02d}-{1 + t % 28:02d},{max(0, (t * 7919 % 13) - 8) if s == 'b' else round(50 + 9 * math.sin(t / 1.1), 2)},{t % 7}\n")
PY
expect 0 '' "$RONDO" forecast shops.csv --target sales,visits --time day --id shop --horizon 2 --backtest last=8 --out shops
contains shops/backtest.csv 'shop,target,day,cutoff,step,actual,forecast,low80'
holds python3 - <<'PY'
import csv
rows = list(csv.DictReader(open("shops/backtest.csv")))
assert {"a", "b"} <= {r["shop"] for r in rows} and {r["target"] for r in rows} == {"sales", "visits"}
assert any(r["croston"] == "" for r in rows) and any(r["croston"] != "" for r in rows)
assert {r["shop"] for r in csv.DictReader(open("shops/forecast.csv"))} == {"a", "b", "c"}
PY

# Bands of any level, in every file, and from the model file.
expect 0 '' "$RONDO" forecast sales.csv "${plain[@]}" --level 50,90 --json --out level
contains level/forecast.csv 'month,forecast,low50,high50,low90,high90'
contains level/backtest.csv 'actual,forecast,low50,high50,low90,high90,naive'
contains level/report.html '"level":[0.05'
contains stdout.txt '"low50"'
expect 0 '' "$RONDO" forecast sales.csv --from level/model.rondo --out level-from
holds cmp level/forecast.csv level-from/forecast.csv
expect 0 '' "$RONDO" forecast --config level/config.toml --out level-again
holds cmp level/backtest.csv level-again/backtest.csv
expect 0 '' "$RONDO" forecast sales.csv "${plain[@]}" --quantiles 0.5,0.05,0.95,0.25,0.75 --out quantiles
contains quantiles/forecast.csv 'month,forecast,q0.05,q0.25,q0.5,q0.75,q0.95'
holds python3 - <<'PY'
import csv
a, b = (list(csv.DictReader(open(f + "/forecast.csv"))) for f in ("level", "quantiles"))
for r, q in zip(a, b):
    assert r["low90"] == q["q0.05"] and r["high90"] == q["q0.95"] and r["low50"] == q["q0.25"], (r, q)
    assert float(r["low90"]) < float(r["low50"]) <= float(q["q0.5"]) <= float(r["high50"]) < float(r["high90"]), (r, q)
PY
expect 2 'leave one of them out' "$RONDO" forecast sales.csv "${quick[@]}" --level 80 --quantiles 0.5 --out refused
for wrong in 0 100 80,x -3 80, 0.8,120; do
  expect 2 '--level is out of range' "$RONDO" forecast sales.csv "${quick[@]}" "--level=$wrong" --out refused
done
for wrong in 0 1 0.5,1.5 ,; do
  expect 2 '--quantiles is out of range' "$RONDO" forecast sales.csv "${quick[@]}" --quantiles $wrong --out refused
done
[ ! -e refused ] || complain 'a refused command left a folder'
finish
