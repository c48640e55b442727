#include "tasks/forecast/windows/folds.h"

#include <algorithm>
#include <cmath>

#include "tasks/forecast/forecaster/forecaster.h"

namespace rondo::forecasting {

namespace {

/// A fold has at least this many blocks where the series is long enough.
constexpr std::int64_t kBlocksAFold = 3;

bool gives_validation(const Panel& panel) {
  return std::ranges::any_of(panel.series, [](const auto& s) { return s.validation_rows > 0; });
}

}  // namespace

bool Folds::any_has(Role role, const Origin& origin) const {
  for (int k = 0; k < members_; ++k) {
    if (this->role(k, origin) == role) return true;
  }
  return false;
}

BlockFolds::BlockFolds(const Panel& panel, int members, std::int64_t reach)
    : Folds(members, gives_validation(panel)), reach_(reach) {
  const std::int64_t longest =
      std::max<std::int64_t>(1, panel.shortest_training() / (kHeldOutParts * kBlocksAFold));
  block_ = std::max(panel.horizon, reach);  // a shorter block would hold no whole forecast
  for (const double season : panel.seasons) {
    const auto rows = static_cast<std::int64_t>(std::llround(season));
    if (rows <= longest) block_ = std::max(block_, rows);
  }
  for (const PanelSeries& s : panel.series) parts_.push_back({s.learnt_rows(), s.validation_rows});
}

bool BlockFolds::in_fold(int member, std::int64_t series, std::int64_t row) const {
  const Part& part = parts_[static_cast<std::size_t>(series)];
  const std::int64_t block = (part.learnt - 1 - row) / block_;  // counted from the end of what is learnt from
  return (block + series) % kHeldOutParts == member % kHeldOutParts;
}

bool BlockFolds::holds_out(int member, std::int64_t series, std::int64_t row) const {
  const Part& part = parts_[static_cast<std::size_t>(series)];
  if (row >= part.learnt - part.validation) return true;
  return part.validation == 0 && in_fold(member, series, row);
}

Role BlockFolds::role(int member, const Origin& origin) const {
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

FifthFolds::FifthFolds(const Panel& panel, int members, std::int64_t first)
    : Folds(members, gives_validation(panel)), horizon_(panel.horizon) {
  const std::int64_t usable = panel.shortest_training() - panel.horizon - first;
  margin_ = validation_is_given_ ? panel.horizon - 1
                                 : std::clamp<std::int64_t>(usable / kHeldOutParts, 1, panel.horizon);
  held_out_.resize(validation_is_given_ ? 1 : kHeldOutParts);
  for (const PanelSeries& s : panel.series) {
    train_rows_.push_back(s.learnt_rows());
    const std::int64_t last = s.learnt_rows() - panel.horizon;
    if (validation_is_given_) {  // the first of its rows is forecast from the row before
      held_out_[0].push_back({std::max(first, s.learnt_rows() - s.validation_rows - 1), last});
      continue;
    }
    const std::int64_t end = std::max(first, last);
    const std::int64_t fifth = std::max<std::int64_t>(1, (end - first) / kHeldOutParts);
    for (int part = 0; part < kHeldOutParts; ++part) {
      const std::int64_t high = std::max(first, end - part * fifth);
      held_out_[static_cast<std::size_t>(part)].push_back({std::max(first, high - fifth), high});
    }
  }
}

const FifthFolds::Range& FifthFolds::held_out(int member, std::int64_t series) const {
  return held_out_[static_cast<std::size_t>(member) % held_out_.size()][static_cast<std::size_t>(series)];
}

Role FifthFolds::role(int member, const Origin& origin) const {
  if (origin.row + horizon_ >= train_rows_[static_cast<std::size_t>(origin.series)]) return Role::neither;
  const Range& out = held_out(member, origin.series);
  if (origin.row >= out.begin && origin.row < out.end) return Role::held_out;
  return origin.row >= out.begin - margin_ && origin.row < out.end + margin_ ? Role::neither : Role::train;
}

bool FifthFolds::holds_out(int member, std::int64_t series, std::int64_t row) const {
  const Range& out = held_out(member, series);
  return row > out.begin && row < out.end + horizon_;
}

std::vector<Origin> origins_with(Role role, const Panel& panel, const Folds& folds, std::int64_t first) {
  std::vector<Origin> out;
  const TaughtOrigins taught(panel);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = first; row + 1 < panel.series[s].learnt_rows(); ++row) {
      const Origin origin{static_cast<std::int64_t>(s), row};
      if (role == Role::train && !taught.teaches(origin)) continue;
      if (folds.any_has(role, origin)) out.push_back(origin);
    }
  }
  return out;
}

}  // namespace rondo::forecasting
