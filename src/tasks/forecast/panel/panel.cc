#include "tasks/forecast/panel/panel.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace rondo::forecasting {

namespace {

/// Every column of `values` [rows, columns] on its own scale.
std::vector<double> standardised(const std::vector<double>& values, const std::vector<ColumnScale>& columns) {
  std::vector<double> out = values;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = columns[i % columns.size()].apply(out[i]);
  return out;
}

}  // namespace

bool PanelSeries::is_constant() const {
  const std::span<const double> rows = training();
  return std::ranges::all_of(rows, [&](double value) { return value == rows.front(); });
}

std::int64_t PanelSeries::age_at(std::int64_t row) const {
  std::int64_t last = row;
  while (last > 0 && !is_observed(last)) --last;
  return row - last;
}

std::vector<std::int64_t> Panel::learnt_rows() const {
  std::vector<std::int64_t> rows;
  for (const PanelSeries& s : series) rows.push_back(s.learnt_rows());
  return rows;
}

std::int64_t Panel::total_learnt_rows() const {
  std::int64_t total = 0;
  for (const PanelSeries& s : series) total += s.learnt_rows();
  return total;
}

std::int64_t Panel::shortest_training() const {
  std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
  for (const PanelSeries& s : series) {
    if (!s.is_short || all_are_short()) shortest = std::min(shortest, s.train_rows);
  }
  return series.empty() ? 0 : shortest;
}

bool Panel::all_are_short() const { return std::ranges::all_of(series, &PanelSeries::is_short); }

bool Panel::training_has_holes() const {
  return std::any_of(series.begin(), series.end(), [](const PanelSeries& s) {
    const auto end = s.observed.begin() + (s.observed.empty() ? 0 : s.learnt_rows());
    return std::find(s.observed.begin(), end, 0) != end;
  });
}

ScaledPanel::ScaledPanel(const Panel& panel, Transform the_transform, bool differenced)
    : ScaledPanel(panel, PanelScaling::fit(panel, the_transform, differenced)) {}

ScaledPanel::ScaledPanel(const Panel& panel, PanelScaling the_scaling)
    : scaling(std::move(the_scaling)), panel_(&panel) {
  transform = scaling.transform;
  difference = scaling.difference;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& from = panel.series[s];
    const SeriesScaling& scale = scaling.series[s];
    scales.push_back(scale.level);
    std::vector<double> x, z, added;
    if (scale.seasonal.season > 0) {
      for (const double position : from.position) added.push_back(scale.seasonal.at(position));
    }
    const std::vector<double> values = scale.accepted(from);
    for (std::size_t i = 0; i < values.size(); ++i)
      x.push_back(scale.level_of(values[i], added.empty() ? 0 : added[i]));
    z = x;
    if (difference && !z.empty()) {
      for (std::size_t i = z.size(); i-- > 1;) z[i] -= z[i - 1];
      z[0] = 0;
    }
    std::vector<double> small;
    for (const double value : x) small.push_back(scale.compressed_of(value));
    level.push_back(std::move(x));
    season.push_back(std::move(added));
    movement.push_back(std::move(z));
    compressed.push_back(std::move(small));
    past.push_back(standardised(from.past, scale.past));
    known.push_back(standardised(from.known, scale.known));
    statics.push_back(standardised(from.statics, scaling.statics));
  }
}

ScaledPanel ScaledPanel::over(const Panel& other) const {
  ScaledPanel out = *this;
  out.panel_ = &other;
  return out;
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

double ScaledPanel::lowest(std::int64_t series) const {
  const double smallest = scaling.series[static_cast<std::size_t>(series)].smallest;
  return smallest >= 0 ? 0 : -std::numeric_limits<double>::infinity();
}

double ScaledPanel::to_units(const Origin& origin, std::int64_t ahead, double target) const {
  const SeriesScale& scale = scales[static_cast<std::size_t>(origin.series)];
  return std::max(lowest(origin.series), scale.backward(target + base(origin), season_ahead(origin, ahead)));
}

double ScaledPanel::from_units(const Origin& origin, std::int64_t ahead, double value) const {
  const SeriesScale& scale = scales[static_cast<std::size_t>(origin.series)];
  const bool is_defined = is_applicable(scale.transform, {&value, 1});
  return scale.forward(is_defined ? value : scaling.series[static_cast<std::size_t>(origin.series)].smallest,
                       season_ahead(origin, ahead)) -
         base(origin);
}

}  // namespace rondo::forecasting
