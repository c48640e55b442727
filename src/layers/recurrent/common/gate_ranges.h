#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "cells/cell_info.h"
#include "rondo/tensor/matrix.h"
#include "tape/workspace.h"

// How the gates of a file's parameters map to the preactivations of a cell.

namespace rondo {

/// Element i of an array, for indices that are signed.
template <class Values, class Index>
constexpr auto& nth(Values& values, Index i) {
  return values[static_cast<std::size_t>(i)];
}

/// A run of neighbouring preactivations and the gates that feed them, in the order of the preactivations.
struct GateRange {
  int first = 0, count = 0;
  std::array<int, cells::kMaxSums> gate{};

  bool in_file_order() const {
    for (int i = 0; i < count; ++i) {
      if (nth(gate, i) != gate[0] + i) return false;
    }
    return true;
  }
  bool covers(int sum) const { return sum >= first && sum < first + count; }
  int gate_of(int sum) const { return nth(gate, sum - first); }
};

/// The range of those gates whose products feed `sums`, as CellInfo has them, and that `chosen` wants.
template <class Chosen>
GateRange range_of(const cells::CellInfo& info, const std::array<int, cells::kMaxSums>& sums, Chosen chosen) {
  GateRange range{cells::kMaxSums, 0, {}};
  for (int g = 0; g < info.gates; ++g) {
    if (chosen(g)) range.first = std::min(range.first, nth(sums, g));
  }
  for (int g = 0; g < info.gates; ++g) {
    if (!chosen(g)) continue;
    nth(range.gate, nth(sums, g) - range.first) = g;
    ++range.count;
  }
  return range;
}
inline GateRange input_range(const cells::CellInfo& info) {
  return range_of(info, info.input_sum, [](int) { return true; });
}
/// Empty where no product feeds the preactivations.
inline GateRange recurrent_range(const cells::CellInfo& info, int stage) {
  if (!info.has_recurrent_kernel()) return {};
  return range_of(info, info.recurrent_sum, [&](int g) { return nth(info.recurrent_stage, g) == stage; });
}
/// The range of all gates whose recurrent product, of either stage, feeds a preactivation with a recurrent
/// bias.
inline GateRange recurrent_bias_range(const cells::CellInfo& info) {
  return range_of(info, info.recurrent_sum, [](int) { return true; });
}

/// The columns of `weights` that a range needs, in its order: a view where the file's order serves, else a
/// copy.
template <class T>
View<const T> gather_gates(View<const T> weights, const GateRange& range, std::int64_t units,
                           Workspace& workspace) {
  if (range.in_file_order()) return weights.columns(range.gate[0] * units, range.count * units);
  const std::int64_t width = range.count * units;
  T* copy = workspace.take<T>(weights.rows * width);
  for (std::int64_t r = 0; r < weights.rows; ++r) {
    for (int i = 0; i < range.count; ++i) {
      const T* from = weights.row(r) + nth(range.gate, i) * units;
      std::copy(from, from + units, copy + r * width + i * units);
    }
  }
  return {copy, weights.rows, width, width};
}

/// The bias of every preactivation; zero where none. out [sums, units].
template <class T>
void sum_biases(const cells::CellInfo& info, View<const T> bias, std::int64_t units, T* out) {
  std::fill(out, out + info.sums * units, T{0});
  if (bias.data == nullptr) return;
  const auto add = [&](const T* from, int sum) {
    for (std::int64_t u = 0; u < units; ++u) out[sum * units + u] += from[u];
  };
  for (int g = 0; g < info.gates; ++g) {
    add(bias.row(0) + g * units, nth(info.input_sum, g));
    if (info.recurrent_bias) add(bias.row(1) + g * units, nth(info.recurrent_sum, g));
  }
}

/// Rows [gates · units] of an array in the file's layout to and from rows of preactivations, for the gates of
/// a range. `first` is the column of the range's first preactivation.
template <class T>
void gates_to_sums(View<T> gates, const GateRange& range, std::int64_t units, T* first, std::int64_t stride) {
  for (std::int64_t r = 0; r < gates.rows; ++r) {
    for (int i = 0; i < range.count; ++i)
      std::copy_n(gates.row(r) + nth(range.gate, i) * units, units, first + r * stride + i * units);
  }
}
template <class T>
void sums_to_gates(const T* first, std::int64_t stride, const GateRange& range, std::int64_t units,
                   View<T> gates) {
  for (std::int64_t r = 0; r < gates.rows; ++r) {
    for (int i = 0; i < range.count; ++i)
      std::copy_n(first + r * stride + i * units, units, gates.row(r) + nth(range.gate, i) * units);
  }
}

}  // namespace rondo
