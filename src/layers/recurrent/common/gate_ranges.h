#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "cells/cell_info.h"
#include "rondo/tensor/matrix.h"

// How the gates of a file's parameters map to the sums of a cell.

namespace rondo {

/// A run of neighbouring sums and the gates that feed them, in the sums' order.
struct GateRange {
  int first = 0, count = 0;
  std::array<int, cells::kMaxSums> gate{};

  bool in_file_order() const {
    for (int i = 0; i < count; ++i) {
      if (gate[static_cast<std::size_t>(i)] != gate[0] + i) return false;
    }
    return true;
  }
  bool covers(int sum) const { return sum >= first && sum < first + count; }
  int gate_of(int sum) const { return gate[static_cast<std::size_t>(sum - first)]; }
};

inline GateRange input_range(const cells::CellInfo& info) {
  GateRange range{cells::kMaxSums, info.gates, {}};
  for (int g = 0; g < info.gates; ++g)
    range.first = std::min(range.first, info.input_sum[static_cast<std::size_t>(g)]);
  for (int g = 0; g < info.gates; ++g) {
    range.gate[static_cast<std::size_t>(info.input_sum[static_cast<std::size_t>(g)] - range.first)] = g;
  }
  return range;
}

/// Empty where no product feeds the sums.
inline GateRange recurrent_range(const cells::CellInfo& info, int stage) {
  if (info.recurrence != cells::Recurrence::dense) return {};
  GateRange range{cells::kMaxSums, 0, {}};
  const auto of_stage = [&](int g) { return info.recurrent_stage[static_cast<std::size_t>(g)] == stage; };
  for (int g = 0; g < info.gates; ++g) {
    if (of_stage(g)) range.first = std::min(range.first, info.recurrent_sum[static_cast<std::size_t>(g)]);
  }
  for (int g = 0; g < info.gates; ++g) {
    if (!of_stage(g)) continue;
    range.gate[static_cast<std::size_t>(info.recurrent_sum[static_cast<std::size_t>(g)] - range.first)] = g;
    ++range.count;
  }
  return range;
}

/// The columns of `weights` that a range needs, in its order: a view where the file's order serves, else a
/// copy.
template <class T, class Take>
View<const T> gather_gates(View<const T> weights, const GateRange& range, std::int64_t units, Take take) {
  if (range.in_file_order()) return weights.columns(range.gate[0] * units, range.count * units);
  const std::int64_t width = range.count * units;
  T* copy = take(weights.rows * width);
  for (std::int64_t r = 0; r < weights.rows; ++r) {
    for (int i = 0; i < range.count; ++i) {
      const T* from = weights.row(r) + range.gate[static_cast<std::size_t>(i)] * units;
      std::copy(from, from + units, copy + r * width + i * units);
    }
  }
  return {copy, weights.rows, width, width};
}

/// The bias of every sum; zero where none. out [sums, units].
template <class T>
void sum_biases(const cells::CellInfo& info, View<const T> bias, std::int64_t units, T* out) {
  std::fill(out, out + info.sums * units, T{0});
  if (bias.data == nullptr) return;
  const auto add = [&](const T* from, int sum) {
    for (std::int64_t u = 0; u < units; ++u) out[sum * units + u] += from[u];
  };
  for (int g = 0; g < info.gates; ++g) {
    add(bias.row(0) + g * units, info.input_sum[static_cast<std::size_t>(g)]);
    if (info.recurrent_bias) add(bias.row(1) + g * units, info.recurrent_sum[static_cast<std::size_t>(g)]);
  }
}

/// Rows [gates · units] of an array in the file's layout to and from rows [sums · units], for the gates of a
/// range.
template <class T>
void gates_to_sums(View<T> gates, const GateRange& range, std::int64_t units, T* sums, std::int64_t stride) {
  for (std::int64_t r = 0; r < gates.rows; ++r) {
    for (int i = 0; i < range.count; ++i)
      std::copy_n(gates.row(r) + range.gate[static_cast<std::size_t>(i)] * units, units,
                  sums + r * stride + (range.first + i) * units);
  }
}
template <class T>
void sums_to_gates(const T* sums, std::int64_t stride, const GateRange& range, std::int64_t units,
                   View<T> gates) {
  for (std::int64_t r = 0; r < gates.rows; ++r) {
    for (int i = 0; i < range.count; ++i)
      std::copy_n(sums + r * stride + (range.first + i) * units, units,
                  gates.row(r) + range.gate[static_cast<std::size_t>(i)] * units);
  }
}

/// The range of all gates whose recurrent product, of either stage, feeds a sum with a recurrent bias.
inline GateRange recurrent_bias_range(const cells::CellInfo& info) {
  GateRange range{cells::kMaxSums, info.gates, {}};
  for (int g = 0; g < info.gates; ++g)
    range.first = std::min(range.first, info.recurrent_sum[static_cast<std::size_t>(g)]);
  for (int g = 0; g < info.gates; ++g) {
    range.gate[static_cast<std::size_t>(info.recurrent_sum[static_cast<std::size_t>(g)] - range.first)] = g;
  }
  return range;
}

}  // namespace rondo
