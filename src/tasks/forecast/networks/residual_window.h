#pragma once

#include <cstdint>
#include <span>

#include "tasks/forecast/linear/linear_model.h"
#include "tasks/forecast/panel/calendar_waves.h"

namespace rondo::forecasting {

/// What the residual network sees of an origin: the last steps · segment rows as a sequence [steps,
/// features]. A step holds `segment` rows side by side (one season where the window is long), their
/// covariates, whether each was observed (where the training part has missing values), and the calendar waves
/// of its last row.
struct ResidualWindow {
  std::int64_t steps = 1;
  std::int64_t segment = 1;
  std::int64_t covariates = 0;
  bool masked = false;  ///< each row also says whether it was observed
  CalendarWaves waves;

  std::int64_t rows() const { return steps * segment; }
  std::int64_t features() const;
  std::int64_t first_origin(bool difference) const { return difference ? rows() : rows() - 1; }
  /// [steps · features] numbers.
  void fill(const ScaledPanel& scaled, const Origin& origin, std::span<float> out) const;

  void archive(tasks::Archive& archive);
};

/// With the calendar waves of `linear`. `longest_lag` rows, at least 8, at most a quarter of the training
/// rows; up to 48 rows one by one, more in segments of one season (the shortest that leaves at most 48
/// steps). `window` > 0 fixes the number of rows.
ResidualWindow choose_residual_window(const Panel& panel, const LinearCandidate& linear,
                                      std::int64_t longest_lag, std::int64_t window);

}  // namespace rondo::forecasting
