#include "train/fit/objective_plan.h"

#include "rondo/base/error.h"

namespace rondo::detail {
namespace {

void require_by_output(const char* what, std::size_t seen, std::size_t expected) {
  if (seen == expected) return;
  throw Error(ErrorKind::usage, std::string(what) + " must have one entry an output")
      .seen(std::to_string(seen) + " entries")
      .expected(std::to_string(expected));
}

std::shared_ptr<Objective> objective_of(const CompileOptions& options, std::size_t k) {
  if (k < options.custom_objectives.size() && options.custom_objectives[k])
    return options.custom_objectives[k];
  if (!options.loss.is_array()) return make_objective(options.loss);
  const auto& losses = options.loss.as_array("loss");
  if (k >= losses.size()) require_by_output("loss", losses.size(), k + 1);
  return make_objective(losses[k]);
}

/// Checks the outputs that the objective is to read, and takes memory for its parameters.
void declare(ObjectivePlan& plan, Network& network, std::uint64_t seed) {
  std::vector<ValueShape> predictions;
  for (std::size_t i = 0; i < plan.count; ++i) {
    if (plan.first + i >= network.output_count()) {
      throw Error(ErrorKind::usage, "the network has too few outputs")
          .where("objective " + plan.objective->name())
          .seen(std::to_string(network.output_count()))
          .expected(std::to_string(plan.first + plan.count));
    }
    predictions.push_back(network.output_spec(plan.first + i));
  }
  plan.objective->join(network.parameters(), predictions, std::string(kObjectivePrefix) + plan.name + ".",
                       seed);
}

/// The entry for objective k: arrays hold one entry an output, anything else is for all.
std::vector<Json> metrics_of(const std::vector<Json>& metrics, std::size_t k, std::size_t count,
                             const char* what) {
  std::vector<Json> out = metrics;
  if (!metrics.empty() && metrics.front().is_array()) {
    require_by_output(what, metrics.size(), count);
    out = metrics[k].as_array(what);
  }
  for (const Json& metric : out) make_metric(metric);  // names are checked now, not in the first batch
  return out;
}

}  // namespace

std::vector<ObjectivePlan> plan_objectives(Network& network, const CompileOptions& options) {
  network.build(options.seed.value_or(0));
  std::vector<ObjectivePlan> plans;
  for (std::size_t next = 0; next < network.output_count(); next += plans.back().count) {
    ObjectivePlan& plan = plans.emplace_back();
    const std::size_t k = plans.size() - 1;
    plan.name = network.output_name(next);
    plan.objective = objective_of(options, k);
    plan.first = next;
    plan.count = plan.objective->prediction_count();
    if (k < options.loss_weights.size()) plan.loss_weight = options.loss_weights[k];
    if (k < options.custom_metrics.size()) plan.custom_metrics = options.custom_metrics[k];
    declare(plan, network, options.seed.value_or(0));
  }
  const std::size_t count = plans.size();
  if (options.loss.is_array()) require_by_output("loss", options.loss.as_array("loss").size(), count);
  if (!options.loss_weights.empty()) require_by_output("loss_weights", options.loss_weights.size(), count);
  for (std::size_t k = 0; k < count; ++k) {
    plans[k].metrics = metrics_of(options.metrics, k, count, "metrics");
    plans[k].weighted_metrics = metrics_of(options.weighted_metrics, k, count, "weighted_metrics");
  }
  return plans;
}

Json compile_config(const std::vector<ObjectivePlan>& plans, const TrainingStep& step) {
  Json loss = Json::array(), weights = Json::array(), metrics = Json::array(), weighted = Json::array();
  const auto list = [](const std::vector<Json>& items) {
    return Json(Json::Array(items.begin(), items.end()));
  };
  for (const ObjectivePlan& plan : plans) {
    loss.push_back(plan.objective->config());
    weights.push_back(plan.loss_weight);
    metrics.push_back(list(plan.metrics));
    weighted.push_back(list(plan.weighted_metrics));
  }
  Json out = Json::object({{"loss", std::move(loss)},
                           {"loss_weights", std::move(weights)},
                           {"metrics", std::move(metrics)},
                           {"weighted_metrics", std::move(weighted)}});
  if (Json own = step.config(); !own.is_null()) out.set("step", std::move(own));
  return out;
}

}  // namespace rondo::detail
