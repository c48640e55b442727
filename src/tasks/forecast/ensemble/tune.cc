#include "tasks/forecast/ensemble/tune.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/json.h"
#include "rondo/base/options.h"
#include "rondo/base/random.h"
#include "tasks/forecast/ensemble/held_out.h"
#include "tasks/forecast/networks/fit_members.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kPartOfTraining = 3;
constexpr std::int64_t kMinUpdates = 20;
constexpr std::int64_t kMinUnits = 4;

using Plan = std::unique_ptr<NetworkPlan>;

Plan scaled_look_back(const TrainingTask& task, const NetworkPlan& first, double factor) {
  const std::int64_t rows = std::llround(static_cast<double>(first.look_back()) * factor);
  return rows == first.look_back() ? first.clone() : first.with_look_back(task, rows);
}

/// The first of all that are tried with so many rows: segments may round several look-backs to the same.
Plan plan_with_rows(const TrainingTask& task, const NetworkPlan& first, const SearchSpace& space,
                    std::int64_t rows) {
  if (rows == first.look_back()) return first.clone();
  for (const double factor : space.look_backs) {
    Plan tried = scaled_look_back(task, first, factor);
    if (tried->look_back() == rows) return tried;
  }
  return first.with_look_back(task, rows);
}

/// What the longest of all look-backs and horizons needs: all trials are evaluated on the same origins.
struct Shared {
  std::int64_t first_row = 0, reach = 0;
};

Shared shared_by_trials(const TrainingTask& task, const NetworkPlan& first, const SearchSpace& space) {
  Shared out{first.first_origin(task), first.reach()};
  for (const double factor : space.look_backs) {
    const Plan tried = scaled_look_back(task, first, factor);
    out.first_row = std::max(out.first_row, tried->first_origin(task));
    out.reach = std::max(out.reach, tried->reach());
  }
  return out;
}

/// One member, trained for a shorter time and without a trace.
Plan first_trial(const TrainingTask& task, const NetworkPlan& plan) {
  Plan out = plan.clone();
  NetworkTraining& training = out->training = plan.settled(task);
  training.members = 1;
  if (training.updates > 0) {
    training.updates = std::max<std::int64_t>(
        kMinUpdates, std::llround(static_cast<double>(training.updates) * (1.0 / kPartOfTraining)));
  } else {
    training.epochs = std::max<std::int64_t>(1, training.epochs / kPartOfTraining);
  }
  training.controls.checkpoint.clear();
  training.controls.resume = false;
  training.controls.verbose = 0;
  return out;
}

/// Trial 0 is what stands already.
Plan make_trial(const TrainingTask& task, const NetworkPlan& first, const SearchSpace& space,
                std::int64_t number) {
  if (number == 0) return first.clone();
  const RandomStream stream(first.training.seed, purpose_key("tune"), static_cast<std::uint64_t>(number));
  const Plan drawn = scaled_look_back(task, first, tasks::drawn_from(stream, 0, space.look_backs));
  Plan trial = plan_with_rows(task, first, space, drawn->look_back());
  NetworkTraining& training = trial->training;
  const auto units = static_cast<double>(first.training.units);
  training.units =
      std::max<std::int64_t>(kMinUnits, std::llround(units * tasks::drawn_from(stream, 1, space.units)));
  if (!space.dropouts.empty()) training.dropout = tasks::drawn_from(stream, 2, space.dropouts);
  training.learning_rate = first.training.learning_rate * tasks::drawn_from(stream, 3, space.learning_rates);
  return trial;
}

}  // namespace

TunedPlan tune(const TrainingTask& task, const NetworkPlan& plan, const SearchSpace& space, double seconds,
               Pool& pool) {
  const Plan first = first_trial(task, plan);
  const Shared shared = shared_by_trials(task, plan, space);
  const std::unique_ptr<Folds> folds = plan.folds(task, 1, shared.first_row, shared.reach);
  TunedPlan out;
  out.plan = plan.clone();
  out.evaluated_from = shared.first_row;
  for (const Role role : {Role::held_out, Role::train}) {
    const auto origins = origins_with(role, task.panel(), *folds, shared.first_row);
    if (static_cast<std::int64_t>(origins.size()) < kMinEvaluated) return out;
  }
  tasks::TrialSearch search(seconds, first->training.updates > 0 ? kEpochsOfACycle : first->training.epochs);
  while (search.next()) {
    const Plan trial = make_trial(task, *first, space, search.number());
    trial->training.callbacks = {search.watch()};
    TrainedNetwork trained = trial->train(task, *folds, pool);
    if (search.given_up()) continue;
    const double error = held_out_error(task, *folds, shared.first_row, *trained.network, pool);
    if (!search.improves(error) || search.number() == 0) continue;
    const NetworkTraining found = trial->training;
    out.plan = trial->clone();
    out.plan->training = plan.training;
    out.plan->training.units = found.units;
    if (!space.dropouts.empty()) out.plan->training.dropout = found.dropout;
    out.plan->training.learning_rate = found.learning_rate;
  }
  static_cast<tasks::SearchOutcome&>(out) = search.outcome();
  return out;
}

FoundSettings TunedPlan::found(const TrainingTask& task) const {
  const NetworkTraining settled = plan->settled(task);
  FoundSettings out;
  static_cast<tasks::SearchOutcome&>(out) = *this;
  out.rows = plan->look_back();
  out.units = settled.units;
  out.dropout = std::max(0.0, settled.dropout);
  out.learning_rate = settled.learning_rate;
  out.evaluated_from = evaluated_from;
  return out;
}

TunedPlan load_tuned(const std::string& path, const TrainingTask& task, const NetworkPlan& plan,
                     const SearchSpace& space) {
  const FoundSettings found = load_found(path);
  TunedPlan out;
  static_cast<tasks::SearchOutcome&>(out) = found;
  out.plan = plan_with_rows(task, plan, space, found.rows);
  out.plan->training.units = found.units;
  if (!space.dropouts.empty()) out.plan->training.dropout = found.dropout;
  out.plan->training.learning_rate = found.learning_rate;
  out.evaluated_from = found.evaluated_from;
  return out;
}

namespace {

std::string short_number(double value) { return detail::print("%.4g", value); }

}  // namespace

void save_found(const FoundSettings& found, const std::string& path) {
  write_file_atomically(path, to_json(to_config(found), 2) + "\n");
}

FoundSettings load_found(const std::string& path) {
  const Json config = parse_json(read_file(path), path);
  FoundSettings found;
  FoundSettings::visit(found, [&](const char* name, auto&, const char*) { config.at(name, path); });
  read_options(found, config, path);
  return found;
}

std::string search_note(std::int64_t seconds, const FoundSettings& found) {
  const std::string settings = std::to_string(found.rows) + " rows, " + std::to_string(found.units) +
                               " units" +
                               (found.dropout > 0 ? ", dropout " + short_number(found.dropout) : "") +
                               ", learning rate " + short_number(found.learning_rate);
  std::string note = "--tune " + std::to_string(seconds);
  if (found.trials == 0) {
    return note + ": too few rows for a search of settings: too few can be held out to compare them.";
  }
  if (found.trials < 2) {
    return note + " had time for the initial settings only (" + settings + "): they are kept.";
  }
  note += " tried " + std::to_string(found.trials) + " settings";
  if (found.pruned > 0) note += " and stopped " + std::to_string(found.pruned) + " of them early";
  if (!(found.after < found.before)) {
    return note + ": none was better than the initial ones (" + settings + "), which are kept.";
  }
  return note + ": the error on held-out rows fell from " + short_number(found.before) + " to " +
         short_number(found.after) + " with " + settings + ".";
}

}  // namespace rondo::forecasting
