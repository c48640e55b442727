#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tasks/check/subject.h"

namespace rondo::checking {

/// A target and another column, series by series in order of time; NaN = missing. Of long tables every k-th
/// row is looked at, so that about 4000 are.
class PairSeries {
 public:
  static constexpr std::int64_t kMinRows = 20;

  PairSeries(const Table& table, std::string_view target, std::string_view column,
             std::span<const SeriesRows> places);

  /// Rows of the longest series.
  std::int64_t longest() const { return longest_; }

  /// Share of rows at which the column equals the target `ahead` rows later (earlier when negative).
  double equal_share(std::int64_t ahead) const;

  /// Share of the column's variance that a straight line of the target `ahead` rows later leaves; 1 with too
  /// few rows.
  double left_by_line(std::int64_t ahead) const;

  /// Share of the variance of the column's changes that c (target[t + w] - target[t - w - 1]) leaves: 0 for
  /// the centred mean of 2 w + 1 rows.
  double left_by_ends(std::int64_t w) const;

  struct Regression {
    std::vector<double> left;     ///< share of variance left by the first 0, 1 … shifts (and a constant)
    std::vector<double> weights;  ///< by shift
  };
  /// The column, or its changes, regressed on the target at the given shifts (in order), or nothing where
  /// there are too few rows for so many.
  std::optional<Regression> regress(std::span<const std::int64_t> shifts, bool changes) const;

 private:
  struct Pair {
    std::vector<double> target, column;
    std::int64_t size() const { return static_cast<std::int64_t>(target.size()); }
    double y(std::int64_t t) const { return target[static_cast<std::size_t>(t)]; }
    double x(std::int64_t t) const { return column[static_cast<std::size_t>(t)]; }
  };
  struct Place {
    const Pair* pair;
    std::int64_t t;
  };
  template <class F>
  void each_pair(std::int64_t ahead, F&& f) const;
  std::vector<Place> places_with(std::span<const std::int64_t> shifts, bool changes) const;

  std::vector<Pair> series_;
  std::int64_t longest_ = 0, stride_ = 1;
  double mean_ = 0, deviation_ = 1;  ///< of the target
};

}  // namespace rondo::checking
