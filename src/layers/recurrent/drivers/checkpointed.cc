#include "layers/recurrent/drivers/checkpointed.h"

#include <algorithm>
#include <cmath>

#include "layers/recurrent/common/gain_sums.h"

namespace rondo {
namespace {

/// Bytes that a forward pass keeps: of an average step, and of all states.
struct KeptBytes {
  std::size_t step = 0, state = 0;
  std::int64_t longest = 0;

  template <class T>
  static KeptBytes of(const RecurrentPlan<T>& plan) {
    const cells::CellInfo& info = plan.info();
    const std::int64_t units = plan.shape.units, longest = std::max<std::int64_t>(plan.time.longest(), 1);
    // A row's preactivations, twice where gradients are laid out in another way, its states and inputs, and
    // what cells of two stages add.
    std::int64_t row =
        2 * plan.shape.sums_stride() + (info.states + info.stages + 1) * units + plan.shape.inputs;
    if (plan.options.normalized) row += 2 * (info.gates + 1) * units;
    if (plan.options.recurrent_masks != nullptr) row += info.gates * plan.state_size(0);
    if (plan.options.state_decay.data != nullptr) row += units;
    std::int64_t state = 0;
    for (int j = 0; j < info.states; ++j) state += plan.time.batch() * plan.state_size(j);
    const std::int64_t step = (plan.time.total() + longest - 1) / longest * row;
    return {static_cast<std::size_t>(step) * sizeof(T), static_cast<std::size_t>(state) * sizeof(T),
            plan.time.longest()};
  }

  std::int64_t steps_of(std::int64_t segments) const { return (longest + segments - 1) / segments; }
  std::size_t in(std::int64_t segments) const {
    return static_cast<std::size_t>(steps_of(segments)) * step +
           (segments > 1 ? static_cast<std::size_t>(segments) * state : 0);
  }
  /// What is needed falls until about here, where the kept states cost as much as a segment's steps.
  std::int64_t max_segments() const {
    const double balance = std::sqrt(static_cast<double>(longest) * static_cast<double>(step) /
                                     static_cast<double>(std::max<std::size_t>(state, 1)));
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(balance), 2,
                                    std::max<std::int64_t>(longest, 2));
  }
};

/// The number of steps of the longest segments that fit into the plan's memory: all of them if that is 0.
/// When no length fits (least_memory), the shortest.
template <class T>
std::int64_t segment_steps(const RecurrentPlan<T>& plan) {
  const KeptBytes bytes = KeptBytes::of(plan);
  const auto fits = [&](std::int64_t segments) { return bytes.in(segments) <= plan.memory; };
  if (plan.memory == 0 || fits(1)) return plan.time.longest();
  std::int64_t low = 1, high = bytes.max_segments();
  while (high - low > 1) {  // low does not fit, high does
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? high : low) = middle;
  }
  return bytes.steps_of(high);
}

template <class T>
struct CheckpointedTrace : RecurrentTrace {
  std::array<const T*, kMaxStates> initial{};  ///< before the first segment
  T* states = nullptr;                         ///< before the others, [segments - 1][state][batch, size]
};

/// The segments of a plan, each of which is a plan too.
template <class T>
class Segments {
 public:
  using Plan = RecurrentPlan<T>;

  explicit Segments(const Plan& plan) : plan_(plan), steps_(segment_steps(plan)) {
    for (int j = 0; j < plan.info().states; ++j) states_size_ += plan.time.batch() * plan.state_size(j);
  }

  std::int64_t count() const { return (plan_.time.longest() + steps_ - 1) / steps_; }
  std::int64_t states_size() const { return (count() - 1) * states_size_; }

  Plan plan(std::int64_t segment) const {
    const std::int64_t first = segment * steps_;
    Plan part = plan_;
    part.memory = 0;
    part.time = plan_.time.part(first, std::min(steps_, plan_.time.longest() - first));
    part.options.state_decay = rows(part, plan_.options.state_decay);
    for (kernels::Zone<T>& zone : part.options.zones) {
      if (zone.bits != nullptr) zone.bits += first_row(part) * zone.stride;
    }
    return part;
  }
  /// The rows of a segment's steps, if there is data.
  template <class V>
  V rows(const Plan& part, V all) const {
    return all.data == nullptr ? all : all.rows_from(first_row(part), part.time.total());
  }
  /// The states before a segment, which is not the first, side by side in `states`.
  std::array<T*, kMaxStates> states_before(std::int64_t segment, T* states) const {
    return side_by_side(states + (segment - 1) * states_size_);
  }
  std::array<T*, kMaxStates> make_states(Workspace& workspace) const {
    return side_by_side(workspace.take<T>(states_size_));
  }

 private:
  std::int64_t first_row(const Plan& part) const { return part.time.first_row() - plan_.time.first_row(); }
  std::array<T*, kMaxStates> side_by_side(T* memory) const {
    std::array<T*, kMaxStates> states{};
    for (int j = 0; j < plan_.info().states; ++j) {
      nth(states, j) = memory;
      memory += plan_.time.batch() * plan_.state_size(j);
    }
    return states;
  }

  const Plan& plan_;
  const std::int64_t steps_;  ///< of a segment
  std::int64_t states_size_ = 0;
};

template <class T>
using Args = typename RecurrentPlan<T>::Args;
template <class T>
using Gradients = typename RecurrentPlan<T>::Gradients;

template <class T>
bool applies(const RecurrentPlan<T>& plan, Workspace&) {
  return segment_steps(plan) < plan.time.longest();
}

template <class T>
const RecurrentTrace* forward(const RecurrentPlan<T>& plan, const Args<T>& args, Workspace& workspace,
                              bool keep) {
  const Segments<T> segments(plan);
  CheckpointedTrace<T> trace{{}, args.initial, workspace.take<T>(segments.states_size())};
  const RecurrentTrace* kept = keep ? workspace.copy(trace) : nullptr;
  Args<T> part_args = args;
  for (std::int64_t k = 0; k < segments.count(); ++k) {
    const Workspace::Scope scope(workspace);
    const RecurrentPlan<T> part = segments.plan(k);
    part_args.x = segments.rows(part, args.x);
    part_args.y = segments.rows(part, args.y);
    part_args.final = k + 1 < segments.count() ? segments.states_before(k + 1, trace.states) : args.final;
    choose_driver(part, workspace).forward(part, part_args, workspace, false);
    std::ranges::copy(part_args.final, part_args.initial.begin());
  }
  return kept;
}

template <class T>
void backward(const RecurrentPlan<T>& plan, const Args<T>& args, const RecurrentTrace& trace,
              const Gradients<T>& gradients, Workspace& workspace) {
  const auto& kept = static_cast<const CheckpointedTrace<T>&>(trace);
  const Segments<T> segments(plan);
  // Each segment continues the sums of the later ones, and places are added up once, so that bits stay.
  GainSums<T> gains;
  if (plan.options.normalized) {
    gains = make_gain_sums<T>(plan.shape, plan.time.batch(), args.weights.state_gain != nullptr, workspace);
  }
  for (std::int64_t k = segments.count(); k-- > 0;) {
    const Workspace::Scope scope(workspace);
    RecurrentPlan<T> part = segments.plan(k);
    part.options.gain_sums = gains;
    Args<T> part_args{
        args.weights, segments.rows(part, args.x), kept.initial, {}, segments.make_states(workspace)};
    if (k > 0) std::ranges::copy(segments.states_before(k, kept.states), part_args.initial.begin());
    Gradients<T> part_gradients = gradients;
    part_gradients.dy = segments.rows(part, gradients.dy);
    part_gradients.dx = segments.rows(part, gradients.dx);
    part_gradients.d_state_decay = segments.rows(part, gradients.d_state_decay);
    RecurrentPass<RecurrentPlan<T>>::forward(part, part_args, workspace, true)
        .backward(part, part_args, part_gradients, workspace);
  }
  if (plan.options.normalized) add_gain_sums(plan.shape, plan.time.batch(), gains, gradients.weights);
}

}  // namespace

template <class T>
std::size_t least_memory(const RecurrentPlan<T>& plan) {
  const KeptBytes bytes = KeptBytes::of(plan);
  return std::min(bytes.in(1), bytes.in(bytes.max_segments()));
}

template <class T>
RecurrentDriver<RecurrentPlan<T>> checkpointed_driver() {
  return {"checkpointed", applies<T>, forward<T>, backward<T>};
}

template std::size_t least_memory(const RecurrentPlan<float>&);
template std::size_t least_memory(const RecurrentPlan<double>&);
template RecurrentDriver<RecurrentPlan<float>> checkpointed_driver();
template RecurrentDriver<RecurrentPlan<double>> checkpointed_driver();

}  // namespace rondo
