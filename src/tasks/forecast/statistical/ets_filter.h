#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/statistical/ets.h"

namespace rondo::forecasting::statistical {

/// What changes -2 log L, in the units of the model: its gradient.
struct EtsGradient {
  double alpha = 0, beta = 0, gamma = 0, phi = 0, level = 0, slope = 0;
  std::vector<double> season;
};

/// Runs the recursion of a model over rows, and backwards for the gradient. Keeps its memory between runs.
class EtsFilter {
 public:
  /// -2 log L; infinity where a forecast or state is not positive that must be. States afterwards are those
  /// behind the last row.
  double run(const EtsModel& model, std::span<const double> values);
  /// Of the latest run, which must have been finite.
  void gradient(const EtsModel& model, std::span<const double> values, EtsGradient& gradient) const;
  /// From the states behind the last row.
  std::vector<double> forecast(const EtsModel& model, std::int64_t rows, std::int64_t horizon) const;

  double squares() const { return squares_; }

 private:
  struct Row {
    double slope, season, base, forecast;  ///< before the row; base = level + phi·slope
  };
  std::vector<Row> rows_;
  std::vector<double> season_;
  double level_ = 0, slope_ = 0, squares_ = 0, count_ = 0;
};

}  // namespace rondo::forecasting::statistical
