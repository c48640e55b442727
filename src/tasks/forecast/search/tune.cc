#include "tasks/forecast/search/tune.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rondo/base/random.h"

namespace rondo::forecasting {

namespace {

constexpr double kPartOfUpdates = 1.0 / 3;
constexpr std::int64_t kParts = 20;  ///< of a training, see fit_windows
constexpr std::size_t kMaxJudged = 1000;
/// Look-backs that are tried, in those of the first trial.
constexpr std::array kLookBacks{0.5, 1.0, 1.0, 1.5, 2.0};

struct Trial {
  SegmentWindow window;
  SegmentTraining training;
};

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

/// What the longest of all look-backs and horizons in segments needs: all trials are judged on the same
/// origins.
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
  trial.window = window_of(panel, scaled, first.window, calendar,
                           rows_of(first.window, drawn_from(stream, 0, kLookBacks)));
  const auto units = static_cast<double>(first.training.units);
  trial.training.units = std::max<std::int64_t>(
      4, std::llround(units * drawn_from(stream, 1, std::array{0.5, 0.5, 1.0, 1.0, 2.0})));
  trial.training.dropout = drawn_from(stream, 2, std::array{0.0, 0.1, 0.3, 0.5, 0.7});
  trial.training.learning_rate =
      first.training.learning_rate * drawn_from(stream, 3, std::array{0.25, 0.5, 1.0, 2.0});
  return trial;
}

/// Some of the origins that have this role for member 0.
std::vector<Origin> some_origins(const Panel& panel, const Folds& folds, std::int64_t first_row, Role role) {
  std::vector<Origin> all, some;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = first_row; row + 1 < panel.series[s].train_rows; ++row) {
      const Origin origin{static_cast<std::int64_t>(s), row};
      if (folds.role(0, origin) == role) all.push_back(origin);
    }
  }
  const std::size_t stride = (all.size() + kMaxJudged - 1) / kMaxJudged;
  for (std::size_t i = 0; i < all.size(); i += stride) some.push_back(all[i]);
  return some;
}

/// Mean absolute error in the scale of targets: alike for every look-back.
double error_of(const Panel& panel, const ScaledPanel& scaled, SegmentModel& model,
                std::span<const Origin> origins, Pool& pool) {
  Rows truth = target_rows(panel, scaled, origins);
  forget_filled(panel, origins, truth);
  const Rows words = mixture_of(model.members(panel, scaled, origins, pool), model.head.is_point()).location;
  double sum = 0, judged = 0;
  for (std::size_t i = 0; i < truth.values.size(); ++i) {
    if (std::isnan(truth.values[i])) continue;
    sum += std::abs(truth.values[i] - words.values[i]);
    ++judged;
  }
  return judged > 0 ? sum / judged : 0;
}

}  // namespace

TunedSegments tune_segments(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                            const SegmentTraining& training, bool calendar, double seconds, Pool& pool) {
  Trial first{window, settle_training(panel, window, training)};
  first.training.members = 1;
  first.training.updates =
      std::max<std::int64_t>(20, std::llround(static_cast<double>(first.training.updates) * kPartOfUpdates));
  first.training.run.checkpoint.clear();
  first.training.run.resume = false;
  first.training.run.verbose = 0;

  const Shared shared = shared_by_trials(panel, scaled, window, calendar);
  const Folds folds(panel, 1, shared.reach);
  TunedSegments out;
  out.window = window;
  out.training = training;
  out.judged_from = shared.first_row;
  const auto origins_of = [&](Role role) { return some_origins(panel, folds, shared.first_row, role); };
  const std::vector<Origin> judged = origins_of(Role::held_out);
  const std::size_t fewest = std::min(judged.size(), origins_of(Role::train).size());
  if (static_cast<std::int64_t>(fewest) < kMinJudged) return out;
  TrialSearch search(seconds, kParts);
  while (search.next()) {
    Trial trial = make_trial(panel, scaled, first, calendar, search.number());
    trial.training.callbacks = {search.watch()};
    TrainedSegments trained = train_segments(panel, scaled, trial.window, folds, trial.training, pool);
    if (search.given_up()) continue;
    if (!search.improves(error_of(panel, scaled, trained.model, judged, pool))) continue;
    out.window = trial.window;
    if (search.number() == 0) continue;
    out.training.units = trial.training.units;
    out.training.dropout = trial.training.dropout;
    out.training.learning_rate = trial.training.learning_rate;
  }
  static_cast<SearchOutcome&>(out) = search.outcome();
  return out;
}

FoundSettings TunedSegments::found() const {
  FoundSettings out;
  static_cast<SearchOutcome&>(out) = *this;
  out.rows = window.rows();
  out.units = training.units;
  out.dropout = training.dropout;
  out.learning_rate = training.learning_rate;
  out.judged_from = judged_from;
  return out;
}

TunedSegments load_tuned(const std::string& path, const Panel& panel, const ScaledPanel& scaled,
                         const SegmentWindow& window, const SegmentTraining& training, bool calendar) {
  const FoundSettings found = load_found(path);
  TunedSegments out;
  static_cast<SearchOutcome&>(out) = found;
  out.window = found.rows == window.rows() ? window : window_of(panel, scaled, window, calendar, found.rows);
  out.training = training;
  out.training.units = found.units;
  out.training.dropout = found.dropout;
  out.training.learning_rate = found.learning_rate;
  out.judged_from = found.judged_from;
  return out;
}

}  // namespace rondo::forecasting
