#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/random.h"
#include "rondo/data/table.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/panel/panel.h"

// Series and tables that several tests of the forecaster use.

namespace rondo::forecasting {

inline std::vector<double> white_noise(std::uint64_t seed, std::int64_t count) {
  const RandomStream stream(seed);
  std::vector<double> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back(stream.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// A season of `period` rows with noise.
inline std::vector<double> seasonal(std::uint64_t seed, std::int64_t rows, int period, double noise) {
  std::vector<double> y = white_noise(seed, rows);
  for (std::size_t t = 0; t < y.size(); ++t) {
    y[t] = 20 + 3 * std::sin(2 * M_PI * static_cast<double>(t) / period) + noise * y[t];
  }
  return y;
}

/// A map that no line can forecast and a network can.
inline std::vector<double> logistic_map(std::int64_t rows) {
  const std::vector<double> noise = white_noise(1, rows);
  std::vector<double> y;
  double x = 0.3;
  for (const double e : noise) {
    x = 3.9 * x * (1 - x);
    y.push_back(x + 0.02 * e);
  }
  return y;
}

/// What a panel of made-up series has.
struct PanelOf {
  std::vector<std::int64_t> rows{300};
  std::int64_t test_rows = 40, validation_rows = 0, horizon = 3;
  std::vector<double> seasons = {};
  std::int64_t past = 0, known = 0, statics = 0;
  bool holes = false;

  PanelSeries series(std::size_t index) const {
    const std::int64_t count = rows[index];
    const auto seed = static_cast<std::uint64_t>(100 * index);
    PanelSeries out;
    out.id = std::to_string(index);
    out.values = seasonal(seed + 1, count, 12, 1);
    out.past = white_noise(seed + 2, count * past);
    out.known = white_noise(seed + 3, (count + horizon) * known);
    out.statics = white_noise(seed + 4, statics);
    for (std::int64_t t = 0; t < count + horizon; ++t) out.position.push_back(static_cast<double>(t));
    for (std::int64_t t = 0; holes && t < count; ++t) out.observed.push_back(t % 7 == 3 ? 0 : 1);
    out.train_rows = count - test_rows;
    out.validation_rows = validation_rows;
    return out;
  }

  Panel make() const {
    Panel panel;
    panel.horizon = horizon;
    panel.seasons = seasons;
    const auto name = [](std::vector<std::string>& names, std::int64_t count) {
      for (std::int64_t c = 0; c < count; ++c) names.push_back("column " + std::to_string(c));
    };
    name(panel.past, past);
    name(panel.known, known);
    name(panel.statics, statics);
    for (std::size_t s = 0; s < rows.size(); ++s) panel.series.push_back(series(s));
    return panel;
  }
};

/// "2021-01-01" for 0.
inline std::string day_of_2021(int t) {
  int month = 1;
  for (const int days : {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}) {
    if (t < days) break;
    t -= days;
    ++month;
  }
  const auto two = [](int n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return "2021-" + two(month) + "-" + two(t + 1);
}

inline Table table_of(std::vector<double> y) {
  Table table("y");
  table.add(Column("y", std::move(y)));
  return table;
}

/// A forecast of column y that takes little time.
inline ForecastOptions small_forecast(std::int64_t horizon) {
  ForecastOptions options;
  options.target = "y";
  options.horizon = horizon;
  options.units = 8;
  options.ensemble = 2;
  options.epochs = 2;
  options.threads = 1;
  return options;
}

}  // namespace rondo::forecasting
