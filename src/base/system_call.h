#pragma once

#include <cerrno>

namespace rondo::detail {

/// A system call that returns -1 where it fails, begun again when a signal cut it off.
template <class Call>
auto uninterrupted(Call&& call) {
  while (true) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

}  // namespace rondo::detail
