#include "tasks/forecast/tune.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>

#include "rondo/random.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMostTrials = 200;
constexpr double kPartOfUpdates = 1.0 / 3;
constexpr double kWorse = 1.1;
constexpr std::size_t kTrialsBeforePruning = 3;
constexpr std::size_t kMostJudged = 1000;

using Clock = std::chrono::steady_clock;

struct Trial {
  SegmentWindow window;
  SegmentTraining training;
};

template <class Values>
double drawn(const RandomStream& stream, std::uint64_t element, const Values& values) {
  return values[stream.below(element, values.size())];
}

/// Trial 0 is what stands already.
Trial make_trial(const Panel& panel, const ScaledPanel& scaled, const Trial& first, bool calendar,
                 std::int64_t number) {
  Trial trial = first;
  if (number == 0) return trial;
  const RandomStream stream(first.training.seed, purpose_key("tune"), static_cast<std::uint64_t>(number));
  const auto rows = static_cast<double>(first.window.rows());
  const double factor = drawn(stream, 0, std::array{0.5, 1.0, 1.0, 1.5, 2.0});
  trial.window =
      choose_segment_window(panel, static_cast<std::int64_t>(std::llround(rows * factor)), calendar);
  trial.window.counts = first.window.counts;
  trial.window.normalization = first.window.normalization;
  if (!first.window.spreads.empty()) trial.window.fix_spreads(panel, scaled);
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
  first.training.verbose = 0;

  TunedSegments out{window, training, 0, 0, 0, 0};
  std::vector<std::vector<double>> curves;  // validation loss by part, of trials that were not given up
  const auto start = Clock::now();
  double longest = 0;
  // The longest look-back that any trial may have: all are judged on the same origins.
  const std::int64_t first_row = std::min(2 * window.rows(), panel.shortest_training() * 11 / 20);
  for (std::int64_t number = 0; number < kMostTrials; ++number) {
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    if (number > 0 && spent + longest > seconds) break;
    Trial trial = make_trial(panel, scaled, first, calendar, number);
    const Folds folds(panel, 1, trial.window.out_rows());
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
    const double error = error_of(panel, scaled, trained.model, folds, first_row, pool);
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

}  // namespace rondo::forecasting
