#include "rondo/train/typed_options.h"

namespace rondo {
namespace {

template <class Options>
Json with_given(const std::string& name, const Options& options) {
  Json out = Json::object({{"name", name}});
  const Json all = to_config(options);
  for (const auto& [key, value] : all.as_object()) {
    if (!value.is_null() && value != Json::array()) out.set(key, value);
  }
  return out;
}

}  // namespace

Json optimizers::named(const std::string& name, const OptimizerOptions& options) {
  return with_given(name, options);
}
Json optimizers::sgd(const OptimizerOptions& options) { return named("sgd", options); }
Json optimizers::rmsprop(const OptimizerOptions& options) { return named("rmsprop", options); }
Json optimizers::adam(const OptimizerOptions& options) { return named("adam", options); }
Json optimizers::adamw(const OptimizerOptions& options) { return named("adamw", options); }
Json optimizers::amsgrad(const OptimizerOptions& options) { return named("amsgrad", options); }
Json optimizers::nadam(const OptimizerOptions& options) { return named("nadam", options); }
Json optimizers::adamax(const OptimizerOptions& options) { return named("adamax", options); }
Json optimizers::adagrad(const OptimizerOptions& options) { return named("adagrad", options); }
Json optimizers::adadelta(const OptimizerOptions& options) { return named("adadelta", options); }
Json optimizers::lion(const OptimizerOptions& options) { return named("lion", options); }
Json optimizers::adafactor(const OptimizerOptions& options) { return named("adafactor", options); }

Json schedules::named(const std::string& name, const ScheduleOptions& options) {
  return with_given(name, options);
}
Json schedules::exponential_decay(const ScheduleOptions& options) {
  return named("exponential_decay", options);
}
Json schedules::inverse_time_decay(const ScheduleOptions& options) {
  return named("inverse_time_decay", options);
}
Json schedules::piecewise_constant_decay(const ScheduleOptions& options) {
  return named("piecewise_constant_decay", options);
}
Json schedules::polynomial_decay(const ScheduleOptions& options) {
  return named("polynomial_decay", options);
}
Json schedules::cosine_decay(const ScheduleOptions& options) { return named("cosine_decay", options); }
Json schedules::cosine_decay_restarts(const ScheduleOptions& options) {
  return named("cosine_decay_restarts", options);
}
Json schedules::step_decay(const ScheduleOptions& options) { return named("step_decay", options); }
Json schedules::multi_step_decay(const ScheduleOptions& options) {
  return named("multi_step_decay", options);
}
Json schedules::cosine_annealing(const ScheduleOptions& options) {
  return named("cosine_annealing", options);
}
Json schedules::one_cycle(const ScheduleOptions& options) { return named("one_cycle", options); }

Json losses::named(const std::string& name, const LossOptions& options) { return with_given(name, options); }
Json losses::mean_squared_error(const LossOptions& options) { return named("mean_squared_error", options); }
Json losses::mean_absolute_error(const LossOptions& options) { return named("mean_absolute_error", options); }
Json losses::mean_absolute_percentage_error(const LossOptions& options) {
  return named("mean_absolute_percentage_error", options);
}
Json losses::log_cosh(const LossOptions& options) { return named("log_cosh", options); }
Json losses::huber(const LossOptions& options) { return named("huber", options); }
Json losses::binary_crossentropy(const LossOptions& options) { return named("binary_crossentropy", options); }
Json losses::categorical_crossentropy(const LossOptions& options) {
  return named("categorical_crossentropy", options);
}
Json losses::sparse_categorical_crossentropy(const LossOptions& options) {
  return named("sparse_categorical_crossentropy", options);
}
Json losses::quantile(const LossOptions& options) { return named("quantile", options); }
Json losses::gaussian_nll(const LossOptions& options) { return named("gaussian_nll", options); }
Json losses::student_t_nll(const LossOptions& options) { return named("student_t_nll", options); }
Json losses::negative_binomial_nll(const LossOptions& options) {
  return named("negative_binomial_nll", options);
}
Json losses::poisson_nll(const LossOptions& options) { return named("poisson_nll", options); }

Json metrics::named(const std::string& name, const MetricOptions& options) {
  return with_given(name, options);
}

}  // namespace rondo
