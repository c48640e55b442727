#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/run_controls.h"
#include "rondo/model/network.h"
#include "rondo/tape/tape.h"
#include "rondo/tensor/dataset.h"
#include "rondo/train/callbacks.h"
#include "rondo/train/losses.h"
#include "rondo/train/metrics.h"
#include "rondo/train/objective.h"
#include "rondo/train/optimizers.h"
#include "rondo/train/training_step.h"

namespace rondo {

/// How a network is trained and evaluated. With several outputs, `loss` is an array with one entry an output
/// or one for all, and so is every entry of `metrics` that is an array. An objective that reads several
/// outputs counts as one of them here: there is one target for each objective.
struct CompileOptions {
  Json optimizer = "rmsprop";
  Json loss = "mean_squared_error";
  std::vector<double> loss_weights = {};    ///< by output; empty: all 1
  std::vector<Json> metrics = {};           ///< without sample weights
  std::vector<Json> weighted_metrics = {};  ///< with them
  /// Of the first parameters, where the network is not built yet; without it Model::set_seed says it, or 0.
  std::optional<std::uint64_t> seed = {};
  // Objects of one's own instead of names, or besides them.
  std::vector<std::shared_ptr<Objective>> custom_objectives = {};  ///< by output; null: as `loss` says
  std::vector<std::vector<MetricMaker>> custom_metrics = {};       ///< by output, with sample weights
  std::shared_ptr<Optimizer> custom_optimizer = {};
  std::shared_ptr<TrainingStep> step = {};  ///< null: TrainingStep
};

struct FitOptions {
  std::int64_t batch_size = 32;
  std::int64_t epochs = 1;  ///< in all; a resumed training makes those that are left
  /// Last share of the samples, taken off before shuffling.
  double validation_split = 0;
  const Dataset* validation_data = nullptr;
  std::int64_t validation_batch_size = 0;            ///< 0: batch_size
  std::int64_t validation_freq = 1;                  ///< epochs between two validations
  bool shuffle = true;                               ///< anew every epoch, by (seed, epoch)
  std::uint64_t seed = 0;                            ///< of shuffling and of dropout
  std::map<std::int64_t, double> class_weight = {};  ///< by class number; classes that are not there count 1
  /// Samples of a batch that run at once: gradients of the pieces are added up before the optimiser's step,
  /// so that a large batch needs the memory of a small one. Losses are means over the whole batch as without
  /// it; batch normalisation sees the pieces. 0: the whole batch.
  std::int64_t micro_batch_size = 0;
  /// Truncated backpropagation through time: sequences are cut into chunks of so many steps, each one
  /// training step; states are carried from chunk to chunk, gradients are not. 0: whole sequences.
  std::int64_t tbptt = 0;
  /// Bytes that each recurrent layer may keep of a batch for backpropagation through time; 0: as many as it
  /// needs. With fewer it keeps the states at some steps only and computes what lies between a second time:
  /// exact, the same bits, about a third slower. Too few: Error(usage) that says how many are needed.
  std::int64_t bptt_memory = 0;
  /// Stateful layers start every epoch anew. (Keras goes on; there, users reset by hand.)
  bool reset_states_every_epoch = true;

  std::vector<CallbackPtr> callbacks = {};
  /// Error(diverged) as soon as a loss, gradient or weight is not finite; the model then has its last finite
  /// weights.
  bool terminate_on_nan = true;

  RunControls run = {};  ///< progress, log, checkpoint and resumption, stop
};

struct EvaluateOptions {
  std::int64_t batch_size = 32;
};

struct PredictOptions {
  std::int64_t batch_size = 32;
  /// As in training: dropout drops and noise is added, by `seed` and each sample's place. Predictions with
  /// several seeds are samples of Monte-Carlo dropout (Gal and Ghahramani 2016). The network is left as it
  /// was: moving statistics too.
  bool training = false;
  std::uint64_t seed = 0;
};

/// Trains, evaluates and runs a network, which must outlive it. Losses of rows count a sample, or a used step
/// of a sequence; steps that a mask or a length leaves out have no part in losses or metrics.
///
/// Where an output is a sequence, the target of a loss of rows may be: sequences of the same steps (any
/// padding), an array [batch, time] of class numbers or single values, or an array [batch, time, …]. Sample
/// weights are [batch], or [batch, time] by the padded array. Other objectives say what their targets are.
class Trainer {
 public:
  /// `pool`: threads for the layers, not owned; null = this thread only.
  Trainer(Network& network, CompileOptions options, Pool* pool = nullptr);
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  /// Throws Error(diverged) at the first loss that is not finite, Error(interrupted) when run.stop asks for
  /// it.
  History fit(const Dataset& data, const FitOptions& options = {});
  /// "loss" and every metric, means over all samples.
  NamedValues evaluate(const Dataset& data, const EvaluateOptions& options = {});
  /// One Samples an output, in the order of the samples.
  std::vector<Samples> predict(const Dataset& data, const PredictOptions& options = {});
  Samples predict(const Samples& input, const PredictOptions& options = {});  ///< one input, one output

  /// Error(usage) unless the network has one output.
  void check_one_output() const;
  /// One step of the optimiser. Metrics are those of this batch; the values stand until the next call.
  /// Batches of a size that was seen before take no memory.
  const NamedValues& train_on_batch(const Batch& batch);
  const NamedValues& test_on_batch(const Batch& batch);

  /// Other threads for the layers, from the next batch on.
  void set_pool(Pool* pool);
  /// States of stateful layers start anew with the next batch.
  void reset_states();

  Network& network();
  Optimizer& optimizer();
  /// The spec, parameters and the optimiser with its state (but no data position), and back.
  void save(const std::string& path) const;
  void load(const std::string& path);

 private:
  friend class FitLoop;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo
