#include "train/fit/batch_pass.h"

#include <algorithm>
#include <numeric>

#include "rondo/base/error.h"

namespace rondo {

void TrainingStep::run(TrainingPass& pass) {
  const Vars predictions = pass.forward();
  pass.add_objectives(predictions);
  pass.update_metrics(predictions);
}

namespace detail {
namespace {

/// The layout that outputs have as a rule: that of the first sequence among the inputs.
std::shared_ptr<const Layout> input_layout(const Batch& batch) {
  for (const Samples& input : batch.inputs) {
    if (input.is_sequence()) return input.layout();
  }
  return nullptr;
}

}  // namespace

BatchPass::BatchPass(Network& network, const std::vector<ObjectivePlan>& plans, Pool* pool)
    : network_(network),
      plans_(plans),
      tape_(network.parameters().dtype(), pool),
      targets_(plans.size()),
      objective_losses_(plans.size()) {}

void BatchPass::check(const Batch& batch) const {
  const auto require = [](const char* what, std::size_t seen, std::size_t wanted) {
    if (seen == wanted) return;
    throw Error(ErrorKind::usage, std::string("a batch has the wrong number of ") + what)
        .seen(std::to_string(seen))
        .expected(std::to_string(wanted));
  };
  require("inputs", batch.inputs.size(), network_.input_count());
  require("targets", batch.targets.size(), plans_.size());
  if (!batch.weights.empty()) require("weights", batch.weights.size(), plans_.size());
  for (const Samples& target : batch.targets) require("samples in a target", target.size(), batch.size());
}

void BatchPass::reset() {
  loss_ = 0;
  std::ranges::fill(objective_losses_, 0.0);
  counts_.clear();
}

void BatchPass::assign_targets(const Batch& batch) {
  for (std::size_t k = 0; k < plans_.size(); ++k) {
    const bool sequence = network_.output_spec(plans_[k].first).sequence;
    targets_[k].assign(batch.targets[k], batch.weights.empty() ? nullptr : &batch.weights[k],
                       {.output = plans_[k].name,
                        .class_weight = settings_.class_weight,
                        .partial = settings_.cut_in_time && !sequence,
                        .ignored_class = plans_[k].objective->ignored_class()});
  }
}

void BatchPass::count(const Batch& batch, const std::map<std::int64_t, double>* class_weight) {
  settings_ = {.run = {}, .class_weight = class_weight};
  assign_targets(batch);
  const std::shared_ptr<const Layout> layout = input_layout(batch);
  for (std::size_t k = 0; k < plans_.size(); ++k) {
    values_.clear();
    for (std::size_t i = 0; i < plans_[k].count; ++i) {
      const ValueShape& shape = network_.output_spec(plans_[k].first + i);
      Value& value = values_.emplace_back();
      if (shape.sequence) value.layout = layout;
      value.features = shape.features;
      const std::int64_t width = shape.width();
      value.data = {nullptr, value.layout ? layout->total() : batch.size(), width, width, tape_.dtype()};
    }
    counts_.push_back(plans_[k].objective->count(values_, targets_[k]));
  }
  values_.clear();
}

void BatchPass::record(const Batch& piece, TrainingStep& step, const Settings& settings, Meters& meters) {
  piece_ = &piece;
  settings_ = settings;
  meters_ = &meters;
  losses_.clear();
  loss_weights_.clear();
  rows_ = 0;
  has_weight_ = false;
  assign_targets(piece);
  tape_.reset(settings.run, settings.differentiating);
  step.run(*this);
  for (const Var penalty : tape_.penalties()) add_loss(penalty, settings.share);
  values_.clear();
  if (!losses_.empty()) return;
  throw Error(ErrorKind::usage, "a training step recorded no loss")
      .fix("call TrainingPass::add_objectives or add_loss");
}

RandomStream BatchPass::random(const char* purpose) const {
  return RandomStream(settings_.run.seed, purpose_key(purpose), settings_.run.step);
}

Vars BatchPass::forward() {
  if (!settings_.cut_in_time) return network_.run(tape_, inputs());
  // A chunk has fewer steps than the network's input may be declared with.
  const std::span<Var> inputs = tape_.vars(piece_->inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = tape_.input(piece_->inputs[i]);
  return network_.run(tape_, std::span<const Var>(inputs));
}

std::span<const Value> BatchPass::values_of(const ObjectivePlan& plan, std::span<const Var> predictions) {
  if (predictions.size() != network_.output_count()) {
    throw Error(ErrorKind::usage,
                "a training step has another number of predictions than the network outputs")
        .seen(std::to_string(predictions.size()))
        .expected(std::to_string(network_.output_count()));
  }
  values_.clear();
  for (const Var v : predictions.subspan(plan.first, plan.count)) values_.push_back(tape_.value(v));
  return values_;
}

/// Rows that were counted before they were predicted must be the rows that are there.
void BatchPass::check_pieces(const ObjectivePlan& plan, std::span<const Value> predictions) const {
  if (counts_.empty() || !plan.objective->is_by_row() || !predictions.front().layout) return;
  const std::shared_ptr<const Layout> layout = input_layout(*piece_);
  if (layout != nullptr && predictions.front().layout->same_as(*layout)) return;
  throw Error(ErrorKind::usage, "a batch cannot run in pieces when outputs have other steps than inputs")
      .where("output '" + plan.name + "'")
      .fix("leave micro_batch_size 0");
}

void BatchPass::count_rows(const Value& prediction, const Target& target) {
  const ComparedRows rows = target.rows(prediction);
  const std::span<const double> present = target.unweighted().rows(prediction).weights;
  rows_ += present.empty() ? static_cast<double>(rows.prediction.rows)
                           : std::accumulate(present.begin(), present.end(), 0.0);
  const bool all = rows.weights.empty();
  has_weight_ = has_weight_ || (rows.prediction.rows > 0 &&
                                (all || std::ranges::any_of(rows.weights, [](double w) { return w != 0; })));
}

void BatchPass::add_objectives(std::span<const Var> predictions, double weight) {
  for (std::size_t k = 0; k < plans_.size(); ++k) {
    const ObjectivePlan& plan = plans_[k];
    const std::span<const Value> values = values_of(plan, predictions);
    check_pieces(plan, values);
    const double count = counts_.empty() ? plan.objective->count(values, targets_[k]) : counts_[k];
    if (settings_.cut_in_time) count_rows(values.front(), targets_[k]);
    const Var loss =
        plan.objective->record(tape_, predictions.subspan(plan.first, plan.count), targets_[k], count);
    objective_losses_[k] += weight * tape_.number(loss);
    add_loss(loss, plan.loss_weight * weight);
  }
}

void BatchPass::add_loss(Var loss, double weight) {
  loss_ += weight * tape_.number(loss);
  losses_.push_back(loss);
  loss_weights_.push_back(weight);
}

void BatchPass::update_metrics(std::span<const Var> predictions) {
  for (std::size_t k = 0; k < plans_.size(); ++k)
    meters_->update(k, values_of(plans_[k], predictions), targets_[k]);
}

}  // namespace detail
}  // namespace rondo
