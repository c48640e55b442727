#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting {

// Forecasts that learn nothing, from the rows up to and including the origin (`history`, at least one row).
// `out` has one entry a step of the horizon.

/// The last value.
void naive_forecast(std::span<const double> history, std::span<double> out);
/// The value one season (of whole rows) before, or as many seasons as it takes; the last value where history
/// is shorter.
void seasonal_naive_forecast(std::span<const double> history, std::int64_t period, std::span<double> out);
/// The straight line through the first and the last value.
void drift_forecast(std::span<const double> history, std::span<double> out);

/// M4's Naive2 (Makridakis, Spiliotis, Assimakopoulos 2020): the last value of the seasonally adjusted
/// history, put back into the season. The season is that of a classical multiplicative decomposition (means
/// by place in the season of the ratios to a centred moving average), used where there is one; otherwise the
/// last value. Missing values (NaN) are left out of the means. Where the decomposition does not exist
/// (negative values, a place whose mean ratio is not positive) it is the last value too.
///
/// From one origin after the other of the same series: a row is looked at once, O(period), and an origin
/// costs O(period), however long its history is.
class Naive2Walk {
 public:
  /// `values` must live as long as the walk. NaN: missing.
  Naive2Walk(std::span<const double> values, std::int64_t period);

  /// Takes the first `rows` values (at least 1) as the history. It only grows.
  void advance(std::size_t rows);
  /// M4's test at 90 %: at least three seasons, and |r(period)| > 1.645·√((1 + 2·Σ r(i)², i < period) / n),
  /// with the autocorrelations r of the history (Bartlett's limits).
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
