#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "kernels/lanes.h"
#include "layers/recurrent/drivers/lane_recurrence.h"

// Gradients of all weights where lanes are sequences. Every sum goes on from what the gradient holds, over
// steps from the last to the first and in each over lanes from the last to the first: the order of packed
// rows from the last to the first.

namespace rondo {

/// Rows of gradients in the panels of one product, or of one for each gate.
struct LanePanels {
  static constexpr std::size_t kMaxCount = cells::kMaxSums + cells::kMaxVectors;
  std::array<kernels::GradientPanels, kMaxCount> groups{};
  std::size_t count = 0;
  std::int64_t group_rows = 0;

  template <class Take>
  static LanePanels make(std::int64_t capacity, std::int64_t rows, std::size_t groups, Take take) {
    LanePanels out;
    out.count = groups;
    if (groups == 0) return out;
    out.group_rows = rows / static_cast<std::int64_t>(groups);
    for (std::size_t g = 0; g < groups; ++g) {
      out.groups[g] = kernels::GradientPanels(capacity, out.group_rows,
                                              take(kernels::GradientPanels::size(capacity, out.group_rows)));
    }
    return out;
  }
  /// values [rows][lane], the last lane first, to the panels' rows from `row` on.
  void put(const float* values, std::int64_t stride, std::int64_t lanes, std::int64_t row) {
    for (std::size_t g = 0; g < count; ++g, values += group_rows * stride)
      groups[g].put_lanes(values, stride, lanes, row);
  }
};

/// The gradient of the weights of one product that has panels to itself: of gates of the kernel, of the
/// recurrent kernel, or of both, whose rows follow one another in the operand.
struct LaneProductGradient {
  kernels::GradientPanels panels;
  GateRange range;  ///< whose gates are the panels' columns; `first` is 0
  const kernels::LaneSegment* segments = nullptr;
  std::int64_t first_row = 0;  ///< of the operand
  std::int64_t kernel_rows = 0, recurrent_rows = 0;
  std::int64_t stride = 0;
  float* sum = nullptr;

  void add(std::size_t segment_count, std::int64_t panel) const {
    kernels::add_lane_gradient({segments, segment_count}, first_row, panels, {panel, panel + 1},
                               {sum, kernel_rows + recurrent_rows, stride, stride});
  }
};

/// Room for what each gate read when gates read x and h of their own: [gates · (inputs + units)][width] for
/// each block of lanes, and that for each of the steps that wait.
struct LaneReads {
  float* data = nullptr;
  std::int64_t rows = 0, lanes = 0;
  float* at(std::int64_t block_lane, std::int64_t waiting) const {
    return data + rows * (waiting * lanes + block_lane);
  }
};

struct LaneWeightGradient {
  LaneShape shape;
  bool normalized = false, masked = false;
  std::int64_t chunk_steps = 0;  ///< steps that the panels hold
  /// Of sums and vectors: all together, or each for itself where gates read their own. Of vectors only when
  /// products are normalised: these have panels of their own, and biases are added up with the gains.
  LanePanels sums;
  std::int64_t stride = 0;                                            ///< of the rows of `kernel` …
  float *kernel = nullptr, *recurrent = nullptr, *operand = nullptr;  ///< of panels that are together
  std::int64_t bias_stride = 0;                                       ///< from group to group of `sums`
  float *bias = nullptr, *recurrent_bias = nullptr;
  kernels::LaneSegment *segments = nullptr, *operand_segments = nullptr,
                       *read_segments = nullptr;  ///< room for a chunk's
  LanePanels inputs, recurrents;                  ///< of normalised products
  LaneReads reads;
  std::array<LaneProductGradient, 2 * cells::kMaxSums> products{};
  std::size_t product_count = 0;

  static LaneWeightGradient begin(const LaneShape& shape, const LaneSchedule& schedule, std::int64_t steps,
                                  bool normalized, bool masked, const RecurrentWeights<float>& gradients,
                                  void* owner, TakeMemory<float> take);
  void end(const RecurrentWeights<float>& gradients) const;

  /// Says where the left operands of steps `from`, from - 1, … lie.
  std::size_t find_segments(const LaneTrace& trace, std::int64_t from, std::int64_t steps) const;
  /// Puts one step of a slice into the panels, from `row` on.
  void put(const kernels::CellCall<float>& call, const LaneNormGradients& norm, std::int64_t row);

  /// Adds what the first `panel_rows` rows of the panels hold. Jobs touch different elements of the gradient.
  int job_count() const;
  void run_job(int job, std::size_t segment_count, std::int64_t panel_rows) const;
  void run_all(std::size_t segment_count, std::int64_t panel_rows) const;

 private:
  using PanelRange = kernels::PanelRange;
  /// Of a sum, or of a vector after the sums.
  float* bias_at(float* biases, std::int64_t row) const {
    row -= first_sum();
    return sums.count == 1 ? biases + row * shape.units : biases + row * bias_stride;
  }
  /// The sum or vector that the first rows of `sums` belong to.
  std::int64_t first_sum() const { return normalized ? shape.info->sums : 0; }
  bool separate() const { return normalized || masked; }
  PanelRange of(const GateRange& range, PanelRange only) const;
  void add_together(std::size_t segment_count, std::int64_t panel_rows, PanelRange only) const;
  void add_biases(std::int64_t panel_rows, std::size_t group, PanelRange only) const;
  template <class Take>
  void begin_products(std::int64_t panel_rows, const RecurrentWeights<float>& gradients, Take take);
};

}  // namespace rondo
