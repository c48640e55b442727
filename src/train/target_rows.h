#pragma once

#include <string_view>

#include "rondo/tensor/layout.h"

namespace rondo::detail {

/// Puts a target into the form of its prediction: an array [batch, time] becomes sequences where the
/// prediction is one; sequences become arrays where it is none. `output` names the prediction in messages.
void shape_target(const Samples& target, bool prediction_is_sequence, std::string_view output,
                  LayoutPool& pool, Samples& out);

}  // namespace rondo::detail
