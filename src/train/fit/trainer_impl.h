#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "rondo/train/training.h"
#include "train/fit/batch_pass.h"

namespace rondo {

/// How a batch is gone through.
struct PassOptions {
  bool training = false;
  std::uint64_t seed = 0;
  std::int64_t micro_batch_size = 0;
  std::int64_t tbptt = 0;
  std::int64_t bptt_memory = 0;
  const std::map<std::int64_t, double>* class_weight = nullptr;
  CarriedState* carried = nullptr;
  bool terminate_on_nan = false;
};

struct Trainer::Impl {
  Impl(Network& network, CompileOptions options, Pool* pool);

  /// A pass over a batch: in training, one step of the optimiser, or one for every chunk of `tbptt` steps.
  void run_batch(const Batch& batch, const PassOptions& options, detail::Meters& meters);
  /// Over the samples begin … end − 1; `after_batch` may throw.
  NamedValues evaluate(const Dataset& data, std::int64_t begin, std::int64_t end, std::int64_t batch_size,
                       const std::function<void()>& after_batch = {});
  /// Stateful layers carry states from sample to sample of the batch after: Error(usage) when a pass over so
  /// many samples ends with a smaller one.
  void check_batches(std::int64_t samples, std::int64_t batch_size, const char* what) const;
  /// One batch by itself, with its metrics.
  const NamedValues& on_batch(const Batch& batch, const PassOptions& pass);
  Json compile_config() const { return detail::compile_config(plans, *step); }

  Network& network;
  std::shared_ptr<Optimizer> optimizer;
  std::vector<detail::ObjectivePlan> plans;
  std::shared_ptr<TrainingStep> step;
  detail::BatchPass pass;
  bool stateful = false;         ///< some layer is
  CarriedState carried;          ///< of training, between batches
  CarriedState predict_carried;  ///< of predict, between calls
  // Memory that every batch uses again.
  detail::Meters batch_meters;  ///< of train_on_batch and test_on_batch
  NamedValues batch_logs;       ///< what they return
  double last_good_loss = 0;

 private:
  void run_in_pieces(const Batch& batch, const PassOptions& options, detail::Meters& meters);
  void run_in_time(const Batch& batch, const PassOptions& options, detail::Meters& meters);
  /// Records a piece of a batch, `share` of its samples, and adds its gradients; `number` counts pieces.
  void run_piece(const Batch& piece, std::int64_t number, const PassOptions& options, bool cut_in_time,
                 double share, detail::Meters& meters);
  /// The optimiser's step; the losses since pass.reset() count `weight` in the meters.
  void finish(double weight, const PassOptions& options, detail::Meters& meters);

  /// What layers count themselves (running means), before the batch; and back, when the batch was bad.
  void keep_statistics();
  void restore_statistics();
  /// A step of the optimiser that leaves no weight infinite or NaN.
  StepReport step_of_optimizer();
  [[noreturn]] void diverged(const char* what);

  double penalty_ = 0;
  std::vector<int> statistics_;
  std::vector<Tensor> kept_statistics_;
  LayoutPool layouts_;
  std::vector<std::int64_t> indices_;
  Batch piece_;
};

}  // namespace rondo
