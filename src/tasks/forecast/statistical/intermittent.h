#pragma once

#include <cstdint>
#include <span>
#include <vector>

// Forecasts of intermittent demand: many zeros, now and then a positive number. All are flat: the demand
// expected a row. Missing rows are left out, as if time had stood still; a series without demand gets zeros.
// Where demand is taken to be negative as well, only rows that are not zero count as demand.

namespace rondo::forecasting::statistical {

/// Croston (1972): size of the demand over the interval between demands, both smoothed exponentially when
/// there is a demand. The first demand and the rows up to it start both.
std::vector<double> croston(std::span<const double> values, std::int64_t horizon, double smoothing = 0.1);
/// Syntetos and Boylan (2005): Croston's forecast times 1 - smoothing / 2, which takes out most of its bias.
std::vector<double> croston_sba(std::span<const double> values, std::int64_t horizon, double smoothing = 0.1);
/// Teunter, Syntetos and Babai (2011): size of the demand times its probability, which is smoothed in every
/// row, so that the forecast falls when demand has ceased.
std::vector<double> tsb(std::span<const double> values, std::int64_t horizon, double size_smoothing = 0.1,
                        double probability_smoothing = 0.1);
/// Petropoulos and Kourentzes (2015): the mean of simple exponential smoothing over the sums of 1, 2 … rows,
/// up to the mean interval between demands, each divided by their number. Smoothing is chosen by squared
/// error in [0.1, 0.3].
std::vector<double> imapa(std::span<const double> values, std::int64_t horizon);

}  // namespace rondo::forecasting::statistical
