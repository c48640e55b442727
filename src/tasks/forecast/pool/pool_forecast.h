#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/common/stage_progress.h"
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
  tasks::Advanced advanced = {};
};

/// What all ways to forecast say of one series: its held-out origins, and the rows behind its end.
struct SeriesRun {
  Evidence evidence;                           ///< `candidates` are places in PoolRun::candidates
  std::vector<std::int64_t> origin_rows;       ///< rows before each held-out origin, latest first
  std::vector<std::vector<double>> forecasts;  ///< by candidate of the series, [horizon]
};

/// What all ways to forecast say of a collection. The members of the pool come first, in the order of
/// all_members(); others, such as a model that is fitted to all series at once, may join them.
struct PoolRun {
  std::vector<Candidate> candidates;
  std::vector<SeriesRun> series;

  /// Its place, for `join`.
  std::size_t add(Candidate candidate);
  /// What a candidate says of a series: at its held-out origins, [origins, steps], as many steps as each has,
  /// from the rows before it; and behind its end, [horizon].
  void join(std::size_t candidate, std::size_t series, const std::vector<std::vector<double>>& held_out,
            std::vector<double> forecast);
};

/// Walks back from the end of each series: origins a horizon apart (further where a season or the rows go
/// beyond that), each with more than half of the rows before it, and with every member that applies at the
/// end. Where rows do not allow two of them, shorter horizons are tried; none may be left. Members see the
/// last rows of long series only. Everything is fitted again at each origin.
PoolRun run_members(std::span<const SeriesInput> series, const PoolOptions& options, Pool& threads);

/// The members of `members` that apply to the series, and what they forecast behind its end. Long series are
/// cut as run_members does.
struct MemberForecasts {
  std::vector<Member> members;
  std::vector<std::vector<double>> forecasts;  ///< [members, horizon]
};
MemberForecasts forecast_end(const SeriesInput& series, std::span<const Member> members);

struct SeriesForecast {
  std::vector<double> forecast;      ///< the blend, [horizon]
  std::vector<std::size_t> members;  ///< places in PoolRun::candidates
  std::vector<double> weights;       ///< by member, sum 1
  std::vector<double> scores;        ///< by member; see Weights::scores
  /// Of the blend, by held-out origin, [steps]: truth - forecast, NaN where the truth is missing.
  std::vector<std::vector<double>> held_out_errors;
};

/// Every series with an observed row gets a forecast; without any, zeros.
std::vector<SeriesForecast> choose_forecasts(const PoolRun& run, const PoolOptions& options, Pool& threads);

}  // namespace rondo::forecasting::pool
