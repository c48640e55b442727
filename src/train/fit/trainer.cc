#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/index_range.h"
#include "rondo/base/error.h"
#include "train/fit/checkpoint.h"
#include "train/fit/time_chunks.h"
#include "train/fit/trainer_impl.h"

namespace rondo {
namespace {

bool is_stateful(Layer& layer) {
  const Json options = layer.config();
  if (const Json* flag = options.find("stateful"); flag != nullptr && flag->is_bool() && flag->as_bool())
    return true;
  return std::ranges::any_of(layer.children(), [](Layer* child) { return is_stateful(*child); });
}

}  // namespace

Trainer::Impl::Impl(Network& net, CompileOptions options, Pool* pool)
    : network(net),
      optimizer(options.custom_optimizer ? options.custom_optimizer
                                         : std::shared_ptr<Optimizer>(make_optimizer(options.optimizer))),
      plans(detail::plan_objectives(net, options)),
      step(options.step ? options.step : std::make_shared<TrainingStep>()),
      pass(net, plans, pool),
      batch_meters(plans) {
  for (const Layer* layer : network.layers())
    stateful = stateful || is_stateful(*network.find_layer(layer->name()));
  for (int p = 0; p < static_cast<int>(network.parameters().infos().size()); ++p) {
    if (network.parameters().is_statistic(p)) statistics_.push_back(p);
  }
}

void Trainer::Impl::run_batch(const Batch& batch, const PassOptions& options, detail::Meters& meters) {
  pass.check(batch);
  if (options.tbptt > 0) return run_in_time(batch, options, meters);
  pass.reset();
  if (options.micro_batch_size > 0 && options.micro_batch_size < batch.size())
    run_in_pieces(batch, options, meters);
  else
    run_piece(batch, 0, options, false, 1, meters);
  finish(static_cast<double>(batch.size()), options, meters);
}

void Trainer::Impl::run_in_pieces(const Batch& batch, const PassOptions& options, detail::Meters& meters) {
  if (stateful) {
    throw Error(ErrorKind::usage, "a stateful network cannot run a batch in pieces")
        .fix("leave micro_batch_size 0");
  }
  pass.count(batch, options.class_weight);
  std::int64_t number = 0;
  for (std::int64_t begin = 0; begin < batch.size(); begin += options.micro_batch_size) {
    detail::assign_range(indices_, begin, std::min(begin + options.micro_batch_size, batch.size()));
    batch.gather_into(indices_, network.parameters().dtype(), layouts_, piece_);
    run_piece(piece_, number++, options, false,
              static_cast<double>(piece_.size()) / static_cast<double>(batch.size()), meters);
  }
}

void Trainer::Impl::run_in_time(const Batch& batch, const PassOptions& options, detail::Meters& meters) {
  if (!stateful) options.carried->clear();
  detail::TimeChunks chunks(batch, network, plans, options.tbptt);
  for (Batch chunk; chunks.next(chunk);) {
    pass.reset();
    run_piece(chunk, 0, options, true, 1, meters);
    if (pass.has_weight()) finish(pass.rows(), options, meters);  // else it only carried the states on
  }
}

void Trainer::Impl::run_piece(const Batch& piece, std::int64_t number, const PassOptions& options,
                              bool cut_in_time, double share, detail::Meters& meters) {
  RunOptions run;
  run.training = options.training;
  run.seed = options.seed;
  // Each piece draws numbers of its own.
  run.step = static_cast<std::uint64_t>(optimizer->iterations()) + (static_cast<std::uint64_t>(number) << 40);
  run.carried = stateful || cut_in_time ? options.carried : nullptr;
  run.carry_all = cut_in_time;
  if (options.training) run.bptt_memory = static_cast<std::size_t>(options.bptt_memory);
  if (options.training && options.terminate_on_nan && number == 0) keep_statistics();
  pass.record(piece, *step,
              {.run = run,
               .differentiating = options.training,
               .class_weight = options.class_weight,
               .cut_in_time = cut_in_time,
               .share = share},
              meters);
  if (!options.training || (cut_in_time && !pass.has_weight())) return;
  if (number == 0) {
    network.parameters().zero_gradients();
    penalty_ = network.regularization(true);
  }
  pass.backward();
}

void Trainer::Impl::keep_statistics() {
  kept_statistics_.resize(statistics_.size());
  for (std::size_t i = 0; i < statistics_.size(); ++i) {
    const ConstMatrix from = std::as_const(network.parameters()).value(statistics_[i]);
    Tensor& kept = kept_statistics_[i];
    kept.resize({from.rows * from.cols}, from.dtype);
    std::memcpy(kept.bytes(), from.data, static_cast<std::size_t>(kept.size()) * dtype_size(from.dtype));
  }
}

void Trainer::Impl::restore_statistics() {
  for (std::size_t i = 0; i < kept_statistics_.size(); ++i) {
    const Matrix to = network.parameters().value(statistics_[i]);
    const Tensor& kept = kept_statistics_[i];
    std::memcpy(to.data, kept.bytes(), static_cast<std::size_t>(kept.size()) * dtype_size(to.dtype));
  }
}

void Trainer::Impl::diverged(const char* what) {
  restore_statistics();
  carried.clear();
  throw Error(ErrorKind::diverged, std::string("training diverged: ") + what + " is not a finite number")
      .where("step " + std::to_string(optimizer->iterations()) + " of the optimiser")
      .seen("last finite loss " + to_json(Json(last_good_loss)))
      .fix(
          "lower the learning rate, clip gradients (global_clipnorm), scale the data, or look for NaN in it; "
          "the model has its last finite weights");
}

StepReport Trainer::Impl::step_of_optimizer() {
  // Beyond this a step could make a weight infinite: it is looked at then.
  constexpr double kLargestStep = 1e20;
  ParameterStore& parameters = network.parameters();
  const double gradient = parameters.largest_gradient(), rate = optimizer->learning_rate();
  if (!std::isfinite(gradient)) diverged("the gradient's norm");
  if (std::max(gradient, 1.0) * rate < kLargestStep) return optimizer->step(parameters);
  const Tensor before = parameters.values();
  const StepReport report = optimizer->step(parameters);
  const Tensor after = parameters.values();
  for (std::int64_t i = 0; i < after.size(); ++i) {
    if (std::isfinite(after.at(i))) continue;
    parameters.values() = before;
    diverged("a weight");
  }
  return report;
}

void Trainer::Impl::finish(double weight, const PassOptions& options, detail::Meters& meters) {
  const double loss = pass.loss() + (options.training ? penalty_ : network.regularization(false));
  if (options.training) {
    if (options.terminate_on_nan && !std::isfinite(loss)) diverged("the loss");
    if (options.terminate_on_nan)
      step_of_optimizer();
    else
      optimizer->step(network.parameters());
    network.constrain();
    last_good_loss = loss;
  }
  meters.add_loss(weight, loss, pass.losses());
}

void Trainer::Impl::check_batches(std::int64_t samples, std::int64_t batch_size, const char* what) const {
  if (!stateful || samples <= batch_size || samples % batch_size == 0) return;
  std::int64_t fits = batch_size;
  while (samples % fits != 0) --fits;
  const std::int64_t rest = samples % batch_size;
  throw Error(ErrorKind::usage, "a stateful network needs batches of one size")
      .where(what)
      .seen(std::to_string(samples) + " samples in batches of " + std::to_string(batch_size) +
            ": the last one has " + std::to_string(rest))
      .expected("a number of samples that the batch size divides")
      .fix("set the batch size to " + std::to_string(fits) + ", or leave " + std::to_string(rest) +
           " samples out");
}

NamedValues Trainer::Impl::evaluate(const Dataset& data, std::int64_t begin, std::int64_t end,
                                    std::int64_t batch_size, const std::function<void()>& after_batch) {
  detail::Meters meters(plans);
  CarriedState states;
  PassOptions pass;
  pass.carried = &states;
  std::vector<std::int64_t> indices;
  LayoutPool layouts;
  Batch batch;
  check_batches(end - begin, batch_size, "evaluate");
  for (; begin < end; begin += batch_size) {
    detail::assign_range(indices, begin, std::min(begin + batch_size, end));
    data.gather_into(indices, network.parameters().dtype(), layouts, batch);
    run_batch(batch, pass, meters);
    if (after_batch) after_batch();
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

void Trainer::set_pool(Pool* pool) { impl_->pass.set_pool(pool); }

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
