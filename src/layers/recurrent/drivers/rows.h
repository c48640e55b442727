#pragma once

#include <array>
#include <cstdint>

#include "layers/recurrent/common/gate_product.h"
#include "layers/recurrent/common/recurrent_plan.h"
#include "layers/recurrent/drivers/driver.h"

// The driver that runs every plan: SIMD lanes are hidden units, rows are sequences. Between products and
// formulas it runs the passes that the plan's options ask for, and none where there are none.

namespace rondo {

/// What the forward pass leaves: a row a step (packed) when it is kept, else a row a place.
template <class T>
struct RowsTrace : RecurrentTrace {
  std::int64_t rows = 0;
  T* sums = nullptr;                    ///< [rows, sums_stride]: preactivations, then what the formulas saved
  std::array<T*, kMaxStates> states{};  ///< [rows, size of the state]: before each step
  T* decayed = nullptr;                 ///< [rows, units]: h before the step times its decay
  T* gated_state = nullptr;             ///< [rows, units]: of two-stage cells, or the normalised cell state
  T* masked = nullptr;                  ///< [gates][rows, width of h]: what the recurrent products read
  T* input_normal = nullptr;            ///< [rows, gates·units]: normalised products, in the order of the
  T* recurrent_normal = nullptr;        ///< preactivations
  T* state_normal = nullptr;            ///< [rows, units]
  T* input_inverse = nullptr;           ///< [rows]: 1 / deviation
  std::array<T*, 2> recurrent_inverse{};  ///< [rows] for each stage
  T* state_inverse = nullptr;             ///< [rows]
  T* unprojected = nullptr;               ///< [rows, units]: what the projection reads
  const T* vectors = nullptr;             ///< [vectors, units]
};

/// What both directions know.
template <class T>
class RowsPass {
 protected:
  RowsPass(const RecurrentPlan<T>& plan, const RecurrentWeights<const T>& weights, Workspace& workspace);

  /// Packs the recurrent weights and finds the gains.
  void prepare_recurrent(typename GateProduct<T>::Options options);
  /// Gains of a range's columns in the order of its preactivations.
  const T* gains_of(const T* gains, const GateRange& range);
  kernels::Packed<T> pack_projection(bool transposed);
  /// A state's zone at a packed row.
  kernels::Zone<T> zone_at(int state, std::int64_t row) const;
  bool masks() const { return options_.recurrent_masks != nullptr; }
  bool decays() const { return options_.state_decay.data != nullptr; }
  bool projects() const { return options_.projected > 0; }
  std::int64_t width(int state) const { return plan_.state_size(state); }
  T* take(std::int64_t count) { return workspace_.take<T>(count); }

  const RecurrentPlan<T>& plan_;
  const StepOptions<T>& options_;
  const RecurrentWeights<const T>& weights_;
  Workspace& workspace_;
  const cells::CellInfo& info_;
  const kernels::CellFormulas<T> formulas_;
  const TimeSlice time_;
  const std::int64_t units_, h_width_, stride_;
  const std::int64_t gate_width_;  ///< gates · units
  const GateRange inputs_;
  std::array<GateRange, 2> recurrent_;
  std::array<std::int64_t, 2> recurrent_column_{};  ///< where a stage's columns begin in recurrent_normal
  std::array<GateProduct<T>, 2> recurrent_product_;
  const T* input_gain_ = nullptr;
  std::array<const T*, 2> recurrent_gain_{};
  const int parts_;
};

template <class T>
const RecurrentTrace* rows_forward(const RecurrentPlan<T>& plan, const typename RecurrentPlan<T>::Args& args,
                                   Workspace& workspace, bool keep);
template <class T>
void rows_backward(const RecurrentPlan<T>& plan, const typename RecurrentPlan<T>::Args& args,
                   const RecurrentTrace& trace, const typename RecurrentPlan<T>::Gradients& gradients,
                   Workspace& workspace);

template <class T>
constexpr RecurrentDriver<RecurrentPlan<T>> kRowsDriver{
    "rows", [](const RecurrentPlan<T>&, Workspace&) { return true; }, rows_forward<T>, rows_backward<T>};

}  // namespace rondo
