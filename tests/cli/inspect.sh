# inspect: what is in a model file, and that damaged and foreign files are refused.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 80
expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
expect 0 '' "$RONDO" train job.toml --quiet --set training.epochs=1
expect 0 'Total params' "$RONDO" inspect run/model.rondo
expect 0 'lstm.kernel' "$RONDO" inspect run/model.rondo --tensors
expect 0 '"spec"' "$RONDO" inspect run/model.rondo --json
expect 0 'Total params' "$RONDO" inspect run/checkpoint.rondo

size=$(stat -c %s run/model.rondo)
for bytes in 0 1 7 8 9 100 $((size / 2)) $((size - 1)); do
  head -c "$bytes" run/model.rondo >cut.rondo
  expect 4 '' "$RONDO" inspect cut.rondo
done
expect 4 '' "$RONDO" inspect sales.csv
head -c 5000 "$RONDO" >program.rondo
expect 4 '' "$RONDO" inspect program.rondo
expect 3 "did you mean" "$RONDO" inspect run/model.rond
expect 3 'directory' "$RONDO" inspect run
finish
