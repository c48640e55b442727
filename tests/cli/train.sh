# train, evaluate and predict: what they leave behind, and what they refuse.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120

cat >job.toml <<'TOML'
[data]
file = "sales.csv"
target = ["sales"]
time = "month"
[samples]
length = 12
[[model.layers]]
type = "gru"
units = 6
[[model.layers]]
type = "dense"
units = 1
[training]
epochs = 4
seed = 3
TOML

expect 3 'no trained model yet' "$RONDO" evaluate job.toml
expect 0 'test part' "$RONDO" train job.toml --quiet
for file in model.rondo checkpoint.rondo history.csv config.toml; do holds test -s run/$file; done
expect 0 'loss' "$RONDO" evaluate job.toml
expect 0 'loss' "$RONDO" evaluate job.toml --part train --json
expect 0 'sales_predicted' "$RONDO" predict job.toml
contains stdout.txt '2000-01,,'
expect 0 '' "$RONDO" predict job.toml --out predictions.csv
holds test -s predictions.csv
# The model file alone is enough.
cp run/model.rondo alone.rondo
expect 0 '' "$RONDO" predict alone.rondo --data sales.csv --out alone.csv
holds cmp alone.csv predictions.csv
expect 0 'loss' "$RONDO" evaluate alone.rondo --data sales.csv --part all
expect 2 'name it with --data' "$RONDO" predict alone.rondo
expect 3 'model.rondo' "$RONDO" train run/model.rondo
expect 0 'loss' "$RONDO" evaluate run/config.toml
expect 0 '"stopped_early"' "$RONDO" train job.toml --quiet --json

# The same seed gives the same file, whatever the number of threads.
expect 0 '' "$RONDO" train job.toml --quiet --set output.folder=one --set training.threads=1
expect 0 '' "$RONDO" train job.toml --quiet --set output.folder=two --set training.threads=2
holds cmp one/model.rondo two/model.rondo

# Two epochs and two more are four.
expect 0 '' "$RONDO" train job.toml --quiet --set output.folder=half --set training.epochs=2
expect 0 '' "$RONDO" train job.toml --quiet --set output.folder=half --resume
holds cmp one/model.rondo half/model.rondo
expect 0 '' "$RONDO" train job.toml --quiet --set output.folder=fresh --resume
holds cmp one/model.rondo fresh/model.rondo

change() { sed "$1" job.toml >changed.toml; }
change 's/epochs = 4/epochs = "four"/';       expect 2 'changed.toml, line 14' "$RONDO" train changed.toml
change 's/epochs = 4/epoch = 4/';             expect 2 "did you mean 'epochs'" "$RONDO" train changed.toml
change 's/epochs = 4/epochs = 0/';            expect 2 'out of range' "$RONDO" train changed.toml
change 's/\[training\]/[trainning]/';         expect 2 "did you mean 'training'" "$RONDO" train changed.toml
change 's/units = 6/unitz = 6/';              expect 2 "did you mean 'units'" "$RONDO" train changed.toml
change 's/units = 6/units = -6/';             expect 2 '' "$RONDO" train changed.toml
change 's/"gru"/"gur"/';                      expect 2 "gru" "$RONDO" train changed.toml
change 's/units = 1$/units = 2/';             expect 2 'set units = 1' "$RONDO" train changed.toml
change 's/units = 6/units = 6\nreturn_sequences = true/'; expect 2 'return_sequences = false' "$RONDO" train changed.toml
change 's/\["sales"\]/["sale"]/';             expect 3 "sale" "$RONDO" train changed.toml
change 's/time = "month"/time = "day"/';      expect 3 "day" "$RONDO" train changed.toml
change 's/sales.csv/gone.csv/';               expect 3 'cannot read' "$RONDO" train changed.toml
change 's/length = 12/length = 500/';         expect 3 'window' "$RONDO" train changed.toml
change 's/seed = 3/seed = 3\nloss = "msee"/'; expect 2 'mse' "$RONDO" train changed.toml
change 's/seed = 3/seed = 3\noptimizer = { name = "adam", learning_rat = 1 }/'; expect 2 'learning_rate' "$RONDO" train changed.toml
change 's/\[data\]/[data/';                   expect 3 'changed.toml, line 1' "$RONDO" train changed.toml
change '/layers/,/units/d';                   expect 2 'layers' "$RONDO" train changed.toml
expect 3 'cannot read' "$RONDO" train nowhere.toml
expect 2 'sets nothing' "$RONDO" train job.toml --set training.epochs
expect 2 "unknown key" "$RONDO" train job.toml --set training.epoch=3
expect 2 '' "$RONDO" evaluate job.toml --part tests

# Tables that cannot be used.
bad() { cp sales.csv bad.csv; sed -i "$1" bad.csv; }
bad '20s/,.*/,oops/';    expect 3 'bad.csv' "$RONDO" train job.toml --data bad.csv
bad '20s/,.*/,/';        expect 3 '' "$RONDO" train job.toml --data bad.csv
bad '20{h;d};30G';       expect 3 'order' "$RONDO" train job.toml --data bad.csv
bad '20p';               expect 3 '' "$RONDO" train job.toml --data bad.csv
bad '20s/$/,1/';         expect 3 'line 20' "$RONDO" train job.toml --data bad.csv
bad '6,$d';              expect 3 '' "$RONDO" train job.toml --data bad.csv
bad '1,$d';              expect 3 '' "$RONDO" train job.toml --data bad.csv
contains run/config.toml 'sales'

# A loss that runs away ends with a code of its own.
expect 5 '' "$RONDO" train job.toml --quiet --set output.folder=wild \
  --set 'training.optimizer={ name = "sgd", learning_rate = 1e30 }' --set training.epochs=50 --set scaler.kind=none

# What stands there already survives a folder that cannot be written, and damage is noticed.
touch plain
expect 6 'output folder' "$RONDO" train job.toml --quiet --set output.folder=plain/run
head -c 1000 run/model.rondo >run/cut && mv run/cut run/model.rondo
expect 4 '' "$RONDO" evaluate job.toml
expect 4 '' "$RONDO" predict job.toml
finish
