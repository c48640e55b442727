#pragma once

#include <cstdint>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/pool.h"
#include "rondo/model/network.h"
#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"
#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/encoder_decoder_data.h"
#include "tasks/forecast/networks/member_flow.h"

namespace rondo::forecasting {

/// A training has 20 parts, each with a validation; the best of these states is kept. `options` are settled.
std::int64_t windows_of_a_part(const SegmentTraining& options);
std::int64_t updates_of(const SegmentTraining& options);

/// What is told of settled options that deal `windows`; without a name.
ForecastTraining training_of(const SegmentTraining& options, std::int64_t windows);

struct FittedWindows {
  History history;
  std::int64_t best_epoch = 0;  ///< from 1
  MemberFlow flow;
  std::vector<ForecastMember> members;
};

/// Trains all members at once, each by its own weights of the samples. Error(data) where there is nothing to
/// learn from or nothing held out.
FittedWindows fit_windows(Network& network, SegmentSamples& training, const SegmentSamples& validation,
                          const Json& loss, const SegmentTraining& options, Pool& pool);

}  // namespace rondo::forecasting
