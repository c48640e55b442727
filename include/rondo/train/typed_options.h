#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"

// Optimisers, schedules, losses and metrics with their options as fields, as layers have them:
//
//     model.compile({.optimizer = optimizers::adam({.learning_rate = schedules::cosine_decay({.decay_steps =
//     5000})}),
//                    .loss = losses::huber({.delta = 2}),
//                    .metrics = {metrics::named("precision", {.threshold = 0.7})}});
//
// Each function writes the object that make_optimizer(), make_schedule(), make_loss() or make_metric() reads,
// with the options that are given; the others keep the defaults written there. One that does not belong to
// the name is refused when the object is read.

namespace rondo {

/// Options of all optimisers; each has the first thirteen and some of the others.
struct OptimizerOptions {
  Json learning_rate = {};                  ///< a number or a schedule
  std::optional<double> weight_decay = {};  ///< how much weights shrink in a step, times the learning rate
  std::vector<std::string> exclude_from_weight_decay = {};  ///< parts of names of parameters without decay
  std::optional<double> clipnorm = {};                      ///< largest norm of the gradient of one array
  std::optional<double> global_clipnorm = {};               ///< largest norm of all gradients together
  std::optional<double> clipvalue = {};                     ///< largest size of an element of a gradient
  std::optional<bool> lazy = {};  ///< of an embedding, update only the rows that have a gradient in this step
  Json parameter_groups = {};     ///< a list of {"pattern", "learning_rate_multiplier", "weight_decay"}
  std::optional<std::int64_t> gradient_accumulation_steps =
      {};                                   ///< batches whose mean gradient makes one step
  std::optional<bool> use_ema = {};         ///< keep an exponential moving average of the weights
  std::optional<double> ema_momentum = {};  ///< decay of that average
  std::optional<std::int64_t> ema_overwrite_frequency =
      {};                                      ///< steps after which the average replaces the weights
  std::optional<std::string> convention = {};  ///< "keras" or "torch": whose formulas and defaults
  std::optional<double> momentum = {};         ///< sgd, rmsprop: share of the last move that is kept
  std::optional<bool> nesterov = {};           ///< sgd: look ahead along the momentum
  std::optional<double> rho = {};              ///< rmsprop, adadelta: decay of the mean of squared gradients
  std::optional<double> epsilon = {};          ///< keeps the division finite
  std::optional<bool> centered = {};           ///< rmsprop: divide by the standard deviation
  std::optional<double> beta_1 = {};           ///< adam and kin, lion: decay of the mean of gradients
  std::optional<double> beta_2 = {};           ///< adam and kin, lion: decay of the mean of squared gradients
  std::optional<bool> amsgrad = {};            ///< adam, adamw: divide by the largest mean square so far
  std::optional<double> momentum_decay = {};   ///< nadam: how fast the momentum reaches beta_1
  std::optional<double> initial_accumulator_value = {};  ///< adagrad: first sum of squares
  std::optional<double> beta_2_decay = {};  ///< adafactor: the means' decay in step t is 1 - t^beta_2_decay
  std::optional<double> epsilon_1 = {};     ///< adafactor: added to squared gradients
  std::optional<double> epsilon_2 = {};  ///< adafactor: least size of the weights that a step is a share of
  std::optional<double> clip_threshold = {};  ///< adafactor: largest root mean square of a step
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("learning_rate", self.learning_rate, "a number or a schedule");
    option("weight_decay", self.weight_decay, "how much weights shrink in a step, times the learning rate");
    option("exclude_from_weight_decay", self.exclude_from_weight_decay,
           "parts of names of parameters without decay");
    option("clipnorm", self.clipnorm, "largest norm of the gradient of one array");
    option("global_clipnorm", self.global_clipnorm, "largest norm of all gradients together");
    option("clipvalue", self.clipvalue, "largest size of an element of a gradient");
    option("lazy", self.lazy, "of an embedding, update only the rows that have a gradient in this step");
    option("parameter_groups", self.parameter_groups,
           "a list of {\"pattern\", \"learning_rate_multiplier\", \"weight_decay\"}");
    option("gradient_accumulation_steps", self.gradient_accumulation_steps,
           "batches whose mean gradient makes one step");
    option("use_ema", self.use_ema, "keep an exponential moving average of the weights");
    option("ema_momentum", self.ema_momentum, "decay of that average");
    option("ema_overwrite_frequency", self.ema_overwrite_frequency,
           "steps after which the average replaces the weights");
    option("convention", self.convention, "\"keras\" or \"torch\": whose formulas and defaults");
    option("momentum", self.momentum, "sgd, rmsprop: share of the last move that is kept");
    option("nesterov", self.nesterov, "sgd: look ahead along the momentum");
    option("rho", self.rho, "rmsprop, adadelta: decay of the mean of squared gradients");
    option("epsilon", self.epsilon, "keeps the division finite");
    option("centered", self.centered, "rmsprop: divide by the standard deviation");
    option("beta_1", self.beta_1, "adam and kin, lion: decay of the mean of gradients");
    option("beta_2", self.beta_2, "adam and kin, lion: decay of the mean of squared gradients");
    option("amsgrad", self.amsgrad, "adam, adamw: divide by the largest mean square so far");
    option("momentum_decay", self.momentum_decay, "nadam: how fast the momentum reaches beta_1");
    option("initial_accumulator_value", self.initial_accumulator_value, "adagrad: first sum of squares");
    option("beta_2_decay", self.beta_2_decay, "adafactor: the means' decay in step t is 1 - t^beta_2_decay");
    option("epsilon_1", self.epsilon_1, "adafactor: added to squared gradients");
    option("epsilon_2", self.epsilon_2, "adafactor: least size of the weights that a step is a share of");
    option("clip_threshold", self.clip_threshold, "adafactor: largest root mean square of a step");
  }
};

namespace optimizers {
Json sgd(const OptimizerOptions& options = {});
Json rmsprop(const OptimizerOptions& options = {});
Json adam(const OptimizerOptions& options = {});
Json adamw(const OptimizerOptions& options = {});
Json amsgrad(const OptimizerOptions& options = {});
Json nadam(const OptimizerOptions& options = {});
Json adamax(const OptimizerOptions& options = {});
Json adagrad(const OptimizerOptions& options = {});
Json adadelta(const OptimizerOptions& options = {});
Json lion(const OptimizerOptions& options = {});
Json adafactor(const OptimizerOptions& options = {});
/// One by its name, such as one that was registered.
Json named(const std::string& name, const OptimizerOptions& options = {});
}  // namespace optimizers

/// Options of all schedules.
struct ScheduleOptions {
  std::optional<double> initial_learning_rate = {};  ///< learning rate of the first step
  std::optional<double> decay_steps = {};            ///< steps of the decay
  std::optional<double> decay_rate = {};             ///< exponential, inverse_time: decay in decay_steps
  std::optional<bool> staircase = {};  ///< exponential, inverse_time: decay at once after every decay_steps
  std::optional<double> end_learning_rate = {};  ///< polynomial: smallest learning rate
  std::optional<double> power = {};              ///< polynomial: exponent
  std::optional<bool> cycle = {};                ///< polynomial: begin again after decay_steps
  std::optional<double> alpha = {};              ///< cosine: smallest learning rate as a share of the largest
  std::optional<double> warmup_target = {};      ///< cosine: learning rate that the warm-up leads to
  std::optional<double> warmup_steps = {};       ///< cosine: steps of the warm-up
  std::optional<double> first_decay_steps = {};  ///< cosine with restarts: steps until the first restart
  std::optional<double> t_mul = {};              ///< cosine with restarts: how much longer each period is
  std::optional<double> m_mul = {};              ///< cosine with restarts: how much higher each period begins
  std::vector<double> boundaries = {};           ///< piecewise: last steps of all pieces but the last
  std::vector<double> values = {};               ///< piecewise: learning rates, one more than boundaries
  std::optional<double> step_size = {};          ///< step_decay: steps between two drops
  std::vector<double> milestones = {};           ///< multi_step_decay: steps at which the learning rate drops
  std::optional<double> gamma = {};              ///< step_decay, multi_step_decay: factor of a drop
  std::optional<double> T_max = {};              ///< cosine_annealing: steps of half a cosine
  std::optional<double> eta_min = {};            ///< cosine_annealing: smallest learning rate
  std::optional<double> max_lr = {};             ///< one_cycle: learning rate at the peak
  std::optional<double> total_steps = {};        ///< one_cycle: steps of the cycle
  std::optional<double> pct_start = {};          ///< one_cycle: share of the steps until the peak
  std::optional<double> div_factor = {};         ///< one_cycle: peak over first learning rate
  std::optional<double> final_div_factor = {};   ///< one_cycle: first over last learning rate
  std::optional<std::string> anneal_strategy = {};  ///< one_cycle: "cos" or "linear"
  std::optional<bool> three_phase =
      {};  ///< one_cycle: go down as slowly as up, then to the last learning rate
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("decay_steps", self.decay_steps, "steps of the decay");
    option("decay_rate", self.decay_rate, "exponential, inverse_time: decay in decay_steps");
    option("staircase", self.staircase, "exponential, inverse_time: decay at once after every decay_steps");
    option("end_learning_rate", self.end_learning_rate, "polynomial: smallest learning rate");
    option("power", self.power, "polynomial: exponent");
    option("cycle", self.cycle, "polynomial: begin again after decay_steps");
    option("alpha", self.alpha, "cosine: smallest learning rate as a share of the largest");
    option("warmup_target", self.warmup_target, "cosine: learning rate that the warm-up leads to");
    option("warmup_steps", self.warmup_steps, "cosine: steps of the warm-up");
    option("first_decay_steps", self.first_decay_steps,
           "cosine with restarts: steps until the first restart");
    option("t_mul", self.t_mul, "cosine with restarts: how much longer each period is");
    option("m_mul", self.m_mul, "cosine with restarts: how much higher each period begins");
    option("boundaries", self.boundaries, "piecewise: last steps of all pieces but the last");
    option("values", self.values, "piecewise: learning rates, one more than boundaries");
    option("step_size", self.step_size, "step_decay: steps between two drops");
    option("milestones", self.milestones, "multi_step_decay: steps at which the learning rate drops");
    option("gamma", self.gamma, "step_decay, multi_step_decay: factor of a drop");
    option("T_max", self.T_max, "cosine_annealing: steps of half a cosine");
    option("eta_min", self.eta_min, "cosine_annealing: smallest learning rate");
    option("max_lr", self.max_lr, "one_cycle: learning rate at the peak");
    option("total_steps", self.total_steps, "one_cycle: steps of the cycle");
    option("pct_start", self.pct_start, "one_cycle: share of the steps until the peak");
    option("div_factor", self.div_factor, "one_cycle: peak over first learning rate");
    option("final_div_factor", self.final_div_factor, "one_cycle: first over last learning rate");
    option("anneal_strategy", self.anneal_strategy, "one_cycle: \"cos\" or \"linear\"");
    option("three_phase", self.three_phase,
           "one_cycle: go down as slowly as up, then to the last learning rate");
  }
};

namespace schedules {
Json exponential_decay(const ScheduleOptions& options = {});
Json inverse_time_decay(const ScheduleOptions& options = {});
Json piecewise_constant_decay(const ScheduleOptions& options = {});
Json polynomial_decay(const ScheduleOptions& options = {});
Json cosine_decay(const ScheduleOptions& options = {});
Json cosine_decay_restarts(const ScheduleOptions& options = {});
Json step_decay(const ScheduleOptions& options = {});
Json multi_step_decay(const ScheduleOptions& options = {});
Json cosine_annealing(const ScheduleOptions& options = {});
Json one_cycle(const ScheduleOptions& options = {});
Json named(const std::string& name, const ScheduleOptions& options = {});
}  // namespace schedules

/// Options of all losses.
struct LossOptions {
  std::optional<std::string> reduction = {};   ///< "sum_over_batch_size", "sum" or "mean_with_sample_weight"
  std::optional<bool> from_logits = {};        ///< crossentropies: predictions are logits, not probabilities
  std::optional<double> label_smoothing = {};  ///< crossentropies: share of a target that all classes get
  std::optional<std::int64_t> ignore_class =
      {};                            ///< sparse crossentropy: rows of this class have no part in the loss
  std::optional<double> delta = {};  ///< huber: error from which the loss grows linearly
  std::vector<double> levels = {};   ///< quantile: quantiles to learn
  std::optional<std::string> scale = {};          ///< gaussian_nll, student_t_nll: "softplus" or "log"
  std::optional<double> min_scale = {};           ///< gaussian_nll, student_t_nll: added to every scale
  std::optional<double> degrees_of_freedom = {};  ///< student_t_nll; not given: learnt
  std::optional<std::string> mean = {};           ///< count losses: "softplus" or "log"
  std::optional<double> min_mean = {};            ///< count losses: added to every mean
  std::optional<bool> exposure = {};              ///< count losses: targets are counts, then scales
  std::optional<double> min_dispersion = {};      ///< negative_binomial_nll: added to every dispersion
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("reduction", self.reduction, "\"sum_over_batch_size\", \"sum\" or \"mean_with_sample_weight\"");
    option("from_logits", self.from_logits, "crossentropies: predictions are logits, not probabilities");
    option("label_smoothing", self.label_smoothing, "crossentropies: share of a target that all classes get");
    option("ignore_class", self.ignore_class,
           "sparse crossentropy: rows of this class have no part in the loss");
    option("delta", self.delta, "huber: error from which the loss grows linearly");
    option("levels", self.levels, "quantile: quantiles to learn");
    option("scale", self.scale, "gaussian_nll, student_t_nll: \"softplus\" or \"log\"");
    option("min_scale", self.min_scale, "gaussian_nll, student_t_nll: added to every scale");
    option("degrees_of_freedom", self.degrees_of_freedom, "student_t_nll; not given: learnt");
    option("mean", self.mean, "count losses: \"softplus\" or \"log\"");
    option("min_mean", self.min_mean, "count losses: added to every mean");
    option("exposure", self.exposure, "count losses: targets are counts, then scales");
    option("min_dispersion", self.min_dispersion, "negative_binomial_nll: added to every dispersion");
  }
};

namespace losses {
Json mean_squared_error(const LossOptions& options = {});
Json mean_absolute_error(const LossOptions& options = {});
Json mean_absolute_percentage_error(const LossOptions& options = {});
Json log_cosh(const LossOptions& options = {});
Json huber(const LossOptions& options = {});
Json binary_crossentropy(const LossOptions& options = {});
Json categorical_crossentropy(const LossOptions& options = {});
Json sparse_categorical_crossentropy(const LossOptions& options = {});
Json quantile(const LossOptions& options = {});
Json gaussian_nll(const LossOptions& options = {});
Json student_t_nll(const LossOptions& options = {});
Json negative_binomial_nll(const LossOptions& options = {});
Json poisson_nll(const LossOptions& options = {});
Json named(const std::string& name, const LossOptions& options = {});
}  // namespace losses

/// Options of all metrics that are no losses.
struct MetricOptions {
  std::optional<double> threshold =
      {};  ///< binary_accuracy, precision, recall: predictions above it count as positive
  std::optional<std::int64_t> class_id = {};  ///< precision, recall: column to look at
  std::optional<std::int64_t> k = {};  ///< top_k: how many of the largest predictions may be the true class
  std::optional<std::int64_t> num_thresholds = {};  ///< auc: points of the curve
  std::optional<bool> from_logits = {};             ///< predictions are logits, not probabilities
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("threshold", self.threshold,
           "binary_accuracy, precision, recall: predictions above it count as positive");
    option("class_id", self.class_id, "precision, recall: column to look at");
    option("k", self.k, "top_k: how many of the largest predictions may be the true class");
    option("num_thresholds", self.num_thresholds, "auc: points of the curve");
    option("from_logits", self.from_logits, "predictions are logits, not probabilities");
  }
};

namespace metrics {
/// metric_names() says which there are; most have no options, and their name alone will do.
Json named(const std::string& name, const MetricOptions& options = {});
}  // namespace metrics

}  // namespace rondo
