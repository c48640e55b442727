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
strict() {  # the same where repairs are refused
  sed "$1" sales.csv >bad.csv
  expect "$2" "$3" "$RONDO" forecast bad.csv "${quick[@]}" --strict --missing error --out run
}
expect 3 'cannot read' "$RONDO" forecast nowhere.csv "${quick[@]}" --out run
expect 3 "did you mean 'sales.csv'" "$RONDO" forecast sale.csv "${quick[@]}" --out run
expect 3 'sales' "$RONDO" forecast sales.csv --target sale --time month --out run
expect 3 'month' "$RONDO" forecast sales.csv --target sales --time moth --out run
expect 3 '' "$RONDO" forecast . "${quick[@]}" --out run
bad '20s/,.*/,oops/'   3 'line 20'
strict '20s/,.*/,/'    3 'line 20'
strict '20s/,.*/,NaN/' 3 'line 20'
bad '20s/,.*/,inf/'    3 ''
bad '20s/,.*/,1,2/'    3 'line 20'
bad '20s/^[^,]*/soon/' 3 'line 20'
strict '20{h;d};30G'   3 'order'
strict '20p'           3 'twice'
bad '2,$d'             3 ''
bad '1,$d'             3 ''
bad 's/^/"/'           3 ''
head -c 3000 "$RONDO" >bad.csv
expect 3 '' "$RONDO" forecast bad.csv "${quick[@]}" --out run

expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 0 --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --horizon -3 --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest last=x --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --backtest 200% --out run
expect 2 'lstm' "$RONDO" forecast sales.csv "${quick[@]}" --cell lstmm --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --epochs -1 --out run
expect 2 '' "$RONDO" forecast sales.csv "${quick[@]}" --threads -1 --out run
expect 2 "did you mean 'gaussian'" "$RONDO" forecast sales.csv "${quick[@]}" --likelihood gausian --out run
expect 2 'twice' "$RONDO" forecast sales.csv "${quick[@]}" --split train=80%,test=20% --backtest 10 --out run
expect 2 "did you mean 'train'" "$RONDO" forecast sales.csv "${quick[@]}" --split tran=80,test=20 --out run
expect 2 '--time' "$RONDO" forecast sales.csv --wide --time month --out run
expect 3 'longer than the test part' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 12 --origins last=6 --out run
expect 3 'longer than the test part' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 12 --split train=80,test=6 --out run
awk -F, 'NR == 1 { print $0 ",price" } NR > 1 { print $0 ",3" }' sales.csv >priced.csv
expect 2 'covariate' "$RONDO" forecast priced.csv "${quick[@]}" --past sales --out run
expect 3 "did you mean 'price'" "$RONDO" forecast priced.csv "${quick[@]}" --past prise --out run
sed '9s/,.*/,-3/' sales.csv >bad.csv
expect 3 'line 9' "$RONDO" forecast bad.csv "${quick[@]}" --likelihood poisson --out run
sed 's/,.*/,/' sales.csv | sed '1s/.*/month,sales/' >bad.csv
expect 3 'no values' "$RONDO" forecast bad.csv "${quick[@]}" --out run
awk 'NR == 1 { print } NR > 1 { print NR * NR * 1000003 ",", NR % 7 }' sales.csv >bad.csv
expect 3 '--gaps keep' "$RONDO" forecast bad.csv "${quick[@]}" --format epoch_seconds --out run
sed '2,$s/^/a,/;1s/^/id,/' sales.csv >long.csv
printf 'id,month,sales\nb,2001-01,3\n' >truth.csv
expect 3 "'b'" "$RONDO" forecast long.csv "${quick[@]}" --id id --test-file truth.csv --out run
gzip -c sales.csv | head -c 300 >cut.csv.gz
expect 3 'too early' "$RONDO" forecast cut.csv.gz "${quick[@]}" --out run
sed 's/horizon/horizn/' run/config.toml >wrong.toml
expect 2 "did you mean 'horizon'" "$RONDO" forecast --config wrong.toml --out run
expect 2 'wrong.toml, line' "$RONDO" forecast --config wrong.toml --out run
touch plain
expect 6 '' "$RONDO" forecast sales.csv "${quick[@]}" --out plain
holds sha256sum -c before.txt
head -c 500 run/model.rondo >cut.rondo
expect 4 '' "$RONDO" inspect cut.rondo
# What can be forecast somehow is, and the warning says how.
few() {  # few SED-SCRIPT WORDS: the table so changed is forecast, and the words are said
  sed "$1" sales.csv >few.csv
  expect 0 "$2" "$RONDO" forecast few.csv "${quick[@]}" --horizon 2 --out few
  [ "$(wc -l <few/forecast.csv)" -eq 3 ] || complain "no forecast after: sed $1"
}
few '6,$d' 'few rows'
few 's/,.*[0-9]$/,5/' 'constant'
expect 0 'the forecast was not tested' "$RONDO" forecast sales.csv "${quick[@]}" --horizon 200 --out few
expect 3 'before the test part' "$RONDO" forecast sales.csv "${quick[@]}" --backtest last=119 --out few
expect 0 '--future' "$RONDO" forecast priced.csv "${quick[@]}" --known price --horizon 2 --out few
# A refused command changes nothing: neither the files of a finished run, nor is there a new folder.
cp -r run before
while read -r options; do
  # shellcheck disable=SC2086
  "$RONDO" forecast $options --out run >/dev/null 2>&1 && complain "accepted: $options"
  holds diff -r before run
  # shellcheck disable=SC2086
  "$RONDO" forecast $options --out no-such-run >/dev/null 2>&1
  [ ! -e no-such-run ] || complain "a folder is made by: $options"
done <<'OPTIONS'
sales.csv --target sales --horizn 12
sales.csv --target sale --horizon 12
sales.csv --target sales --horizon 12 --cell grue
sales.csv --target sales --horizon 12 --model arima
sales.csv --target sales --horizon 12 --likelihood cauchy
sales.csv --target sales --horizon 12 --look-back 5000
sales.csv --target sales --horizon 12 --backtest none=1
sales.csv --target sales --horizon 12 --units -3
sales.csv --target sales --horizon 12 --known sales
sales.csv --target sales --horizon 12 --missing perhaps
sales.csv --target sales --horizon 12 --tune 2 --cell grue
no-such-table.csv --target sales --horizon 12
OPTIONS
finish
