#!/usr/bin/env python3
"""Writes golden.json: what statsforecast and statsmodels compute for small series made here.

    python3 -m venv build/statsforecast
    build/statsforecast/bin/pip install -r tests/unit/tasks/forecast/statistical/golden/requirements.txt
    build/statsforecast/bin/python tests/unit/tasks/forecast/statistical/golden/make_golden.py

The same versions give the same bytes. Its exponential smoothing is compared at fixed parameters (likelihood, forecasts)
and by the AICc that a fit reaches; its search stops early, so a better one is no fault.
"""

import json
import pathlib

import numpy as np
import statsmodels.api as sm
from statsforecast.ets import ets_f, forecast_ets
from statsforecast.models import (IMAPA, MSTL, TSB, AutoETS, CrostonClassic, CrostonSBA, DynamicOptimizedTheta,
                                  DynamicTheta, OptimizedTheta, Theta)
from statsforecast.mstl import mstl

HORIZON = 12
THETAS = {"standard": Theta, "optimised": OptimizedTheta, "dynamic": DynamicTheta,
          "dynamic_optimised": DynamicOptimizedTheta}
SPECS = ["ANN", "AAN", "AADN", "MNN", "MAN", "MADN", "ANA", "AAA", "AADA", "MNA", "MAA", "MNM", "MAM", "MADM"]


def make_series():
    """Name → (period, values)."""
    random = np.random.default_rng(20)
    t = np.arange(144.0)
    wave = np.sin(2 * np.pi * t / 12) + 0.4 * np.cos(4 * np.pi * t / 12)
    walk = np.cumsum(random.normal(0, 1, 144))
    quarter = np.tile([5.0, -3.0, 2.0, -4.0], 15)
    week = np.tile([4.0, 5.0, 6.0, 5.5, 9.0, 2.0, 1.0], 40)
    return {
        "noise": (1, 50 + random.normal(0, 5, 60)),
        "walk": (1, 100 + walk[:80]),
        "growth": (1, 20 * np.exp(0.02 * t[:90] + 0.1 * random.normal(0, 1, 90))),
        "bent": (1, 200 - 100 * 0.95 ** t[:70] + random.normal(0, 2, 70)),
        "monthly": (12, 100 + 0.5 * t + 10 * wave + random.normal(0, 3, 144)),
        "monthly_growing": (12, np.exp(4 + 0.01 * t + 0.2 * wave + 0.05 * random.normal(0, 1, 144))),
        "monthly_walk": (12, 200 + 3 * walk + 8 * wave + random.normal(0, 1, 144)),
        "monthly_short": (12, 60 + 10 * wave[:40] + random.normal(0, 2, 40)),
        "quarterly": (4, 30 + 0.3 * t[:60] + quarter + random.normal(0, 1, 60)),
        "daily": (7, 20 + week + np.sin(np.arange(280) / 40) * 6 + random.normal(0, 1, 280)),
    }


def make_intermittent():
    random = np.random.default_rng(21)
    return {
        "sparse": (random.random(80) < 0.15) * random.poisson(3, 80).astype(float),
        "half": (random.random(60) < 0.5) * (1.0 + random.poisson(5, 60)),
        "ceasing": np.where(np.arange(50) < 25, random.poisson(2, 50), 0).astype(float),
        "late": np.concatenate([np.zeros(30), 1.0 + random.poisson(1, 10)]),
        "nothing": np.zeros(20),
    }


def number(value):
    return float(f"{value:.11g}")


def numbers(values):
    return [number(value) for value in values]


def ets_forecast(fit, season):
    """From the last states, by table 2.2 of Hyndman et al. (2008). forecast_ets() is not taken at its word: where the
    trend is damped, its second step adds phi once more instead of phi squared."""
    phi, states = fit["par"][3], fit["states"][-1]
    slopes = 0 if fit["components"][1] == "N" else 1
    level, slope = states[0], states[1] if slopes else 0.0
    damping = np.cumsum(phi ** np.arange(1, HORIZON + 1)) if fit["components"][3] == "D" else np.arange(1, HORIZON + 1)
    line = level + slope * damping
    if season == "N":
        return line
    places = np.resize(states[1 + slopes:][::-1], HORIZON)
    forecast = line * places if season == "M" else line + places
    if fit["components"][3] != "D":
        assert np.allclose(forecast, forecast_ets(fit, HORIZON)["mean"])
    return forecast


def ets_at_fixed_parameters(values, period):
    cases = []
    for spec in SPECS:
        error, trend, season, damped = spec[0], spec[1], spec[-1], "D" in spec
        if season != "N" and (period == 1 or len(values) < 4 * period):
            continue
        fit = ets_f(values, period, model=error + trend + season, damped=damped)
        alpha, beta, gamma, phi, *states = fit["par"]
        slopes = 1 if trend == "A" else 0
        # The oracle keeps the season of the row before first: place 0 of ours is its last one.
        cases.append({"spec": f"ETS({error},{trend}{'d' if damped else ''},{season})", "alpha": number(alpha),
                      "beta": number(beta) if slopes else 0.0, "gamma": number(gamma) if season != "N" else 0.0,
                      "phi": number(phi) if damped else 1.0, "level": number(states[0]), "slope": number(states[1]) if slopes else 0.0,
                      "season": numbers(states[1 + slopes:][::-1]), "minus_two_log_likelihood": number(-2 * fit["loglik"]),
                      "aicc": number(fit["aicc"]), "forecast": numbers(ets_forecast(fit, season))})
    return cases


def seasonal_case(name, period, values):
    values = np.array([float(f"{value:.6g}") for value in values])
    case = {"name": name, "period": period, "values": numbers(values),
            "theta": {kind: numbers(model(season_length=period).forecast(y=values, h=HORIZON)["mean"])
                      for kind, model in THETAS.items()},
            "ets": ets_at_fixed_parameters(values, period)}
    chosen = AutoETS(season_length=period).fit(values)
    case["chosen_ets"] = {"spec": chosen.model_["method"], "aicc": chosen.model_["aicc"],
                          "forecast": numbers(chosen.predict(HORIZON)["mean"])}
    if period > 1:
        parts = sm.tsa.STL(values, period=period, seasonal=11, seasonal_deg=0).fit(inner_iter=2)
        robust = sm.tsa.STL(values, period=period, seasonal=7, robust=True).fit(inner_iter=1, outer_iter=5)
        case["stl"] = {"season": numbers(parts.seasonal), "trend": numbers(parts.trend)}
        case["robust_stl"] = {"season": numbers(robust.seasonal), "trend": numbers(robust.trend)}
        case["mstl"] = numbers(MSTL(season_length=period).forecast(y=values, h=HORIZON)["mean"])
    return case


def two_seasons():
    random = np.random.default_rng(22)
    t = np.arange(360.0)
    values = 40 + 0.02 * t + 5 * np.sin(2 * np.pi * t / 7) + 8 * np.sin(2 * np.pi * t / 60) + random.normal(0, 1, 360)
    values = np.array([float(f"{value:.6g}") for value in values])
    parts = mstl(values, [7, 60])
    return {"periods": [7, 60], "values": numbers(values), "seasons": [numbers(parts["seasonal7"]),
                                                                       numbers(parts["seasonal60"])],
            "forecast": numbers(MSTL(season_length=[7, 60]).forecast(y=values, h=HORIZON)["mean"])}


def intermittent_case(name, values):
    methods = {"croston": CrostonClassic(), "croston_sba": CrostonSBA(), "tsb": TSB(0.2, 0.1), "imapa": IMAPA()}
    return {"name": name, "values": numbers(values),
            **{key: float(model.forecast(y=values, h=1)["mean"][0]) for key, model in methods.items()}}


def main():
    cases = {"horizon": HORIZON,
             "series": [seasonal_case(name, period, values) for name, (period, values) in make_series().items()],
             "two_seasons": two_seasons(),
             "intermittent": [intermittent_case(name, values) for name, values in make_intermittent().items()]}
    path = pathlib.Path(__file__).resolve().parent / "golden.json"
    path.write_text(json.dumps(cases, allow_nan=False, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
    print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
