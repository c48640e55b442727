#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rondo/layers/cell.h"
#include "rondo/layers/layers.h"
#include "rondo/tape/tape.h"
#include "rondo/tensor/parameters.h"
#include "rondo/train/gradient_flow.h"

namespace rondo::detail {

/// One use of a recurrent layer on a tape that was played back, run once more step by step in double, so that
/// every h_t is a value of its own whose gradient can be read. Independent of the fast drivers: the tests
/// compare the two.
class RecurrentReplay {
 public:
  /// Whether an operation is a recurrent layer made of a cell.
  static bool covers(const Tape::Applied& applied);

  RecurrentReplay(const Tape& tape, const Tape::Applied& applied);

  /// Norms, gates, blocks; not yet the diagnosis.
  LayerGradientFlow measure();

  /// The layer's weights and, after measure(), their gradients: those of the layer itself, up to rounding.
  const ParameterStore& weights() const { return weights_; }
  /// Gradient of the layer's input in its packed rows, after measure(); [rows, inputs].
  const Tensor& input_gradient() const { return input_gradient_; }

 private:
  /// Sequences of one length, as steps [sequences, features] in the order in which the layer reads them.
  struct Group {
    std::vector<std::int64_t> sequences;
    std::int64_t steps = 0;
  };
  struct Pass {
    std::vector<Var> x, output, state;  ///< by step; `state` is h as the next step reads it
    std::vector<Cell::State> before;    ///< states before each step
  };
  std::vector<Group> groups() const;
  std::int64_t row(const Layout& layout, std::int64_t sequence, std::int64_t step) const;
  /// Forward and back over a group; the gradients are those of all outputs or of what was made at the last
  /// step.
  Pass run(Tape& tape, const Group& group, bool all_outputs);
  void add_norms(const Tape& tape, const Pass& pass, const Group& group, std::vector<double>& sums) const;
  void keep_input_gradient(const Tape& tape, const Pass& pass, const Group& group);

  std::string name_, type_;
  RecurrentOptions options_;
  ParameterStore weights_{DType::float64};
  std::unique_ptr<Cell> cell_;
  Samples input_;
  std::vector<Tensor> initial_;           ///< by state, [batch, width]; empty: zeros
  std::shared_ptr<const Layout> output_;  ///< null: the last output only
  std::vector<Tensor> output_gradients_;  ///< of the outputs: sequence or last, then final states
  Tensor input_gradient_;
};

}  // namespace rondo::detail
