#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/panel/panel.h"

// Series with a season of 12 rows, for tests of what a forecast is normalised by.

namespace rondo {

inline constexpr std::int64_t kHorizon = 4;

/// Two positive series far apart in level, which begin at different times; a season of 12 rows.
inline forecasting::Panel two_series(std::int64_t rows = 160, std::int64_t tested = 30) {
  forecasting::Panel panel;
  panel.horizon = kHorizon;
  for (const int which : {0, 1}) {
    const RandomStream stream(static_cast<std::uint64_t>(3 + which));
    forecasting::PanelSeries series;
    const double level = which == 0 ? 10 : 5000;
    for (std::int64_t t = 0; t < rows + kHorizon; ++t) {
      const auto position = static_cast<double>(t + 5 * which);
      series.position.push_back(position);
      if (t >= rows) continue;
      series.values.push_back(level * std::exp(0.004 * static_cast<double>(t) +
                                               0.3 * std::sin(2 * M_PI * position / 12) +
                                               0.05 * stream.normal(static_cast<std::uint64_t>(t))));
    }
    series.train_rows = rows - tested;
    panel.series.push_back(std::move(series));
  }
  return panel;
}

inline std::string csv_of(const std::vector<double>& values) {
  std::string text = "y\n";
  char number[40];
  for (const double v : values) {
    std::snprintf(number, sizeof number, "%.17g\n", v);
    text += number;
  }
  return text;
}

/// A trend and a season of 12 rows, some noise.
inline std::vector<double> seasonal(std::size_t rows, double noise, std::uint64_t seed = 6) {
  const RandomStream stream(seed);
  std::vector<double> y;
  for (std::size_t t = 0; t < rows; ++t) {
    const double sharp = t % 12 == 7 ? 9 : t % 12 == 2 ? -6 : 0;  // no wave of low order
    y.push_back(60 + 0.05 * static_cast<double>(t) + sharp + noise * stream.normal(t));
  }
  return y;
}

inline ForecastOptions quick() {
  ForecastOptions options;
  options.target = "y";
  options.horizon = kHorizon;
  options.units = 8;
  options.ensemble = 2;
  options.epochs = 4;
  options.threads = 1;
  return options;
}

}  // namespace rondo
