# Numbers of threads are checked against the machine; a thread that cannot be started is an error, not a wait for ever.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 60
quick=(--target sales --time month --horizon 2 --ensemble 1 --epochs 1 --out run)
for count in 100000 4294967297 -1; do
  expect 2 'number of threads is out of range' timeout 20 "$RONDO" forecast sales.csv "${quick[@]}" --threads=$count
done
expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
for count in 100000 4294967297 -1; do
  expect 2 "'training.threads' is out of range" timeout 20 "$RONDO" train job.toml --set training.threads=$count
done
[ ! -e run ] || complain 'a refused command left a folder'
# Room for some threads' stacks.
limited() { (ulimit -v 200000 && timeout -s KILL 20 "$@"); }
if limited "$RONDO" --version >/dev/null 2>&1; then
  expect 6 'starts no more threads' limited "$RONDO" forecast sales.csv "${quick[@]}" --threads 64
  expect 6 'starts no more threads' limited "$RONDO" train job.toml --quiet --set training.threads=64
else
  echo 'a sanitizer needs all addresses' # and so no limit can be set
fi
finish
