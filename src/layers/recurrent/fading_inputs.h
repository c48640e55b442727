#pragma once

#include <cstdint>

#include "rondo/base/pool.h"
#include "rondo/tensor/layout.h"
#include "rondo/tensor/matrix.h"

// The inputs of GRU-D: readings that fade to their mean while nothing is read (Che et al. 2018, eq. 5 and 6).
// Arrays of steps are packed, arrays of states in the order of the layout's places.

namespace rondo {

/// γ = exp(-max(0, a)), in place.
template <class T>
void fade(View<T> a);
/// ∂L/∂a from ∂L/∂γ, in place: 0 where nothing fades.
template <class T>
void fade_backward(View<const T> gamma, View<T> d);

/// One row a step.
template <class T>
struct FadedRows {
  T* last = nullptr;   ///< [total, readings]: the last reading before the step
  T* gamma = nullptr;  ///< [total, readings]
};

template <class T>
class FadingInputs {
 public:
  struct Gradients {
    T *kernel, *bias;  ///< null: not asked for
  };

  /// `kernel` and `bias` [readings]; null: readings do not fade.
  FadingInputs(std::int64_t readings, bool with_elapsed, const T* kernel, const T* bias)
      : readings_(readings), with_elapsed_(with_elapsed), kernel_(kernel), bias_(bias) {}

  /// x [total, values | masks | elapsed]; a value whose mask is 0 is not looked at. first [batch, readings]:
  /// the last readings before the sequences. seen [total, x̂ | masks | elapsed if it is wanted]; final [batch,
  /// readings].
  void forward(Pool& pool, const Layout& layout, View<const T> x, const T* means, const T* first,
               const FadedRows<T>& rows, View<T> seen, T* final) const;

  /// γ [rows, readings] of x [rows, values | masks | elapsed].
  void fade_rows(View<const T> x, View<T> gamma) const;
  /// One step of one sequence: its last readings become those after the step.
  void read_row(const T* x, const T* gamma, const T* means, T* last, T* seen) const;

  /// d_last [batch, readings]: in: gradient of `final`; out: of `first`. d_gamma: room for [total, readings].
  /// Adds to dx, if it has data, and to the gradients.
  void backward(Pool& pool, const Layout& layout, View<const T> x, const T* means, const FadedRows<T>& rows,
                View<const T> d_seen, T* d_last, T* d_gamma, View<T> dx, const Gradients& gradients) const;

 private:
  std::int64_t readings_;
  bool with_elapsed_;
  const T *kernel_, *bias_;
};

}  // namespace rondo
