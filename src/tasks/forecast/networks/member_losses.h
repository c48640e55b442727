#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/model/network.h"
#include "rondo/tasks/forecast.h"
#include "rondo/train/callbacks.h"

namespace rondo::forecasting {

/// The members of a network that has an output for each, by what `history` says of them; `best_epoch` (from
/// 1) is the one whose weights were kept. A member's loss in the history is a mean over all validation
/// windows, in which those that it does not hold out count 0; `shares` are the parts that it does hold out,
/// by member, and what is told is the mean over these alone. Member k (from 0) holds out fold k % 5 + 1.
std::vector<ForecastMember> members_of(const Network& network, const History& history,
                                       std::int64_t best_epoch, std::span<const double> shares);

}  // namespace rondo::forecasting
