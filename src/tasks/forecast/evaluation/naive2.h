#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting {

/// naive2_forecast and seasonality_test (baselines.h) from one origin after the other of the same series: a
/// row is looked at once, O(period), and an origin costs O(period), however long its history is.
class Naive2Walk {
 public:
  /// `values` must live as long as the walk. NaN: missing.
  Naive2Walk(std::span<const double> values, std::int64_t period);

  /// Takes the first `rows` values (at least 1) as the history. It only grows.
  void advance(std::size_t rows);
  bool is_seasonal() const;
  void forecast(std::span<double> out) const;

 private:
  /// Of the pairs of known values so many rows apart: their products, the sums of both and their number.
  struct Pairs {
    double products = 0, sums = 0, count = 0;
  };

  std::vector<double> seasonal_figure() const;

  std::span<const double> values_;
  std::size_t period_;
  std::size_t rows_ = 0;
  double origin_ = 0;         ///< the first known value: products of differences to it keep their digits
  std::vector<Pairs> pairs_;  ///< by distance, 0 … period
  std::vector<double> ratios_, ratio_counts_;  ///< by place in the season: values over their moving average
  std::size_t ratio_rows_ = 0;                 ///< rows whose moving average is known or does not exist
  bool any_known_ = false, any_negative_ = false;
};

}  // namespace rondo::forecasting
