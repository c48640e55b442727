# Model files that promise more than they hold: refused at once, without memory for what they promise.
source "$(dirname "$0")/_check.sh"
rm -rf ./*
python3 - <<'E_O_F'
import json, struct
def write(name, meta, **arrays):
    header = json.dumps({"__metadata__": meta, **arrays}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    open(name, "wb").write(struct.pack("<Q", len(header)) + header)
def model(name, layers, features, **more):
    spec = {"input": {"sequence": True, "steps": -1, "features": features}, "layers": layers}
    write(name, dict({"format": "rondo-model-1", "spec": json.dumps(spec)}, **more))
relu = {"type": "activation", "activation": "relu"}
wide = {"type": "lstm", "units": 8192, "return_sequences": True}
model("wide.rondo", [wide], [8192])
model("four.rondo", [wide] * 4, [8192])
model("table.rondo", [{"type": "embedding", "input_dim": 2**40, "output_dim": 1}], [1])
model("wraps.rondo", [{"type": "gru", "units": 3074457345618258603, "use_bias": False}], [4])
model("input.rondo", [{"type": "dense", "units": 1}], [2**62, 8])
model("long.rondo", [{"type": "repeat_vector", "n": 2**62}, {"type": "flatten"}], [4])
model("deep.rondo", [relu] * 20000, [1])
model("many.rondo", [{"type": "dense", "units": 1}] * 10000, [1])
model("notes.rondo", [relu], [1], **{f"k{i}": "x" for i in range(100000)})
model("odd.rondo", [relu], [1], **{f"k{i}": "{[" for i in range(100000)})
write("zeros.rondo", {"format": "rondo-model-1", "spec": "[" + "0," * 4000000 + "0]"})
header = b'{"a":[' + b"0," * 4000000 + b"0]}     "
header = header[: len(header) // 8 * 8]
open("header.rondo", "wb").write(struct.pack("<Q", len(header)) + header)
E_O_F
# 64 MiB and the file, beside what a program takes that does nothing.
within() { (ulimit -v 400000 && timeout "${PATIENCE:-10}" "$@"); }
within "$RONDO" --version >/dev/null 2>&1 || within() { timeout 60 "$@"; } # a sanitizer needs all addresses
for name in wide four table wraps input many zeros header; do
  expect 4 '' within "$RONDO" inspect $name.rondo
done
expect 0 'activation_19999' within "$RONDO" inspect deep.rondo
for name in notes odd; do expect 0 '' within "$RONDO" inspect $name.rondo --json; done
"$RONDO" inspect long.rondo >/dev/null 2>&1
[ $? -lt 128 ] || complain 'sizes that wrap around end the program'
series sales.csv 60
for name in wide four table wraps input many zeros header; do
  expect 4 '' within "$RONDO" forecast sales.csv --from $name.rondo --out ahead
  expect 4 '' within "$RONDO" predict $name.rondo --data sales.csv
done
finish
