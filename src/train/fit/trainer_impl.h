#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rondo/train/training.h"
#include "train/fit/meters.h"

namespace rondo {

/// How a batch is gone through.
struct PassOptions {
  bool training = false;
  std::uint64_t seed = 0;
  std::int64_t tbptt = 0;
  std::int64_t bptt_memory = 0;
  const std::map<std::int64_t, double>* class_weight = nullptr;
  CarriedState* carried = nullptr;
  bool terminate_on_nan = false;
};

struct Trainer::Impl {
  Impl(Network& network, CompileOptions options, Pool* pool);

  /// A pass over a batch: in training, one step of the optimiser for every chunk of `tbptt` steps.
  void run_batch(const Batch& batch, const PassOptions& options, detail::Meters& meters);
  /// Over the samples begin … end − 1.
  NamedValues evaluate(const Dataset& data, std::int64_t begin, std::int64_t end, std::int64_t batch_size);
  /// One batch by itself, with its metrics.
  const NamedValues& on_batch(const Batch& batch, const PassOptions& pass);
  /// Losses and metrics by output, as CompileOptions would have them.
  Json compile_config() const;

  Network& network;
  std::shared_ptr<Optimizer> optimizer;
  std::vector<detail::OutputPlan> outputs;
  Tape tape;
  bool stateful = false;         ///< some layer is
  CarriedState carried;          ///< of training, between batches
  CarriedState predict_carried;  ///< of predict, between calls
  // Memory that every batch uses again.
  detail::Meters batch_meters;    ///< of train_on_batch and test_on_batch
  NamedValues batch_logs;         ///< what they return
  std::vector<Tensor> gradients;  ///< by output
  double last_good_loss = 0;

 private:
  /// A batch, or some of its steps.
  struct Chunk {
    std::span<const Samples> inputs;
    std::span<const Samples* const> targets;
    std::span<const Tensor> weights;
    bool carry_all = false;  ///< truncated BPTT: every recurrent layer goes on from its states
  };

  void check_batch(const Batch& batch) const;
  void run_chunk(const Chunk& chunk, const PassOptions& options, double meter_weight, detail::Meters& meters);
  void learn(const Vars& values, double loss, double penalty, const PassOptions& options);

  LayoutPool layouts_;
  std::vector<Samples> shaped_;  ///< targets in the form of their outputs, where they came in another
  std::vector<const Samples*> targets_;
  std::vector<detail::AlignedRows> rows_;
  std::vector<double> presence_, output_losses_;
};

}  // namespace rondo
