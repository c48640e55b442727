#pragma once

#include <cstdint>

#include "kernels/cells.h"
#include "kernels/lane_norm.h"
#include "kernels/lanes.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/common/recurrent_plan.h"
#include "layers/recurrent/drivers/lane_product.h"

// Layer normalisation where lanes are sequences, for cells of one stage: what LanePass runs in the
// place of its products, and around the formulas of a cell whose state is normalised.

namespace rondo {

/// What the forward pass leaves, one slot a step: normalised products in the order of their sums, the
/// normalised state before its gain, 1 / deviation of the three, and the mean of the first. Products of few
/// inputs are made anew instead of kept.
struct LaneNormTrace {
  float *input = nullptr, *recurrent = nullptr;  ///< slots [gates · units][width]
  float* state = nullptr;                        ///< slots [units][width]
  float* scaled_state = nullptr;                 ///< one slot [units][width]: after its gain
  float* inverse = nullptr;                      ///< slots [4][width]
  std::int64_t width = 0;
};

/// Gradients of the raw products at one step, [gates · units][lanes] of one slice. They stay in the cache,
/// where those in the place of what forward kept would go to memory.
struct LaneNormGradients {
  float *input = nullptr, *recurrent = nullptr;
};

class LaneNorm {
 public:
  LaneNorm() = default;
  LaneNorm(const RecurrentShape& shape, const StepOptions<float>& options,
           const RecurrentWeights<const float>& weights, Workspace& workspace);
  bool used() const { return input_gain_ != nullptr; }
  bool of_state() const { return state_gain_ != nullptr; }

  /// For forward: packs the weights; `bias` of the sums.
  void prepare(const RecurrentWeights<const float>& weights, const float* bias, Workspace& workspace);
  LaneNormTrace make_trace(std::int64_t lanes, std::int64_t slots, Workspace& workspace) const;
  /// Of the lanes from `first` of a block, at slot `at` of `slots`.
  LaneNormTrace find(const LaneNormTrace& all, std::int64_t block_lane, std::int64_t width,
                     std::int64_t first, std::int64_t at, std::int64_t slots) const;

  /// The call's sums.
  void make_sums(const kernels::CellCall<float>& call, const LaneNormTrace& now, const ProductInputs& read,
                 bool h_is_zero) const;
  /// After the formulas: normalises the state and gives h from it.
  void finish(kernels::CellCall<float> call, const LaneNormTrace& now) const;

  /// For backward: packs what it makes anew.
  void prepare_input(const RecurrentWeights<const float>& weights, Workspace& workspace);
  /// Instead of the formulas' backward.
  void run_backward(kernels::CellCall<float> call, const LaneNormTrace& now,
                    const GainSums<float>& gains) const;
  /// From the sums' gradients to those of the raw products.
  void products_backward(const kernels::CellCall<float>& call, const LaneNormTrace& now,
                         const ProductInputs& read, const GainSums<float>& gains,
                         const LaneNormGradients& to) const;

  /// Sums of one slice's gains and biases over its lanes' steps, [rows][lanes] each: how many elements a
  /// lane, and those in `memory` for so many lanes.
  std::int64_t gains_size() const {
    return ((info_->recurrent_bias ? 4 : 3) * info_->gates + (of_state() ? 2 : 0)) * units_;
  }
  GainSums<float> make_gains(float* memory, std::int64_t lanes) const;
  /// A sequence that enters a lane brings its place's sums along, and takes them away again.
  void move_gains(bool enters, const GainSums<float>& gains, std::int64_t lanes, std::int64_t lane,
                  const GainSums<float>& sums, std::int64_t place) const;

 private:
  bool keeps_input() const { return inputs_ > kernels::kFewInputs; }
  /// Products of few inputs are made where they are needed, unless every gate has inputs of its own.
  bool makes_input() const { return !keeps_input() && !each_input_; }
  /// Both products feed the same sums.
  bool paired() const { return in_.first == rec_.first && in_.gate == rec_.gate && !info_->recurrent_bias; }
  kernels::LaneProductNorm input_norm(const LaneNormTrace& now, const ProductInputs& read) const;
  kernels::LaneProductNorm recurrent_norm(const LaneNormTrace& now) const;
  kernels::LaneValues made_input(const ProductInputs& read) const { return {read.x, few_weights_, inputs_}; }

  const cells::CellInfo* info_ = nullptr;
  kernels::CellFormulas<float> formulas_{};
  std::int64_t units_ = 0, inputs_ = 0;
  float epsilon_ = 0;
  GateRange in_, rec_;
  bool each_input_ = false, each_recurrent_ = false;  ///< gates read x and h of their own
  LaneProduct input_, recurrent_;
  const float* few_weights_ = nullptr;  ///< [gates · units][inputs] when products of inputs are made in place
  const float* bias_ = nullptr;
  const float *input_gain_ = nullptr, *recurrent_gain_ = nullptr, *state_gain_ = nullptr,
              *state_bias_ = nullptr;
};

}  // namespace rondo
