#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/tensor/matrix.h"

namespace rondo::online {

/// A recurrent cell whose units see no state but their own, so that exact gradients can be carried forward in
/// time: of all states only unit u's depends on unit u's weights.
///
///     indrnn        h' = tanh(a)                            Li et al., "Independently recurrent neural
///     network", 2018 diagonal_gru  z = σ(a_z), n = tanh(a_n), h' = z·h + (1 - z)·n     the same done to the
///     update gate of a GRU
///
/// where a = x·W + h∘u + b, one a gate. Weights are one array [inputs + 2, gates·units]: a row an input, then
/// u, then b.
struct DiagonalCell {
  enum class Kind { indrnn, diagonal_gru };
  Kind kind = Kind::indrnn;
  std::int64_t inputs = 0, units = 0;

  std::int64_t gates() const { return kind == Kind::indrnn ? 1 : 2; }
  std::int64_t weight_rows() const { return inputs + 2; }
  std::int64_t weight_columns() const { return gates() * units; }
  std::int64_t weight_count() const { return weight_rows() * weight_columns(); }
};

/// Names of the kinds, and the kind of a name.
std::vector<std::string> diagonal_cell_names();
DiagonalCell::Kind diagonal_cell_kind(const std::string& name);

/// First weights: inputs by Glorot and Bengio 2010; recurrences and biases so that units remember from one to
/// some hundred steps (Tallec and Ollivier, "Can recurrent neural networks warp time?", 2018).
void initialize_diagonal_cell(const DiagonalCell& cell, std::uint64_t seed, std::span<float> weights);

/// Steps one cell, and carries the influence of every weight on the state along (real-time recurrent
/// learning: Williams and Zipser 1989; for diagonal recurrences Mozer 1989). The work for a step is that of a
/// few forward steps.
template <class T>
class DiagonalStepper {
 public:
  explicit DiagonalStepper(const DiagonalCell& cell);

  /// state [units] becomes that after input x [inputs].
  void step(std::span<const T> weights, std::span<const T> x, std::span<T> state);
  /// The same, and `influence` [weights' shape], ∂ state(unit) / ∂ weight, becomes that of the new state.
  void step(std::span<const T> weights, std::span<const T> x, std::span<T> state, std::span<T> influence);
  /// gradient [weights' shape] += what reaches the weights, now and through all of the past, from d_state
  /// [units].
  void add_gradient(std::span<const T> d_state, std::span<const T> influence, std::span<T> gradient) const;

 private:
  void formulas(std::span<const T> weights, std::span<const T> x, std::span<const T> state);

  DiagonalCell cell_;
  std::vector<T> gates_;   // [gates, units]: sums, then activated
  std::vector<T> slopes_;  // [gates, units]: ∂h' / ∂a
  std::vector<T> carry_;   // [units]: ∂h' / ∂h, all ways
};

extern template class DiagonalStepper<float>;
extern template class DiagonalStepper<double>;

}  // namespace rondo::online
