#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tensor/matrix.h"
#include "rondo/train/objective.h"

namespace rondo {

/// Which results of a metric are the better ones.
enum class Direction : std::uint8_t { unknown, smaller, larger };

/// A number about predictions that is gathered batch by batch: reset, update ..., result. It sees whole
/// sequences, so it may be one of the corpus (an error rate, F1 of spans); for a number of rows see
/// RowMetric.
class Metric {
 public:
  virtual ~Metric() = default;

  /// As the user spelled it: the key in a training history.
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// What "auto" means to callbacks, which refuse it where a metric does not say.
  virtual Direction direction() const { return Direction::unknown; }

  virtual void reset() = 0;
  /// A batch of predictions beside its target, whose weights are those to count. `predictions` are the
  /// outputs of the network that the objective of this target reads, one as a rule. Shapes that do not fit
  /// throw Error(usage).
  virtual void update(std::span<const Value> predictions, const Target& target) = 0;
  /// Of everything since `reset`; NaN when nothing with a weight was seen.
  virtual double result() const = 0;

  /// What was gathered, as numbers, and back: a training that is interrupted within an epoch continues to the
  /// same result.
  virtual std::vector<double> gathered() const = 0;
  virtual void restore(std::span<const double> gathered) = 0;

 private:
  std::string name_;
};

/// A metric of rows, which are those of Loss: one sample, or one used step of one sequence; steps that a mask
/// switches off are not rows. A row of weight 0 counts for nothing and is not read.
class RowMetric : public Metric {
 public:
  void update(std::span<const Value> predictions, const Target& target) final;
  /// `weights` is empty (all 1) or has one number a row. Shapes that do not fit throw Error(usage).
  virtual void update_rows(ConstMatrix prediction, ConstMatrix target,
                           std::span<const double> weights = {}) = 0;
};

/// Makes a metric of one's own, as often as training needs one.
using MetricMaker = std::function<std::shared_ptr<Metric>()>;

/// A metric from its name, from {"name": ..., options} or from Keras's {"class_name": ..., "config": ...}.
/// Every loss is a metric too (its weighted mean over rows, so weights divide out), and besides:
///
///     accuracy (acc)
///       Keras's rule: one prediction column → binary_accuracy; one target column and several predicted →
///       sparse_categorical_accuracy; else categorical_accuracy. crossentropy (ce) resolves in the same way
///     binary_accuracy {threshold: 0.5}, categorical_accuracy, sparse_categorical_accuracy
///     top_k_categorical_accuracy, sparse_top_k_categorical_accuracy {k: 5}
///     root_mean_squared_error (rmse), cosine_similarity, r2_score
///     symmetric_mean_absolute_percentage_error (smape)
///       200·|t−p| / (|t|+|p|), from 0 to 200
///     precision, recall, f1_score {threshold: 0.5, class_id: null}
///     auc {num_thresholds: 200, from_logits: false}
///       area under the ROC curve by the trapezoid rule over thresholds, as in Keras
///     roc_auc
///       the same area without thresholds: how often a positive row is ranked before a negative one, ties
///       counting half. Takes any scores, logits too, and keeps them until `reset`
///
/// Unknown names and options throw Error(usage) with the nearest one.
std::shared_ptr<Metric> make_metric(const Json& name_or_config);
/// The same for metrics of rows; Error(usage) for others.
std::shared_ptr<RowMetric> make_row_metric(const Json& name_or_config);

/// Names that make_metric knows, without aliases.
std::vector<std::string> metric_names();

/// Makes `name` one that make_metric knows and CompileOptions, configuration files and the compiled part of a
/// saved model can name. `make` gets the options that stand beside the name ({"name": "focal", "gamma": 2}:
/// {"gamma": 2}). A name that is taken, an alias among them, is an Error(usage). From any thread.
void register_metric(std::string name, std::function<std::shared_ptr<Metric>(const Json& options)> make);

}  // namespace rondo
