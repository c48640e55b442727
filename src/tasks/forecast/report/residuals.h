#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rondo::forecasting {

/// Equal-width bins over [edges.front(), edges.back()]; the last bin holds its right edge too.
struct Histogram {
  std::vector<double> edges;  ///< one more than `counts`, rising
  std::vector<std::size_t> counts;
};

/// What the residuals (actual − predicted) of a backtest look like. Rows with NaN are left out.
struct ResidualSummary {
  std::size_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< standard deviation with n − 1; 0 for fewer than two values
  Histogram histogram;
  std::vector<double> autocorrelation;  ///< of lags 1, 2, …
  double bound = 0;                     ///< white noise stays within ±bound at 19 lags of 20
};

/// actual − predicted, NaN where either is missing.
std::vector<double> residuals(std::span<const double> actual, std::span<const double> predicted);

/// Bin width after Freedman and Diaconis, 2·IQR·n^(−1/3), kept between 5 and 40 bins. One bin when all are
/// equal.
Histogram histogram_of(std::span<const double> values);

/// The usual (biased) estimate r_k = Σ (e_t − m)(e_{t+k} − m) / Σ (e_t − m)², for k = 1 … max_lag, over the
/// pairs where both are present. All zero for a constant series.
std::vector<double> autocorrelation(std::span<const double> values, std::size_t max_lag);

ResidualSummary summarise_residuals(std::span<const double> values);

/// Share of rows whose actual value lies in [low, high]; NaN when no row has all three.
double share_inside(std::span<const double> actual, std::span<const double> low,
                    std::span<const double> high);

/// The rows to draw so that a line of many rows looks the same: of every bucket of equal length the first,
/// the last, the lowest and the highest, and one row with NaN where there is any, so that a gap stays a gap.
/// Every row when there are at most `limit`, otherwise at most `limit` (and at least five).
std::vector<std::size_t> rows_to_draw(std::span<const double> values, std::size_t limit);

/// Probability integral transforms in ten equal bins from 0 to 1. NaN and what lies outside are left out.
struct PitHistogram {
  std::size_t rows = 0;
  std::vector<std::size_t> counts;
};
PitHistogram pit_histogram(std::span<const double> values);

}  // namespace rondo::forecasting
