#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/log.h"
#include "rondo/base/progress.h"
#include "rondo/tensor/tensor.h"
#include "rondo/train/metrics.h"

namespace rondo {

class Network;
class Optimizer;

/// What `fit` measured, epoch by epoch: loss, metrics, and the same of the validation data as "val_…".
struct History {
  std::vector<std::int64_t> epochs;  ///< counting from 0
  std::vector<std::pair<std::string, std::vector<double>>>
      values;  ///< one number an epoch; NaN where there was none

  /// nullptr when nothing of that name was measured.
  const std::vector<double>* find(std::string_view name) const;
  /// Throws Error(usage) that names what there is.
  const std::vector<double>& at(std::string_view name) const;
  void append(std::int64_t epoch, const NamedValues& logs);

  Json to_config() const;  ///< {"epochs": […], "values": {"loss": […], …}}; NaN and infinities become null
  static History from_config(const Json& config);
};

/// A training under way, as callbacks see it. on_train_begin comes first also when training is resumed; then
/// the state that was saved is restored.
class TrainingRun {
 public:
  virtual ~TrainingRun() = default;
  virtual Network& network() = 0;
  virtual Optimizer& optimizer() = 0;
  /// Of the epochs that have ended.
  virtual const History& history() const = 0;
  virtual std::int64_t epoch() const = 0;   ///< the one under way, from 0
  virtual std::int64_t epochs() const = 0;  ///< how many there are to be
  /// There are validation data, though perhaps not in every epoch.
  virtual bool has_validation() const = 0;
  /// Which way what it measures under a name ("val_loss", "val_accuracy") gets better, as the loss or metric
  /// says it; nothing for what it does not measure.
  virtual std::optional<Direction> direction(std::string_view name) const = 0;
  /// No epoch begins after this one.
  virtual void stop() = 0;
  /// Writes everything that resuming needs, in one step.
  virtual void save_checkpoint(const std::string& path) = 0;
  /// Writes the model alone: spec and parameters.
  virtual void save_model(const std::string& path) = 0;
  virtual const Logger& logger() const = 0;
};

/// Called by `fit` at its turning points. A callback that decides by what it saw before keeps that in its
/// state, so that a resumed training decides the same.
class Callback {
 public:
  struct State {
    Json numbers = Json::object();
    std::vector<std::pair<std::string, Tensor>> tensors;
  };

  virtual ~Callback() = default;
  virtual void on_train_begin(TrainingRun&) {}
  virtual void on_epoch_begin(TrainingRun&) {}
  /// After a batch was learnt from; `batch` counts from 0, `logs` holds the running means of the epoch.
  virtual void on_batch_end(TrainingRun&, std::int64_t batch, const NamedValues& logs) {
    static_cast<void>(batch), static_cast<void>(logs);
  }
  /// May add to `logs`, which go to the history.
  virtual void on_epoch_end(TrainingRun&, NamedValues& logs) { static_cast<void>(logs); }
  virtual void on_train_end(TrainingRun&) {}

  virtual State state() const { return {}; }
  virtual void restore(const State&) {}
};

using CallbackPtr = std::shared_ptr<Callback>;

/// Which way `monitor` gets better: "min", "max" or "auto", which is what the loss or metric itself says;
/// where that does not say it (Metric::direction), "auto" is an Error(usage).
struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;
  std::int64_t patience = 0;
  std::string mode = "auto";
  std::optional<double> baseline = {};
  bool restore_best_weights = false;
  std::int64_t start_from_epoch = 0;
};
/// Stops when `monitor` has not become better by more than min_delta for `patience` epochs; never after the
/// first epoch. With restore_best_weights the parameters of the best epoch come back at the end of training,
/// however it ended (but not when it was interrupted). As in Keras; a NaN is no improvement.
class EarlyStopping : public Callback {
 public:
  explicit EarlyStopping(EarlyStoppingOptions options = {});
  void on_train_begin(TrainingRun& run) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;
  void on_train_end(TrainingRun& run) override;
  State state() const override;
  void restore(const State& state) override;

  std::int64_t best_epoch() const { return best_epoch_; }
  std::optional<double> best() const { return best_; }
  /// Epoch after which training was stopped, or -1.
  std::int64_t stopped_epoch() const { return stopped_epoch_; }

 private:
  bool improves(double value, std::optional<double> reference) const;
  void check_best(TrainingRun& run) const;
  EarlyStoppingOptions options_;
  std::optional<bool> larger_is_better_;  // nothing until "auto" is known
  std::int64_t wait_ = 0, best_epoch_ = 0, stopped_epoch_ = -1;
  std::optional<double> best_;
  Tensor best_values_;
};

struct ReduceLrOnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;
  std::int64_t patience = 10;
  std::string mode = "auto";
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;
  double min_lr = 0;
};
/// Multiplies the learning rate by `factor` when `monitor` has not become better for `patience` epochs. Adds
/// "learning_rate" to the logs. As in Keras.
class ReduceLrOnPlateau : public Callback {
 public:
  explicit ReduceLrOnPlateau(ReduceLrOnPlateauOptions options = {});
  void on_train_begin(TrainingRun& run) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;
  State state() const override;
  void restore(const State& state) override;

 private:
  ReduceLrOnPlateauOptions options_;
  std::optional<bool> larger_is_better_;  // nothing until "auto" is known
  std::int64_t wait_ = 0, cooldown_left_ = 0;
  std::optional<double> best_;
};

/// Sets the learning rate before every epoch: rule(epoch, present rate). Adds "learning_rate" to the logs.
class LearningRateScheduler : public Callback {
 public:
  using Rule = std::function<double(std::int64_t epoch, double learning_rate)>;
  explicit LearningRateScheduler(Rule rule) : rule_(std::move(rule)) {}
  void on_epoch_begin(TrainingRun& run) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;

 private:
  Rule rule_;
};

struct StochasticWeightAveragingOptions {
  std::int64_t start_epoch = 0;   ///< the first epoch, from 0, whose weights are averaged
  std::int64_t every_epochs = 1;  ///< epochs from one that counts to the next
};
/// Stochastic weight averaging (Izmailov et al. 2018): at the end of training the weights become the mean of
/// those after the epochs from start_epoch on. Moving statistics of batch normalisation are averaged with
/// them. A constant or cyclic learning rate belongs to it. Where another callback brings weights back at the
/// end, too, the last of the list has its way.
class StochasticWeightAveraging : public Callback {
 public:
  explicit StochasticWeightAveraging(StochasticWeightAveragingOptions options = {});
  void on_train_begin(TrainingRun& run) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;
  void on_train_end(TrainingRun& run) override;
  State state() const override;
  void restore(const State& state) override;

  std::int64_t averaged() const { return averaged_; }  ///< epochs in the mean

 private:
  StochasticWeightAveragingOptions options_;
  std::int64_t averaged_ = 0;
  Tensor mean_;  ///< in double
};

struct ModelCheckpointOptions {
  std::string filepath = {};  ///< may hold {epoch}, {epoch:02d} (from 1) and values such as {val_loss:.4f}
  std::string monitor = "val_loss";
  std::string mode = "auto";
  bool save_best_only = false;
  bool save_model_only = false;         ///< spec and parameters, without what resuming needs
  std::int64_t save_every_batches = 0;  ///< 0: after every epoch
};
class ModelCheckpoint : public Callback {
 public:
  explicit ModelCheckpoint(ModelCheckpointOptions options);
  void on_train_begin(TrainingRun& run) override;
  void on_batch_end(TrainingRun& run, std::int64_t batch, const NamedValues& logs) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;
  State state() const override;
  void restore(const State& state) override;

 private:
  void save(TrainingRun& run, const NamedValues& logs);
  ModelCheckpointOptions options_;
  std::optional<bool> larger_is_better_;  // nothing until "auto" is known
  std::optional<double> best_;
};

/// One line an epoch: epoch and every value, with a header line. `append` goes on with a file that is there.
class CsvLogger : public Callback {
 public:
  explicit CsvLogger(std::string path, char separator = ',', bool append = false);
  ~CsvLogger() override;
  void on_train_begin(TrainingRun& run) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;
  void on_train_end(TrainingRun& run) override;

 private:
  struct File;
  std::string path_;
  char separator_;
  bool append_;
  std::unique_ptr<File> file_;
};

/// Event files that TensorBoard shows: `folder`/train and `folder`/validation, tags "epoch_loss" and so on as
/// Keras writes them. every_batches > 0 also writes "batch_loss" and so on.
class TensorBoard : public Callback {
 public:
  explicit TensorBoard(std::string folder, std::int64_t every_batches = 0);
  ~TensorBoard() override;
  void on_batch_end(TrainingRun& run, std::int64_t batch, const NamedValues& logs) override;
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override;
  void on_train_end(TrainingRun& run) override;

 private:
  struct Writers;
  std::string folder_;
  std::int64_t every_batches_;
  std::unique_ptr<Writers> writers_;
};

/// A callback from functions; those left empty do nothing.
struct LambdaCallback : Callback {
  std::function<void(TrainingRun&)> train_begin, epoch_begin, train_end;
  std::function<void(TrainingRun&, std::int64_t, const NamedValues&)> batch_end;
  std::function<void(TrainingRun&, NamedValues&)> epoch_end;

  void on_train_begin(TrainingRun& run) override { call(train_begin, run); }
  void on_epoch_begin(TrainingRun& run) override { call(epoch_begin, run); }
  void on_batch_end(TrainingRun& run, std::int64_t batch, const NamedValues& logs) override {
    call(batch_end, run, batch, logs);
  }
  void on_epoch_end(TrainingRun& run, NamedValues& logs) override { call(epoch_end, run, logs); }
  void on_train_end(TrainingRun& run) override { call(train_end, run); }

 private:
  template <class F, class... Args>
  static void call(const F& function, Args&&... args) {
    if (function) function(std::forward<Args>(args)...);
  }
};

}  // namespace rondo
