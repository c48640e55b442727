# A full or closed standard output, and a pipe that nobody reads, are errors of every verb that prints.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 90
quick=(--target sales --time month --ensemble 1 --epochs 1)
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --out run
expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
job=(job.toml --quiet --set training.epochs=1 --set output.folder=trained)
expect 0 '' "$RONDO" train "${job[@]}"

printing=(
  '--help' '--version' 'forecast --help' 'check --help'
  'check sales.csv' 'check sales.csv --json'
  "forecast sales.csv ${quick[*]} --quiet --out again" "forecast sales.csv ${quick[*]} --json --out again"
  'forecast sales.csv --from run/model.rondo --out ahead' 'forecast sales.csv --from run/model.rondo --out ahead --json'
  'init --data sales.csv' 'init --task train --data sales.csv'
  "train ${job[*]}" "train ${job[*]} --json"
  'evaluate trained/config.toml --quiet' 'evaluate trained/config.toml --json' 'predict trained/config.toml --quiet'
  'inspect run/model.rondo' 'inspect run/model.rondo --json' 'inspect run/model.rondo --tensors'
  'online sales.csv --target sales --quiet' 'online sales.csv --target sales --json'
  'online sales.csv --target sales --quiet --out -'
)
full() { "$@" >/dev/full; }
closed() { "$@" >&-; }
unread() { # the reader of the pipe has gone before anything is written
  { sleep 0.3 && "$@" && return 0; echo $? >code.txt; } | true
  return "$(cat code.txt)"
}
for line in "${printing[@]}"; do
  read -ra words <<<"$line"
  expect 0 '' "$RONDO" "${words[@]}"
  for output in full closed; do
    $output "$RONDO" "${words[@]}" 2>stderr.txt </dev/null
    code=$?
    checks=$((checks + 1))
    [ $code -eq 6 ] && grep -q '^error' stderr.txt || complain "exit code $code with a $output standard output: $line"
  done
done
for line in '--help' 'check sales.csv' 'predict trained/config.toml --quiet' 'inspect run/model.rondo --json' \
  'online sales.csv --target sales --quiet --out -'; do
  read -ra words <<<"$line"
  unread "$RONDO" "${words[@]}" 2>/dev/null
  code=$?
  checks=$((checks + 1))
  [ $code -eq 6 ] || complain "exit code $code with a pipe that nobody reads: $line"
done

# What prints nothing does not mind, and no file becomes the standard output.
closed "$RONDO" predict trained/config.toml --quiet --out predictions.csv 2>stderr.txt || complain "predict --out minds a closed output"
expect 0 '' "$RONDO" predict trained/config.toml --quiet --out others.csv
holds cmp predictions.csv others.csv
finish
