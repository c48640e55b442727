#include "tasks/forecast/ensemble/panel_pool.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace rondo::forecasting {

namespace {

/// Longer seasons are left to the linear model's calendar waves: members would look at four of them.
constexpr double kLongestSeason = 2100;
/// Rows times origins of one series: about five seconds of one processor.
constexpr std::int64_t kAffordable = 500'000;

/// The shortest, so that a part of one can be repeated; others where two of them are known.
std::vector<double> seasons_within(std::span<const double> seasons, std::int64_t rows) {
  std::vector<double> within;
  for (const double season : seasons) {
    if (season < 2 || season > kLongestSeason) continue;
    if (within.empty() || 2 * season <= static_cast<double>(rows)) within.push_back(season);
  }
  return within;
}

}  // namespace

PanelPool::PanelPool(const ScaledPanel& scaled, std::vector<pool::Member> allowed)
    : panel_(scaled.panel()), allowed_(std::move(allowed)) {
  for (std::size_t s = 0; s < panel_.series.size(); ++s) {
    const PanelSeries& series = panel_.series[s];
    std::vector<double> values = scaled.scaling.series[s].accepted(series);
    for (std::int64_t row = 0; row < series.rows(); ++row) {
      if (!series.is_observed(row))
        values[static_cast<std::size_t>(row)] = std::numeric_limits<double>::quiet_NaN();
    }
    values_.push_back(std::move(values));
  }
}

pool::SeriesInput PanelPool::before(std::int64_t series, std::int64_t rows) const {
  const auto s = static_cast<std::size_t>(series), columns = panel_.known.size();
  const auto ahead = static_cast<std::size_t>(rows + panel_.horizon);
  pool::SeriesInput input{std::span<const double>(values_[s]).first(static_cast<std::size_t>(rows)), {}};
  input.setting.seasons = seasons_within(panel_.seasons, panel_.series[s].train_rows);
  input.setting.horizon = panel_.horizon;
  input.setting.known = std::span<const double>(panel_.series[s].known).first(ahead * columns);
  input.setting.known_columns = static_cast<std::int64_t>(columns);
  input.setting.allowed = allowed_;
  return input;
}

std::vector<MemberForecasts> PanelPool::forecast(std::span<const Origin> origins,
                                                 std::span<const std::vector<pool::Member>> members,
                                                 Pool& pool, const tasks::Advanced& advanced) const {
  std::vector<MemberForecasts> out(origins.size());
  tasks::StageProgress progress(advanced, std::ssize(origins));
  pool.run(static_cast<int>(origins.size()), [&](int i) {
    const Origin& origin = origins[static_cast<std::size_t>(i)];
    const std::vector<pool::Member>& own = members[static_cast<std::size_t>(origin.series)];
    if (!own.empty())
      out[static_cast<std::size_t>(i)] = pool::forecast_end(before(origin.series, origin.row + 1), own);
    progress.done_one();
  });
  return out;
}

bool abounds_in_rows(const Panel& panel) {
  constexpr std::int64_t kManyRows = 20'000, kLongSeries = 300;
  return panel.total_learnt_rows() >= kManyRows && panel.shortest_training() >= kLongSeries;
}

bool pool_is_affordable(std::int64_t rows, std::int64_t origins) {
  return std::min(rows, kMostRowsRead) * origins <= kAffordable;
}

}  // namespace rondo::forecasting
