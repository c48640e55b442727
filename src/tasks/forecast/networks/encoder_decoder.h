#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rondo/base/log.h"
#include "rondo/base/pool.h"
#include "rondo/model/network.h"
#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"
#include "tasks/forecast/networks/folds.h"
#include "tasks/forecast/networks/likelihood_head.h"
#include "tasks/forecast/networks/member_flow.h"
#include "tasks/forecast/networks/network_forecast.h"
#include "tasks/forecast/networks/segment_window.h"

namespace rondo::forecasting {

/// How the segment network is made and trained. 0 means: from the size of the data.
struct SegmentTraining {
  std::string cell = "gru";
  std::int64_t units = 0;
  int members = 3;
  LikelihoodHead head;
  bool direct = false;  ///< one dense layer from the encoder's state for all steps, instead of a decoder
  double dropout = -1;  ///< before the output layer; < 0: from the size of the data
  std::int64_t updates = 0;
  std::int64_t epochs = 0;  ///< passes over the windows instead, where updates is 0
  std::int64_t batch_size = 0;
  double learning_rate = 0;
  std::int64_t patience = 8;  ///< twentieths of the training without a better validation loss
  std::uint64_t seed = 1;

  std::vector<CallbackPtr> callbacks;
  RunControls run = {.verbose = 0};
};

/// Encoder and decoder over segments with a linear path beside them. Each member has its own parameters:
///
///     e_i  = relu(dense(segment i))                       i = 1 … steps
///     h    = cell(e_1 … e_steps)
///     d_k  = cell'(position k, calendar, known, statics)  k = 1 … out_steps, from state h
///     y    = dense'(dropout(d_k)) + linear(window)        both start at zero: the first forecast is the
///     window's base
///
/// A likelihood has a dense' for each parameter of the target's distribution; the linear path is added to the
/// location (to every quantile, each with its own). Under `revin` the window's values go through x' = gain ·
/// x + offset before all of this, and what is said of the location comes back by (y' - offset) / gain.
/// `direct`: y = dense'(dropout(h), what is known of the horizon) + linear(window).
Network make_segment_network(const SegmentWindow& window, const SegmentTraining& options);

/// The trained members; their equal mixture is the forecast.
struct SegmentModel {
  SegmentWindow window;
  Network network;
  std::int64_t horizon = 1;
  LikelihoodHead head;

  /// What each member says.
  std::vector<NetworkForecast> members(const Panel& panel, const ScaledPanel& scaled,
                                       std::span<const Origin> origins, Pool& pool);
};

/// The mean of the members' locations, and the standard deviation of their mixture, in which they also differ
/// by their locations. For a `point` the spread stays the window's, which all members share.
NetworkForecast mixture_of(std::span<const NetworkForecast> members, bool point);

struct TrainedSegments {
  SegmentModel model;
  History history;
  std::int64_t best_epoch = 0;  ///< from 1
  MemberFlow flow;
  std::vector<ForecastMember> members;
  ForecastTraining training;
};

/// The same options with everything that was left to the size of the data.
SegmentTraining settle_training(const Panel& panel, const SegmentWindow& window, SegmentTraining options);

/// Whether there are enough windows to learn from without being told to.
bool segment_network_applies(const Panel& panel, const SegmentWindow& window);
/// Error(data) where there are too few even if told to; `because` is the option that told.
void require_segment_windows(const Panel& panel, const SegmentWindow& window, const std::string& because);

TrainedSegments train_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                               const Folds& folds, const SegmentTraining& options, Pool& pool);

}  // namespace rondo::forecasting
