#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rondo/training.h"
#include "train/meters.h"

namespace rondo {

/// How a batch is gone through.
struct PassOptions {
  bool training = false;
  std::uint64_t seed = 0;
  std::int64_t tbptt = 0;
  const std::map<std::int64_t, double>* class_weight = nullptr;
  CarriedState* carried = nullptr;
  bool terminate_on_nan = false;
};

struct Trainer::Impl {
  Impl(Network& network, CompileOptions options, Pool* pool);

  /// A pass over a batch: in training, one step of the optimiser for every chunk of `tbptt` steps.
  void run_batch(const Examples& batch, const PassOptions& options, detail::Meters& meters);
  NamedValues evaluate(const Dataset& data, std::int64_t batch_size);
  /// Losses and metrics by output, as CompileOptions would have them.
  Config compile_config() const;

  Network& network;
  std::shared_ptr<Optimizer> optimizer;
  std::vector<detail::OutputPlan> outputs;
  Tape tape;
  bool stateful = false;          ///< some layer is
  CarriedState carried;           ///< of training, between batches
  CarriedState predict_carried;   ///< of predict, between calls
  std::vector<Tensor> gradients;  ///< by output; their memory is used again
  double last_good_loss = 0;

 private:
  void check_batch(const Examples& batch) const;
  void run_chunk(const Examples& chunk, const PassOptions& options, bool carry_all, double meter_weight,
                 detail::Meters& meters);
  void learn(const std::vector<Var>& values, double loss, double penalty, const PassOptions& options);
};

}  // namespace rondo
