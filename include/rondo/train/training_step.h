#pragma once

#include <span>

#include "rondo/base/json.h"
#include "rondo/base/random.h"
#include "rondo/model/network.h"
#include "rondo/tape/tape.h"
#include "rondo/train/objective.h"

namespace rondo {

/// A batch under way, as a TrainingStep sees it.
class TrainingPass {
 public:
  virtual ~TrainingPass() = default;
  virtual Tape& tape() = 0;
  virtual Network& network() = 0;
  /// False in evaluation: what is recorded is measured only.
  virtual bool training() const = 0;
  virtual std::span<const Samples> inputs() const = 0;
  /// One an objective.
  virtual std::span<const Target> targets() const = 0;
  /// Random numbers for `purpose`, by the seed of the fit and the number of the step: a resumed training
  /// draws the same.
  virtual RandomStream random(const char* purpose) const = 0;

  /// Runs the network on `inputs()`.
  virtual Vars forward() = 0;
  /// Adds the objectives that the network is compiled with, times `weight`, to the loss. `predictions` are as
  /// the network's outputs.
  virtual void add_objectives(std::span<const Var> predictions, double weight = 1) = 0;
  /// Adds weight · loss, one number on the tape.
  virtual void add_loss(Var loss, double weight = 1) = 0;
  virtual void update_metrics(std::span<const Var> predictions) = 0;
};

/// What training and evaluation run for a batch. Everything else (epochs, gradients, the optimiser,
/// callbacks, checkpoints, validation) stays the same for all steps. This one runs the network and compares
/// its outputs with the targets; derive from it for several networks (a teacher and a student) or for several
/// runs (scheduled sampling). What it draws comes from TrainingPass::random, and it keeps nothing from batch
/// to batch that results depend on: then a resumed training has the bits of one without interruption.
class TrainingStep {
 public:
  virtual ~TrainingStep() = default;
  /// What tells it from other steps in a checkpoint, such as {"name": "distillation", "temperature": 2}.
  virtual Json config() const { return Json(); }
  /// Records a forward pass with its losses and updates the metrics. The trainer then runs it backward.
  virtual void run(TrainingPass& pass);
};

}  // namespace rondo
