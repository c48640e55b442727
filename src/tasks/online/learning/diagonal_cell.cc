#include "tasks/online/learning/diagonal_cell.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "rondo/base/random.h"

namespace rondo::online {
namespace {

constexpr double kLongestMemory = 200;  // steps

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Whether sum k goes through the sigmoid of a gate rather than the tanh of a candidate or state.
bool is_gate(const cells::CellInfo& info, std::size_t k) {
  const std::string_view name = info.gate_names[k];
  return name != "candidate" && name != "state";
}

}  // namespace

std::vector<std::string> diagonal_cell_names() {
  std::vector<std::string> names = kernels::cell_types();
  std::erase_if(names, [](const std::string& name) {
    return kernels::find_cell(name)->info.recurrence != cells::Recurrence::diagonal;
  });
  return names;
}

void initialize_diagonal_cell(const DiagonalCell& cell, std::uint64_t seed, std::span<float> weights) {
  const RandomStream random(seed, purpose_key("diagonal_cell"));
  const std::int64_t columns = cell.weight_columns();
  const double limit = std::sqrt(6.0 / static_cast<double>(cell.inputs + cell.units));
  for (std::int64_t i = 0; i < cell.inputs * columns; ++i)
    weights[at(i)] = static_cast<float>(limit * (2 * random.uniform(static_cast<std::uint64_t>(i)) - 1));
  const std::span<float> recurrent = weights.subspan(at(cell.inputs * columns), at(columns));
  const std::span<float> bias = weights.subspan(at((cell.inputs + 1) * columns), at(columns));
  std::fill(recurrent.begin(), recurrent.end(), 0.0F);
  std::fill(bias.begin(), bias.end(), 0.0F);
  const int forget = cell.cell->info.forget_gate;
  for (std::int64_t u = 0; u < cell.units; ++u) {
    // Memories from one step to the longest, evenly on a scale of logarithms.
    const double place = cell.units == 1 ? 0.5 : static_cast<double>(u) / static_cast<double>(cell.units - 1);
    const double steps = std::pow(kLongestMemory, place);
    if (forget < 0)
      recurrent[at(u)] = static_cast<float>(1 - 1 / steps);
    else  // σ(bias) is about 1 - 1 / steps
      bias[at(forget * cell.units + u)] = static_cast<float>(std::log(steps - 1 + 0.1));
  }
}

template <class T>
DiagonalStepper<T>::DiagonalStepper(const DiagonalCell& cell)
    : cell_(cell),
      zeros_(at(cell.weight_columns())),
      gates_(zeros_),
      slopes_(zeros_),
      carry_(at(cell.units)),
      next_(carry_),
      d_vectors_(zeros_) {}

template <class T>
kernels::CellCall<T> DiagonalStepper<T>::call(std::vector<T>& sums, std::span<const T> state) const {
  kernels::CellCall<T> call;
  call.rows = 1;
  call.units = cell_.units;
  call.vectors = zeros_.data();
  call.sums = sums.data();
  call.state[0] = state.data();
  return call;
}

template <class T>
void DiagonalStepper<T>::run_forward(std::span<const T> weights, std::span<const T> x,
                                     std::span<const T> state, std::span<T> next) {
  const std::size_t columns = gates_.size(), units = state.size();
  const T* recurrent = weights.data() + x.size() * columns;
  const T* bias = recurrent + columns;
  for (std::size_t gate = 0; gate < columns; gate += units) {
    for (std::size_t u = 0; u < units; ++u)
      gates_[gate + u] = bias[gate + u] + recurrent[gate + u] * state[u];
  }
  const T* row = weights.data();
  for (const T value : x) {
    for (std::size_t c = 0; c < columns; ++c) gates_[c] += value * row[c];
    row += columns;
  }
  kernels::CellCall<T> forward = call(gates_, state);
  forward.next[0] = next.data();
  kernels::formulas<T>(*cell_.cell).forward(forward);
}

/// The cell's own backward pass from ∂L/∂h' = 1. Activations count as linear there, which leaves ∂h' / ∂gate.
template <class T>
void DiagonalStepper<T>::run_backward(std::span<const T> weights, std::span<const T> state) {
  const std::size_t units = state.size();
  const T* recurrent = weights.data() + weights.size() - 2 * gates_.size();
  slopes_ = gates_;
  std::ranges::fill(carry_, T{1});
  kernels::CellCall<T> backward = call(slopes_, state);
  backward.activation = backward.recurrent_activation = kernels::ActivationKind::linear;
  backward.d_state[0] = carry_.data();
  backward.d_vectors = d_vectors_.data();
  kernels::formulas<T>(*cell_.cell).backward(backward);
  for (std::size_t k = 0; k * units < gates_.size(); ++k) {
    for (std::size_t u = 0; u < units; ++u) {
      const T y = gates_[k * units + u];
      T& slope = slopes_[k * units + u];
      slope = is_gate(cell_.cell->info, k) ? slope * y * (1 - y) : slope * (1 - y * y);
      carry_[u] += slope * recurrent[k * units + u];
    }
  }
}

template <class T>
void DiagonalStepper<T>::step(std::span<const T> weights, std::span<const T> x, std::span<T> state) {
  run_forward(weights, x, state, state);
}

template <class T>
void DiagonalStepper<T>::step(std::span<const T> weights, std::span<const T> x, std::span<T> state,
                              std::span<T> influence) {
  run_forward(weights, x, state, next_);
  run_backward(weights, state);
  // ∂h'/∂w = carry · ∂h/∂w + slope · (what w is multiplied with), the state before the step among those.
  const std::size_t columns = gates_.size(), units = state.size();
  T* row = influence.data();
  const auto advance = [&](auto factor) {
    for (std::size_t gate = 0; gate < columns; gate += units) {
      for (std::size_t u = 0; u < units; ++u)
        row[gate + u] = carry_[u] * row[gate + u] + slopes_[gate + u] * factor(u);
    }
    row += columns;
  };
  for (const T value : x) advance([value](std::size_t) { return value; });
  advance([&](std::size_t u) { return state[u]; });
  advance([](std::size_t) { return T{1}; });
  std::ranges::copy(next_, state.begin());
}

template <class T>
void DiagonalStepper<T>::add_gradient(std::span<const T> d_state, std::span<const T> influence,
                                      std::span<T> gradient) const {
  const std::size_t units = d_state.size();
  for (std::size_t start = 0; start < influence.size(); start += units) {
    for (std::size_t u = 0; u < units; ++u) gradient[start + u] += d_state[u] * influence[start + u];
  }
}

template class DiagonalStepper<float>;
template class DiagonalStepper<double>;

}  // namespace rondo::online
