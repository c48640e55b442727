#include "tasks/forecast/panel/panel_scaling.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/order_statistics.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

namespace {

constexpr double kVerySkewed = 2;

double median_of_positive(std::span<const double> values) {
  std::vector<double> positive;
  std::copy_if(values.begin(), values.end(), std::back_inserter(positive), [](double v) { return v > 0; });
  return positive.empty() ? 1 : detail::median_of(std::move(positive));
}

struct Shape {
  double mean = 0, deviation = 1, skewness = 0;
};

Shape shape_of(std::span<const double> values) {
  Shape shape;
  const auto n = static_cast<double>(std::max<std::size_t>(values.size(), 1));
  for (const double v : values) shape.mean += v / n;
  double square = 0, cube = 0;
  for (const double v : values) {
    const double d = v - shape.mean;
    square += d * d / n;
    cube += d * d * d / n;
  }
  const double deviation = std::sqrt(square);
  if (!(deviation > 1e-12 * (std::abs(shape.mean) + 1e-300))) return shape;
  shape.deviation = deviation;
  shape.skewness = cube / (square * deviation);
  return shape;
}

/// Of every column of `values` [rows, columns].
std::vector<ColumnScale> column_scales(const std::vector<double>& values, std::size_t columns,
                                       std::int64_t train_rows) {
  std::vector<ColumnScale> out;
  if (columns == 0) return out;
  std::vector<double> column(std::min(values.size() / columns, static_cast<std::size_t>(train_rows)));
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < column.size(); ++r) column[r] = values[r * columns + c];
    out.push_back(ColumnScale::fit(column));
  }
  return out;
}

/// Returns what the season adds to every training row.
std::vector<double> fit_level(const Panel& panel, const PanelSeries& from, std::span<const double> training,
                              Transform transform, bool difference, SeriesScaling& out) {
  std::vector<double> values(training.size()), season(training.size(), 0.0);
  std::transform(training.begin(), training.end(), values.begin(),
                 [&](double v) { return apply(transform, v); });
  if (panel.deseasonalize > 0) {
    out.seasonal = fit_seasonal_indices(values, from.position, from.observed, panel.deseasonalize);
    for (std::size_t i = 0; i < values.size(); ++i) {
      season[i] = out.seasonal.at(from.position[i]);
      values[i] -= season[i];
    }
  }
  out.level = fit_transformed_scale(std::move(values), transform, difference);
  return season;
}

void fit_compression(std::span<const double> levels, SeriesScaling& out) {
  if (levels.empty()) return;
  out.floor = *std::min_element(levels.begin(), levels.end());
  std::vector<double> values(levels.begin(), levels.end());
  for (double& v : values) v = std::max(v - out.floor, 0.0);
  out.unit = median_of_positive(values);
  for (double& v : values) v = std::log1p(v / out.unit);
  out.compressed = ColumnScale::fit(values);
}

KnownColumns known_columns(const PanelSeries& from) {
  const std::size_t rows = from.position.size();
  return {from.known, rows > 0 ? from.known.size() / rows : 0};
}

}  // namespace

ColumnScale ColumnScale::fit(std::span<const double> training) {
  ColumnScale out;
  Shape shape = shape_of(training);
  const bool positive = std::all_of(training.begin(), training.end(), [](double v) { return v >= 0; });
  if (positive && shape.skewness > kVerySkewed) {
    out.logarithm = true;
    out.unit = median_of_positive(training);
    std::vector<double> values(training.begin(), training.end());
    for (double& v : values) v = std::log1p(std::max(v, 0.0) / out.unit);
    shape = shape_of(values);
  }
  out.mean = shape.mean;
  out.deviation = shape.deviation;
  return out;
}

double ColumnScale::apply(double value) const {
  if (logarithm) value = std::log1p(std::max(value, 0.0) / unit);
  return (value - mean) / deviation;
}

std::vector<double> SeriesScaling::accepted(const PanelSeries& from) const {
  return guard.accepted(from.looked_back_on(), level.transform, smallest, known_columns(from));
}

std::vector<std::int64_t> SeriesScaling::spikes(const PanelSeries& from) const {
  return guard.spikes(from.values, level.transform, smallest, known_columns(from));
}

double SeriesScaling::level_of(double value, double season) const {
  return level.forward(is_applicable(level.transform, {&value, 1}) ? value : smallest, season);
}

double SeriesScaling::compressed_of(double value) const {
  return compressed.apply(std::log1p(std::max(value - floor, 0.0) / unit));
}

PanelScaling PanelScaling::fit(const Panel& panel, Transform transform, bool difference) {
  PanelScaling out;
  out.transform = transform;
  out.difference = difference;
  for (const PanelSeries& s : panel.series) {
    SeriesScaling scaling;
    const std::span<const double> given = s.looked_back_on().first(static_cast<std::size_t>(s.train_rows));
    // What the panel's transform is not defined for is a short series, which nothing is learnt from.
    const Transform own = is_applicable(transform, given) ? transform : Transform::none;
    scaling.level.transform = own;
    if (!given.empty()) scaling.smallest = *std::min_element(given.begin(), given.end());
    const KnownColumns known = known_columns(s);
    if (panel.guard_spikes) scaling.guard = SpikeGuard::fit(given, own, scaling.smallest, known);
    const std::vector<double> training = scaling.guard.accepted(given, own, scaling.smallest, known);
    const std::vector<double> season = fit_level(panel, s, training, own, difference, scaling);
    std::vector<double> levels;
    for (std::size_t i = 0; i < training.size(); ++i)
      levels.push_back(scaling.level_of(training[i], season[i]));
    fit_compression(levels, scaling);
    scaling.past = column_scales(s.past, panel.past.size(), s.train_rows);
    scaling.known = column_scales(s.known, panel.known.size(), s.train_rows);
    out.series.push_back(std::move(scaling));
  }
  for (std::size_t c = 0; c < panel.statics.size(); ++c) {
    std::vector<double> column;
    for (const PanelSeries& s : panel.series) column.push_back(s.statics[c]);
    out.statics.push_back(ColumnScale::fit(column));
  }
  return out;
}

}  // namespace rondo::forecasting
