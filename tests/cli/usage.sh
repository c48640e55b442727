# What is typed wrong is answered with what was probably meant.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 60

expect 0 'rondo 0.' "$RONDO" --version
expect 0 'forecast' "$RONDO" --help
expect 2 'no verb given' "$RONDO"
expect 2 "did you mean 'forecast'" "$RONDO" forcast sales.csv
expect 2 "unknown verb 'xyzzy'" "$RONDO" xyzzy
expect 2 "unknown option '--verion'" "$RONDO" --verion

for verb in forecast online train evaluate predict inspect init check; do
  expect 0 "Usage: rondo $verb" "$RONDO" $verb --help
  expect 0 'Examples:' "$RONDO" $verb --help
  expect 2 "unknown option '--no-such-thing'" "$RONDO" $verb sales.csv --no-such-thing 3
done

expect 2 "did you mean '--horizon'" "$RONDO" forecast sales.csv --target sales --horzion 3
expect 2 "did you mean '--backtest'" "$RONDO" forecast sales.csv --target sales --backtset=last=3
expect 2 '--horizon' "$RONDO" forecast sales.csv --target sales --horizon many
expect 2 '--epochs' "$RONDO" forecast sales.csv --target sales --epochs
expect 2 'unexpected argument' "$RONDO" forecast sales.csv more.csv --target sales
expect 2 'no target given' "$RONDO" forecast sales.csv
expect 2 'no CSV file given' "$RONDO" forecast --target sales
expect 2 "did you mean 'warning'" "$RONDO" forecast sales.csv --target sales --log-level warnign
expect 2 '--task' "$RONDO" init --task frcast --data sales.csv
expect 2 'MODEL' "$RONDO" inspect
expect 2 'CONFIG' "$RONDO" train
finish
