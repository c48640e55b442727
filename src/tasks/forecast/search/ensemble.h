#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/linear/linear_search.h"
#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/network_forecast.h"
#include "tasks/forecast/networks/recursive_network.h"
#include "tasks/forecast/networks/residual_network.h"

namespace rondo::forecasting {

/// The network beside the line: one that learns what the line leaves (few rows), or encoder and decoder over
/// segments that learn the series themselves (many rows), or on request a recurrence over rows. What it is
/// worth is settled on rows that neither learnt from.
struct NetworkPart {
  std::optional<ResidualNetwork> residual;
  std::optional<SegmentModel> segments;
  std::optional<RecursiveModel> recursive;
  NetworkShare share;

  std::int64_t window_rows() const;
  const Network& network() const;
  bool is_point() const { return segments && segments->head.is_point(); }
  /// Whether it says how far the truth may lie from its forecast, row by row.
  bool says_distribution() const { return recursive || (segments && !segments->head.is_point()); }
  /// What each member of `segments` or `recursive` says.
  std::vector<NetworkForecast> members(const Panel& panel, const ScaledPanel& scaled,
                                       std::span<const Origin> origins, Pool& pool);
  /// From the line's forecasts `line` of the same origins.
  NetworkForecast forecast(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins,
                           const Rows& line, Pool& pool);
};

struct TrainedPart {
  NetworkPart part;
  History history;
  std::int64_t best_epoch = 0;  ///< from 1
  MemberFlow flow;
  std::vector<ForecastMember> members;
  ForecastTraining training;
  std::vector<std::string> notes;  ///< remarks on how the networks were made
  Rows scores;  ///< [origins, horizon]: errors on rows not learnt from, of line and network together, over
                ///< spread
};

TrainedPart train_network_part(const Panel& panel, const ScaledPanel& scaled, const LineChoice& choice,
                               const ForecastOptions& options, const RunControls& controls, bool calendar,
                               Pool& pool);

}  // namespace rondo::forecasting
