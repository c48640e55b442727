#include "tasks/forecast/ensemble/ensemble.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/text.h"
#include "tasks/common/archive.h"
#include "tasks/forecast/ensemble/held_out.h"
#include "tasks/forecast/ensemble/tune.h"

namespace rondo::forecasting {

namespace {

const NetworkKind& kind_for(const TrainingTask& task) {
  const std::span<const NetworkKind> kinds = network_kinds();
  return *std::ranges::find_if(kinds, [&](const NetworkKind& kind) { return kind.applies(task); });
}

/// A search, or what it found before the run was interrupted.
TunedPlan searched_or_loaded(const TrainingTask& task, const NetworkPlan& plan, const SearchSpace& space,
                             Pool& pool) {
  const std::string& checkpoint = task.controls.checkpoint;
  const std::string file = checkpoint + ".tuned";
  if (!checkpoint.empty() && task.controls.resume && std::filesystem::exists(file))
    return load_tuned(file, task, plan, space);
  TunedPlan tuned = tune(task, plan, space, static_cast<double>(task.options.tune), pool);
  if (!checkpoint.empty()) save_found(tuned.found(task), file);
  return tuned;
}

/// The recursive network predicts every row of the horizon from what is known of it.
std::string note_on_past(const ForecastOptions& options) {
  return "The recursive network cannot use columns with unknown future (" + detail::listed(options.past) +
         "); only the linear model uses them.";
}

}  // namespace

std::int64_t Blend::rows_needed(bool difference) const {
  const std::int64_t rows = linear.rows_needed(difference);
  return networks ? std::max(rows, networks->rows_needed(difference)) : rows;
}

Forecasts Blend::forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Rows of_linear,
                          Pool& pool) {
  Forecasts out{std::move(of_linear), {}};
  out.spread = {out.location.columns, std::vector<double>(out.location.values.size(), 1.0)};
  // Networks without a weight still give their spreads.
  if (!networks || origins.empty() || (weight == 0 && networks->is_correction())) return out;
  Forecasts theirs = networks->forecast(scaled, origins, pool);
  out.spread = std::move(theirs.spread);
  if (weight == 0) return out;
  for (std::size_t i = 0; i < out.location.values.size(); ++i) {
    double& location = out.location.values[i];
    location += weight * (theirs.location.values[i] - (networks->is_correction() ? 0 : location));
  }
  return out;
}

void Blend::archive(tasks::Archive& archive, bool trained) {
  archive.group("linear", [&] { linear.archive(archive); });
  archive.field("weight", weight, 0.0, 1.0);
  if (!trained) return;
  std::string kind = archive.reading() ? std::string() : networks->name();
  archive.field("kind", kind);
  if (archive.reading()) {
    const auto kinds = network_kinds();
    const auto found = std::ranges::find(kinds, kind, &NetworkKind::name);
    if (found == kinds.end()) archive.refuse("kind", "is unknown", "'" + kind + "'");
    networks = found->make();
  }
  archive.group("network", [&] { networks->archive(archive); });
}

bool Blend::fits(const PanelShape& panel) const {
  return linear.fits(panel) && (!networks || networks->fits(panel));
}

TrainedEnsemble train_ensemble(const TrainingTask& task, Pool& pool, std::span<const Origin> asked) {
  const NetworkKind& kind = kind_for(task);
  std::unique_ptr<NetworkPlan> plan = kind.plan(task);
  TrainedEnsemble out;
  std::int64_t trials = 0;
  auto accept = [&, accepted = false]() mutable {
    if (!std::exchange(accepted, true) && task.controls.accepted) task.controls.accepted();
  };
  if (task.options.tune > 0 && !kind.space.look_backs.empty()) {
    accept();
    TunedPlan tuned = searched_or_loaded(task, *plan, kind.space, pool);
    out.notes.push_back(search_note(task.options.tune, tuned.found(task)));
    task.controls.log.info(out.notes.back());
    trials = tuned.trials;
    plan = std::move(tuned.plan);
  }
  const std::int64_t first_of_plan = plan->first_origin(task);
  const std::unique_ptr<Folds> folds =
      plan->folds(task, plan->training.members, first_of_plan, plan->reach());
  accept();
  static_cast<TrainedNetwork&>(out) = plan->train(task, *folds, pool);
  out.training.network = kind.name;
  out.training.trials = trials;
  if (out.network->is_sampled() && !task.options.past.empty())
    out.notes.push_back(note_on_past(task.options));
  if (folds->holds_out_the_same()) {
    for (ForecastMember& member : out.members) member.fold = 0;
  }

  const LinearLayout layout = LinearLayout::cover(task.panel(), task.linear.members);
  const std::int64_t first = std::max(first_of_plan, layout.first_origin(task.scaled.difference));
  Evaluation evaluation = evaluate_held_out(task, *folds, first, plan->min_learnt(), *out.network, pool);
  out.weight = evaluation.weight;
  out.held_out_errors = std::move(evaluation.errors);
  if (out.weight.weight > 0) {
    out.corrections = held_out_corrections(task, *folds, first, asked, *out.network, pool);
    for (double& correction : out.corrections.values) correction *= out.weight.weight;
  } else {
    out.corrections = {task.panel().horizon,
                       std::vector<double>(asked.size() * static_cast<std::size_t>(task.panel().horizon))};
  }
  return out;
}

}  // namespace rondo::forecasting
