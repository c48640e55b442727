#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/pool.h"

namespace rondo::forecasting::pool {

/// One way to forecast, as the choice sees it.
struct Candidate {
  std::string name;
  double prior = 1;  ///< its weight before anything is known of the series, beside the others'
};

/// What candidates said of rows that are known by now.
struct HeldOut {
  std::vector<double> actual;                  ///< [steps], NaN = missing
  std::vector<std::vector<double>> forecasts;  ///< [candidates of the series, steps]
  double origins = 1;                          ///< that these rows are the judgement of
};

/// One series: which of the collection's candidates apply, and how they fared at earlier origins.
struct Evidence {
  std::vector<std::size_t> candidates;
  std::vector<HeldOut> origins;
  bool intermittent = false;  ///< judged by squares: the median of such demand is often zero
};

struct WeightOptions {
  double score_power = 3;  ///< how steeply bad scores cost weight beforehand; more with many origins
  double collection_strength =
      50;                       ///< origins that the first guess is worth against the collection's evidence
  double shared = 0.5;          ///< and that many more for each origin of that
  double series_strength = 20;  ///< origins that the collection's weights are worth against one series' own
  int iterations = 100;
};

struct Weights {
  std::vector<double> collection;           ///< by candidate, sum 1
  std::vector<std::vector<double>> series;  ///< by series, by its candidates, each sum 1
  /// By series and candidate: geometric mean over origins of its error in units of the median candidate's
  /// (mean absolute error; where demand is intermittent root of the mean square of all origins). Empty
  /// without evidence.
  std::vector<std::vector<double>> scores;
};

/// Weights of a blend for every series: non-negative and of sum 1, so that no blend is worse than its worst
/// member. Three steps, each of which the next one starts from and is drawn back to (stacking, Wolpert 1992,
/// with a hierarchy): the priors, in which candidates with small held-out errors over the collection gain;
/// the collection's evidence, then the series' own, lower the held-out error of the blend itself. Errors are
/// counted in units of the median candidate's at that origin, and what is far off counts little: no single
/// series, origin or row decides. Results do not depend on the number of threads.
Weights choose_weights(std::span<const Candidate> candidates, std::span<const Evidence> series,
                       const WeightOptions& options, Pool& threads);

/// The blend, [steps].
std::vector<double> blend(std::span<const std::vector<double>> forecasts, std::span<const double> weights);

}  // namespace rondo::forecasting::pool
