#pragma once

#include <cstring>
#include <string_view>

#include "rondo/tensor/layout.h"

namespace rondo::detail {

/// Of one row of the first axis.
inline std::size_t row_bytes(const Tensor& values) {
  if (values.dim(0) == 0) return 0;
  return static_cast<std::size_t>(values.size() / values.dim(0)) * dtype_size(values.dtype());
}

inline void copy_row(Tensor& to, std::int64_t to_row, const Tensor& from, std::int64_t from_row,
                     std::size_t bytes) {
  std::memcpy(to.bytes() + static_cast<std::size_t>(to_row) * bytes,
              from.bytes() + static_cast<std::size_t>(from_row) * bytes, bytes);
}

/// Puts a target into the form of its prediction: an array [batch, time] becomes sequences where the
/// prediction is one; sequences become arrays where it is none. `output` names the prediction in messages.
void shape_target(const Samples& target, bool prediction_is_sequence, std::string_view output,
                  LayoutPool& pool, Samples& out);

}  // namespace rondo::detail
