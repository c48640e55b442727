#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>

#include "rondo/base/error.h"

namespace rondo {

/// Ids must keep their value; numbers are rounded.
template <class To, class From>
To converted(From value) {
  if constexpr (std::is_same_v<To, std::int32_t> && !std::is_same_v<From, std::int32_t>) {
    constexpr double kLimit = 2147483648.0;  // 2^31; int64 beyond 2^53 is beyond this, too
    const auto wide = static_cast<double>(value);
    if (!(wide >= -kLimit && wide < kLimit) || wide != std::floor(wide)) {
      throw Error(ErrorKind::usage, "a number is not an id")
          .seen(std::to_string(value))
          .expected("a whole number that int32 can hold");
    }
  }
  return static_cast<To>(value);
}

}  // namespace rondo
