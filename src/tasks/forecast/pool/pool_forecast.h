#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/forecast/pool/members.h"
#include "tasks/forecast/pool/weights.h"

namespace rondo::forecasting::pool {

/// A series that ends where the forecast begins.
struct SeriesInput {
  std::span<const double> values;  ///< in time order, NaN = missing
  Setting setting;
};

struct PoolOptions {
  int origins = 8;  ///< held out in each series, as many as rows allow
  WeightOptions weights = {};
};

/// How the members of the pool fare in one series.
struct SeriesEvidence {
  Evidence evidence;                      ///< `candidates` are places in all_members()
  std::vector<Member> members;            ///< the same, by name
  std::vector<std::int64_t> origin_rows;  ///< rows before each held-out origin, latest first
};

/// Walks back from the end of the series: origins a horizon apart (further where a season or the rows go
/// beyond that), each with more than half of the rows before it, and with every member that applies at the
/// end. Where rows do not allow two of them, shorter horizons are tried. None may be left.
SeriesEvidence gather_evidence(const SeriesInput& series, const PoolOptions& options);

struct SeriesForecast {
  std::vector<double> forecast;                ///< the blend, [horizon]
  std::vector<Member> members;                 ///< that apply
  std::vector<double> weights;                 ///< by member, sum 1
  std::vector<double> scores;                  ///< see Weights::scores
  std::vector<std::vector<double>> forecasts;  ///< by member, [horizon]
  std::vector<std::vector<double>>
      held_out_errors;  ///< of the blend, by held-out origin, [steps]: truth - forecast
};

/// The whole way for a collection: evidence, weights, forecasts; of long series from their last rows. Every
/// series with an observed row gets one; without any, zeros.
std::vector<SeriesForecast> forecast_pool(std::span<const SeriesInput> series, const PoolOptions& options,
                                          Pool& threads);

/// The members of all_members() as candidates of a choice.
std::vector<Candidate> pool_candidates();

}  // namespace rondo::forecasting::pool
