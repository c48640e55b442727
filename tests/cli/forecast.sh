# The main job: files, the contract of --json, the same bits whatever the threads.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120
quick=(--target sales --time month --ensemble 1 --epochs 5)

expect 0 'skill' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 3 --out run
for file in forecast.csv backtest.csv model.rondo report.html config.toml; do holds test -s run/$file; done
contains run/forecast.csv 'month,forecast,low80,high80,low95,high95'
contains run/forecast.csv '2000-03,'
[ "$(wc -l <run/forecast.csv)" -eq 4 ] || complain 'forecast.csv has not one row for each step of the horizon'
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --model encoder_decoder --out networks
expect 0 'Total params' "$RONDO" inspect networks/model.rondo
expect 0 '' "$RONDO" forecast --config run/config.toml --out again
holds cmp run/forecast.csv again/forecast.csv

expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest last=12 --json --out json --threads 1 --seed 5
cp stdout.txt first.json
for key in target cell window horizon seed threads rows train validation test mae rmse mase smape baselines naive \
           seasonal_naive drift ridge skill verdict epochs seconds total files forecast backtest model report methods \
           shares cutoffs period season transform measure forecasts; do
  contains first.json "\"$key\""
done
holds python3 -c 'import json; d = json.load(open("first.json")); assert d["rows"]["test"] == 12 and d["seed"] == 5 and d["verdict"] in ("better", "no better than a single method", "no better than naive")'
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest last=12 --json --out json2 --threads 2 --seed 5
holds cmp json/forecast.csv json2/forecast.csv
holds cmp json/model.rondo json2/model.rondo

# The command in the report makes it again, whatever the names in it.
sed "1s/sales/net \$ales of 'A'/" sales.csv >"sales, all.csv"
expect 0 '' "$RONDO" forecast 'sales, all.csv' --target "net \$ales of 'A'" --time month --ensemble 1 --epochs 3 --horizon 2 \
  --learning-rate 0.01 --transform log --missing-words 'not known' --out 'a run'
cp 'a run/forecast.csv' before.csv
python3 - >command.sh <<'PY'
import html, os, re
page = open("a run/report.html").read()
command = html.unescape(re.sub("<[^>]*>", "", re.search("<pre><code>(.*?)</code></pre>", page, re.S).group(1)))
assert command.startswith("rondo forecast "), command
print('"$RONDO"' + command.removeprefix("rondo"))
PY
rm -r 'a run'
expect 0 'skill' bash command.sh
holds cmp before.csv 'a run/forecast.csv'

# So does config.toml, whatever the table looks like; what is typed counts more.
sed 's/,/:/; s/\./,/; 20s/:.*/:gone/' sales.csv >odd.csv
expect 0 '' "$RONDO" forecast odd.csv "${quick[@]}" --separator : --decimal , --missing-words gone,lost --out odd
expect 0 '' "$RONDO" forecast --config odd/config.toml --out odd-again
holds cmp odd/forecast.csv odd-again/forecast.csv
expect 0 "of 'sales' is missing" "$RONDO" check odd/config.toml
expect 3 '' "$RONDO" forecast --config odd/config.toml --separator tab --out odd-again

for cell in gru simple_rnn; do
  expect 0 "\"cell\": \"$cell\"" "$RONDO" forecast sales.csv "${quick[@]}" --model encoder_decoder --cell $cell --json \
    --out cell-$cell
done
expect 0 '--tune 1 ' "$RONDO" forecast sales.csv "${quick[@]}" --tune 1 --json --out tuned
contains tuned/report.html '--tune 1 '
expect 0 'settings' "$RONDO" forecast sales.csv "${quick[@]}" --tune 1 --out tuned
expect 2 '1 to 100 networks' "$RONDO" forecast sales.csv --target sales --time month --ensemble 101 --out crowd
gzip -k sales.csv
expect 0 'skill' "$RONDO" forecast sales.csv.gz "${quick[@]}" --out packed
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 3 --out run2
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 3 --out run2 --resume
holds cmp run/forecast.csv run2/forecast.csv

# A trained model goes on with a later table; with the same rows it says the same.
expect 0 'rows ahead' "$RONDO" forecast sales.csv --from run/model.rondo --out from
holds cmp run/forecast.csv from/forecast.csv
series later.csv 125
expect 0 '"last_time": "2000-0' "$RONDO" forecast later.csv --from run/model.rondo --out later --json
contains later/forecast.csv '2000-08,'
[ "$(wc -l <later/forecast.csv)" -eq 4 ] || complain 'later/forecast.csv has not one row for each step of the horizon'
expect 2 'leave it out, or train again' "$RONDO" forecast sales.csv --from run/model.rondo --horizon 5
expect 4 '' "$RONDO" forecast sales.csv --from run/forecast.csv
expect 3 "no column 'sales'" "$RONDO" forecast run/forecast.csv --from run/model.rondo
[ ! -e forecast-forecast ] || complain 'a refused table left a folder'
finish
