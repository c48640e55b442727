#include "tasks/forecast/tune.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>

#include "rondo/atomic_file.h"
#include "rondo/config.h"
#include "rondo/random.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMostTrials = 200;
constexpr double kPartOfUpdates = 1.0 / 3;
constexpr double kWorse = 1.1;
constexpr std::size_t kTrialsBeforePruning = 3;
constexpr std::size_t kMostJudged = 1000;
/// Look-backs that are tried, in those of the first trial.
constexpr std::array kLookBacks{0.5, 1.0, 1.0, 1.5, 2.0};

using Clock = std::chrono::steady_clock;

struct Trial {
  SegmentWindow window;
  SegmentTraining training;
};

template <class Values>
double drawn(const RandomStream& stream, std::uint64_t element, const Values& values) {
  return values[stream.below(element, values.size())];
}

SegmentWindow window_of(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& first,
                        bool calendar, std::int64_t rows) {
  SegmentWindow window = choose_segment_window(panel, rows, calendar);
  window.counts = first.counts;
  window.normalization = first.normalization;
  if (!first.spreads.empty()) window.fix_spreads(panel, scaled);
  return window;
}

std::int64_t rows_of(const SegmentWindow& first, double factor) {
  return std::llround(static_cast<double>(first.rows()) * factor);
}

/// What the longest of all look-backs and horizons in segments needs: all trials are judged on the same origins.
struct Shared {
  std::int64_t first_row = 0, reach = 0;
};

Shared shared_by_trials(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& first,
                        bool calendar) {
  Shared out{first.first_origin(), first.out_rows()};
  for (const double factor : kLookBacks) {
    const SegmentWindow window = window_of(panel, scaled, first, calendar, rows_of(first, factor));
    out.first_row = std::max(out.first_row, window.first_origin());
    out.reach = std::max(out.reach, window.out_rows());
  }
  return out;
}

/// Trial 0 is what stands already.
Trial make_trial(const Panel& panel, const ScaledPanel& scaled, const Trial& first, bool calendar,
                 std::int64_t number) {
  Trial trial = first;
  if (number == 0) return trial;
  const RandomStream stream(first.training.seed, purpose_key("tune"), static_cast<std::uint64_t>(number));
  trial.window =
      window_of(panel, scaled, first.window, calendar, rows_of(first.window, drawn(stream, 0, kLookBacks)));
  const auto units = static_cast<double>(first.training.units);
  trial.training.units =
      std::max<std::int64_t>(4, std::llround(units * drawn(stream, 1, std::array{0.5, 0.5, 1.0, 1.0, 2.0})));
  trial.training.dropout = drawn(stream, 2, std::array{0.0, 0.1, 0.3, 0.5, 0.7});
  trial.training.learning_rate =
      first.training.learning_rate * drawn(stream, 3, std::array{0.25, 0.5, 1.0, 2.0});
  return trial;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Mean absolute error on what member 0 holds out, in the scale of targets: alike for every look-back.
double error_of(const Panel& panel, const ScaledPanel& scaled, SegmentModel& model, const Folds& folds,
                std::int64_t first_row, Pool& pool) {
  std::vector<Origin> all, some;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = first_row; row + 1 < panel.series[s].train_rows; ++row) {
      const Origin origin{static_cast<std::int64_t>(s), row};
      if (folds.role(0, origin) == Role::held_out) all.push_back(origin);
    }
  }
  const std::size_t stride = (all.size() + kMostJudged - 1) / kMostJudged;
  for (std::size_t i = 0; i < all.size(); i += stride) some.push_back(all[i]);
  const Rows truth = target_rows(panel, scaled, some);
  const Rows words = mixture_of(model.members(panel, scaled, some, pool), model.head.is_point()).location;
  double sum = 0;
  for (std::size_t i = 0; i < truth.values.size(); ++i) sum += std::abs(truth.values[i] - words.values[i]);
  return truth.values.empty() ? 0 : sum / static_cast<double>(truth.values.size());
}

}  // namespace

TunedSegments tune_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                            const SegmentTraining& training, bool calendar, double seconds, Pool& pool) {
  Trial first{window, settle_training(panel, window, training)};
  first.training.members = 1;
  first.training.updates =
      std::max<std::int64_t>(20, std::llround(static_cast<double>(first.training.updates) * kPartOfUpdates));
  first.training.checkpoint.clear();
  first.training.resume = false;
  first.training.verbose = 0;

  const Shared shared = shared_by_trials(panel, scaled, window, calendar);
  const Folds folds(panel, 1, shared.reach);
  TunedSegments out{window, training, 0, 0, 0, 0, shared.first_row};
  std::vector<std::vector<double>> curves;  // validation loss by part, of trials that were not given up
  const auto start = Clock::now();
  double longest = 0;
  for (std::int64_t number = 0; number < kMostTrials; ++number) {
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    if (number > 0 && spent + longest > seconds) break;
    Trial trial = make_trial(panel, scaled, first, calendar, number);
    std::vector<double> curve;
    bool given_up = false;
    const auto watch = std::make_shared<LambdaCallback>();
    watch->epoch_end = [&](TrainingRun& run, NamedValues& logs) {
      for (const auto& [name, value] : logs) {
        if (name == "val_loss") curve.push_back(value);
      }
      if (curve.empty() || curves.size() < kTrialsBeforePruning || 4 * curve.size() < 20) return;
      std::vector<double> others;
      for (const auto& other : curves) {
        if (other.size() >= curve.size()) others.push_back(other[curve.size() - 1]);
      }
      if (others.size() < kTrialsBeforePruning || curve.back() <= kWorse * median(others)) return;
      given_up = true;
      run.stop();
    };
    trial.training.callbacks = {watch};
    TrainedSegments trained = train_segments(panel, scaled, trial.window, folds, trial.training, pool);
    ++out.trials;
    longest = std::max(longest, std::chrono::duration<double>(Clock::now() - start).count() - spent);
    if (given_up) {
      ++out.pruned;
      continue;
    }
    curves.push_back(curve);
    const double error = error_of(panel, scaled, trained.model, folds, shared.first_row, pool);
    if (number == 0) out.before = out.after = error;
    if (number > 0 && !(error < out.after)) continue;
    out.after = error;
    out.window = trial.window;
    if (number == 0) continue;
    out.training.units = trial.training.units;
    out.training.dropout = trial.training.dropout;
    out.training.learning_rate = trial.training.learning_rate;
  }
  return out;
}

void save_tuned(const TunedSegments& tuned, const std::string& path) {
  const Config found = Config::object({{"rows", tuned.window.rows()},
                                       {"units", tuned.training.units},
                                       {"dropout", tuned.training.dropout},
                                       {"learning_rate", tuned.training.learning_rate},
                                       {"trials", tuned.trials},
                                       {"pruned", tuned.pruned},
                                       {"before", tuned.before},
                                       {"after", tuned.after},
                                       {"judged_from", tuned.judged_from}});
  write_file_atomically(path, to_json(found, 2) + "\n");
}

TunedSegments load_tuned(const std::string& path, const Panel& panel, const ScaledPanel& scaled,
                         const SegmentWindow& window, const SegmentTraining& training, bool calendar) {
  const Config found = parse_json(read_file(path), path);
  TunedSegments out;
  const std::int64_t rows = found.at("rows", path).as_integer("rows");
  out.window = rows == window.rows() ? window : window_of(panel, scaled, window, calendar, rows);
  out.training = training;
  out.training.units = found.at("units", path).as_integer("units");
  out.training.dropout = found.at("dropout", path).as_real("dropout");
  out.training.learning_rate = found.at("learning_rate", path).as_real("learning_rate");
  out.trials = found.at("trials", path).as_integer("trials");
  out.pruned = found.at("pruned", path).as_integer("pruned");
  out.before = found.at("before", path).as_real("before");
  out.after = found.at("after", path).as_real("after");
  out.judged_from = found.at("judged_from", path).as_integer("judged_from");
  return out;
}

}  // namespace rondo::forecasting
