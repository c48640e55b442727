# Ctrl-C while a forecast trains: code 130, and --resume gives the forecast of an uninterrupted run.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 1500
slow=(--target sales --time month --ensemble 2 --epochs 40 --patience 40 --units 48)
expect 0 '' "$RONDO" forecast sales.csv "${slow[@]}" --out whole

"$RONDO" forecast sales.csv "${slow[@]}" --out broken 2>stderr.txt >stdout.txt &
process=$!
for _ in $(seq 1 2000); do
  [ -s broken/checkpoint.rondo ] && break
  sleep 0.01
done
kill -INT $process
wait $process
code=$?
[ $code -eq 130 ] || [ $code -eq 0 ] || complain "an interrupted forecast ended with $code"
if [ $code -eq 130 ]; then
  contains stderr.txt 'error'
  holds test -s broken/checkpoint.rondo
fi
expect 0 '' "$RONDO" forecast sales.csv "${slow[@]}" --out broken --resume
holds cmp whole/forecast.csv broken/forecast.csv
holds cmp whole/model.rondo broken/model.rondo
echo "the first run ended with $code"
finish
