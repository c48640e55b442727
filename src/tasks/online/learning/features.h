#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/common/archive.h"
#include "tasks/online/learning/history.h"
#include "tasks/online/learning/outlier_filter.h"
#include "tasks/online/learning/running_scale.h"

namespace rondo::online {

/// What linear model and network see of a stream, made from the past alone: the last values of the targets,
/// the newest of the other columns, in units of their running deviation. A missing value, or
/// one that is an outlier, is the last one before it.
class Features {
 public:
  Features() = default;
  Features(std::int64_t targets, std::int64_t covariates, std::int64_t lags, std::int64_t memory);

  std::int64_t linear_size() const { return linear_size_; }
  std::int64_t network_size() const { return network_size_; }
  std::int64_t rows() const { return rows_; }
  /// Looks at the next row [targets, covariates], which `add` then takes in.
  void judge(std::span<const double> row) { filter_.add(row); }
  /// What the row is that was judged last.
  Reading reading(std::size_t column) const { return filter_.reading(column); }
  bool settled(std::size_t column) const { return filter_.settled(column); }
  std::int64_t outliers() const { return filter_.outliers(); }
  void add(std::span<const double> row);
  /// For the linear model: a constant, each target's level and its last changes, each covariate's level and
  /// its last change.
  void linear(std::span<double> out) const;
  /// For the network: level and last change of every column; what the linear model makes of each target, and
  /// how far its last forecast was off, in units given by the caller [targets] each.
  void network(std::span<const double> linear_forecast, std::span<const double> linear_error,
               std::span<float> out) const;

  double value(std::size_t column) const { return recent_[rows_ - 1][column]; }  ///< of the last row
  double deviation(std::size_t column) const { return scale_.deviation(column); }
  /// The nearest number to `value` that is not absurd after what was seen of the column.
  double plausible(std::size_t column, double value) const;
  void forget_shifted(double rows) { scale_.forget_shifted(rows), changes_.forget_shifted(rows); }

  void archive(tasks::Archive& archive);

 private:
  void restart(std::size_t column);
  void shift(std::size_t column, double by);

  std::int64_t targets_ = 0, covariates_ = 0, lags_ = 0, linear_size_ = 0, network_size_ = 0, rows_ = 0;
  RunningScale scale_, changes_;
  OutlierFilter filter_;
  RecentRows<double> recent_;
  std::vector<double> lowest_, highest_, change_, learnt_;
};

}  // namespace rondo::online
