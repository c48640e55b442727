#!/usr/bin/env bash
# Daily prices. A forecast of the next close that looks fine on a chart mostly repeats yesterday's price: rondo measures
# itself against exactly that.
set -euo pipefail
rondo=${1:-build/rondo}
folder=$(mktemp -d)

# A random walk of the logarithm, five days a week.
awk 'BEGIN { srand(5); print "date,close,volume"; price = 100
  for (t = 0; t < 1000; ++t) {
    step = 0; for (k = 0; k < 12; ++k) step += rand(); step = (step - 6) * 0.012
    price *= exp(step); week = int(t / 5); day = t % 5
    print strftime("%Y-%m-%d", 1420416000 + (week * 7 + day) * 86400, 1) "," sprintf("%.2f", price) "," int(1e6 * (1 + 20 * (step < 0 ? -step : step)))
  } }' >"$folder/prices.csv"

"$rondo" check "$folder/prices.csv" --target close --time date
"$rondo" forecast "$folder/prices.csv" --target close --time date --past volume --horizon 1 --epochs "${EPOCHS:-0}" --out "$folder/run"
echo
echo "The first sentence is the answer: no better than a forecast that learns nothing. Whoever shows you a network that"
echo "beats it on daily prices should show the same table. Report: $folder/run/report.html"
