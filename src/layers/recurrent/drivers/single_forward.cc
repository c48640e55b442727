#include "layers/recurrent/drivers/single_forward.h"

#include <algorithm>

#include "layers/recurrent/drivers/small_cell.h"

namespace rondo {

namespace {

/// Packing costs about as much as a few steps.
constexpr std::int64_t kMinSteps = 16;

struct SingleForward {
  const RecurrentShape& shape;
  const kernels::StreamKernels kernels;
  const RecurrentWeights<const float>& weights;
  View<const float> x;
  const std::array<const float*, kMaxStates>& initial;
  View<float> y;
  const std::array<float*, kMaxStates>& final;
  void* owner;
  TakeMemory<float> take_memory;
  const std::int64_t steps = x.rows, units = shape.units;
  const std::int64_t pitch = (units + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const int states = shape.cell->info.states;

  float* take(std::int64_t count) const { return take_memory(owner, count); }
  float* y_row(std::int64_t t) const { return y.data == nullptr ? nullptr : y.row(t); }

  /// States [`room`] side by side, the first `units` of each as they are before the first step.
  float* first_states(std::int64_t room, float* memory) const {
    for (int j = 0; j < states; ++j) {
      const float* from = initial[static_cast<std::size_t>(j)];
      if (from != nullptr) std::copy_n(from, units, memory + j * room);
      if (from == nullptr) std::fill_n(memory + j * room, units, 0.0F);
    }
    return memory;
  }
  void write_final(const float* last, std::int64_t room) const {
    for (int j = 0; j < states; ++j) std::copy_n(last + j * room, units, final[static_cast<std::size_t>(j)]);
  }
  SmallCell cell(std::int64_t room, bool keeps) const {
    std::array<std::int64_t, kMaxStates> offset{};
    for (int j = 0; j < states; ++j) offset[static_cast<std::size_t>(j)] = j * room;
    return {shape, weights, kernels, take(SmallCell::memory(shape, kernels)), offset, keeps};
  }

  void run() const {
    float* next_h = take((states + 1) * pitch);
    std::fill_n(next_h, (states + 1) * pitch, 0.0F);
    float* now = first_states(pitch, next_h + pitch);
    const SmallCell small = cell(pitch, false);
    for (std::int64_t t = 0; t < steps; ++t) small.step(x.row(t), now, next_h, y_row(t), t % 2 != 0);
    write_final(now, pitch);
  }

  /// Every state is written where the trace has it, a row behind that before it.
  RecurrentTrace<float> run_and_keep() const {
    const std::int64_t room = steps * units + pitch, stride = shape.sums_stride();
    float* rows = first_states(room, take(states * room));
    RecurrentTrace<float> trace;
    trace.sums = take(steps * stride);
    for (int j = 0; j < states; ++j) trace.states[static_cast<std::size_t>(j)] = rows + j * room;
    const SmallCell small = cell(room, true);
    for (std::int64_t t = 0; t < steps; ++t)
      small.keep_step(x.row(t), rows + t * units, trace.sums + t * stride, y_row(t), t % 2 != 0);
    write_final(rows + steps * units, room);
    float* vectors = take(std::max(shape.cell->info.vectors, 1) * units);
    for (int p = 0; p < shape.cell->info.vectors; ++p)
      std::copy_n(weights.vectors[static_cast<std::size_t>(p)], units, vectors + p * units);
    trace.vectors = vectors;
    return trace;
  }
};

}  // namespace

bool forward_single(const RecurrentShape& shape, const TimeSlice& layout,
                    const RecurrentWeights<const float>& weights, View<const float> x,
                    const std::array<const float*, kMaxStates>& initial, View<float> y,
                    const std::array<float*, kMaxStates>& final, RecurrentTrace<float>* trace, void* owner,
                    TakeMemory<float> take) {
  if (layout.batch() != 1 || layout.longest() < kMinSteps) return false;
  const kernels::StreamKernels kernels = kernels::stream_kernels();
  if (!SmallCell::serves(shape, kernels)) return false;
  const SingleForward single{shape, kernels, weights, x.rows_from(0, layout.longest()), initial, y,
                             final, owner,   take};
  if (trace == nullptr) {
    single.run();
  } else {
    *trace = single.run_and_keep();
  }
  return true;
}

}  // namespace rondo
