# An output that is an input is refused, whatever it is called; two runs do not write to one place.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120
cp sales.csv kept.csv
quick=(--target sales --time month --ensemble 1 --epochs 1)
intact() { holds cmp sales.csv kept.csv; }

ln -s sales.csv link.csv
ln sales.csv hard.csv
for name in sales.csv ./sales.csv link.csv hard.csv; do
  expect 2 'is one of its inputs' "$RONDO" online sales.csv --target sales --out $name
  expect 2 'is one of its inputs' "$RONDO" online sales.csv --target sales --snapshot $name --force
  intact
done
expect 2 'is one of its inputs' bash -c '"$RONDO" online - --target sales --out sales.csv <sales.csv'
expect 2 'is one of its inputs' bash -c '"$RONDO" online sales.csv --target sales --quiet --out - >>sales.csv'
intact
expect 2 'is one of its inputs' "$RONDO" online sales.csv --target sales --out new --snapshot ./new

mkdir w
for name in forecast.csv backtest.csv model.rondo report.html checkpoint.rondo config.toml; do
  ln -sf ../sales.csv w/$name
  expect 2 'is one of its inputs' "$RONDO" forecast w/$name "${quick[@]}" --out w
  intact
  rm w/$name
done
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --out run
ln -s ../sales.csv w/forecast.csv
expect 2 'is one of its inputs' "$RONDO" forecast sales.csv --from run/model.rondo --out w
intact
# A config may stand where it would be written: it stays as it is.
echo '# mine' >>run/config.toml
cp run/config.toml config-before.toml
expect 0 '' "$RONDO" forecast --config run/config.toml --seed 2 --out run
holds cmp run/config.toml config-before.toml

expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
expect 2 'is one of its inputs' "$RONDO" init --data sales.csv --out sales.csv --force
job=(job.toml --quiet --set training.epochs=2)
expect 0 '' "$RONDO" train "${job[@]}"
expect 2 'is one of its inputs' "$RONDO" predict job.toml --out sales.csv
expect 2 'is one of its inputs' "$RONDO" predict job.toml --out job.toml
expect 2 'is one of its inputs' "$RONDO" predict job.toml --out run/model.rondo
mkdir t
cp sales.csv t/history.csv
expect 2 'is one of its inputs' "$RONDO" train job.toml --set data.file=t/history.csv --set output.folder=t
holds cmp t/history.csv kept.csv
intact

# While one trains, another is refused and leaves everything as it is; then the place is free.
"$RONDO" train job.toml --quiet --set training.epochs=100000 --set training.patience=0 --set output.folder=long \
  >/dev/null 2>&1 &
process=$!
for _ in $(seq 1 500); do
  [ -s long/history.csv ] && break
  sleep 0.01
done
expect 6 'another run is at work there' "$RONDO" train job.toml --quiet --set output.folder=long
expect 6 'another run is at work there' "$RONDO" forecast sales.csv "${quick[@]}" --out long
kill -9 $process
wait $process 2>/dev/null
expect 0 '' "$RONDO" train job.toml --quiet --set training.epochs=2 --set output.folder=long
[ ! -e long/.rondo.lock ] || complain 'the lock was left'

mkfifo rows
(
  head -60 sales.csv
  sleep 60
) >rows &
writer=$!
"$RONDO" online rows --target sales --snapshot state.rondo --out p.csv --quiet >/dev/null 2>&1 &
process=$!
for _ in $(seq 1 300); do
  [ -e .state.rondo.lock ] && [ -e .p.csv.lock ] && break
  sleep 0.01
done
expect 6 'another run is at work there' "$RONDO" online sales.csv --target sales --snapshot state.rondo --force
expect 6 'another run is at work there' "$RONDO" online sales.csv --target sales --out p.csv
kill -TERM $process
wait $process
kill $writer
wait $writer 2>/dev/null
expect 0 '' "$RONDO" online sales.csv --target sales --out p.csv
finish
