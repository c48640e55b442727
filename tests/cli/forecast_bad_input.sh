# Every table that cannot be forecast gets one error that says where and why, and harms nothing that stands already.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120
quick=(--target sales --time month --ensemble 1 --epochs 2)
forecast() { "$RONDO" forecast "$@"; }

expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --out run
sha256sum run/forecast.csv run/model.rondo run/report.html >before.txt

bad() {  # bad SED-SCRIPT CODE WORDS: the table so changed is refused
  sed "$1" sales.csv >bad.csv
  expect "$2" "$3" "$RONDO" forecast bad.csv "${quick[@]}" --out run
}
expect 3 'cannot read' "$RONDO" forecast nowhere.csv "${quick[@]}" --out run
expect 3 "did you mean 'sales.csv'" "$RONDO" forecast sale.csv "${quick[@]}" --out run
expect 3 'sales' "$RONDO" forecast sales.csv --target sale --time month --out run
expect 3 'month' "$RONDO" forecast sales.csv --target sales --time moth --out run
expect 3 '' "$RONDO" forecast . "${quick[@]}" --out run
bad '20s/,.*/,oops/'   3 'line 20'
bad '20s/,.*/,/'       3 'line 20'
bad '20s/,.*/,NaN/'    3 'line 20'
bad '20s/,.*/,inf/'    3 ''
bad '20s/,.*/,1,2/'    3 'line 20'
bad '20s/^[^,]*/soon/' 3 'line 20'
bad '20{h;d};30G'      3 ''
bad '20p'              3 ''
bad '6,$d'             3 ''
bad '2,$d'             3 ''
bad '1,$d'             3 ''
bad 's/,.*[0-9]$/,5/'  3 'constant'
bad 's/^/"/'           3 ''
head -c 3000 "$RONDO" >bad.csv
expect 3 '' "$RONDO" forecast bad.csv "${quick[@]}" --out run

expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 0 --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon -3 --out run
expect 3 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 1000 --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest last=x --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest 200% --out run
expect 3 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest last=119 --out run
expect 2 'lstm' "$RONDO" forecast sales.csv "${quick[@]}" --cell lstmm --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --epochs -1 --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --threads -1 --out run
sed 's/horizon/horizn/' run/config.toml >wrong.toml
expect 2 "did you mean 'horizon'" "$RONDO" forecast --config wrong.toml --out run
expect 2 'wrong.toml, line' "$RONDO" forecast --config wrong.toml --out run
touch plain
expect 6 '' "$RONDO" forecast sales.csv "${quick[@]}" --out plain
holds sha256sum -c before.txt
head -c 500 run/model.rondo >cut.rondo
expect 4 '' "$RONDO" inspect cut.rondo
finish
