#include "layers/recurrent/drivers/single.h"

#include <algorithm>

#include "layers/recurrent/drivers/small_cell.h"

namespace rondo {
namespace {

/// Packing costs about as much as a few steps.
constexpr std::int64_t kMinSteps = 16;

struct SingleForward {
  const RecurrentShape& shape;
  const RecurrentPlan<float>::Args& args;
  const kernels::StreamKernels kernels;
  Workspace& workspace;
  const std::int64_t steps, units = shape.units;
  const std::int64_t pitch = (units + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
  const int states = shape.cell->info.states;

  float* take(std::int64_t count) const { return workspace.take<float>(count); }
  float* y_row(std::int64_t t) const { return args.y.data == nullptr ? nullptr : args.y.row(t); }

  /// States [`room`] side by side, the first `units` of each as they are before the first step.
  float* first_states(std::int64_t room, float* memory) const {
    for (int j = 0; j < states; ++j) copy_state(nth(args.initial, j), 0, units, memory + j * room);
    return memory;
  }
  void write_final(const float* last, std::int64_t room) const {
    for (int j = 0; j < states; ++j) std::copy_n(last + j * room, units, nth(args.final, j));
  }
  SmallCell cell(std::int64_t room, bool keeps) const {
    std::array<std::int64_t, kMaxStates> offset{};
    for (int j = 0; j < states; ++j) nth(offset, j) = j * room;
    return {shape, args.weights, kernels, take(SmallCell::memory(shape, kernels)), offset, keeps};
  }

  void run() const {
    float* next_h = workspace.zeros<float>((states + 1) * pitch);
    float* now = first_states(pitch, next_h + pitch);
    const SmallCell small = cell(pitch, false);
    for (std::int64_t t = 0; t < steps; ++t) small.step(args.x.row(t), now, next_h, y_row(t), t % 2 != 0);
    write_final(now, pitch);
  }

  /// Every state is written where the trace has it, a row behind that before it.
  RowsTrace<float> run_and_keep() const {
    const std::int64_t room = steps * units + pitch, stride = shape.sums_stride();
    float* rows = first_states(room, take(states * room));
    RowsTrace<float> trace;
    trace.rows = steps;
    trace.sums = take(steps * stride);
    for (int j = 0; j < states; ++j) nth(trace.states, j) = rows + j * room;
    const SmallCell small = cell(room, true);
    for (std::int64_t t = 0; t < steps; ++t)
      small.keep_step(args.x.row(t), rows + t * units, trace.sums + t * stride, y_row(t), t % 2 != 0);
    write_final(rows + steps * units, room);
    trace.vectors = gather_vectors(shape, args.weights, workspace);
    return trace;
  }
};

/// False also where packing the weights does not repay.
bool applies(const RecurrentPlan<float>& plan, Workspace&) {
  return plan.time.batch() == 1 && plan.time.longest() >= kMinSteps && !plan.options.any() &&
         SmallCell::serves(plan.shape, kernels::stream_kernels());
}

const RecurrentTrace* forward(const RecurrentPlan<float>& plan, const RecurrentPlan<float>::Args& args,
                              Workspace& workspace, bool keep) {
  const SingleForward single{plan.shape, args, kernels::stream_kernels(), workspace, plan.time.longest()};
  if (keep) return workspace.copy(single.run_and_keep());
  single.run();
  return nullptr;
}

}  // namespace

RecurrentDriver<RecurrentPlan<float>> single_driver() {
  return {"single", applies, forward, rows_backward<float>};
}

}  // namespace rondo
