#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/tensor/parameters.h"

namespace rondo {

/// What a step of an optimiser did.
struct StepReport {
  double gradient_norm =
      0;  ///< of all trainable gradients together, before clipping; NaN or ∞ when one of them is
  double learning_rate = 0;  ///< that was used
};

/// Everything that an optimiser carries from step to step, for a checkpoint.
struct OptimizerState {
  Json numbers;  ///< {"iterations": ..., "learning_rate": ..., ...}
  std::vector<std::pair<std::string, Tensor>>
      slots;  ///< "lstm.kernel/momentum" and so on, with the parameter's shape
};

/// Moves the trainable parameters of a store against their gradients.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  virtual std::string name() const = 0;
  /// {"name": ..., every option}: make_optimizer(config()) is a fresh optimiser of the same kind.
  virtual Json config() const = 0;
  /// One step from the gradients that `parameters` holds. They are read, never changed. Allocates in the
  /// first step only.
  virtual StepReport step(ParameterStore& parameters) = 0;

  /// Calls of `step` so far, those too that only added gradients up.
  virtual std::int64_t iterations() const = 0;
  /// Of the next step.
  virtual double learning_rate() const = 0;
  /// Throws Error(usage) when a schedule governs the learning rate.
  virtual void set_learning_rate(double learning_rate) = 0;
  /// At the end of training: the weights become their average where there is one (use_ema).
  virtual void finalize(ParameterStore& parameters) { static_cast<void>(parameters); }

  /// Copies the state out, and back: after `restore` the next steps have the bits they would have had.
  virtual OptimizerState state(const ParameterStore& parameters) const = 0;
  /// Throws Error(model_file) that names what is missing, unknown or has another shape.
  virtual void restore(const ParameterStore& parameters, const OptimizerState& state) = 0;
};

/// An optimiser from its name, from {"name": ..., options} or from Keras's {"class_name": ..., "config":
/// ...}:
///
///     sgd {momentum, nesterov} · rmsprop {rho, momentum, epsilon, centered} · adam, adamw {beta_1, beta_2,
///     epsilon, amsgrad} · amsgrad (adam with amsgrad) · nadam · adagrad {initial_accumulator_value, epsilon}
///     · adadelta {rho, epsilon} · adamax {beta_1, beta_2, epsilon} · lion {beta_1, beta_2} · adafactor
///     {beta_2_decay, epsilon_1, epsilon_2, clip_threshold}
///
/// Every one also has learning_rate (a number or a schedule, see schedules.h), weight_decay,
/// exclude_from_weight_decay (parts of parameter names), at most one of clipnorm (each array's gradient),
/// global_clipnorm (all gradients together) and clipvalue (each element), lazy (see below), and
///
///     parameter_groups: [{pattern, learning_rate_multiplier: 1, weight_decay: null}]
///       parameters whose name has the pattern in it ("embedding", "lstm_1.") learn at another rate or with
///       another decay; the first group that fits counts. A pattern that fits nothing is an error
///     gradient_accumulation_steps: null
///       the mean gradient of so many batches makes one step. Schedules count batches, as in Keras
///     use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null
///       an exponential moving average of the weights, which takes their place at the end of training, or
///       every so many steps
///
/// as in Keras, and
///
///     convention: "keras" (default) | "torch"
///
/// which chooses the formulas and the defaults of Keras 3 or of PyTorch: where ε stands, whether momentum
/// holds the learning rate, and whether weight_decay shrinks weights directly (Keras: always; PyTorch: adamw
/// only) or is added to the gradient. Lion and Adafactor are Keras's only; Keras's relative_step of Adafactor
/// is no option, for it changes nothing there: a step is never larger than 1 / √t. Arithmetic is in the
/// store's dtype; norms are sums in double in a fixed order.
///
/// Embeddings have sparse rows (see ParameterStore): a step gives a gradient to the rows of its ids only.
/// What a step does to the other rows:
///
///     sgd without momentum, adagrad
///       nothing: they are not visited, and the bits are those of a dense update (of finite weights; a weight
///       of −0 stays −0)
///     all others, and weight_decay
///       by default what Keras does: moments and momentum decay and go on moving every row, so that a step
///       costs as much as the whole table
///     lazy: true
///       nothing: weights, moments and decay of a row change in the steps only that give it a gradient, with
///       the bias correction of the common step count. That is LazyAdam of TensorFlow Addons and SparseAdam
///       of PyTorch, here for every optimiser but adafactor. The cost does not depend on the size of the
///       table. Numbers differ from the default: rare rows keep old moments and are not decayed
///
/// Clipping measures the same norms, to the bit, whichever it is. A penalty of the layer
/// (embeddings_regularizer) gives a gradient to every row, and so does a table that is used as a dense array
/// (tied weights): such steps are dense, with lazy too. A gradient that is not finite reaches every row when
/// norms are clipped.
std::unique_ptr<Optimizer> make_optimizer(const Json& name_or_config);

std::vector<std::string> optimizer_names();

/// Makes `name` one that make_optimizer knows and CompileOptions, configuration files and the compiled part
/// of a saved model can name. `make` gets the options that stand beside the name ({"name": "focal", "gamma":
/// 2}: {"gamma": 2}). A name that is taken, an alias among them, is an Error(usage). From any thread.
void register_optimizer(std::string name,
                        std::function<std::unique_ptr<Optimizer>(const Json& options)> make);

}  // namespace rondo
