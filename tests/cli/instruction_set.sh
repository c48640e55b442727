# RONDO_INSTRUCTION_SET chooses the kernels, and a name that the machine does not know is never passed over.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
series sales.csv 80
unset RONDO_INSTRUCTION_SET

expect 0 'instruction set' "$RONDO" --version
sets=$(sed -n 's/^instruction set .* of //p' stdout.txt | tr -d ',')
contains stdout.txt "instruction set ${sets%% *} of"
expect 0 'RONDO_INSTRUCTION_SET' "$RONDO" --help

for wrong in AVX9000 avx "${sets%% *} "; do
  for verb in '--version' 'inspect x.rondo' 'forecast sales.csv --target sales' 'init --task train --data sales.csv'; do
    # shellcheck disable=SC2086
    RONDO_INSTRUCTION_SET=$wrong expect 2 "one of ${sets%% *}" "$RONDO" $verb
    contains stderr.txt 'RONDO_INSTRUCTION_SET'
  done
done
RONDO_INSTRUCTION_SET=AVX9000 expect 0 'RONDO_INSTRUCTION_SET' "$RONDO" --help

expect 0 '' "$RONDO" init --task train --data sales.csv --out job.toml
for set in $sets; do
  export RONDO_INSTRUCTION_SET=$set
  expect 0 "instruction set $set of" "$RONDO" --version
  expect 0 '' "$RONDO" train job.toml --quiet --set training.epochs=1 --set output.folder="$set"
  holds test -s "$set/model.rondo"
done
# With fused multiply-add every vector length gives the same bits; without it the last digits differ, which also shows
# that the choice reaches the kernels.
case " $sets " in
  *' AVX3 AVX2 SSE4 '*)
    holds cmp AVX3/model.rondo AVX2/model.rondo
    if [ -d AVX3_DL ]; then holds cmp AVX3_DL/model.rondo AVX3/model.rondo; fi
    checks=$((checks + 1))
    cmp -s AVX3/model.rondo SSE4/model.rondo && complain 'SSE4 has the bits of AVX3: was it really used?'
    ;;
esac
finish
