#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/progress.h"
#include "train/fit/objective_plan.h"

namespace rondo::detail {

/// Means of losses and metrics over the batches of an epoch or of a data set.
class Meters {
 public:
  explicit Meters(const std::vector<ObjectivePlan>& plans);

  /// Which way a result gets better; nothing for a name that is none of the results.
  std::optional<Direction> direction(std::string_view name) const;

  void reset();
  /// A batch's losses count `weight` (its samples) in the mean. `losses` by objective are not yet times their
  /// loss_weight.
  void add_loss(double weight, double loss, const std::vector<double>& losses);
  void update(std::size_t objective, std::span<const Value> predictions, const Target& target);
  NamedValues results() const;
  /// The same, into values of an earlier call.
  void results_into(NamedValues& out) const;

  Json gathered() const;
  void restore(const Json& gathered);

 private:
  struct Output {
    std::string name;
    double loss = 0;
    std::vector<std::shared_ptr<Metric>> metrics, weighted_metrics;
  };
  template <class F>
  void each_metric(F&& f) const;

  std::vector<Output> outputs_;
  void check_names() const;

  std::vector<std::string> names_;  ///< of the results
  double weight_ = 0, loss_ = 0;
};

}  // namespace rondo::detail
