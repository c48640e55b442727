#pragma once

#include <array>
#include <cstdint>

#include "kernels/lanes.h"
#include "layers/recurrent/drivers/lane_pass.h"

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

  static LanePanels make(std::int64_t capacity, std::int64_t rows, std::size_t groups, Workspace& workspace) {
    LanePanels out;
    out.count = groups;
    if (groups == 0) return out;
    out.group_rows = rows / static_cast<std::int64_t>(groups);
    for (std::size_t g = 0; g < groups; ++g) {
      float* memory = workspace.take<float>(kernels::GradientPanels::size(capacity, out.group_rows));
      out.groups[g] = kernels::GradientPanels(capacity, out.group_rows, memory);
    }
    return out;
  }
  /// values [rows][lane], the last lane first, to the panels' rows from `row` on.
  void put(const float* values, std::int64_t stride, std::int64_t lanes, std::int64_t row) {
    for (std::size_t g = 0; g < count; ++g, values += group_rows * stride)
      groups[g].put_lanes(values, stride, lanes, row);
  }
};

/// What a product reads: rows of segments that belong to the kernel, to the recurrent kernel, or to both, one
/// after the other.
struct LaneRows {
  const kernels::LaneSegment* segments = nullptr;
  std::int64_t first = 0, kernel = 0, recurrent = 0;
};

/// The gradient of the weights of one product.
struct LaneProductGradient {
  const kernels::GradientPanels* panels = nullptr;
  GateRange range;
  std::int64_t column = 0;  ///< of the panels, where the range begins
  kernels::PanelRange used;
  LaneRows rows;
  std::int64_t stride = 0;
  float* sum = nullptr;  ///< [rows][columns of the panels]

  std::int64_t count() const { return used.last - used.first; }
  float* kernel_sum() const { return sum + column; }
  float* recurrent_sum() const { return kernel_sum() + rows.kernel * stride; }
  void add(std::size_t segment_count, kernels::PanelRange only) const {
    kernels::add_lane_gradient({rows.segments, segment_count}, rows.first, *panels, only,
                               {sum, rows.kernel + rows.recurrent, stride, stride});
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
  /// Products are normalised; gates read x and h of their own.
  struct Kind {
    bool normalized = false, masked = false;
  };
  LaneShape shape;
  Kind kind;
  std::int64_t chunk_steps = 0;  ///< steps that the panels hold
  /// Of sums and vectors: all together, or each for itself where gates read their own. Of vectors only when
  /// products are normalised: these have panels of their own, and biases are added up with the gains.
  LanePanels sums;
  std::int64_t bias_stride = 0;  ///< from group to group of `sums`
  float *bias = nullptr, *recurrent_bias = nullptr;
  kernels::LaneSegment *segments = nullptr, *gated_segments = nullptr,
                       *read_segments = nullptr;  ///< room for a chunk's
  LanePanels inputs, recurrents;                  ///< of normalised products
  LaneReads reads;
  std::array<LaneProductGradient, 2 * cells::kMaxSums> products{};  ///< point into the panels above
  std::size_t product_count = 0;

  LaneWeightGradient() = default;
  LaneWeightGradient(const LaneWeightGradient&) = delete;
  LaneWeightGradient& operator=(const LaneWeightGradient&) = delete;
  /// Begins with what `gradients` holds; the panels hold `steps` steps.
  void begin(const LaneShape& shape, const LaneSchedule& schedule, std::int64_t steps, const Kind& kind,
             const RecurrentWeights<float>& gradients, Workspace& workspace);
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
  std::int64_t first_sum() const { return kind.normalized ? shape.info->sums : 0; }
  /// The panels that hold the columns of a range.
  PanelRange used(const kernels::GradientPanels& panels, std::int64_t column, const GateRange& range) const {
    return {panels.panel_of(column), panels.panel_of(column + range.count * shape.units - 1) + 1};
  }
  void add_biases(std::int64_t panel_rows, std::size_t group, PanelRange only) const;
  void begin_biases(const RecurrentWeights<float>& gradients, Workspace& workspace);
  void begin_products(std::int64_t panel_rows, const RecurrentWeights<float>& gradients,
                      Workspace& workspace);
};

}  // namespace rondo
