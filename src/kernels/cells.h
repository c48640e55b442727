#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cells/cell_info.h"
#include "kernels/activation_kind.h"
#include "kernels/stream_cell.h"

namespace rondo {
class Json;
}

namespace rondo::kernels {

/// One call of a cell's formulas over `rows` x `units`. Row r of an array starts at pointer + r · its stride
/// and holds units; with `lanes_are_rows` it is the other way round: unit u starts at pointer + u · stride
/// and holds rows, a multiple of kLaneGroup of them, and [row][sum][unit] below reads [sum][unit][row].
template <class T>
struct CellCall {
  std::int64_t rows = 0, units = 0;
  bool lanes_are_rows = false;
  ActivationKind activation = ActivationKind::tanh, recurrent_activation = ActivationKind::sigmoid;
  T clip = 0;                  ///< inputs of activations are clipped to [-clip, clip]; 0: not at all
  const T* vectors = nullptr;  ///< [vectors][units]
  T* sums = nullptr;  ///< [row][sum][unit]: in: sums; out: what backward needs; after backward: gradients
  std::int64_t sums_stride = 0;
  const T* state[cells::kMaxStates] = {};  ///< states before the step, [row][unit] each
  std::int64_t state_stride = 0;
  T* next[cells::kMaxStates] = {};  ///< forward: states after the step
  std::int64_t next_stride = 0;
  T* output = nullptr;  ///< forward: a second place for h, or null
  std::int64_t output_stride = 0;
  T* operand = nullptr;  ///< two-stage cells: the vector that stage 1 multiplies; in backward its gradient.
                         ///< `output`: a normalised state, which backward_output replaces by its gradient
  std::int64_t operand_stride = 0;
  /// backward: gradients of the states after the step come in, of the states before it go out, in the same
  /// place
  T* d_state[cells::kMaxStates] = {};
  std::int64_t d_state_stride = 0;
  const T* d_output = nullptr;  ///< backward: added to the gradient of h, or null
  std::int64_t d_output_stride = 0;
  T* d_vectors = nullptr;  ///< backward: contributions [row][vector][unit]
  std::int64_t d_vectors_stride = 0;
};

/// A cell's formulas for one element type and the best instruction set of this machine.
template <class T>
struct CellFormulas {
  void (*forward)(const CellCall<T>&) = nullptr;
  void (*prepare)(const CellCall<T>&) = nullptr;  ///< null for one-stage cells
  void (*backward)(const CellCall<T>&) = nullptr;
  void (*backward_prepare)(const CellCall<T>&) = nullptr;
  // Cells whose output sees a state that can be normalised in between; null for others.
  void (*output)(const CellCall<T>&) = nullptr;  ///< operand: the normalised state
  void (*backward_output)(const CellCall<T>&) = nullptr;
  void (*backward_normalized)(const CellCall<T>&) = nullptr;
};

struct CellKernels {
  cells::CellInfo info;
  CellFormulas<float> (*simd)();  ///< dispatched at each call, so that a test can force an instruction set
  CellFormulas<double> scalar;
  /// For tanh and sigmoid; all null for cells of two stages.
  StreamCellKernels (*stream)(bool keeps);
};

/// Every cell of every file in src/cells, and those that were added.
std::vector<const CellKernels*> all_cells();
/// Adds the cells of a file outside of rondo: what the two functions of its translation units return. The
/// same again changes nothing; another cell of a name that is taken is an Error(usage). From any thread.
void add_cells(std::span<const CellKernels> family, std::span<const CellFormulas<double>> reference);
/// nullptr when there is none of that name.
const CellKernels* find_cell(std::string_view name);
/// The variant of a type that its options (RecurrentOptions as JSON) choose; nullptr when there is no such
/// type.
const CellKernels* find_cell(std::string_view type, const Json& options);
/// Names of cells that are types, not variants.
std::vector<std::string> cell_types();
/// Whether layers of this cell have an option of RecurrentOptions. What no cell names as its own all have.
bool has_option(const cells::CellInfo& cell, std::string_view option);

template <class T>
CellFormulas<T> formulas(const CellKernels& cell) {
  if constexpr (sizeof(T) == 4) {
    return cell.simd();
  } else {
    return cell.scalar;
  }
}

}  // namespace rondo::kernels
