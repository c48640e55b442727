#pragma once

#include <map>
#include <vector>

#include "rondo/tensor/dataset.h"
#include "rondo/train/training_step.h"
#include "train/fit/meters.h"
#include "train/fit/objective_plan.h"

namespace rondo::detail {

/// Records one batch, or a piece of one, by a TrainingStep, and adds up what pieces say.
class BatchPass final : public TrainingPass {
 public:
  BatchPass(Network& network, const std::vector<ObjectivePlan>& plans, Pool* pool);

  /// Threads for the layers from the next batch on.
  void set_pool(Pool* pool) { tape_ = Tape(tape_.dtype(), pool); }
  /// Throws Error(usage) unless the batch has what network and objectives ask for.
  void check(const Batch& batch) const;
  /// What the means of the pieces to come are over: all of `batch`. Without it, each piece by itself.
  void count(const Batch& batch, const std::map<std::int64_t, double>* class_weight);
  /// Losses count from 0 again.
  void reset();

  struct Settings {
    RunOptions run;
    bool differentiating = false;  ///< backward will be called
    const std::map<std::int64_t, double>* class_weight = nullptr;
    bool cut_in_time = false;  ///< the piece holds some steps of longer sequences
    double share = 1;          ///< of the batch's samples that the piece holds, for penalties by sample
  };
  void record(const Batch& piece, TrainingStep& step, const Settings& settings, Meters& meters);
  /// Adds the gradients of what was recorded last.
  void backward() { tape_.backward(losses_, loss_weights_); }

  double loss() const { return loss_; }
  const std::vector<double>& losses() const { return objective_losses_; }  ///< by objective
  /// Of the piece recorded last: how many rows have a part in it, and whether some of them count.
  double rows() const { return rows_; }
  bool has_weight() const { return has_weight_; }

  Tape& tape() override { return tape_; }
  Network& network() override { return network_; }
  bool training() const override { return settings_.run.training; }
  std::span<const Samples> inputs() const override { return piece_->inputs; }
  std::span<const Target> targets() const override { return targets_; }
  RandomStream random(const char* purpose) const override;
  Vars forward() override;
  void add_objectives(std::span<const Var> predictions, double weight) override;
  void add_loss(Var loss, double weight) override;
  void update_metrics(std::span<const Var> predictions) override;

 private:
  std::span<const Value> values_of(const ObjectivePlan& plan, std::span<const Var> predictions);
  void assign_targets(const Batch& batch);
  void check_pieces(const ObjectivePlan& plan, std::span<const Value> predictions) const;
  void count_rows(const Value& prediction, const Target& target);

  Network& network_;
  const std::vector<ObjectivePlan>& plans_;
  Tape tape_;
  const Batch* piece_ = nullptr;
  Settings settings_;
  Meters* meters_ = nullptr;
  // Memory that every batch uses again.
  std::vector<Target> targets_;
  std::vector<Value> values_;
  std::vector<double> counts_;  ///< by objective; empty: pieces count by themselves
  std::vector<Var> losses_;
  std::vector<double> loss_weights_, objective_losses_;
  double loss_ = 0, rows_ = 0;
  bool has_weight_ = false;
};

}  // namespace rondo::detail
