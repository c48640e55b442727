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
      recent_(lags_ + 1, targets + covariates) {
  const auto columns = static_cast<std::size_t>(targets + covariates);
  lowest_.assign(columns, std::numeric_limits<double>::infinity());
  highest_.assign(columns, -std::numeric_limits<double>::infinity());
  change_.assign(columns, 0);
}

void Features::add(std::span<const double> row) {
  const std::span<double> now = recent_[rows_];
  for (std::size_t c = 0; c < row.size(); ++c) {
    const bool missing = std::isnan(row[c]);
    const double before = rows_ == 0 ? (missing ? 0 : row[c]) : recent_[rows_ - 1][c];
    now[c] = missing ? before : row[c];
    change_[c] = missing ? std::numeric_limits<double>::quiet_NaN() : now[c] - before;
    if (missing) continue;
    lowest_[c] = std::min(lowest_[c], row[c]);
    highest_[c] = std::max(highest_[c], row[c]);
  }
  scale_.add(row);
  changes_.add(change_);
  ++rows_;
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
  archive.field("rows", rows_);
  recent_.archive(archive, "recent");
  archive.array("lowest", lowest_);
  archive.array("highest", highest_);
}

}  // namespace rondo::online
