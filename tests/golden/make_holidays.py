"""Writes holidays.tsv: the public holidays of 2000 to 2035 as the package `holidays` has them (0.109).

    python tests/golden/make_holidays.py tests/golden/holidays.tsv

A line has country, year and dates. Left out is what no rule computes and rondo does not claim to know: in China
the days off that are swapped for weekends or made up on weekdays, in India the feasts whose dates are proclaimed;
Spain begins in 2008, as the package does.
"""

import sys
import warnings

import holidays

COUNTRIES = "AT AU BE BR CA CH CN CZ DE DK ES FI FR GB IE IN IT JP LU MX NL NO NZ PL PT SE US".split()
INDIA = ("Republic Day", "Independence Day", "Gandhi")
EXTENDED = (2020, (1, 31)), (2020, (2, 1)), (2020, (2, 2))  # China's New Year of the epidemic, proclaimed


def dates(country, year):
    options = {"years": year, "observed": country != "CN"}
    if country == "GB":
        options["subdiv"] = "ENG"
    if country == "CA":
        options["categories"] = ("public", "government")
    if country in ("CN", "IN"):
        options["language"] = "en_US" if country == "CN" else "en_IN"
    for date, name in sorted(getattr(holidays, country)(**options).items()):
        if country == "CN" and ("Day off" in name or (year, (date.month, date.day)) in EXTENDED):
            continue
        if country == "IN" and not any(one in name for one in INDIA):
            continue
        yield date.strftime("%m-%d")


def main():
    warnings.simplefilter("ignore")
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for country in COUNTRIES:
            for year in range(2008 if country == "ES" else 2000, 2036):
                out.write("\t".join([country, str(year), *dates(country, year)]) + "\n")


main()
