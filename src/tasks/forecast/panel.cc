#include "tasks/forecast/panel.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting {

namespace {

/// Columns minus mean, over deviation, both of the first `train_rows` rows.
std::vector<double> standardised(const std::vector<double>& values, std::int64_t columns,
                                 std::int64_t train_rows) {
  std::vector<double> out = values;
  if (columns == 0) return out;
  const auto width = static_cast<std::size_t>(columns);
  const std::size_t rows = values.size() / width;
  const double n = static_cast<double>(std::max<std::int64_t>(train_rows, 1));
  for (std::size_t c = 0; c < width; ++c) {
    double mean = 0, square = 0;
    for (std::size_t r = 0; r < static_cast<std::size_t>(train_rows); ++r) mean += values[r * width + c];
    mean /= n;
    for (std::size_t r = 0; r < static_cast<std::size_t>(train_rows); ++r) {
      const double d = values[r * width + c] - mean;
      square += d * d;
    }
    const double deviation = std::sqrt(square / n);
    const double factor = deviation > 1e-12 * (std::abs(mean) + 1e-300) ? 1 / deviation : 1;
    for (std::size_t r = 0; r < rows; ++r) out[r * width + c] = (values[r * width + c] - mean) * factor;
  }
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
    const SeriesScale scale = fit_scale(s.training(), transform, difference);
    scales.push_back(scale);
    std::vector<double> x(s.values.size());
    // A later value may lie outside the transform's range (a first zero after the training part, under a
    // logarithm): it counts as the smallest value seen in training.
    const auto smallest = std::min_element(s.training().begin(), s.training().end());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = s.values[i];
      x[i] = scale.forward(is_applicable(transform, {&v, 1}) ? v : *smallest);
    }
    std::vector<double> z = x;
    if (difference && !z.empty()) {
      for (std::size_t i = z.size(); i-- > 1;) z[i] -= z[i - 1];
      z[0] = 0;
    }
    level.push_back(std::move(x));
    movement.push_back(std::move(z));
    past.push_back(standardised(s.past, static_cast<std::int64_t>(panel.past.size()), s.train_rows));
    known.push_back(standardised(s.known, static_cast<std::int64_t>(panel.known.size()), s.train_rows));
  }
  std::vector<double> all;
  for (const PanelSeries& s : panel.series) all.insert(all.end(), s.statics.begin(), s.statics.end());
  const std::size_t width = panel.statics.size();
  const std::vector<double> scaled =
      standardised(all, static_cast<std::int64_t>(width), static_cast<std::int64_t>(panel.series.size()));
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const auto begin = scaled.begin() + static_cast<std::ptrdiff_t>(s * width);
    statics.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(width));
  }
}

void ScaledPanel::targets(const Origin& origin, std::span<double> out) const {
  const std::vector<double>& x = level[static_cast<std::size_t>(origin.series)];
  const auto row = static_cast<std::size_t>(origin.row);
  const double base = difference ? x[row] : 0;
  for (std::size_t h = 0; h < out.size(); ++h) out[h] = x[row + 1 + h] - base;
}

double ScaledPanel::to_units(const Origin& origin, double target) const {
  const auto s = static_cast<std::size_t>(origin.series);
  const double base = difference ? level[s][static_cast<std::size_t>(origin.row)] : 0;
  return scales[s].backward(target + base);
}

}  // namespace rondo::forecasting
