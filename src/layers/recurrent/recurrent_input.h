#pragma once

#include <string>

#include "rondo/tape/layer.h"

// What a recurrent layer does to its input before the recurrence reads it, and to the gradient that comes
// back: steps in reverse order, dropout.

namespace rondo {

/// What a recurrent layer's passes keep, by slots of their call.
enum RecurrentSlot : int {
  kTraceSlot,  ///< the driver and its trace
  kInputSlot,  ///< as it was read
  kInputMaskSlot,
  kRecurrentMaskSlot,
  kZoneSlot,  ///< of state 0; that of state 1 follows
  kZoneOfState1Slot,
};

struct RecurrentInputOptions {
  bool reversed = false;
  double dropout = 0;                  ///< active in training only
  int masks = 1;                       ///< different masks for one input: 1, or one for each gate
  const std::string* layer = nullptr;  ///< its name keys the random numbers
};

/// x as the driver reads it: [masks][total, inputs], gate_stride elements apart (0: one for all gates).
template <class T>
struct RecurrentInput {
  View<const T> x;
  std::int64_t gate_stride = 0;
  const T* masks = nullptr;  ///< [masks][batch, inputs] by place, null without dropout
};

/// In forward; keeps what backward needs.
template <class T>
RecurrentInput<T> read_recurrent_input(Call& call, const RecurrentInputOptions& options);
/// The same in backward.
template <class T>
RecurrentInput<T> kept_recurrent_input(const Call& call, const RecurrentInputOptions& options);

/// Where the driver may add the gradient of what it read; without data when nobody asks for it.
template <class T>
View<T> room_for_input_gradient(const Call& call, const RecurrentInput<T>& input,
                                const RecurrentInputOptions& options);
/// Adds the driver's gradient to that of the layer's input.
template <class T>
void add_input_gradient(const Call& call, const RecurrentInput<T>& input,
                        const RecurrentInputOptions& options, View<T> gradient);

}  // namespace rondo
