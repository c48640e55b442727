#include <cmath>
#include <numeric>

#include "rondo/base/error.h"
#include "train/fit/checkpoint.h"
#include "train/fit/trainer_impl.h"

namespace rondo {
namespace {

/// The entry for output k: arrays hold one entry an output, anything else is for all.
Json for_output(const Json& value, std::size_t k, std::size_t outputs, const char* what) {
  if (!value.is_array()) return value;
  const auto& entries = value.as_array(what);
  if (entries.size() != outputs) {
    throw Error(ErrorKind::usage, std::string(what) + " must have one entry an output")
        .seen(std::to_string(entries.size()) + " entries")
        .expected(std::to_string(outputs));
  }
  return entries[k];
}

std::vector<Json> metrics_of_output(const std::vector<Json>& metrics, std::size_t k, std::size_t outputs,
                                    const char* what) {
  std::vector<Json> out;
  const bool by_output = !metrics.empty() && metrics.front().is_array();
  if (by_output) {
    const Json own = for_output(Json(Json::Array(metrics.begin(), metrics.end())), k, outputs, what);
    for (const Json& metric : own.as_array(what)) out.push_back(metric);
  } else {
    out = metrics;
  }
  for (const Json& metric : out) make_metric(metric);  // names are checked now, not in the first batch
  return out;
}

bool is_stateful(const Json& layer) {
  if (const Json* flag = layer.find("stateful"); flag != nullptr && flag->is_bool() && flag->as_bool())
    return true;
  const Json* inner = layer.find("layer");
  return inner != nullptr && is_stateful(*inner);
}

Tensor slice_weights(const Tensor& weights, std::int64_t begin, std::int64_t end) {
  if (weights.rank() != 2) return weights;
  const std::int64_t steps = std::max<std::int64_t>(0, std::min(end, weights.dim(1)) - begin);
  Tensor out({weights.dim(0), steps}, weights.dtype());
  for (std::int64_t b = 0; b < weights.dim(0); ++b) {
    for (std::int64_t t = 0; t < steps; ++t)
      out.set(b * steps + t, weights.at(b * weights.dim(1) + begin + t));
  }
  return out;
}

/// Weights of a target that is no sequence in one chunk: 0 for every sequence that does not end there.
Tensor weights_of_ends(const Tensor* weights, const std::vector<std::int64_t>& last, std::int64_t begin,
                       std::int64_t end) {
  Tensor out({static_cast<std::int64_t>(last.size())}, DType::float64);
  for (std::size_t b = 0; b < last.size(); ++b) {
    const bool ends_here = last[b] >= begin && last[b] < end;
    const auto i = static_cast<std::int64_t>(b);
    out.set(i, !ends_here ? 0 : weights == nullptr || weights->empty() ? 1 : weights->at(i));
  }
  return out;
}

Batch slice_examples(const Batch& batch, std::span<const Samples* const> targets, std::int64_t begin,
                     std::int64_t end) {
  Batch out;
  std::vector<std::int64_t> last;
  for (const Samples& input : batch.inputs) {
    if (input.is_sequence() && last.empty()) last = detail::last_positions(*input.layout());
    out.inputs.push_back(detail::slice_time(input, begin, end));
  }
  for (std::size_t k = 0; k < targets.size(); ++k) {
    const bool sequence = targets[k]->is_sequence();
    out.targets.push_back(detail::slice_time(*targets[k], begin, end));
    const Tensor* weights = k < batch.weights.size() ? &batch.weights[k] : nullptr;
    if (!sequence)
      out.weights.push_back(weights_of_ends(weights, last, begin, end));
    else
      out.weights.push_back(weights == nullptr ? Tensor() : slice_weights(*weights, begin, end));
  }
  return out;
}

bool has_weight(const std::vector<double>& weights) {
  return weights.empty() || std::any_of(weights.begin(), weights.end(), [](double w) { return w != 0; });
}

}  // namespace

Trainer::Impl::Impl(Network& net, CompileOptions options, Pool* pool)
    : network(net), tape(net.parameters().dtype(), pool), batch_meters({}) {
  if (!network.built()) network.build(options.seed);
  optimizer = options.custom_optimizer ? options.custom_optimizer
                                       : std::shared_ptr<Optimizer>(make_optimizer(options.optimizer));
  const std::size_t count = network.output_count();
  if (!options.loss_weights.empty() && options.loss_weights.size() != count) {
    throw Error(ErrorKind::usage, "loss_weights must have one number an output")
        .seen(std::to_string(options.loss_weights.size()))
        .expected(std::to_string(count));
  }
  for (std::size_t k = 0; k < count; ++k) {
    detail::OutputPlan plan;
    plan.name = network.output_name(k);
    if (k < options.custom_losses.size() && options.custom_losses[k])
      plan.loss = options.custom_losses[k];
    else
      plan.loss = make_loss(for_output(options.loss, k, count, "loss"));
    if (!options.loss_weights.empty()) plan.loss_weight = options.loss_weights[k];
    plan.is_sequence = network.output_spec(k).sequence;
    plan.metrics = metrics_of_output(options.metrics, k, count, "metrics");
    plan.weighted_metrics = metrics_of_output(options.weighted_metrics, k, count, "weighted_metrics");
    const Shape& features = network.output_spec(k).features;
    if (!features.empty() && features.back() > 0)
      plan.loss->target_columns(features.back());  // or says why not
    outputs.push_back(std::move(plan));
  }
  batch_meters = detail::Meters(outputs);
  gradients.resize(count);
  shaped_.resize(count);
  rows_.resize(count);
  for (const Layer* layer : network.layers()) stateful = stateful || is_stateful(layer->config());
}

Json Trainer::Impl::compile_config() const {
  Json loss = Json::array(), weights = Json::array(), metrics = Json::array(), weighted = Json::array();
  const auto list = [](const std::vector<Json>& items) {
    return Json(Json::Array(items.begin(), items.end()));
  };
  for (const detail::OutputPlan& plan : outputs) {
    loss.push_back(plan.loss->config());
    weights.push_back(plan.loss_weight);
    metrics.push_back(list(plan.metrics));
    weighted.push_back(list(plan.weighted_metrics));
  }
  return Json::object({{"loss", std::move(loss)},
                       {"loss_weights", std::move(weights)},
                       {"metrics", std::move(metrics)},
                       {"weighted_metrics", std::move(weighted)}});
}

void Trainer::Impl::check_batch(const Batch& batch) const {
  const auto require = [](const char* what, std::size_t seen, std::size_t wanted) {
    if (seen == wanted) return;
    throw Error(ErrorKind::usage, std::string("a batch has the wrong number of ") + what)
        .seen(std::to_string(seen))
        .expected(std::to_string(wanted));
  };
  require("inputs", batch.inputs.size(), network.input_count());
  require("targets", batch.targets.size(), outputs.size());
  if (!batch.weights.empty()) require("weights", batch.weights.size(), outputs.size());
  for (const Samples& target : batch.targets) require("samples in a target", target.size(), batch.size());
}

void Trainer::Impl::run_batch(const Batch& batch, const PassOptions& options, detail::Meters& meters) {
  check_batch(batch);
  targets_.clear();
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const Samples& given = batch.targets[k];
    const bool fits = given.is_sequence() == outputs[k].is_sequence;
    if (!fits) detail::shape_target(given, outputs[k].is_sequence, outputs[k].name, layouts_, shaped_[k]);
    targets_.push_back(fits ? &given : &shaped_[k]);
  }
  if (options.tbptt <= 0) {
    return run_chunk({batch.inputs, targets_, batch.weights}, options, static_cast<double>(batch.size()),
                     meters);
  }
  std::int64_t steps = 0;
  for (const Samples& input : batch.inputs) {
    if (input.is_sequence()) steps = std::max(steps, input.layout()->steps());
  }
  if (!stateful) options.carried->clear();
  for (std::int64_t begin = 0; begin < steps; begin += options.tbptt) {
    const Batch chunk = slice_examples(batch, targets_, begin, begin + options.tbptt);
    std::vector<const Samples*> targets;
    for (const Samples& target : chunk.targets) targets.push_back(&target);
    run_chunk({chunk.inputs, targets, chunk.weights, true}, options, -1, meters);
  }
}

void Trainer::Impl::run_chunk(const Chunk& chunk, const PassOptions& options, double meter_weight,
                              detail::Meters& meters) {
  RunOptions run;
  run.training = options.training;
  run.seed = options.seed;
  run.step = static_cast<std::uint64_t>(optimizer->iterations());
  run.carried = stateful || chunk.carry_all ? options.carried : nullptr;
  run.carry_all = chunk.carry_all;
  if (options.training) run.bptt_memory = static_cast<std::size_t>(options.bptt_memory);
  tape.reset(run, options.training);
  Vars values;
  if (chunk.carry_all) {  // a chunk has fewer steps than the network's input may be declared with
    const std::span<Var> inputs = tape.vars(chunk.inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = tape.input(chunk.inputs[i]);
    values = network.run(tape, std::span<const Var>(inputs));
  } else {
    values = network.run(tape, chunk.inputs);
  }

  double loss = 0, counted_rows = 0;
  bool anything = false;
  output_losses_.clear();
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const detail::OutputPlan& plan = outputs[k];
    const Value& value = tape.value(values[k]);
    const Tensor* weights = chunk.weights.empty() ? nullptr : &chunk.weights[k];
    detail::AlignedRows& rows = rows_[k];
    detail::align(value, *chunk.targets[k], weights, *plan.loss, plan.name, rows);
    if (options.class_weight != nullptr) detail::apply_class_weights(rows, *options.class_weight);
    // In truncated BPTT a weight of 0 also says "not in this chunk": such rows are not counted.
    double counted = static_cast<double>(rows.prediction.rows);
    presence_.clear();
    if (chunk.carry_all && !plan.is_sequence) {
      for (const double weight : rows.weights) presence_.push_back(weight != 0 ? 1 : 0);
      counted = std::accumulate(presence_.begin(), presence_.end(), 0.0);
    }
    anything = anything || (rows.prediction.rows > 0 && has_weight(rows.weights));
    counted_rows += counted;
    const double divisor = plan.loss->divisor(static_cast<std::int64_t>(counted), rows.weights);
    Matrix gradient;
    if (options.training) {
      gradients[k].resize({value.data.rows, value.data.cols}, value.data.dtype);
      gradient = {gradients[k].bytes(), rows.prediction.rows, rows.prediction.cols, rows.prediction.cols,
                  value.data.dtype};
    }
    const double own =
        plan.loss->value_and_gradient(rows.prediction, rows.target, rows.weights, divisor, gradient);
    output_losses_.push_back(own);
    loss += plan.loss_weight * own;
    if (options.training && plan.loss_weight != 1) {
      with_dtype(value.data.dtype, [&]<class T>(T) {
        for (T& g : gradients[k].data<T>()) g = static_cast<T>(static_cast<double>(g) * plan.loss_weight);
      });
    }
    meters.add_rows(k, rows, presence_);
  }
  if (!anything && chunk.carry_all) return;  // nothing to learn from: the chunk only carried the states on

  if (options.training) {
    network.parameters().zero_gradients();
    const double penalty = network.regularization(true);
    learn(values, loss, penalty, options);
    loss += penalty;
  } else {
    loss += network.regularization(false);
  }
  meters.add_loss(meter_weight < 0 ? counted_rows : meter_weight, loss, output_losses_);
}

void Trainer::Impl::learn(const Vars& values, double loss, double penalty, const PassOptions& options) {
  const auto diverged = [&](const std::string& what) {
    throw Error(ErrorKind::diverged, "training diverged: " + what + " is not a finite number")
        .where("step " + std::to_string(optimizer->iterations()) + " of the optimiser")
        .seen("last finite loss " + to_json(Json(last_good_loss)))
        .fix(
            "lower the learning rate, clip gradients (global_clipnorm), scale the data, or look for NaN in "
            "it");
  };
  if (options.terminate_on_nan && !std::isfinite(loss + penalty)) diverged("the loss");
  tape.backward(values, gradients);
  const StepReport report = optimizer->step(network.parameters());
  if (options.terminate_on_nan && !std::isfinite(report.gradient_norm)) diverged("the gradient's norm");
  last_good_loss = loss + penalty;
}

NamedValues Trainer::Impl::evaluate(const Dataset& data, std::int64_t begin, std::int64_t end,
                                    std::int64_t batch_size) {
  detail::Meters meters(outputs);
  CarriedState states;
  PassOptions pass;
  pass.carried = &states;
  std::vector<std::int64_t> indices;
  LayoutPool layouts;
  Batch batch;
  for (; begin < end; begin += batch_size) {
    indices.resize(static_cast<std::size_t>(std::min(batch_size, end - begin)));
    std::iota(indices.begin(), indices.end(), begin);
    data.gather_into(indices, network.parameters().dtype(), layouts, batch);
    run_batch(batch, pass, meters);
  }
  return meters.results();
}

Trainer::Trainer(Network& network, CompileOptions options, Pool* pool)
    : impl_(std::make_unique<Impl>(network, std::move(options), pool)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

NamedValues Trainer::evaluate(const Dataset& data, const EvaluateOptions& options) {
  if (options.batch_size < 1) throw Error(ErrorKind::usage, "batch_size must be at least 1");
  return impl_->evaluate(data, 0, data.size(), options.batch_size);
}

const NamedValues& Trainer::Impl::on_batch(const Batch& batch, const PassOptions& pass) {
  batch_meters.reset();
  run_batch(batch, pass, batch_meters);
  batch_meters.results_into(batch_logs);
  return batch_logs;
}

const NamedValues& Trainer::train_on_batch(const Batch& batch) {
  PassOptions pass;
  pass.training = true;
  pass.carried = &impl_->carried;
  return impl_->on_batch(batch, pass);
}

const NamedValues& Trainer::test_on_batch(const Batch& batch) {
  CarriedState states;
  PassOptions pass;
  pass.carried = &states;
  return impl_->on_batch(batch, pass);
}

void Trainer::reset_states() {
  impl_->carried.clear();
  impl_->predict_carried.clear();
}

Network& Trainer::network() { return impl_->network; }
Optimizer& Trainer::optimizer() { return *impl_->optimizer; }

void Trainer::save(const std::string& path) const {
  TensorFile file;
  detail::put_network(file, impl_->network);
  detail::put_optimizer(file, *impl_->optimizer, impl_->network.parameters());
  file.metadata.emplace_back("compile", to_json(impl_->compile_config()));
  write_tensor_file(path, file);
}

void Trainer::load(const std::string& path) {
  const TensorFile file = read_tensor_file(path);
  detail::take_network(file, impl_->network, path);
  detail::take_optimizer(file, *impl_->optimizer, impl_->network.parameters(), path);
}

}  // namespace rondo
