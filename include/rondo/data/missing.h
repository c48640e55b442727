#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// What becomes of NaN inside a series.
enum class MissingPolicy : std::uint8_t {
  error,     ///< refuse
  previous,  ///< the last value before it: looks at the past only
  linear,    ///< on the straight line between its neighbours; the ends take the nearest value. Looks at the
             ///< future
  mask       ///< stays NaN; windows leave such steps out
};

/// "error", "previous", "linear" or "mask"; anything else throws Error(usage) with the nearest name.
MissingPolicy parse_missing_policy(std::string_view name);

struct FilledValues {
  Tensor values;            ///< [time, columns], NaN replaced as asked
  std::int64_t filled = 0;  ///< cells replaced
  /// Rows at the start that still hold a NaN: with `previous`, those before every column has had its first
  /// value.
  std::int64_t leading = 0;
};

/// Fills the NaN of `values` [time, columns] column by column. Throws Error(data), naming column and row, for
/// a NaN under `error` and for a column without any value under `previous` and `linear`.
FilledValues fill_missing(const Tensor& values, MissingPolicy policy,
                          const std::vector<std::string>& columns = {}, std::string_view where = "series");

}  // namespace rondo
