#pragma once

#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

namespace rondo::detail {

/// begin, begin + 1 … end − 1; nothing unless end is above begin. Keeps the memory of `out`.
template <class T>
void assign_range(std::vector<T>& out, std::type_identity_t<T> begin, std::type_identity_t<T> end) {
  out.resize(begin < end ? static_cast<std::size_t>(end - begin) : 0);
  std::iota(out.begin(), out.end(), begin);
}
template <class T = std::int64_t>
std::vector<T> range(std::type_identity_t<T> begin, std::type_identity_t<T> end) {
  std::vector<T> out;
  assign_range(out, begin, end);
  return out;
}

}  // namespace rondo::detail
