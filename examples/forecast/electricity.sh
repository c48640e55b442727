#!/usr/bin/env bash
# Hourly load of three meters: day, week, and heating that follows tomorrow's temperature, which the weather service knows.
set -euo pipefail
rondo=${1:-build/rondo}
folder=$(mktemp -d)

# The last 24 hours of each meter have a temperature but no load yet.
awk 'BEGIN { srand(3); print "meter,time,load,temperature"
  for (m = 1; m <= 3; ++m) { cold = 0; rows = 24 * 7 * 12
    for (t = 0; t < rows + 24; ++t) {
      noise = 0; for (k = 0; k < 12; ++k) noise += rand(); noise -= 6
      cold = 0.98 * cold + 0.6 * noise; hour = t % 24; day = int(t / 24) % 7
      temperature = 8 + 4 * sin(2 * 3.14159265 * (hour - 9) / 24) + cold
      heating = temperature < 12 ? 12 - temperature : 0
      load = m * (40 + 15 * sin(2 * 3.14159265 * (hour - 7) / 24) * (day < 5 ? 1 : 0.4) + 2.5 * heating + 0.8 * noise)
      print "m" m "," strftime("%Y-%m-%d %H:00", 1609459200 + t * 3600, 1) "," (t < rows ? sprintf("%.2f", load) : "") "," sprintf("%.2f", temperature)
    } } }' >"$folder/meters.csv"

"$rondo" check "$folder/meters.csv" --target load --time time --id meter --known temperature
"$rondo" forecast "$folder/meters.csv" --target load --time time --id meter --known temperature --horizon 24 --epochs "${EPOCHS:-0}" --out "$folder/run"
echo
echo "One model for the three meters. In the report: 'What the model looks at' says what the temperature is worth, and the"
echo "series table which meter is hardest. Report: $folder/run/report.html"
