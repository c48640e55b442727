#pragma once

#include <string_view>

namespace rondo {

/// The version of the library, as `major.minor.patch`. The build reads its project version from this line.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace rondo
