#include "tasks/forecast/panel.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace rondo::forecasting {

namespace {

constexpr double kVerySkewed = 2;

double median_of_positive(std::span<const double> values) {
  std::vector<double> positive;
  std::copy_if(values.begin(), values.end(), std::back_inserter(positive), [](double v) { return v > 0; });
  if (positive.empty()) return 1;
  const auto middle = positive.begin() + static_cast<std::ptrdiff_t>(positive.size() / 2);
  std::nth_element(positive.begin(), middle, positive.end());
  return *middle;
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

/// One column on its standard scale, found from its first `train_rows` rows.
void standardise(std::span<double> column, std::size_t train_rows) {
  const std::span<const double> training = column.first(std::min(train_rows, column.size()));
  Shape shape = shape_of(training);
  const bool positive = std::all_of(training.begin(), training.end(), [](double v) { return v >= 0; });
  if (positive && shape.skewness > kVerySkewed) {
    const double unit = median_of_positive(training);
    for (double& v : column) v = std::log1p(std::max(v, 0.0) / unit);
    shape = shape_of(training);
  }
  for (double& v : column) v = (v - shape.mean) / shape.deviation;
}

/// Each column of `values` [rows, columns] by itself.
std::vector<double> standardised(const std::vector<double>& values, std::size_t columns,
                                 std::int64_t train_rows) {
  std::vector<double> out = values;
  if (columns == 0) return out;
  std::vector<double> column(values.size() / columns);
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t r = 0; r < column.size(); ++r) column[r] = values[r * columns + c];
    standardise(column, static_cast<std::size_t>(train_rows));
    for (std::size_t r = 0; r < column.size(); ++r) out[r * columns + c] = column[r];
  }
  return out;
}

/// Levels (standardised over `train_rows` rows) with large distances from the smallest one compressed.
std::vector<double> compressed_levels(const std::vector<double>& level, std::int64_t train_rows) {
  std::vector<double> out = level;
  if (level.empty() || train_rows == 0) return out;
  const double smallest = *std::min_element(level.begin(), level.begin() + train_rows);
  for (double& v : out) v = std::max(v - smallest, 0.0);
  const double unit =
      median_of_positive(std::span<const double>(out).first(static_cast<std::size_t>(train_rows)));
  for (double& v : out) v = std::log1p(v / unit);
  standardise(out, static_cast<std::size_t>(train_rows));
  return out;
}

}  // namespace

std::int64_t Panel::total_training_rows() const {
  std::int64_t total = 0;
  for (const PanelSeries& s : series) total += s.train_rows;
  return total;
}

std::int64_t Panel::shortest_training() const {
  std::int64_t shortest = series.empty() ? 0 : series.front().train_rows;
  for (const PanelSeries& s : series) shortest = std::min(shortest, s.train_rows);
  return shortest;
}

ScaledPanel::ScaledPanel(const Panel& panel, Transform the_transform, bool differenced)
    : transform(the_transform), difference(differenced) {
  for (const PanelSeries& s : panel.series) {
    scale_series(panel, s);
    std::vector<double> z = level.back();
    if (difference && !z.empty()) {
      for (std::size_t i = z.size(); i-- > 1;) z[i] -= z[i - 1];
      z[0] = 0;
    }
    movement.push_back(std::move(z));
    compressed.push_back(compressed_levels(level.back(), s.train_rows));
    past.push_back(standardised(s.past, panel.past.size(), s.train_rows));
    known.push_back(standardised(s.known, panel.known.size(), s.train_rows));
    statics.push_back(s.statics);
  }
  for (std::size_t c = 0; c < panel.statics.size(); ++c) {
    std::vector<double> column;
    for (const auto& row : statics) column.push_back(row[c]);
    standardise(column, column.size());
    for (std::size_t s = 0; s < statics.size(); ++s) statics[s][c] = column[s];
  }
}

void ScaledPanel::scale_series(const Panel& panel, const PanelSeries& from) {
  std::vector<double> training(static_cast<std::size_t>(from.train_rows));
  std::transform(from.training().begin(), from.training().end(), training.begin(),
                 [&](double v) { return apply(transform, v); });
  std::vector<double> added;
  if (panel.deseasonalize > 0) {
    seasonal.push_back(fit_seasonal_indices(training, from.position, from.observed, panel.deseasonalize));
    for (const double position : from.position) added.push_back(seasonal.back().at(position));
    for (std::size_t i = 0; i < training.size(); ++i) training[i] -= added[i];
  }
  const SeriesScale scale = fit_transformed_scale(std::move(training), transform, difference);
  std::vector<double> x(from.values.size());
  // A later value may lie outside the transform's range (a first zero after the training part, under a
  // logarithm): it counts as the smallest value seen in training.
  const auto smallest = std::min_element(from.training().begin(), from.training().end());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double v = from.values[i];
    x[i] = scale.forward(is_applicable(transform, {&v, 1}) ? v : *smallest, added.empty() ? 0 : added[i]);
  }
  scales.push_back(scale);
  level.push_back(std::move(x));
  season.push_back(std::move(added));
}

void ScaledPanel::targets(const Origin& origin, std::span<double> out) const {
  const std::vector<double>& x = level[static_cast<std::size_t>(origin.series)];
  const auto row = static_cast<std::size_t>(origin.row);
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = x[row + 1 + h] - base(origin);
}

double ScaledPanel::base(const Origin& origin) const {
  return difference ? level[static_cast<std::size_t>(origin.series)][static_cast<std::size_t>(origin.row)]
                    : 0;
}

double ScaledPanel::season_ahead(const Origin& origin, std::int64_t ahead) const {
  const std::vector<double>& own = season[static_cast<std::size_t>(origin.series)];
  return own.empty() ? 0 : own[static_cast<std::size_t>(origin.row + ahead)];
}

double ScaledPanel::to_units(const Origin& origin, std::int64_t ahead, double target) const {
  const SeriesScale& scale = scales[static_cast<std::size_t>(origin.series)];
  return std::max(lowest, scale.backward(target + base(origin), season_ahead(origin, ahead)));
}

double ScaledPanel::from_units(const Origin& origin, std::int64_t ahead, double value) const {
  const SeriesScale& scale = scales[static_cast<std::size_t>(origin.series)];
  return scale.forward(value, season_ahead(origin, ahead)) - base(origin);
}

}  // namespace rondo::forecasting
