#include "tasks/online/learning/features.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rondo::online {
namespace {

/// Deviations beyond which a feature is cut off, so that one broken reading does not undo what was learnt.
constexpr double kMaxFeature = 12;
constexpr std::int64_t kMaxLags =
    48;  // of all targets together: the linear model's work grows with their square

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double cut(double value) { return std::clamp(value, -kMaxFeature, kMaxFeature); }

}  // namespace

Features::Features(std::int64_t targets, std::int64_t covariates, std::int64_t lags, std::int64_t memory)
    : targets_(targets),
      covariates_(covariates),
      lags_(std::max<std::int64_t>(1, std::min(lags, std::max<std::int64_t>(1, kMaxLags / targets)))),
      linear_size_(1 + targets * (1 + lags_) + 2 * covariates),
      network_size_(4 * targets + 2 * covariates),
      scale_(targets + covariates, memory),
      changes_(targets + covariates, memory),
      filter_(targets + covariates),
      recent_(lags_ + 1, targets + covariates) {
  const auto columns = static_cast<std::size_t>(targets + covariates);
  lowest_.assign(columns, std::numeric_limits<double>::infinity());
  highest_.assign(columns, -std::numeric_limits<double>::infinity());
  change_.assign(columns, 0);
  learnt_.assign(columns, 0);
}

void Features::add(std::span<const double> row) {
  const std::span<double> now = recent_[rows_];
  for (std::size_t c = 0; c < row.size(); ++c) {
    const Reading reading = filter_.reading(c);
    const bool unknown = reading == Reading::missing || reading == Reading::outlier;
    const bool first = !unknown && lowest_[c] > highest_[c];
    const double before = first ? row[c] : rows_ > 0 ? recent_[rows_ - 1][c] : 0;
    now[c] = unknown ? before : row[c];
    if (first) shift(c, row[c]);  // what was missing until now stood as 0
    learnt_[c] = change_[c] = kNaN;
    if (unknown) continue;
    if (reading == Reading::new_scale || reading == Reading::beginning) {
      restart(c);
      continue;
    }
    if (reading == Reading::level_shift) shift(c, row[c] - before);
    lowest_[c] = std::min(lowest_[c], row[c]);
    highest_[c] = std::max(highest_[c], row[c]);
    if (reading != Reading::burst) learnt_[c] = row[c];
    if (reading == Reading::usual) change_[c] = now[c] - before;
  }
  scale_.add(learnt_);
  changes_.add(change_);
  ++rows_;
}

/// All that is known of the column comes from its last few readings.
void Features::restart(std::size_t c) {
  const std::span<const double> last = filter_.recent(c);
  scale_.restart(c);
  changes_.restart(c);
  for (std::size_t i = 0; i < last.size(); ++i) {
    scale_.add(c, last[i]);
    if (i > 0) changes_.add(c, last[i] - last[i - 1]);
  }
  const auto [lowest, highest] = std::minmax_element(last.begin(), last.end());
  lowest_[c] = *lowest;
  highest_[c] = *highest;
  for (std::int64_t lag = 0; lag <= std::min(lags_, rows_); ++lag) {
    const auto back = static_cast<std::size_t>(lag) + 1;
    recent_[rows_ - lag][c] = last[last.size() - std::min(back, last.size())];
  }
}

/// As if the column had always been at its new level.
void Features::shift(std::size_t c, double by) {
  scale_.shift(c, by);
  lowest_[c] += by;
  highest_[c] += by;
  for (std::int64_t lag = 1; lag <= std::min(lags_, rows_); ++lag) recent_[rows_ - lag][c] += by;
}

void Features::linear(std::span<double> out) const {
  auto at = out.begin();
  *at++ = 1;
  const std::span<const double> now = recent_[rows_ - 1];
  for (std::size_t c = 0; c < static_cast<std::size_t>(targets_ + covariates_); ++c) {
    const double unit = 1 / scale_.deviation(c);
    *at++ = cut((now[c] - scale_.mean(c)) * unit);
    const std::int64_t lags = c < static_cast<std::size_t>(targets_) ? lags_ : 1;
    for (std::int64_t lag = 1; lag <= lags; ++lag)
      *at++ = lag < rows_ ? cut((recent_[rows_ - 1 - lag][c] - now[c]) * unit) : 0;
  }
}

void Features::network(std::span<const double> linear_forecast, std::span<const double> linear_error,
                       std::span<float> out) const {
  auto at = out.begin();
  const auto put = [&](double value) { *at++ = static_cast<float>(std::clamp(value, -5.0, 5.0)); };
  const std::span<const double> now = recent_[rows_ - 1];
  for (std::size_t c = 0; c < static_cast<std::size_t>(targets_ + covariates_); ++c) {
    put((now[c] - scale_.mean(c)) / scale_.deviation(c));
    const double before = rows_ < 2 ? now[c] : recent_[rows_ - 2][c];
    put((now[c] - before) / changes_.deviation(c));
    if (c >= static_cast<std::size_t>(targets_)) continue;
    put((linear_forecast[c] - now[c]) / scale_.deviation(c));
    put(linear_error[c]);
  }
}

double Features::plausible(std::size_t column, double value) const {
  const double range = highest_[column] - lowest_[column];
  if (!(range >= 0) || std::isnan(value)) return recent_[rows_ - 1][column];
  return std::clamp(value, lowest_[column] - range, highest_[column] + range);
}

void Features::archive(tasks::Archive& archive) {
  archive.field("scale", scale_);
  archive.field("changes", changes_);
  archive.field("outliers", filter_);
  archive.field("rows", rows_);
  recent_.archive(archive, "recent");
  archive.array("lowest", lowest_);
  archive.array("highest", highest_);
}

}  // namespace rondo::online
