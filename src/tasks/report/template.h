#pragma once

#include <string>
#include <string_view>

#include "rondo/base/json.h"

namespace rondo {

/// Fills the slots of `text` as page_part documents them. What is filled in is not searched again.
std::string fill_template(std::string_view text, const Json& values);

}  // namespace rondo
