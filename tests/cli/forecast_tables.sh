# Tables of every shape: several targets, long and wide files, covariates, a file of the truth, repairs that are said.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
quick=(--ensemble 1 --epochs 2 --horizon 3 --threads 1)
python3 - <<'PY'
import gzip, math, random
random.seed(1)
def value(s, t): return round(100 * (s + 1) + 10 * math.sin(t / 3.0) + t / 10 + random.random(), 4)
rows = [[value(s, t) for s in range(3)] for t in range(150)]
def day(t): return "2021-%02d-%02d" % (1 + t // 28, 1 + t % 28)
def hour(t): return "2021-01-%02d %02d:00" % (1 + t // 24, t % 24)
wind = ["NW", "SE", "cv"]
with open("multi.csv", "w") as f:
    f.write("time,a,b,c,wind,plan\n")
    for t, r in enumerate(rows): f.write(f"{hour(t)},{r[0]},{r[1]},{r[2]},{wind[t % 3]},{t % 24}\n")
    for t in range(150, 153): f.write(f"{hour(t)},,,,,{t % 24}\n")
with open("future.csv", "w") as f:
    f.write("time,plan\n" + "".join(f"{hour(t)},{t % 24}\n" for t in range(150, 153)))
with gzip.open("long.csv.gz", "wt") as f:
    f.write("shop,time,y,size\n")
    for s in range(3):
        for t in range(30 * s, 150): f.write(f"s{s},{hour(t)},{rows[t][s]},{10 * s}\n")
with open("wide.csv", "w") as f, open("truth.csv", "w") as g:
    f.write('"V1",' + ",".join(f'"V{t + 2}"' for t in range(147)) + "\n")
    g.write('"V1","V2","V3","V4"\n')
    for s in range(3):
        n = 147 - 20 * s
        f.write(f'"H{s}",' + ",".join(str(rows[t][s]) for t in range(n)) + "," * (147 - n) + "\n")
        g.write(f'"H{s}",' + ",".join(str(rows[t][s]) for t in range(n, n + 3)) + "\n")
with open("bare.csv", "w") as f:
    for r in rows: f.write(",".join(map(str, r)) + "\n")
with open("messy.csv", "w") as f:
    f.write("time,a\n")
    order = list(range(150)); order[20], order[60] = order[60], order[20]; order.insert(100, 40); order.remove(70)
    for t in order: f.write(f"{hour(t)},{rows[t][0]}\n")
PY
expect 0 'skill' "$RONDO" forecast multi.csv "${quick[@]}" --target a,b --time time --known plan --past wind,c --out multi
contains multi/forecast.csv 'target,time,forecast,low80'
contains multi/forecast.csv 'b,2021-01-07 08:00'
[ "$(wc -l <multi/forecast.csv)" -eq 7 ] || complain 'forecast.csv has not one row for each target and step'
expect 0 '' "$RONDO" forecast --config multi/config.toml --out again
holds cmp multi/forecast.csv again/forecast.csv
head -151 multi.csv >history.csv
expect 0 '' "$RONDO" forecast history.csv "${quick[@]}" --target a,b --time time --known plan --past wind,c --future future.csv --out future
holds cmp multi/forecast.csv future/forecast.csv

expect 0 '' "$RONDO" forecast multi.csv "${quick[@]}" --target all --past plan --time time --split train=90,validation=30,test=30 --look-back 12 --json --out all
holds python3 -c '
import json; d = json.load(open("stdout.txt"))
assert d["target"] == "a,b,c" and d["series"]["number"] == 3 and len(d["series"]["errors"]) == 3
assert d["rows"]["test"] == 90, d["rows"]
for key in ("mae", "rmse", "mase", "smape", "mse", "mse_scaled", "mae_scaled", "mape", "rmsse", "crps", "quantile_loss", "coverage80", "coverage95", "width80", "width95", "interval_score80", "interval_score95", "owa"): assert key in d["test"], key
assert 0 < d["test"]["mse_scaled"] < 100 and len(d["anomalies"]) == 20'

expect 0 '' "$RONDO" forecast long.csv.gz "${quick[@]}" --target y --time time --id shop --static size --out long
contains long/forecast.csv 'shop,time,forecast'
contains long/forecast.csv 's2,2021-01-07 06:00'

expect 0 '' "$RONDO" forecast wide.csv "${quick[@]}" --wide --test-file truth.csv --json --out wide
holds python3 -c '
import json; d = json.load(open("stdout.txt"))
assert d["rows"]["test"] == 9 and [e["id"] for e in d["series"]["errors"]] == ["H0", "H1", "H2"]'
contains wide/forecast.csv 'H2,107,'
expect 3 'H9' "$RONDO" forecast wide.csv "${quick[@]}" --wide --test-file <(sed 's/H1/H9/' truth.csv) --out wide
expect 3 'longer than the test part' "$RONDO" forecast wide.csv --ensemble 1 --epochs 2 --wide --test-file truth.csv --horizon 4 --out wide

expect 0 '' "$RONDO" forecast bare.csv "${quick[@]}" --target all --out bare
contains bare/forecast.csv 'column_3,150,'

expect 0 'duplicate timestamps' "$RONDO" forecast messy.csv "${quick[@]}" --target a --time time --out messy
contains stderr.txt 'put in order of time'
contains stderr.txt '1 missing row inserted'
expect 3 'order' "$RONDO" forecast messy.csv "${quick[@]}" --target a --time time --strict --out messy
expect 0 '--look-back' "$RONDO" forecast --help
# What is written like a number may be a name, a date or a sentence of a spreadsheet.
python3 - <<'PY'
import math
def y(t): return round(50 + 10 * math.sin(t / 3.5) + (t * 7919 % 13) / 10, 2)
with open("ids.csv", "w") as f:
    f.write("id,time,y\n")
    for name in ("007", "7", "1.10", "1.1"):
        for t in range(80): f.write(f"{name},2021-{1 + t // 28:02d}-{1 + t % 28:02d},{y(t)}\n")
with open("wideids.csv", "w") as f:
    f.write("item," + ",".join(str(1950 + t) for t in range(60)) + "\n")
    for name in ("007", "7"): f.write(name + "," + ",".join(str(y(t)) for t in range(60)) + "\n")
def hour(t): return f"{1 + t // 24:02d}/05/2021 {t % 24:02d}:00"
with open("dmy.csv", "w") as f:
    f.write("time;y\n" + "".join(f"{hour(t)};{y(t)}\n" for t in range(24 * 13)))
with open("dmy_newer.csv", "w") as f:
    f.write("sep=;\ntime;y\n" + "".join(f"{hour(t)};{y(t)}\n" for t in range(24 * 5, 24 * 11)))
with open("grouped.tsv", "w") as f:
    f.write("day\tunits\n" + "".join(f"2021-{1 + t // 28:02d}-{1 + t % 28:02d}\t{int(900 + 10 * y(t)):,}\n" for t in range(80)))
PY
expect 0 '' "$RONDO" forecast ids.csv "${quick[@]}" --target y --time time --id id --out ids
for name in 007 7 1.10 1.1; do holds grep -q "^$name," ids/forecast.csv; done
expect 0 '' "$RONDO" forecast wideids.csv "${quick[@]}" --wide --out wideids
for name in 007 7; do holds grep -q "^$name," wideids/forecast.csv; done
expect 0 '' "$RONDO" forecast dmy.csv "${quick[@]}" --look-back 24 --target y --time time --out dmy
contains dmy/forecast.csv '14/05/2021 00:00'
expect 0 '' "$RONDO" forecast dmy_newer.csv --from dmy/model.rondo --out dmy_newer
contains dmy_newer/forecast.csv '12/05/2021 00:00'
python3 - <<'PY'
import math
def day(t): return f"2021-{1 + t // 28:02d}-{1 + t % 28:02d}"
def y(t): return round(50 + 10 * math.sin(t / 3.5) + (t * 7919 % 13) / 10, 2)
with open("newest.csv", "w") as f:
    f.write("Date,y\n" + "".join(f"{day(t)},{y(t)}\n" for t in reversed(range(100))))
with open("codes.csv", "w") as f:
    f.write("day,y\n" + "".join(f"{day(t)},{-999.0 if t % 13 == 5 else y(t)}\n" for t in range(100)))
PY
expect 0 'as --time Date says' "$RONDO" forecast newest.csv "${quick[@]}" --target y --out newest
contains newest/forecast.csv '2021-04-17'
expect 0 '--missing-words=-999 reads it so' "$RONDO" forecast codes.csv "${quick[@]}" --target y --time day --out codes
expect 0 "missing values of 'y' filled" "$RONDO" forecast codes.csv "${quick[@]}" --target y --time day --missing-words=-999 --out codes
holds python3 -c '
rows = open("codes/forecast.csv").read().split("\n")[1:4]
assert all(30 < float(row.split(",")[1]) < 70 for row in rows), rows'
expect 3 '--thousands ,' "$RONDO" forecast grouped.tsv "${quick[@]}" --target units --time day --out grouped
expect 0 '' "$RONDO" forecast grouped.tsv "${quick[@]}" --target units --time day --thousands , --out grouped
holds python3 -c '
rows = open("grouped/forecast.csv").read().split("\n")[1:4]
assert all(1000 < float(row.split(",")[1]) < 2000 for row in rows), rows'
# Holidays are known columns, by country or from a file, in a later table too.
python3 - <<'PY'
import datetime, math
start = datetime.date(2018, 1, 1)
days = [start + datetime.timedelta(t) for t in range(900)]
fixed = {(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)}
def table(name, some):
    with open(name, "w") as f:
        f.write("day,y\n" + "".join(f"{d},{(50 if (d.month, d.day) in fixed else 100) + d.toordinal() * 7919 % 13}\n" for d in some))
table("shop.csv", days[:720])  # to 21 December 2019
table("shop_newer.csv", days[:850])  # to 29 April 2020
with open("closed.csv", "w") as f:
    f.write("date,name\n" + "".join(f"{y}-{m:02d}-{d:02d},day {m}\n" for y in range(2018, 2021) for m, d in sorted(fixed)))
with open("broken.csv", "w") as f: f.write("date,name\n2018-01-01,one\n2018-13-01,two\n")
PY
falls() { python3 -c '
import sys
rows = dict(line.split(",")[:2] for line in open(sys.argv[1]).read().split("\n")[1:] if line)
for day in sys.argv[2:]: assert float(rows[day]) < 85, (day, rows)
assert max(float(y) for y in rows.values()) > 95, rows' "$@"; }
shop=(--epochs 2 --ensemble 1 --horizon 10 --target y --time day)
expect 0 '' "$RONDO" forecast shop.csv "${shop[@]}" --holidays DE --methods none --out shop
holds falls shop/forecast.csv 2019-12-25 2019-12-26
contains shop/report.html 'holiday=Labour Day'
expect 0 '' "$RONDO" forecast shop_newer.csv --from shop/model.rondo --out shop_newer
holds falls shop_newer/forecast.csv 2020-05-01
expect 0 '' "$RONDO" forecast shop.csv "${shop[@]}" --holidays closed.csv --out closed
holds falls closed/forecast.csv 2019-12-25 2019-12-26
expect 0 '' "$RONDO" forecast shop.csv "${shop[@]}" --holidays at,closed.csv --out both
expect 2 "did you mean 'DE'" "$RONDO" forecast shop.csv "${shop[@]}" --holidays DEE --out refused
expect 3 'line 3' "$RONDO" forecast shop.csv "${shop[@]}" --holidays broken.csv --out refused
expect 3 'nowhere.csv' "$RONDO" forecast shop.csv "${shop[@]}" --holidays nowhere.csv --out refused
expect 3 '--time' "$RONDO" forecast shop.csv --epochs 2 --target y --holidays DE --out refused
expect 2 '--holidays' "$RONDO" forecast shop_newer.csv --from shop/model.rondo --holidays DE --out refused
finish
