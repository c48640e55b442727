# A config that init writes is complete and works as it is.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 80
printf 'width,length,kind\n' >flowers.csv
for i in $(seq 1 60); do
  printf '%d.%d,%d,%s\n' $((i % 3)) $((i % 7)) $((i % 3 * 2)) "$(echo rose lily iris | cut -d' ' -f$((i % 3 + 1)))"
done >>flowers.csv

expect 0 'target = "sales"' "$RONDO" init --task forecast --data sales.csv
contains stdout.txt 'time = "month"'
contains stdout.txt 'horizon = 12'
contains stderr.txt 'sales   target'
contains stderr.txt 'horizon 12: a year of months'
expect 0 '' "$RONDO" init --task forecast --data sales.csv --out sales.toml
expect 2 'exists already' "$RONDO" init --task forecast --data sales.csv --out sales.toml
expect 0 '' "$RONDO" init --task forecast --data sales.csv --out sales.toml --force
expect 2 'config of rondo forecast' "$RONDO" train sales.toml

expect 0 '' "$RONDO" init --task train --data sales.csv --out network.toml
contains network.toml 'type = "lstm"'
contains network.toml 'recurrent_initializer = "orthogonal"'
expect 0 '' "$RONDO" train network.toml --quiet --set training.epochs=3
holds test -s run/model.rondo
holds test -s run/history.csv
expect 0 'lstm (LSTM)' "$RONDO" inspect run/model.rondo

expect 0 '' "$RONDO" init --task train --data flowers.csv --target kind --out flowers.toml
contains flowers.toml 'activation = "softmax"'
expect 0 'accuracy' "$RONDO" train flowers.toml --quiet --set output.folder=flowers --set training.epochs=5
expect 0 'kind_predicted' "$RONDO" predict flowers.toml --set output.folder=flowers

expect 3 'cannot read' "$RONDO" init --data nowhere.csv
expect 3 "did you mean 'sales.csv'" "$RONDO" init --data sale.csv
expect 3 "'sale'" "$RONDO" init --data sales.csv --target sale
expect 6 '' "$RONDO" init --data sales.csv --out no/such/folder/x.toml
finish
