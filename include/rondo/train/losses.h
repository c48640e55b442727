#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/tensor/matrix.h"
#include "rondo/train/objective.h"

namespace rondo {

/// A loss that is a sum over rows: a row is one sample, or one used step of one sequence. Row
/// r of `prediction` [rows, columns] against row r of `target` gives l_r (for several columns their mean, as
/// in Keras), and
///
///     value = Σ_r weights[r] · l_r / divisor
///
/// The divisor comes from the reduction (rows switched off by a mask are not rows). A row of weight 0 is not
/// read at all, so NaN there does no harm. Immutable: any number of threads may use one object.
class Loss {
 public:
  virtual ~Loss() = default;

  /// Keras's three ways to make one number of many rows: divide by the number of rows (the default), by 1, or
  /// by the sum of the weights.
  enum class Reduction { sum_over_batch_size, sum, mean_with_sample_weight };
  virtual Reduction reduction() const { return Reduction::sum_over_batch_size; }
  /// What `reduction` divides by. When there is nothing to divide by (no rows, all weights 0) it is 1.
  double divisor(std::int64_t rows, std::span<const double> weights) const;

  /// Rows whose target is this class number have no part: they are no rows.
  virtual std::optional<std::int64_t> ignored_class() const { return {}; }

  /// Keras's name in snake_case, such as "mean_squared_error".
  virtual std::string name() const = 0;
  /// {"name": ..., every option}: make_loss(config()) is this loss again.
  virtual Json config() const = 0;
  /// Columns that a target needs when a prediction has `prediction_columns`; Error(usage) when that is
  /// impossible.
  virtual std::int64_t target_columns(std::int64_t prediction_columns) const = 0;
  /// Columns that a prediction needs for a target of `target_columns`; -1 when the loss leaves it open
  /// (the number of classes of sparse_categorical_crossentropy).
  virtual std::int64_t prediction_columns(std::int64_t target_columns) const = 0;

  /// The value above; with a `gradient` [rows, columns] also writes d value / d prediction there
  /// (overwriting). Prediction, target and gradient have one dtype, float32 or float64; the sum over rows is
  /// made in double, in the order of the rows. `weights` is empty (all 1) or has one number a row. Shapes or
  /// types that do not fit throw Error(usage); class numbers out of range throw Error(data).
  virtual double value_and_gradient(ConstMatrix prediction, ConstMatrix target,
                                    std::span<const double> weights, double divisor,
                                    Matrix gradient) const = 0;
  double value(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights = {},
               double divisor = 1) const {
    return value_and_gradient(prediction, target, weights, divisor, Matrix{});
  }
};

/// A loss from its name ("mse", "mean_squared_error", "MeanSquaredError"), from {"name": ..., options} or
/// from Keras's {"class_name": ..., "config": {...}}. Unknown names and options throw Error(usage) with the
/// nearest one.
///
/// Every loss has the option reduction: "sum_over_batch_size" | "sum" | "mean_with_sample_weight".
///
///     mean_squared_error (mse), mean_absolute_error (mae), mean_absolute_percentage_error (mape)
///     log_cosh (logcosh), huber {delta: 1}
///     binary_crossentropy (bce) {from_logits, label_smoothing}
///     categorical_crossentropy (cce) {from_logits, label_smoothing}
///     sparse_categorical_crossentropy (scce) {from_logits, label_smoothing, ignore_class: null}
///       the target is one class number a row; a row of ignore_class is left out as a mask leaves out a step,
///       from the metrics beside the loss, too
///     quantile (pinball) {levels: [0.1, 0.5, 0.9]}
///       prediction column: target · levels + level
///     gaussian_nll {scale: "softplus" | "log", min_scale: 1e-6}
///       prediction: all means, then all raw scales
///     student_t_nll {scale, min_scale, degrees_of_freedom: null}
///       prediction: all locations, all raw scales and, when degrees_of_freedom is null, all raw degrees of
///       freedom (ν = 2 + softplus(raw): the variance exists)
///     negative_binomial_nll {mean: "softplus" | "log", min_mean: 1e-6, exposure: false, min_dispersion:
///     1e-6}
///       prediction: all raw means, all raw dispersions (α = softplus(raw) + min_dispersion; variance μ +
///       αμ²)
///     poisson_nll {mean, min_mean, exposure}
///       prediction: all raw means
///
/// A mean is μ = softplus(raw) + min_mean or exp(raw) + min_mean. With exposure, targets are all counts, then
/// as many scales s > 0, and μ becomes s·μ and α becomes α/√s (DeepAR). A negative count throws Error(data),
/// naming its row.
///
/// From probabilities, cross-entropies clip to [1e-7, 1 - 1e-7] as Keras does (no gradient outside), the
/// categorical one after dividing by the sum of the row. A scale is σ = softplus(raw) + min_scale or σ =
/// exp(raw) + min_scale.
std::shared_ptr<const Loss> make_loss(const Json& name_or_config);

/// An objective of a loss of one's own (CompileOptions::custom_objectives). make_objective makes those of
/// make_loss.
std::shared_ptr<Objective> row_objective(std::shared_ptr<const Loss> loss);

/// Names that make_loss knows, without aliases.
std::vector<std::string> loss_names();

/// Makes `name` one that make_loss knows and CompileOptions, configuration files and the compiled part of a
/// saved model can name. `make` gets the options that stand beside the name ({"name": "focal", "gamma": 2}:
/// {"gamma": 2}). A name that is taken, an alias among them, is an Error(usage). From any thread.
void register_loss(std::string name, std::function<std::shared_ptr<const Loss>(const Json& options)> make);
/// The same for a loss of whole outputs, of which make_objective makes one.
void register_objective(std::string name,
                        std::function<std::shared_ptr<Objective>(const Json& options)> make);

/// Throws Error(data), naming the row, at the first negative or infinite value: a count likelihood has no use
/// for it. NaN is missing, not wrong. Returns how many values are not whole (they can be learnt, but are no
/// counts). `where` says whose rows they are.
std::int64_t check_counts(std::span<const double> values, const std::string& where = "");

/// What a column of raw numbers of the likelihood losses means: scale is "softplus" or "log".
double likelihood_scale(const std::string& scale, double raw, double min_scale = 1e-6);
/// ν = 2 + softplus(raw), the degrees of freedom in student_t_nll.
double student_t_degrees_of_freedom(double raw);

}  // namespace rondo
