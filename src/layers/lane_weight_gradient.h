#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/lane_recurrence.h"

namespace rondo {

/// Gradients of all weights in the sums' order. Every sum goes on from what the gradient holds, over steps from the last to
/// the first and in each over lanes from the last to the first: the order of packed rows from the last to the first.
struct LaneWeightGradient {
  LaneShape shape;
  kernels::GradientPanels panels;
  std::int64_t stride = 0;  ///< of the rows below
  float *kernel = nullptr, *recurrent = nullptr, *operand = nullptr, *bias = nullptr,
        *recurrent_bias = nullptr;
  std::int64_t chunk_steps = 0;              ///< steps that the panels hold
  kernels::LaneSegment* segments = nullptr;  ///< room for a chunk's
  kernels::LaneSegment* operand_segments = nullptr;
  // With normalised products: what the panels above hold is the gradient of the biases only.
  bool normalized = false;
  LaneProductGradient input_product, recurrent_product;
  // With masks: the recurrent weights of each gate have an operand and panels of their own.
  std::array<LaneProductGradient, cells::kMaxSums> gate_products;
  std::size_t gate_count = 0;
  std::int64_t first_gate_row = 0;  ///< of the sums
  kernels::LaneSegment* masked_segments = nullptr;

  struct PanelRange {
    std::int64_t first, last;
  };
  PanelRange all() const { return {0, panels.panels()}; }
  PanelRange of(const GateRange& range, std::int64_t units, PanelRange only) const {
    return {std::max(panels.panel_of(range.first * units), only.first),
            std::min(panels.panel_of((range.first + range.count) * units - 1) + 1, only.last)};
  }

  static LaneWeightGradient begin(const LaneShape& shape, const LaneSchedule& schedule, std::int64_t steps,
                                  bool normalized, bool masked, const RecurrentWeights<float>& gradients,
                                  void* owner, TakeMemory<float> take);
  void end(const RecurrentWeights<float>& gradients) const;

  /// Says where the left operands of steps `from`, from - 1, … lie.
  std::size_t find_segments(const LaneTrace& trace, std::int64_t from, std::int64_t steps) const;

  /// Puts one step of a slice into the panels, from `row` on.
  void put(const kernels::CellCall<float>& call, const LaneNormTrace& norm, std::int64_t row);

  /// The panels of the normalised products, counted one after the other.
  std::int64_t product_panels() const {
    std::int64_t panels_of_all = input_product.panel_count() + recurrent_product.panel_count();
    for (const LaneProductGradient& gate : gate_products) panels_of_all += gate.panel_count();
    return panels_of_all;
  }
  void add_product(std::size_t count, std::int64_t panel) const {
    for (const LaneProductGradient& gate : gate_products) {
      if (gate_count == 0) break;
      if (panel < gate.panel_count()) return gate.add({masked_segments, count}, panel, panel + 1);
      panel -= gate.panel_count();
    }
    const std::int64_t of_input = input_product.panel_count();
    if (panel < of_input) {
      input_product.add({segments, count}, panel, panel + 1);
    } else {
      recurrent_product.add({segments, count}, panel - of_input, panel - of_input + 1);
    }
  }

  /// Adds steps `from`, from - 1, … whose gradients fill the panels from their first row on.
  void add(std::size_t count, std::int64_t panel_rows, PanelRange only) const;
};

}  // namespace rondo
