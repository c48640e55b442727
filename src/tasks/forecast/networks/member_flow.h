#pragma once

#include <string>

#include "rondo/base/json.h"
#include "rondo/model/network.h"
#include "rondo/tensor/dataset.h"
#include "rondo/train/gradient_flow.h"

namespace rondo::forecasting {

/// Whether learning reaches the first steps of the windows that networks have learnt from.
struct MemberFlow {
  GradientFlow flow;
  std::string note;  ///< of which networks that is, or why it was not measured; "": of all of them
};

/// Of a network that has an output for each member, on some of its training windows under the loss of
/// training. Of large ensembles the first members are measured: the others are made alike, and a page has no
/// room for a hundred curves.
MemberFlow measure_members(Network& network, const Dataset& training, const Json& loss);

}  // namespace rondo::forecasting
