#pragma once

#include <cstdint>
#include <span>

// How good forecasts are: errors of points, scores of quantiles and distributions, bands, and tests whether
// one forecaster is better than another by more than luck.
//
// Everywhere: element i of `actual` belongs to element i of what was forecast; a truth that is NaN (missing)
// is left out together with its forecast; a forecast that is NaN where the truth is known makes the result
// NaN. The result is NaN when nothing is left. Spans of unequal lengths and levels outside of (0, 1) throw
// Error(usage).

namespace rondo::accuracy {

using Values = std::span<const double>;

// Points.

/// Mean |y − f|.
double mae(Values actual, Values forecast);
/// Mean (y − f)².
double mse(Values actual, Values forecast);
/// √ mse.
double rmse(Values actual, Values forecast);
/// Mean of 100·|y − f| / |y| in per cent. Truths of 0, for which it does not exist, are left out; so it says
/// nothing about them and should not be used where they are many.
double mape(Values actual, Values forecast);
/// M4's symmetric percentage error, 0 … 200 %: mean of 200·|y − f| / (|y| + |f|), 0 where both are 0.
double smape(Values actual, Values forecast);

/// What MASE divides by (Hyndman, Koehler 2006): mean |y[t] − y[t − period]| over the training part of one
/// series. Throws Error(usage) for a period below 1, as naive_square_step does.
double naive_step(Values training, std::int64_t period);
/// What RMSSE divides by (M5): mean (y[t] − y[t − period])² over the training part, from its first value that
/// is not 0 (items are not on sale before it) when `skip_leading_zeros`.
double naive_square_step(Values training, std::int64_t period = 1, bool skip_leading_zeros = false);
/// mae / naive_step: below 1 is better than the naive forecast was on the training part. NaN for a step of 0.
double mase(Values actual, Values forecast, double naive_step);
/// √(mse / naive_square_step). NaN for a step of 0.
double rmsse(Values actual, Values forecast, double naive_square_step);

/// LSTNet's root relative squared error over all values of all series: √(Σ (y − f)² / Σ (y − mean y)²).
double rse(Values actual, Values forecast);
/// LSTNet's empirical correlation: the mean over series of the correlation of truth and forecast. Both are
/// [rows, series]. Series with a constant truth are left out; a constant forecast has correlation 0. Throws
/// Error(usage) for values that do not make whole rows, and for no series.
double corr(Values actual, Values forecast, std::int64_t series = 1);

/// M4's overall weighted average: the mean of sMAPE and MASE, each divided by Naive2's. Averages over all
/// series belong in here, not those of one.
double owa(double smape, double mase, double naive2_smape, double naive2_mase);

// Quantiles. `levels` are between 0 and 1, ascending; `quantiles` are [rows, levels].

/// Mean of max(τ·(y − q), (τ − 1)·(y − q)); half the mean absolute error at τ = 0.5.
double pinball(Values actual, Values quantile, double level);
/// 2·Σ pinball / Σ |y|, mean over the levels (DeepAR's ρ-risk, GluonTS's mean_wQuantileLoss).
double weighted_quantile_loss(Values actual, Values quantiles, Values levels);

// Continuous ranked probability score: ∫ (F(x) − 1{x ≥ y})² dx, in units of y; |y − f| for a point. One value
// each; the mean over values is the score of a forecaster. NaN for a missing y.

/// 2·∫ pinball dτ by the levels at hand: each stands for what is nearer to it than to its neighbours. Exact
/// for a distribution of equal atoms and levels (k − ½)/n.
double crps_from_quantiles(double y, Values quantiles, Values levels);
/// From samples in any order, without the bias of few samples ("fair", Ferro 2014):
/// mean |x − y| − ½·mean over i ≠ j of |x_i − x_j|.
double crps_from_samples(double y, Values samples);
/// Closed forms (Gneiting, Raftery 2007; Jordan, Krüger, Lerch 2019). NaN for ν ≤ 1, where it is infinite.
double crps_gaussian(double y, double mean, double standard_deviation);
double crps_student_t(double y, double location, double scale, double degrees_of_freedom);
/// Variance mean + dispersion·mean². The sum over all counts (for a spread beyond 10⁵ counts, an integral).
double crps_negative_binomial(double y, double mean, double dispersion);
double crps_poisson(double y, double mean);

// Bands.

/// Share of truths with low ≤ y ≤ high.
double coverage(Values actual, Values low, Values high);
/// Mean high − low over all rows, truths known or not.
double mean_width(Values low, Values high);
/// Mean interval score of bands with nominal coverage `level` (Winkler 1972): width + 2/(1 − level) times how
/// far the truth lies outside. Small is good; honest bands have the smallest.
double interval_score(Values actual, Values low, Values high, double level);

// Luck.

/// Diebold and Mariano's test (1995) whether a forecaster's losses are smaller than a rival's by more than
/// luck, with the correction for small samples of Harvey, Leybourne and Newbold (1997): Student's t with n −
/// 1 degrees of freedom.
struct DieboldMariano {
  double statistic = 0;      ///< positive: the forecaster's losses are smaller
  double p_two_sided = 1;    ///< probability of a statistic this far from 0 when both are equally good
  double p_better = 0.5;     ///< probability of one this large when the forecaster is no better
  std::int64_t origins = 0;  ///< pairs that counted
};

/// `rival_losses` and `losses`: one for each origin, in order of time; pairs with a NaN are left out.
/// `overlap` is how many following origins share rows with one (horizon h made at every row: h − 1). Without
/// variance it says nothing: statistic 0.
DieboldMariano diebold_mariano(Values rival_losses, Values losses, std::int64_t overlap = 0);

}  // namespace rondo::accuracy
