#include "layers/recurrent/drivers/checkpointed_recurrence.h"

#include <algorithm>
#include <cmath>

#include "layers/recurrent/drivers/gain_sums.h"

namespace rondo {
namespace {

template <class T>
T* take_scratch(void* call, std::int64_t count) {
  return static_cast<Call*>(call)->scratch<T>(count);
}

template <class V>
V rows_of(V all, const TimeSlice& slice) {
  return all.data == nullptr ? all : all.rows_from(slice.first_row(), slice.total());
}

}  // namespace

std::int64_t Checkpoints::most_segments(std::int64_t longest, std::size_t step_bytes,
                                        std::size_t state_bytes) {
  // What is needed falls until about here, where the kept states cost as much as a segment's steps.
  const double balance = std::sqrt(static_cast<double>(longest) * static_cast<double>(step_bytes) /
                                   static_cast<double>(std::max<std::size_t>(state_bytes, 1)));
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(balance), 2, std::max<std::int64_t>(longest, 2));
}

std::size_t Checkpoints::needed(std::int64_t segments, std::int64_t longest, std::size_t step_bytes,
                                std::size_t state_bytes) {
  const std::int64_t steps = (longest + segments - 1) / segments;
  return static_cast<std::size_t>(steps) * step_bytes +
         (segments > 1 ? static_cast<std::size_t>(segments) * state_bytes : 0);
}

std::size_t Checkpoints::least_bytes(std::int64_t longest, std::size_t step_bytes, std::size_t state_bytes) {
  return std::min(needed(1, longest, step_bytes, state_bytes),
                  needed(most_segments(longest, step_bytes, state_bytes), longest, step_bytes, state_bytes));
}

std::optional<Checkpoints> Checkpoints::plan(std::int64_t longest, std::size_t step_bytes,
                                             std::size_t state_bytes, std::size_t bytes) {
  const auto fits = [&](std::int64_t segments) {
    return needed(segments, longest, step_bytes, state_bytes) <= bytes;
  };
  Checkpoints plan{std::max<std::int64_t>(longest, 1), 1};
  if (bytes == 0 || longest == 0 || fits(1)) return plan;
  std::int64_t low = 1, high = most_segments(longest, step_bytes, state_bytes);
  if (!fits(high)) return std::nullopt;
  while (high - low > 1) {  // low does not fit, high does
    const std::int64_t middle = low + (high - low) / 2;
    (fits(middle) ? high : low) = middle;
  }
  plan.steps = (longest + high - 1) / high;
  plan.count = (longest + plan.steps - 1) / plan.steps;
  return plan;
}

template <class T>
TimeSlice CheckpointedRecurrence<T>::slice(std::int64_t segment) const {
  const std::int64_t first = segment * checkpoints_.steps;
  return {layout_, first, std::min(checkpoints_.steps, layout_.longest() - first)};
}

template <class T>
Recurrence<T> CheckpointedRecurrence<T>::driver(const TimeSlice& slice) const {
  RecurrentExtras<T> extras = extras_;
  for (kernels::Zone<T>& zone : extras.zones) {
    if (zone.bits != nullptr) zone.bits += slice.first_row() * zone.stride;
  }
  return Recurrence<T>(shape_, slice, call_.pool(), &call_, take_scratch<T>, extras);
}

/// The states at the beginning of a segment, the first one's left out: those are the initial states.
template <class T>
std::array<T*, kMaxStates> CheckpointedRecurrence<T>::states_at(T* states, std::int64_t segment) const {
  std::array<T*, kMaxStates> at{};
  std::int64_t size = 0;
  for (int j = 0; j < shape_.cell->info.states; ++j)
    size += layout_.batch() * widths_[static_cast<std::size_t>(j)];
  T* next = states + (segment - 1) * size;
  for (int j = 0; j < shape_.cell->info.states; ++j) {
    at[static_cast<std::size_t>(j)] = next;
    next += layout_.batch() * widths_[static_cast<std::size_t>(j)];
  }
  return at;
}

template <class T>
void CheckpointedRecurrence<T>::forward(const RecurrentWeights<const T>& weights, View<const T> x,
                                        const std::array<const T*, kMaxStates>& initial, View<T> y,
                                        const std::array<T*, kMaxStates>& final, T* states) {
  std::array<const T*, kMaxStates> from = initial;
  for (std::int64_t k = 0; k < checkpoints_.count; ++k) {
    const ScratchScope scope(call_);
    const TimeSlice part = slice(k);
    const std::array<T*, kMaxStates> to = k + 1 < checkpoints_.count ? states_at(states, k + 1) : final;
    driver(part).forward(weights, rows_of(x, part), from, rows_of(y, part), to, nullptr);
    std::ranges::copy(to, from.begin());
  }
}

template <class T>
void CheckpointedRecurrence<T>::backward(const RecurrentWeights<const T>& weights, View<const T> x,
                                         const std::array<const T*, kMaxStates>& initial, const T* states,
                                         View<const T> dy, const std::array<T*, kMaxStates>& d_state,
                                         const RecurrentWeights<T>& gradients, View<T> dx) {
  // Each segment goes on with the sums of the later ones, and places are added up once, so that bits stay.
  const bool gains = extras_.normalized;
  if (gains) {
    extras_.gain_sums =
        make_gain_sums<T>(shape_, layout_.batch(), weights.state_gain != nullptr, &call_, take_scratch<T>);
  }
  for (std::int64_t k = checkpoints_.count; k-- > 0;) {
    const ScratchScope scope(call_);
    const TimeSlice part = slice(k);
    std::array<const T*, kMaxStates> from = initial;
    if (k > 0) std::ranges::copy(states_at(const_cast<T*>(states), k), from.begin());
    std::array<T*, kMaxStates> final{};
    for (int j = 0; j < shape_.cell->info.states; ++j) {
      const auto at = static_cast<std::size_t>(j);
      final[at] = call_.scratch<T>(layout_.batch() * widths_[at]);
    }
    Recurrence<T> run = driver(part);
    RecurrentTrace<T> trace;
    run.forward(weights, rows_of(x, part), from, {}, final, &trace);
    run.backward(weights, rows_of(x, part), trace, rows_of(dy, part), d_state, gradients, rows_of(dx, part));
  }
  if (gains) add_gain_sums(shape_, layout_.batch(), extras_.gain_sums, gradients);
}

template class CheckpointedRecurrence<float>;
template class CheckpointedRecurrence<double>;

}  // namespace rondo
