#include "train/fit/meters.h"

#include <algorithm>
#include <limits>

#include "rondo/base/error.h"

namespace rondo::detail {

Meters::Meters(const std::vector<ObjectivePlan>& plans) {
  for (const ObjectivePlan& plan : plans) {
    Output output{plan.name, 0, {}, {}};
    for (const Json& metric : plan.metrics) output.metrics.push_back(make_metric(metric));
    for (const Json& metric : plan.weighted_metrics) output.weighted_metrics.push_back(make_metric(metric));
    for (const MetricMaker& make : plan.custom_metrics) {
      output.weighted_metrics.push_back(make ? make() : nullptr);
      if (output.weighted_metrics.back() == nullptr)
        throw Error(ErrorKind::usage, "a metric of one's own is null").where("output '" + plan.name + "'");
    }
    for (const auto& weighted : output.weighted_metrics) {  // "mae" and "weighted_mae", as in Keras
      const auto is_taken = [&](const auto& metric) { return metric->name() == weighted->name(); };
      if (std::ranges::any_of(output.metrics, is_taken)) weighted->set_name("weighted_" + weighted->name());
    }
    outputs_.push_back(std::move(output));
  }
  const bool several = outputs_.size() > 1;
  names_ = {"loss"};
  for (const Output& output : outputs_) {
    if (several) names_.push_back(output.name + "_loss");
  }
  each_metric([&](const Output& output, const Metric& metric) {
    names_.push_back(several ? output.name + "_" + metric.name() : metric.name());
  });
  check_names();
}

/// Each result has a name of its own, those of validation among them.
void Meters::check_names() const {
  std::vector<std::string> all = names_;
  for (const std::string& name : names_) all.push_back("val_" + name);
  std::ranges::sort(all);
  const auto twice = std::ranges::adjacent_find(all);
  if (twice == all.end()) return;
  throw Error(ErrorKind::usage, "two losses or metrics have the same name in the history")
      .seen("'" + *twice + "' twice")
      .fix("leave one of them out, or give outputs and metrics other names");
}

std::optional<Direction> Meters::direction(std::string_view name) const {
  if (name.starts_with("val_") && std::ranges::find(names_, name) == names_.end()) name.remove_prefix(4);
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) return std::nullopt;
  auto at = found - names_.begin() - 1 - (outputs_.size() > 1 ? std::ssize(outputs_) : 0);
  if (at < 0) return Direction::smaller;  // a loss
  Direction direction = Direction::unknown;
  each_metric([&](const Output&, const Metric& metric) {
    if (at-- == 0) direction = metric.direction();
  });
  return direction;
}

template <class F>
void Meters::each_metric(F&& f) const {
  for (const Output& output : outputs_) {
    for (const auto& metric : output.metrics) f(output, *metric);
    for (const auto& metric : output.weighted_metrics) f(output, *metric);
  }
}

void Meters::reset() {
  weight_ = loss_ = 0;
  for (Output& output : outputs_) output.loss = 0;
  each_metric([](const Output&, Metric& metric) { metric.reset(); });
}

void Meters::add_loss(double weight, double loss, const std::vector<double>& losses) {
  weight_ += weight;
  loss_ += weight * loss;
  for (std::size_t k = 0; k < outputs_.size(); ++k) outputs_[k].loss += weight * losses[k];
}

void Meters::update(std::size_t objective, std::span<const Value> predictions, const Target& target) {
  Output& output = outputs_[objective];
  for (const auto& metric : output.weighted_metrics) metric->update(predictions, target);
  if (output.metrics.empty()) return;
  const Target unweighted = target.unweighted();
  for (const auto& metric : output.metrics) metric->update(predictions, unweighted);
}

NamedValues Meters::results() const {
  NamedValues out;
  results_into(out);
  return out;
}

void Meters::results_into(NamedValues& out) const {
  const auto mean = [&](double sum) {
    return weight_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / weight_;
  };
  out.resize(names_.size());
  std::size_t next = 0;
  const auto put = [&](double value) {
    if (out[next].first != names_[next]) out[next].first = names_[next];
    out[next++].second = value;
  };
  put(mean(loss_));
  for (const Output& output : outputs_) {
    if (outputs_.size() > 1) put(mean(output.loss));
  }
  each_metric([&](const Output&, const Metric& metric) { put(metric.result()); });
}

Json Meters::gathered() const {
  Json out = Json::object({{"weight", weight_}, {"loss", loss_}});
  Json losses = Json::array(), metrics = Json::array();
  for (const Output& output : outputs_) losses.push_back(output.loss);
  each_metric([&](const Output&, const Metric& metric) { metrics.push_back(Json::list(metric.gathered())); });
  out.set("losses", std::move(losses));
  out.set("metrics", std::move(metrics));
  return out;
}

void Meters::restore(const Json& gathered) {
  reset();
  weight_ = gathered.at("weight", "meters").as_real("meters.weight");
  loss_ = gathered.at("loss", "meters").as_real("meters.loss");
  const auto& losses = gathered.at("losses", "meters").as_array("meters.losses");
  const auto& metrics = gathered.at("metrics", "meters").as_array("meters.metrics");
  std::size_t count = 0, next = 0;
  each_metric([&](const Output&, const Metric&) { ++count; });
  if (losses.size() != outputs_.size() || metrics.size() != count) {
    throw Error(ErrorKind::model_file, "the checkpoint was written with other metrics or outputs")
        .fix("resume with the metrics of the run that was saved");
  }
  for (std::size_t k = 0; k < losses.size(); ++k) outputs_[k].loss = losses[k].as_real("meters.losses");
  each_metric([&](const Output&, Metric& metric) {
    std::vector<double> numbers;
    for (const Json& number : metrics[next++].as_array("meters.metrics")) numbers.push_back(number.as_real());
    metric.restore(numbers);
  });
}

}  // namespace rondo::detail
