#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rondo/base/progress.h"
#include "rondo/train/training.h"
#include "train/fit/alignment.h"

namespace rondo::detail {

/// One output as training sees it.
struct OutputPlan {
  std::string name;
  std::shared_ptr<const Loss> loss;
  double loss_weight = 1;
  bool is_sequence = false;
  std::vector<Json> metrics, weighted_metrics;
};

/// Means of losses and metrics over the batches of an epoch or of a data set.
class Meters {
 public:
  explicit Meters(const std::vector<OutputPlan>& outputs);

  void reset();
  /// A batch's losses count `weight` (its samples) in the mean. `output_losses` are not yet times their
  /// loss_weight.
  void add_loss(double weight, double loss, const std::vector<double>& output_losses);
  /// `presence` is empty, or 0 for rows that are not there: metrics without weights leave them out.
  void add_rows(std::size_t output, const AlignedRows& rows, const std::vector<double>& presence = {});
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
  std::vector<std::string> names_;  ///< of the results
  double weight_ = 0, loss_ = 0;
};

}  // namespace rondo::detail
