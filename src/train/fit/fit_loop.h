#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/progress.h"
#include "rondo/tensor/tensor_file.h"
#include "rondo/train/training.h"
#include "train/fit/trainer_impl.h"

namespace rondo {

/// One call of Trainer::fit.
class FitLoop : public TrainingRun {
 public:
  FitLoop(Trainer& trainer, const Dataset& data, const FitOptions& options);
  History run();

  Network& network() override;
  Optimizer& optimizer() override;
  const History& history() const override { return history_; }
  std::int64_t epoch() const override { return epoch_; }
  std::int64_t epochs() const override { return options_.epochs; }
  bool has_validation() const override { return validation_ != nullptr; }
  std::optional<Direction> direction(std::string_view name) const override { return meters_.direction(name); }
  void stop() override { stopping_ = true; }
  // Files are written when all callbacks have been called, so that they hold everybody's state.
  void save_checkpoint(const std::string& path) override { queued_.emplace_back(path, true); }
  void save_model(const std::string& path) override { queued_.emplace_back(path, false); }
  const Logger& logger() const override { return options_.run.log; }

 private:
  void open_progress();
  void order_epoch();
  std::int64_t validation_size() const {
    return validation_ == nullptr ? 0 : validation_->size() - validation_begin_;
  }
  std::int64_t validation_batch_size() const {
    return options_.validation_batch_size > 0 ? options_.validation_batch_size : options_.batch_size;
  }
  /// Of an epoch.
  std::int64_t batches() const { return (train_size_ + options_.batch_size - 1) / options_.batch_size; }
  void run_epoch();
  void run_batch();
  void end_epoch();
  void stop_when_asked();
  void write_queued();

  // fit_checkpoint.cc
  void save_now(const std::string& path, bool complete) const;
  void load_checkpoint(const std::string& path);
  void restore_run(const TensorFile& file, const Json& training, const std::string& path);
  /// What must not change between the runs that share a checkpoint.
  Json fingerprint() const;
  const std::string& data_hash() const;

  Trainer& trainer_;
  Trainer::Impl& impl_;
  const FitOptions& options_;
  detail::Meters meters_;
  const Dataset& train_;
  std::int64_t train_size_ = 0;  ///< its first samples
  const Dataset* validation_ = nullptr;
  std::int64_t validation_begin_ = 0;
  mutable std::string data_hash_;  ///< of training and validation data, once asked for
  // Memory that every batch uses again.
  std::vector<std::int64_t> order_;
  LayoutPool layouts_;
  Batch examples_;
  std::optional<ProgressPrinter> progress_;
  History history_;
  std::int64_t epoch_ = 0, batch_ = 0;  ///< where the data stand: batches of this epoch that were learnt from
  bool stopping_ = false;
  NamedValues last_logs_;
  std::vector<std::pair<std::string, bool>> queued_;
};

}  // namespace rondo
