"""The well-known tutorial's protocol for Beijing PM2.5: the first 24 rows dropped, missing readings 0, wind direction as an
integer, one column of times."""

import csv
import gzip
import sys


def main(source, path):
    with gzip.open(source, "rt", newline="") as file:
        rows = list(csv.DictReader(file))[24:]
    code = {name: i for i, name in enumerate(sorted({row["cbwd"] for row in rows}))}
    plain = ["DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"]
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["time", "pm2.5", *plain])
        for row in rows:
            row["cbwd"] = code[row["cbwd"]]
            time = f"{row['year']}-{int(row['month']):02}-{int(row['day']):02} {int(row['hour']):02}:00"
            out.writerow([time, 0 if row["pm2.5"] == "NA" else row["pm2.5"], *(row[name] for name in plain)])


if __name__ == "__main__":
    main(*sys.argv[1:])
