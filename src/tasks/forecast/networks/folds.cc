#include "tasks/forecast/networks/folds.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting {

namespace {

/// A fold has at least this many blocks where the series is long enough.
constexpr std::int64_t kBlocksAFold = 3;

}  // namespace

Folds::Folds(const Panel& panel, int members, std::int64_t reach) : members_(members), reach_(reach) {
  const std::int64_t most =
      std::max<std::int64_t>(1, panel.shortest_training() / (kHeldOutParts * kBlocksAFold));
  block_ = std::max(panel.horizon, reach);  // a shorter block would hold no whole forecast
  for (const double season : panel.seasons) {
    const auto rows = static_cast<std::int64_t>(std::llround(season));
    if (rows <= most) block_ = std::max(block_, rows);
  }
  for (const PanelSeries& s : panel.series) parts_.push_back({s.train_rows, s.validation_rows});
}

bool Folds::in_fold(int member, std::int64_t series, std::int64_t row) const {
  const Part& part = parts_[static_cast<std::size_t>(series)];
  const std::int64_t block = (part.learnt - 1 - row) / block_;  // counted from the end of what is learnt from
  return (block + series) % kHeldOutParts == member % kHeldOutParts;
}

bool Folds::holds_out(int member, std::int64_t series, std::int64_t row) const {
  const Part& part = parts_[static_cast<std::size_t>(series)];
  if (row >= part.learnt - part.validation) return true;
  return part.validation == 0 && in_fold(member, series, row);
}

Role Folds::role(int member, const Origin& origin) const {
  const Part& part = parts_[static_cast<std::size_t>(origin.series)];
  const std::int64_t first = origin.row + 1, last = origin.row + reach_;  // rows that are forecast
  if (last >= part.learnt) return Role::neither;
  if (part.validation > 0) {
    const std::int64_t begin = part.learnt - part.validation;
    if (first >= begin) return Role::held_out;
    return last < begin ? Role::train : Role::neither;
  }
  bool any = false, all = true;
  for (std::int64_t row = first; row <= last; row += block_) {
    const bool out = in_fold(member, origin.series, row);
    any = any || out;
    all = all && out;
  }
  const bool out = in_fold(member, origin.series, last);
  any = any || out;
  all = all && out;
  if (all) return Role::held_out;
  return any ? Role::neither : Role::train;
}

}  // namespace rondo::forecasting
