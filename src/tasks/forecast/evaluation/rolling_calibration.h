#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/intervals/pooled_calibration.h"

namespace rondo::forecasting {

/// What bands know before the backtest, by series.
struct CalibrationStart {
  std::vector<HeldOutErrors> held_out;
  std::vector<std::vector<double>> steps;  ///< see pool_errors
  /// Of models of all series. Null: the bands of a series follow from what all of them share.
  std::vector<std::shared_ptr<const CalibrationErrors>> learnt;
};

struct RolledCalibrations {
  std::vector<Calibrations> of_series;
  std::vector<double> spreads;  ///< by series, behind its end; 0 where `learnt` says it
};

/// As the backtest goes on, what has become known of its own errors takes the place of what held-out origins
/// of the training part said, as many origins as there were or a few more: bands follow series that grow
/// calmer or wilder. Sets the spreads of `forecasts`, which errors of series without a learnt part are
/// measured in; `growth`: see scale_by_age.
RolledCalibrations roll_calibrations(const ScaledPanel& scaled, const std::vector<Origin>& origins,
                                     std::int64_t stride, const CalibrationStart& start, double growth,
                                     ScaledForecasts& forecasts);

}  // namespace rondo::forecasting
