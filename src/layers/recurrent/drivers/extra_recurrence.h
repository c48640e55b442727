#pragma once

#include <array>
#include <cstdint>

#include "layers/recurrent/common/gate_product.h"
#include "layers/recurrent/drivers/recurrence.h"

// The driver for cells with extras: between products and formulas it runs the passes that dropout on states,
// zoneout, layer normalisation and projections ask for. Places and packed rows as in Recurrence.

namespace rondo {

/// What the forward pass leaves. `rows` is one a step (packed), or one a place when nothing is kept.
template <class T>
struct ExtraTrace {
  std::int64_t rows = 0;
  T* sums = nullptr;                      ///< [rows, sums_stride]
  std::array<T*, kMaxStates> states{};    ///< [rows, width of the state]: before each step
  T* operand = nullptr;                   ///< [rows, units]: of two-stage cells, or the normalised cell state
  T* masked = nullptr;                    ///< [gates][rows, width of h]: what the recurrent products read
  T* input_normal = nullptr;              ///< [rows, gates·units]: normalised products, in the sums' order
  T* recurrent_normal = nullptr;          ///< the same
  T* state_normal = nullptr;              ///< [rows, units]
  T* input_inverse = nullptr;             ///< [rows]: 1 / deviation
  std::array<T*, 2> recurrent_inverse{};  ///< [rows] for each stage
  T* state_inverse = nullptr;             ///< [rows]
  T* unprojected = nullptr;               ///< [rows, units]: what the projection reads
  const T* vectors = nullptr;             ///< [vectors, units]
};

template <class T>
class ExtraRecurrence {
 public:
  ExtraRecurrence(const RecurrentShape& shape, const TimeSlice& layout, Pool& pool, void* owner,
                  TakeMemory<T> take, const RecurrentExtras<T>& extras);

  /// As Recurrence::forward; the trace is null unless `keeps`.
  const ExtraTrace<T>* forward(const RecurrentWeights<const T>& weights, View<const T> x,
                               const std::array<const T*, kMaxStates>& initial, View<T> y,
                               const std::array<T*, kMaxStates>& final, bool keeps);
  /// As Recurrence::backward.
  void backward(const RecurrentWeights<const T>& weights, View<const T> x, const ExtraTrace<T>& trace,
                View<const T> dy, const std::array<T*, kMaxStates>& d_state,
                const RecurrentWeights<T>& gradients, View<T> dx);

 private:
  struct Forward;
  struct Backward;

  T* take(std::int64_t count) { return take_(owner_, count); }
  std::int64_t width(int state) const {
    return state == 0 && extras_.projected > 0 ? extras_.projected : shape_.units;
  }
  /// Gains of a range's columns in the order of its sums.
  const T* gains_of(const T* gains, const GateRange& range);
  kernels::CellCall<T> call_of(const ExtraTrace<T>& trace, std::int64_t rows) const;

  RecurrentShape shape_;
  const cells::CellInfo& info_;
  TimeSlice layout_;
  Pool& pool_;
  void* owner_;
  TakeMemory<T> take_;
  RecurrentExtras<T> extras_;
  std::int64_t units_, stride_;
  GateRange inputs_;
  std::array<GateRange, 2> recurrent_;
  std::array<std::int64_t, 2> recurrent_column_{};  ///< where a stage's columns begin in recurrent_normal
};

}  // namespace rondo
