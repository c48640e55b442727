#pragma once

#include <cstdint>
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

template <class T>
class RecurrentInput {
 public:
  /// In forward makes what the driver reads and keeps what backward needs of it, which finds it again.
  RecurrentInput(Call& call, const RecurrentInputOptions& options, bool forward);

  /// As the driver reads it: [masks][total, inputs], gate_stride elements apart (0: one for all gates).
  View<const T> x() const { return x_; }
  std::int64_t gate_stride() const { return options_.masks > 1 && masks_ != nullptr ? x_.rows * x_.cols : 0; }

  /// Where the driver may add the gradient of what it read; without data when nobody asks for it.
  View<T> room_for_gradient() const;
  /// Adds the driver's gradient to that of the layer's input.
  void add_gradient(View<T> gradient) const;

 private:
  bool is_changed() const { return options_.reversed || masks_ != nullptr; }
  void read();

  Call& call_;
  const RecurrentInputOptions options_;
  const Layout& layout_;
  View<const T> x_;
  T* masks_ = nullptr;  ///< [masks][batch, inputs] by place, null without dropout
};

}  // namespace rondo
