#include "layers/single_forward.h"

#include <algorithm>

#include "layers/small_cell.h"

namespace rondo {

namespace {

/// Packing costs about as much as a few steps.
constexpr std::int64_t kFewestSteps = 16;

}  // namespace

bool forward_single(const RecurrentShape& shape, const TimeSlice& layout,
                    const RecurrentWeights<const float>& weights, View<const float> x,
                    const std::array<const float*, kMaxStates>& initial, View<float> y,
                    const std::array<float*, kMaxStates>& final, void* owner, TakeMemory<float> take) {
  const std::int64_t steps = layout.longest(), units = shape.units;
  if (layout.batch() != 1 || steps < kFewestSteps) return false;
  const kernels::StreamKernels kernels = kernels::stream_kernels();
  if (!SmallCell::serves(shape, kernels)) return false;

  const std::int64_t pitch = (units + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const int count = shape.cell->info.states;
  std::array<std::int64_t, kMaxStates> offset{};
  for (int j = 0; j < count; ++j) offset[static_cast<std::size_t>(j)] = j * pitch;
  float* states = take(owner, (count + 1) * pitch);
  float* next_h = states + count * pitch;
  std::fill_n(states, (count + 1) * pitch, 0.0F);
  for (int j = 0; j < count; ++j) {
    const float* from = initial[static_cast<std::size_t>(j)];
    if (from != nullptr) std::copy_n(from, units, states + j * pitch);
  }
  const SmallCell cell(shape, weights, kernels, take(owner, SmallCell::memory(shape, kernels)), offset);
  for (std::int64_t t = 0; t < steps; ++t) {
    cell.step(x.row(t), states, next_h, y.data == nullptr ? nullptr : y.row(t), t % 2 != 0);
  }
  for (int j = 0; j < count; ++j) std::copy_n(states + j * pitch, units, final[static_cast<std::size_t>(j)]);
  return true;
}

}  // namespace rondo
