#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "golden/comparison.h"
#include "golden/golden_file.h"
#include "rondo/model/network.h"
#include "rondo/tape/tape.h"

namespace rondo::golden {

/// A mask `[batch, steps]` as a golden file stores it, or none.
using Mask = std::optional<Tensor>;

/// The network of a case with the case's weights, and its inputs.
class CaseNetwork {
 public:
  CaseNetwork(const GoldenCase& golden, DType dtype);

  DType dtype() const { return network_.parameters().dtype(); }
  Network& network() { return network_; }
  /// One forward pass with the inputs of the case.
  std::vector<Var> run(Tape& tape, bool training);
  /// Gradients of inputs, initial states and parameters against the case's, as far as the case has them.
  void compare_gradients(const Tape& tape, Comparison& comparison) const;
  /// Parameters against those that `group` of `expected` names ("new_weights", "final_weights").
  void compare_parameters(const std::string& group, Tolerance tolerance, Comparison& comparison) const;

 private:
  void add_inputs();
  void add_layers();
  void load_weights();

  GoldenCase golden_;
  Network network_;
  std::vector<std::string> names_;  // of the inputs: x, x2, …, then state 0, state 1, …
  std::vector<Samples> batches_;
  std::size_t states_ = 0;  // how many of them are states
  std::vector<Var> inputs_;
};

/// Rows of a padded array `[batch, time, …]` that a mask keeps (all, without a mask), in the packed order of
/// `layout`. The k-th kept step of a row is its k-th step, wherever the padding stood. A disagreement about
/// lengths throws Error(check_failed).
Tensor packed_rows(const Layout& layout, const Tensor& padded, const Mask& mask);
/// The same for any output: what is no sequence is handed back as it is.
Tensor rows_of(const Samples& output, const Tensor& expected, const Mask& mask);
/// A mask as bytes.
std::vector<std::uint8_t> mask_bytes(const Tensor& mask);

}  // namespace rondo::golden
