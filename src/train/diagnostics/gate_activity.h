#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/cells.h"
#include "rondo/layers/cell.h"
#include "rondo/layers/layers.h"
#include "rondo/tape/tape.h"
#include "rondo/tensor/parameters.h"
#include "rondo/train/gradient_flow.h"

namespace rondo::detail {

/// Counts how often a cell's gates are nearly shut or nearly open. The gates' sums are made anew, in double
/// and by plain loops; the cell's own formulas make the gates of them.
class GateActivity {
 public:
  /// `weights` (float64) holds the cell's arrays under `prefix` + "." and must outlive this.
  GateActivity(const std::string& type, const RecurrentOptions& options, const ParameterStore& weights,
               std::string prefix);

  /// Adds steps of a batch: inputs, states before and outputs by step. Of long sequences an even choice of
  /// steps.
  void add(const Tape& tape, std::span<const Var> inputs, std::span<const Cell::State> before,
           std::span<const Var> outputs);

  /// One entry a gate; empty where this cell's gates cannot be read.
  std::vector<GateSaturation> shares() const;

 private:
  struct Count {
    int gate = 0;
    GateSaturation shares;  // counts until they are divided
  };
  void add_step(const Tape& tape, Var input, const Cell::State& before);
  void add_states(const Tape& tape, Var output);
  void count(Count& into, double value) const;
  View<const double> array(const char* name) const;

  const RecurrentOptions& options_;
  const ParameterStore& weights_;
  std::string prefix_;
  const kernels::CellKernels* cell_;
  std::vector<Count> counts_;
  double values_ = 0;  ///< that each gate was counted over
};

/// Of the recurrent weights of each gate; empty with a projection, where they are not square.
std::vector<GateSpectrum> recurrent_spectra(const std::string& type, const RecurrentOptions& options,
                                            const ParameterStore& weights, const std::string& prefix);

}  // namespace rondo::detail
