# Ctrl-C writes a checkpoint; --resume ends with the bits of an uninterrupted run.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 400
expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
long=(--quiet --set training.epochs=120 --set training.patience=0)
expect 0 '' "$RONDO" train job.toml "${long[@]}" --set output.folder=whole

"$RONDO" train job.toml "${long[@]}" --set output.folder=broken 2>stderr.txt >stdout.txt &
process=$!
for _ in $(seq 1 500); do
  [ -s broken/history.csv ] && break
  sleep 0.01
done
kill -INT $process
wait $process
code=$?
if [ $code -eq 130 ]; then
  holds test -s broken/checkpoint.rondo
  contains stderr.txt 'error'
  expect 0 '' "$RONDO" train job.toml "${long[@]}" --set output.folder=broken --resume
else
  [ $code -eq 0 ] || complain "an interrupted training ended with $code"
fi
holds cmp whole/model.rondo broken/model.rondo
echo "the first run ended with $code"
finish
