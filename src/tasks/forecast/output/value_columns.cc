#include "tasks/forecast/output/value_columns.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace rondo::forecasting {

namespace {

double width_at(const ForecastBands& bands, std::size_t i) {
  return bands.low80.empty() ? ForecastScore::kNone : bands.high80[i] - bands.low80[i];
}

ValueColumn column(std::string name, std::span<const double> values, const ForecastBands& bands) {
  ValueColumn out{std::move(name), {}};
  for (std::size_t i = 0; i < values.size(); ++i)
    out.values.push_back(rounded_beside(values[i], width_at(bands, i)));
  return out;
}

}  // namespace

double rounded_beside(double value, double width80) {
  constexpr int kDigits = 7, kBelowWidth = 4, kAllDigits = 17;
  constexpr double kNothing = 1e-9;  // of the width
  if (!std::isfinite(value) || value == 0) return value;
  int digits = kDigits;
  if (width80 > 0) {
    if (std::abs(value) < kNothing * width80) return 0;
    digits = std::clamp(static_cast<int>(std::ceil(std::log10(std::abs(value) / width80))) + kBelowWidth,
                        kDigits, kAllDigits);
  }
  std::array<char, 32> text;
  const auto written =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, digits - 1);
  double out = value;
  std::from_chars(text.data(), written.ptr, out);
  return out;
}

std::vector<ValueColumn> forecast_columns(const ForecastOptions& options, std::span<const double> forecast,
                                          const ForecastBands& bands, const ForecastQuantiles& asked) {
  std::vector<ValueColumn> out{column("forecast", forecast, bands)};
  if (asked.levels.empty()) {
    for (const auto& [name, end] : ForecastBands::kEnds) out.push_back(column(name, bands.*end, bands));
    return out;
  }
  const auto add = [&](const std::string& name, std::size_t k) {
    out.push_back(column(name, k < asked.values.size() ? asked.values[k] : std::vector<double>(), bands));
  };
  const std::size_t count = asked.levels.size();
  if (options.level.empty()) {
    for (std::size_t k = 0; k < count; ++k) add("q" + detail::print("%g", asked.levels[k]), k);
    return out;
  }
  for (std::size_t inner = count / 2; inner-- > 0;) {  // the narrowest band first
    const std::string level = detail::print("%g", 100 * (1 - 2 * asked.levels[inner]));
    add("low" + level, inner);
    add("high" + level, count - 1 - inner);
  }
  return out;
}

}  // namespace rondo::forecasting
