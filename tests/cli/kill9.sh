# kill -9 at twenty random moments: every training that goes on ends with the bits of one that was never interrupted, and
# so does its history, with one thread or two. RONDO_SEED chooses other moments.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
seed=${RONDO_SEED:-$(date +%s)}
RANDOM=$((seed % 32768))
echo "RONDO_SEED=$seed"
series sales.csv 400
expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
# A checkpoint every two steps, of which an epoch has five or more.
long=(--quiet --set training.epochs=120 --set training.patience=0 --set training.batch_size=48
  --set training.checkpoint_batches=2 --set 'training.optimizer="nadam"')
now() { date +%s%3N; }
start=$(now)
expect 0 '' "$RONDO" train job.toml "${long[@]}" --set training.threads=1 --set output.folder=whole
whole=$(($(now) - start))
expect 0 '' "$RONDO" train job.toml "${long[@]}" --set training.threads=2 --set output.folder=two
holds cmp whole/model.rondo two/model.rondo

compare() {
  holds cmp whole/model.rondo broken/model.rondo
  holds cmp whole/history.csv broken/history.csv
}

kills=0 ends=0
for _ in $(seq 1 200); do
  [ $kills -lt 20 ] || break
  "$RONDO" train job.toml "${long[@]}" --set training.threads=$((1 + RANDOM % 2)) --set output.folder=broken --resume \
    >stdout.txt 2>stderr.txt &
  process=$!
  sleep "$(awk -v ms=$((RANDOM % (whole / 6 + 60))) 'BEGIN { print ms / 1000 }')"
  kill -9 $process 2>/dev/null
  wait $process 2>/dev/null
  code=$?
  if [ $code -eq 137 ]; then
    kills=$((kills + 1))
  elif [ $code -eq 0 ]; then # it was done before: once more from the beginning
    ends=$((ends + 1))
    compare
    rm -rf broken
  else
    complain "a resumed training ended with $code"
    head -5 stderr.txt >&2
    break
  fi
done
[ $kills -eq 20 ] || complain "only $kills trainings could be killed"
expect 0 '' "$RONDO" train job.toml "${long[@]}" --set output.folder=broken --resume
compare
echo "$kills kills, $ends trainings that ended in between, $whole ms each"
finish
