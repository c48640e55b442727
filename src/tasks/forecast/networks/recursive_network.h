#pragma once

#include "tasks/forecast/networks/encoder_decoder.h"

namespace rondo::forecasting {

/// An autoregressive recurrent network (Salinas et al. 2020, "DeepAR"): a step of the cell for every row,
/// which reads the value before and what is known of the row, and predicts the distribution of its value:
///
///     h_r = cell(h_{r−1}, [z_{r−1}, known_r])        ρ_r = dense(dropout(h_r)), plus linear([z_{r−1},
///     known_r]) for the location
///
/// It learns with the true values before (teacher forcing), over look-back and horizon. A forecast draws
/// paths: every draw is the value before of the next step.
class RecursiveNetwork final : public NetworkForecaster {
 public:
  Window window;
  NetworkTraining settings;  ///< settled: head, members, cell, units, dropout and seed
  std::int64_t paths = 100;  ///< of each member

  std::string name() const override { return "recursive"; }
  std::int64_t look_back() const override { return window.rows(); }
  bool has_distribution() const override { return true; }
  bool is_sampled() const override { return true; }
  /// Mean and standard deviation (student_t, whose tails would rule these: median and the distance of the 10
  /// % and 90 % quantiles) of the paths, by member. The draws depend on seed, series, origin, path and step
  /// alone.
  std::vector<Forecasts> members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                 Pool& pool) override;
  void archive(tasks::Archive& archive) override;
  bool fits(const PanelShape& panel) const override;
};

/// A `point` learns a gaussian. Quantiles are too few to draw from: LikelihoodHead::likelihood throws
/// Error(usage).
class RecursivePlan final : public WindowPlan {
 public:
  using WindowPlan::WindowPlan;
  std::unique_ptr<NetworkPlan> clone() const override { return std::make_unique<RecursivePlan>(*this); }
  std::unique_ptr<NetworkPlan> with_look_back(const TrainingTask& task, std::int64_t rows) const override;
  NetworkTraining settled(const TrainingTask& task) const override;
  TrainedNetwork train(const TrainingTask& task, const Folds& folds, Pool& pool) const override;
};

/// The network: input "rows" [batch, rows, features], one output [batch, rows, parameters] for each member.
/// With `alone` >= 0 that member only, with its states [batch, units] as further inputs and outputs.
Network make_recursive_network(const Window& window, const NetworkTraining& settled, int alone = -1);

}  // namespace rondo::forecasting
