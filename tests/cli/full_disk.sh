# A disk without room: error 6, and what was saved before is whole.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 120
quick=(--target sales --time month --ensemble 1 --epochs 2)
expect 0 '' "$RONDO" forecast sales.csv "${quick[@]}" --out run
sha256sum run/model.rondo run/report.html run/forecast.csv >before.txt

# A limit on the size of files stands for the full disk where no small disk can be mounted.
limited() { (ulimit -f 8 && "$@"); }
expect 6 'fix:' limited "$RONDO" forecast sales.csv "${quick[@]}" --seed 2 --out run
holds sha256sum -c before.txt
[ -z "$(find run -name '*.tmp')" ] || complain 'a temporary file was left'

mkdir -p disk
if mount -t tmpfs -o size=48k none disk 2>/dev/null; then
  expect 6 'No space left on device' "$RONDO" forecast sales.csv "${quick[@]}" --out disk/run
  [ -z "$(find disk -name '*.tmp')" ] || complain 'a temporary file was left on the full disk'
  umount disk
fi
finish
