#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rondo {

/// Replaces every {{name}} of `text` by `value_of(name)`, once: what is filled in is not searched again.
std::string fill_template(std::string_view text,
                          const std::function<std::string(std::string_view)>& value_of);

}  // namespace rondo
