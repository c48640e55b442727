#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/cells.h"

namespace rondo::online {

/// A recurrent cell whose units see no state but their own (cells::Recurrence::diagonal), so that exact
/// gradients can be carried forward in time: of all states only unit u's depends on unit u's weights. Weights
/// are one array [inputs + 2, gates·units]: a row an input, then the recurrent weights, then the bias.
struct DiagonalCell {
  const kernels::CellKernels* cell = nullptr;
  std::int64_t inputs = 0, units = 0;

  std::int64_t weight_rows() const { return inputs + 2; }
  std::int64_t weight_columns() const { return cell->info.gates * units; }
  std::int64_t weight_count() const { return weight_rows() * weight_columns(); }
};

/// Cells of the library with a diagonal recurrence.
std::vector<std::string> diagonal_cell_names();

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
  /// The formulas with all of a gate's terms in its sum.
  kernels::CellCall<T> call(std::vector<T>& sums, std::span<const T> state) const;
  void run_forward(std::span<const T> weights, std::span<const T> x, std::span<const T> state,
                   std::span<T> next);
  void run_backward(std::span<const T> weights, std::span<const T> state);

  DiagonalCell cell_;
  std::vector<T> zeros_;      // [gates, units]: the recurrent weights of the formulas
  std::vector<T> gates_;      // [gates, units]: sums, then activated
  std::vector<T> slopes_;     // [gates, units]: ∂h' / ∂sum
  std::vector<T> carry_;      // [units]: ∂h' / ∂h, all ways
  std::vector<T> next_;       // [units]
  std::vector<T> d_vectors_;  // [gates, units]
};

extern template class DiagonalStepper<float>;
extern template class DiagonalStepper<double>;

}  // namespace rondo::online
