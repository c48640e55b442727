#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting {

/// Errors of one forecaster, gathered pair by pair. The formulas are those of rondo/forecast_accuracy.h: a
/// missing truth (NaN) is left out, MAPE leaves out truths of 0.
class Accuracy {
 public:
  /// `naive_error`: mean absolute step of the seasonal naive forecast on the series' training part, which
  /// MASE divides by (Hyndman, Koehler 2006); a constant series has none (0) and is left out there.
  /// `naive_square`: its mean squared step (period 1), which RMSSE divides by (M5). `series`: number of the
  /// series, from 0.
  void add(double actual, double forecast, double naive_error, double naive_square = 0,
           std::int64_t series = 0);

  double mae() const;
  double mse() const;
  double rmse() const;
  double mape() const;
  /// NaN when no series has a naive error: all are constant.
  double mase() const;
  /// Mean over series of √(mse / naive_square), constant ones left out. NaN when all are.
  double rmsse() const;
  /// Mean of 200·|a − f| / (|a| + |f|), in per cent, 0 where both are 0.
  double smape() const;
  std::int64_t count() const { return count_; }

 private:
  struct Squares {
    double sum = 0, count = 0;
  };
  std::int64_t count_ = 0, nonzero_ = 0, scaled_count_ = 0;
  double absolute_ = 0, square_ = 0, scaled_ = 0, symmetric_ = 0, percentage_ = 0;
  std::vector<Squares> scaled_squares_;  ///< by series
};

/// Mean |y[t] - y[t - period]|; 0 when there are no such pairs.
double naive_error(std::span<const double> values, std::int64_t period);

}  // namespace rondo::forecasting
