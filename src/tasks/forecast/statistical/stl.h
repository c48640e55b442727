#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting::statistical {

/// One loess of a row by row series: the `window` nearest rows, tricube weights, a mean or a line through
/// them.
struct Loess {
  std::int64_t window = 7;  ///< odd
  int degree = 1;           ///< 0 or 1
  std::int64_t jump = 1;    ///< rows from one fit to the next; a line between them
};

/// Smooths `values` (no missing ones), with `weights` where they are not empty. `before` and `after` rows are
/// fitted beyond the ends.
std::vector<double> loess(std::span<const double> values, const Loess& how, std::span<const double> weights,
                          std::int64_t before = 0, std::int64_t after = 0);

/// STL, the decomposition of Cleveland, Cleveland, McRae and Terpenning (1990).
struct StlOptions {
  Loess season{.window = 11, .degree = 0};  ///< of each place of the season by itself
  Loess trend{.window = 0};     ///< window 0: the least odd number above 1.5 period / (1 - 1.5 / season)
  Loess low_pass{.window = 0};  ///< window 0: the least odd number above the period
  int inner = 2;                ///< rounds
  int outer = 0;                ///< rounds with weights that leave out what lies far off

  /// Fits every tenth of a window, as R's stl does; far faster, and the same to the eye.
  static StlOptions fast(std::int64_t period, std::int64_t season_window);
};

struct Stl {
  std::vector<double> season, trend;  ///< the rest is what they leave of the values
};

/// `values` without missing ones, two seasons of them at least.
Stl stl(std::span<const double> values, std::int64_t period, const StlOptions& options);

}  // namespace rondo::forecasting::statistical
