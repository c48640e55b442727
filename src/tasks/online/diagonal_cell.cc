#include "tasks/online/diagonal_cell.h"

#include <algorithm>
#include <cmath>

#include "kernels/activations.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"

namespace rondo::online {
namespace {

using Kind = DiagonalCell::Kind;

constexpr double kLongestMemory = 200;  // steps

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T>
void activate(kernels::ActivationKind kind, T* values, std::int64_t count) {
  kernels::activate_rows<T>(kind, {values, 1, count, count}, {values, 1, count, count});
}

}  // namespace

std::vector<std::string> diagonal_cell_names() { return {"indrnn", "diagonal_gru"}; }

Kind diagonal_cell_kind(const std::string& name) {
  if (name == "indrnn") return Kind::indrnn;
  if (name == "diagonal_gru") return Kind::diagonal_gru;
  throw Error(ErrorKind::usage, "unknown diagonal cell '" + name + "'").expected("indrnn, diagonal_gru");
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
  for (std::int64_t u = 0; u < cell.units; ++u) {
    // Memories from one step to the longest, evenly on a scale of logarithms.
    const double place = cell.units == 1 ? 0.5 : static_cast<double>(u) / static_cast<double>(cell.units - 1);
    const double steps = std::pow(kLongestMemory, place);
    if (cell.kind == Kind::indrnn)
      recurrent[at(u)] = static_cast<float>(1 - 1 / steps);
    else
      bias[at(u)] = static_cast<float>(std::log(steps - 1 + 0.1));  // σ(bias) is about 1 - 1 / steps
  }
}

template <class T>
DiagonalStepper<T>::DiagonalStepper(const DiagonalCell& cell) : cell_(cell) {
  gates_.resize(at(cell.weight_columns()));
  slopes_.resize(gates_.size());
  carry_.resize(at(cell.units));
}

template <class T>
void DiagonalStepper<T>::formulas(std::span<const T> weights, std::span<const T> x,
                                  std::span<const T> state) {
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
  if (cell_.kind == Kind::indrnn) {
    activate(kernels::ActivationKind::tanh, gates_.data(), cell_.units);
  } else {
    activate(kernels::ActivationKind::sigmoid, gates_.data(), cell_.units);
    activate(kernels::ActivationKind::tanh, gates_.data() + units, cell_.units);
  }
}

template <class T>
void DiagonalStepper<T>::step(std::span<const T> weights, std::span<const T> x, std::span<T> state) {
  formulas(weights, x, state);
  const std::size_t units = state.size();
  for (std::size_t u = 0; u < units; ++u) {
    state[u] = cell_.kind == Kind::indrnn ? gates_[u]
                                          : gates_[units + u] + gates_[u] * (state[u] - gates_[units + u]);
  }
}

template <class T>
void DiagonalStepper<T>::step(std::span<const T> weights, std::span<const T> x, std::span<T> state,
                              std::span<T> influence) {
  formulas(weights, x, state);
  const std::size_t columns = gates_.size(), units = state.size();
  const T* recurrent = weights.data() + x.size() * columns;
  for (std::size_t u = 0; u < units; ++u) {
    if (cell_.kind == Kind::indrnn) {
      slopes_[u] = 1 - gates_[u] * gates_[u];
      carry_[u] = slopes_[u] * recurrent[u];
    } else {
      const T z = gates_[u], n = gates_[units + u];
      slopes_[u] = (state[u] - n) * z * (1 - z);
      slopes_[units + u] = (1 - z) * (1 - n * n);
      carry_[u] = z + slopes_[u] * recurrent[u] + slopes_[units + u] * recurrent[units + u];
    }
  }
  // ∂h'/∂w = carry · ∂h/∂w + slope · (what w is multiplied with), the state before the step among those.
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
  for (std::size_t u = 0; u < units; ++u) {
    state[u] = cell_.kind == Kind::indrnn ? gates_[u]
                                          : gates_[units + u] + gates_[u] * (state[u] - gates_[units + u]);
  }
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
