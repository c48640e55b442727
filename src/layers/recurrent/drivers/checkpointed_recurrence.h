#pragma once

#include <optional>

#include "layers/recurrent/drivers/recurrence.h"
#include "rondo/tape/layer.h"

// Exact backpropagation through time in bounded memory (Chen et al. 2016, "Training deep nets with sublinear
// memory cost"; for recurrent networks Gruslys et al. 2016): the forward pass keeps the states at the
// beginning of some segments only; the backward pass runs each segment forwards once more, from the last to
// the first. Same bits as with everything kept.

namespace rondo {

/// How long the segments are: `steps` each.
struct Checkpoints {
  std::int64_t steps = 0, count = 1;

  /// The longest segments that fit into `bytes` for a layer whose steps keep `step_bytes` on average, and
  /// whose states take `state_bytes`. bytes 0: one segment. Nothing when no length fits: less than
  /// least_bytes. (No error is made here, since its text would cost memory in steps that are fine.)
  static std::optional<Checkpoints> plan(std::int64_t longest, std::size_t step_bytes,
                                         std::size_t state_bytes, std::size_t bytes);
  static std::size_t least_bytes(std::int64_t longest, std::size_t step_bytes, std::size_t state_bytes);

 private:
  static std::int64_t most_segments(std::int64_t longest, std::size_t step_bytes, std::size_t state_bytes);
  static std::size_t needed(std::int64_t segments, std::int64_t longest, std::size_t step_bytes,
                            std::size_t state_bytes);
};

template <class T>
class CheckpointedRecurrence {
 public:
  /// `widths`: of the states.
  CheckpointedRecurrence(const RecurrentShape& shape, const Layout& layout, Call& call,
                         const RecurrentExtras<T>& extras, const std::array<std::int64_t, kMaxStates>& widths,
                         const Checkpoints& checkpoints)
      : shape_(shape),
        layout_(layout),
        call_(call),
        extras_(extras),
        widths_(widths),
        checkpoints_(checkpoints) {}

  /// As Recurrence::forward; `states` [segments - 1][state][batch, width] is what backward needs.
  void forward(const RecurrentWeights<const T>& weights, View<const T> x,
               const std::array<const T*, kMaxStates>& initial, View<T> y,
               const std::array<T*, kMaxStates>& final, T* states);
  /// As Recurrence::backward.
  void backward(const RecurrentWeights<const T>& weights, View<const T> x,
                const std::array<const T*, kMaxStates>& initial, const T* states, View<const T> dy,
                const std::array<T*, kMaxStates>& d_state, const RecurrentWeights<T>& gradients, View<T> dx);

 private:
  TimeSlice slice(std::int64_t segment) const;
  Recurrence<T> driver(const TimeSlice& slice) const;
  std::array<T*, kMaxStates> states_at(T* states, std::int64_t segment) const;

  RecurrentShape shape_;
  const Layout& layout_;
  Call& call_;
  RecurrentExtras<T> extras_;
  std::array<std::int64_t, kMaxStates> widths_;
  Checkpoints checkpoints_;
};

}  // namespace rondo
