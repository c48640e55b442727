#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/tasks/online.h"
#include "tasks/online/learning/drift_detector.h"
#include "tasks/online/learning/features.h"
#include "tasks/online/learning/history.h"
#include "tasks/online/learning/learner.h"
#include "tasks/online/learning/mixture.h"
#include "tasks/online/learning/recursive_least_squares.h"

namespace rondo {
namespace {

using online::DriftDetector;
using online::Features;
using online::History;
using online::Learner;
using online::make_learner;
using online::Mixture;
using online::Reading;
using online::RecentRows;
using online::RecursiveLeastSquares;
using tasks::Archive;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kFormat = "rondo-online-1";

enum Expert : std::size_t { kPersistence, kLinear, kNetwork, kNetworkMean, kExperts };

// Rows between two looks at which weights are good, and over which errors are then compared.
constexpr std::int64_t kGoodEvery = 1024;
constexpr double kGoodMemory = 256;
// After an alarm: for so many rows the last good weights stand by, and come back where they do better than
// the live ones.
constexpr std::int64_t kTrialRows = 2048, kTrialEvery = 32;
constexpr double kTrialMemory = 64, kClearlyBetter = 0.8;
// An alarm makes the linear model, and scales that no longer fit, count all that was before as so many rows.
constexpr double kLinearRowsAfterAlarm = 500, kScaleRowsAfterAlarm = 100;
/// No forecast moves further than so many times the largest move that was seen over a horizon.
constexpr double kFurthest = 1.5;
/// In mean errors: the most that the linear predictor learns from one row.
constexpr double kLargestLinearError = 5;

void check(bool holds, const char* option, const std::string& seen, const char* rule) {
  if (holds) return;
  throw Error(ErrorKind::usage, std::string("option ") + option + " is out of range")
      .seen(seen)
      .expected(rule);
}

/// Error(usage) that names the option, or the number of columns, that is out of range.
void check_online_options(std::int64_t targets, std::int64_t covariates, const OnlineOptions& o) {
  const auto whole = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    check(value >= least && value <= most, name, std::to_string(value),
          (std::to_string(least) + " to " + std::to_string(most)).c_str());
  };
  whole("targets", targets, 1, 1000);
  whole("covariates", covariates, 0, 1000);
  whole("horizon", o.horizon, 1, 100000);
  whole("units", o.units, 1, 4096);
  whole("chunk", o.chunk, 1, 100000);
  whole("every", o.every, 1, 100000);
  whole("lags", o.lags, 1, 1000);
  whole("memory", o.memory, 10, std::int64_t{1} << 40);
  check(o.learning_rate > 0 && o.learning_rate <= 1, "learning_rate", std::to_string(o.learning_rate),
        "above 0, at most 1");
  check(o.clip > 0 && std::isfinite(o.clip), "clip", std::to_string(o.clip), "above 0");
  check(o.forgetting > 0.5 && o.forgetting <= 1, "forgetting", std::to_string(o.forgetting),
        "above 0.5, at most 1");
  check(o.drift_threshold > 0, "drift_threshold", std::to_string(o.drift_threshold), "above 0");
}

}  // namespace

struct OnlineForecaster::Impl {
  Impl(std::int64_t target_count, std::int64_t covariate_count, OnlineOptions given)
      : options(std::move(given)),
        targets(static_cast<std::size_t>(target_count)),
        covariates(static_cast<std::size_t>(covariate_count)) {
    check_online_options(target_count, covariate_count, options);
    features = Features(target_count, covariate_count, options.lags, options.memory);
    regression = RecursiveLeastSquares(features.linear_size(), target_count, options.forgetting);
    learner = make_learner(options, features.network_size(), target_count);
    const std::int64_t pending = options.horizon + 1;
    linear_inputs = RecentRows<double>(pending, features.linear_size());
    experts = RecentRows<double>(pending, target_count * std::int64_t{kExperts});
    good_forecasts = RecentRows<double>(pending, target_count);
    forecasts = RecentRows<double>(pending, target_count);
    units = RecentRows<double>(pending, target_count);
    readings = RecentRows<double>(pending, target_count);
    residual_units = RecentRows<double>(pending, target_count);
    const std::int64_t kept = (learner ? learner->look_back() : 0) + pending;
    history.inputs = RecentRows<float>(kept, features.network_size());
    history.aims = RecentRows<float>(kept, target_count);
    // Errors of neighbouring rows overlap in all but one of their horizon's steps: each says so much less
    // that is new.
    mixtures.assign(targets, Mixture(kExperts, 0.5 / static_cast<double>(options.horizon)));
    detector = DriftDetector(options.drift_threshold);
    residual.assign(targets, 0);
    residual_rows.assign(targets, 0);
    last_residual.assign(targets, 0);
    last_reading.assign(targets, kNaN);
    largest_move.assign(targets, 0);
    comparable_from.assign(targets, 0);
    for (auto* values : {&nothing, &actual, &truth, &scored, &persistence, &linear, &unit, &linear_forecasts,
                         &largest, &wanted})
      values->assign(targets, kNaN);
    for (auto& output : outputs) output.assign(targets, 0);
    for (std::size_t k = 0; k < Learner::kinds; ++k) output_spans[k] = outputs[k];
    last.actual = actual;
    last.forecast = scored;
    last.persistence = persistence;
    last.linear = linear;
    last.unit = unit;
  }

  /// Forecasts made at row `made` are compared with the truth that has come.
  void score(std::int64_t made) {
    double error = 0, live = 0, good = 0;
    std::int64_t known = 0;
    for (std::size_t d = 0; d < targets; ++d) {
      const std::span<const double> by = experts[made].subspan(d * kExperts, kExperts);
      scored[d] = forecasts[made][d];
      persistence[d] = readings[made][d];
      linear[d] = by[kLinear];
      unit[d] = units[made][d];
      if (!comparable(d, made)) continue;
      std::array<double, kExperts> squares;
      for (std::size_t e = 0; e < kExperts; ++e) squares[e] = (by[e] - truth[d]) * (by[e] - truth[d]);
      mixtures[d].learn(squares);
      const double one = unit[d], of_good = (good_forecasts[made][d] - truth[d]) / one;
      error += std::abs(scored[d] - truth[d]) / one;
      live += std::min(squares[kNetworkMean] / (one * one), 100.0);
      good += std::min(of_good * of_good, 100.0);
      ++known;
    }
    if (known == 0) return;
    const auto count = static_cast<double>(known);
    ++scores;
    const auto follow = [&](double& mean, double value, double memory) {
      mean += (value - mean) / std::min(static_cast<double>(scores), memory);
    };
    follow(live_error, live / count, kGoodMemory);
    follow(good_error, good / count, kGoodMemory);
    follow(live_recent, live / count, kTrialMemory);
    follow(good_recent, good / count, kTrialMemory);
    if (detector.add(error / count)) alarm();
  }

  void alarm() {
    OnlineDrift drift{.row = rows + 1, .before = detector.mean(), .after = detector.recent()};
    drift.good_row = good_row;
    features.forget_shifted(kScaleRowsAfterAlarm);
    regression.forget(kLinearRowsAfterAlarm * (1 - options.forgetting));
    trial_ends = rows + kTrialRows;
    drift.rolled_back = roll_back_if_better();
    last.drift = drift;
  }

  bool roll_back_if_better() {
    if (!learner || !(good_recent < kClearlyBetter * live_recent)) return false;
    learner->roll_back();
    live_error = good_error;
    live_recent = good_recent;
    return true;
  }

  /// Which weights are good, and whether those that were are wanted back.
  void watch_weights() {
    if (!learner) return;
    if (rows < trial_ends) {
      if (rows % kTrialEvery == 0 && !last.drift && roll_back_if_better()) {
        last.drift = OnlineDrift{.row = rows + 1, .before = detector.mean(), .after = detector.recent()};
        last.drift->rolled_back = true;
        last.drift->good_row = good_row;
        last.drift->alarm = false;
      }
    } else if (rows % kGoodEvery == 0 && live_error <= 1.05 * good_error) {
      learner->keep();
      good_row = rows;
      good_error = live_error;
      good_recent = live_recent;
    }
  }

  /// Whether a forecast made at that row says something about how well the target is forecast: its truth is
  /// known and sound, and the target has not changed its level or scale since.
  bool comparable(std::size_t d, std::int64_t made) const {
    return !std::isnan(truth[d]) && static_cast<double>(made) >= comparable_from[d];
  }

  /// What the new row is beside those before, and what has to be forgotten because of it.
  void judge(std::span<const double> row) {
    features.judge(row);
    for (std::size_t d = 0; d < targets; ++d) {
      const Reading reading = features.reading(d);
      truth[d] = reading == Reading::outlier || reading == Reading::burst ? kNaN : actual[d];
      const bool first = std::isnan(last_reading[d]) && !std::isnan(actual[d]);
      if (first || reading == Reading::level_shift || reading == Reading::new_scale ||
          reading == Reading::beginning)
        comparable_from[d] = static_cast<double>(rows);
      if (reading != Reading::new_scale && reading != Reading::beginning) continue;
      residual[d] = residual_rows[d] = last_residual[d] = largest_move[d] = 0;
      mixtures[d].forget_errors();
      if (reading == Reading::beginning) regression.restart(d);
    }
  }

  void learn(std::int64_t made) {
    const std::span<const double> inputs = linear_inputs[made];
    for (std::size_t d = 0; d < targets; ++d) {
      const std::span<const double> by = experts[made].subspan(d * kExperts, kExperts);
      const double known = comparable(d, made) ? truth[d] : kNaN, left = known - by[kLinear];
      history.aims[made][d] =
          std::isnan(left) ? std::numeric_limits<float>::quiet_NaN()
                           : static_cast<float>(std::clamp(left / residual_units[made][d], -10.0, 10.0));
      wanted[d] = (known - by[kPersistence]) / units[made][d];
      // In the first rows the mean error is not known.
      largest[d] =
          residual_rows[d] < 30 ? 100 : kLargestLinearError * std::sqrt(residual[d]) / units[made][d];
      if (std::isnan(left)) continue;
      largest_move[d] = std::max(largest_move[d], std::abs(known - by[kPersistence]));
      if (left == 0 && residual[d] == 0)
        continue;  // nothing has moved yet: how large errors are is not known
      residual_rows[d] = std::min(residual_rows[d] + 1, 1000.0);
      const double cap = residual_rows[d] < 30 ? left * left : std::min(left * left, 100 * residual[d]);
      residual[d] += (cap - residual[d]) / residual_rows[d];
      last_residual[d] = left / residual_units[made][d];
    }
    regression.learn(inputs, wanted, largest);
    if (learner && !learner->learn(history, made + 1)) {
      learner->roll_back();
      last.drift = OnlineDrift{.row = rows + 1,
                               .before = detector.mean(),
                               .after = detector.recent(),
                               .rolled_back = true,
                               .good_row = good_row,
                               .alarm = false};
    }
  }

  /// The nearest forecast to `value` that is not absurd after what was seen of the target.
  double plausible(std::size_t target, double value) const {
    const double now = features.value(target);
    const double furthest = features.settled(target) ? kFurthest * largest_move[target] : 0;
    return features.plausible(target, std::clamp(value, now - furthest, now + furthest));
  }

  /// Takes in the row and forecasts from it.
  void forecast(std::span<const double> row) {
    features.add(row);
    const std::span<double> inputs = linear_inputs[rows];
    features.linear(inputs);
    std::array<double, kExperts> by{};
    for (std::size_t d = 0; d < targets; ++d) {
      const double now = features.value(d), deviation = features.deviation(d);
      linear_forecasts[d] = plausible(d, now + deviation * regression.predict(d, inputs));
      units[rows][d] = deviation;
      if (!std::isnan(actual[d])) last_reading[d] = actual[d];
      readings[rows][d] = last_reading[d];
      const double error = std::sqrt(residual[d]);
      residual_units[rows][d] = residual_rows[d] < 30 ? deviation : std::max(error, 1e-6 * deviation);
    }
    if (learner) {
      features.network(linear_forecasts, last_residual, history.inputs[rows]);
      learner->step(rows, history.inputs[rows], output_spans);
    }
    for (std::size_t d = 0; d < targets; ++d) {
      const double base = linear_forecasts[d], error = residual_units[rows][d];
      const auto corrected = [&](Learner::Weights kind) {
        const auto output = static_cast<double>(outputs[kind][d]);
        return std::isfinite(output) ? plausible(d, base + error * output) : base;
      };
      by = {features.value(d), base, corrected(Learner::live), corrected(Learner::mean)};
      std::copy(by.begin(), by.end(), experts[rows].subspan(d * kExperts).begin());
      good_forecasts[rows][d] = corrected(Learner::good);
      forecasts[rows][d] = mixtures[d].combine(by);
    }
  }

  const OnlineRow& add(std::span<const double> row) {
    check_row(row);
    last.drift.reset();
    std::copy_n(row.begin(), targets, actual.begin());
    judge(row);
    const std::int64_t made = rows - options.horizon;
    if (made >= 0) {
      score(made);
      learn(made);
    }
    forecast(row);
    watch_weights();
    ++rows;
    return last;
  }

  void check_row(std::span<const double> row) const {
    if (row.size() != targets + covariates) {
      throw Error(ErrorKind::usage, "a row has the wrong number of values")
          .where("row " + std::to_string(rows + 1))
          .seen(std::to_string(row.size()))
          .expected(std::to_string(targets) + " targets and " + std::to_string(covariates) +
                    " other columns");
    }
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (!(std::abs(row[c]) > kOnlineLargest)) continue;
      throw Error(ErrorKind::data, "a value is infinite or too large")
          .where("row " + std::to_string(rows + 1) + ", value " + std::to_string(c + 1))
          .expected("a number up to 1e100, or NaN where it is missing");
    }
  }

  void archive(Archive& archive) {
    archive.allow_nonfinite();
    archive.section("state", [&] { archive_state(archive); });
    if (rows >= 0 && features.rows() == rows && scores >= 0 && scores <= rows) return;
    throw Error(ErrorKind::model_file, "the numbers of rows in the state contradict each other")
        .where(archive.where())
        .seen(std::to_string(rows) + ", " + std::to_string(features.rows()) + " and " +
              std::to_string(scores));
  }

  void archive_state(Archive& archive) {
    archive.field("rows", rows);
    archive.field("scores", scores);
    archive.field("good_row", good_row);
    archive.field("trial_ends", trial_ends);
    for (auto [name, value] : {std::pair{"live_error", &live_error},
                               {"good_error", &good_error},
                               {"live_recent", &live_recent},
                               {"good_recent", &good_recent}})
      archive.field(name, *value);
    for (auto [name, values] : {std::pair{"residual", &residual},
                                {"residual_rows", &residual_rows},
                                {"last_residual", &last_residual},
                                {"largest_move", &largest_move},
                                {"last_reading", &last_reading},
                                {"comparable_from", &comparable_from}})
      archive.array(name, *values);
    linear_inputs.archive(archive, "linear_inputs");
    experts.archive(archive, "experts");
    good_forecasts.archive(archive, "good_forecasts");
    forecasts.archive(archive, "forecasts");
    units.archive(archive, "units");
    readings.archive(archive, "readings");
    residual_units.archive(archive, "residual_units");
    history.inputs.archive(archive, "network_inputs");
    history.aims.archive(archive, "aims");
    archive.field("features", features);
    archive.field("regression", regression);
    for (std::size_t d = 0; d < targets; ++d) archive.field("mixture_" + std::to_string(d), mixtures[d]);
    archive.field("drift", detector);
    if (learner) archive.field("network", *learner);
  }

  Json identity() const {
    return Json::object({{"targets", static_cast<std::int64_t>(targets)},
                         {"covariates", static_cast<std::int64_t>(covariates)},
                         {"options", to_config(options)}});
  }

  OnlineOptions options;
  std::size_t targets, covariates;
  Features features;
  RecursiveLeastSquares regression;
  std::unique_ptr<Learner> learner;
  std::vector<Mixture> mixtures;
  DriftDetector detector;
  // By row in which a forecast was made, until its truth is known; units: what errors of the linear model and
  // of all are in.
  RecentRows<double> linear_inputs, experts, good_forecasts, forecasts, units, residual_units;
  RecentRows<double> readings;  // the last one of each target at that row, believed or not
  History history;
  std::int64_t rows = 0, scores = 0, good_row = 0, trial_ends = 0;
  double live_error = 0, good_error = 0, live_recent = 0, good_recent = 0;   // mean squares, in deviations
  std::vector<double> residual, residual_rows, last_residual, largest_move;  // of the linear model, by target
  std::vector<double> last_reading, comparable_from;  // [targets]; the row since which level and scale stand
  // What the last row gave, and scratch.
  OnlineRow last;
  std::vector<double> nothing, actual, truth, scored, persistence, linear, unit, linear_forecasts, largest,
      wanted;
  std::array<std::vector<float>, Learner::kinds> outputs;
  std::array<std::span<float>, Learner::kinds> output_spans;
};

OnlineForecaster::OnlineForecaster(std::int64_t targets, std::int64_t covariates, OnlineOptions options)
    : impl_(std::make_unique<Impl>(targets, covariates, std::move(options))) {}
OnlineForecaster::OnlineForecaster(OnlineForecaster&&) noexcept = default;
OnlineForecaster& OnlineForecaster::operator=(OnlineForecaster&&) noexcept = default;
OnlineForecaster::~OnlineForecaster() = default;

std::span<const double> OnlineForecaster::predict() const {
  if (impl_->rows == 0) return impl_->nothing;
  return impl_->forecasts[impl_->rows - 1];
}
const OnlineRow& OnlineForecaster::partial_fit(std::span<const double> row) { return impl_->add(row); }
std::int64_t OnlineForecaster::rows() const { return impl_->rows; }
std::int64_t OnlineForecaster::targets() const { return static_cast<std::int64_t>(impl_->targets); }
std::int64_t OnlineForecaster::covariates() const { return static_cast<std::int64_t>(impl_->covariates); }
std::int64_t OnlineForecaster::outliers() const { return impl_->features.outliers(); }
const OnlineOptions& OnlineForecaster::options() const { return impl_->options; }
std::span<const double> OnlineForecaster::shares(std::int64_t target) const {
  detail::check_index(target, targets(), "OnlineForecaster::shares: there is no such target");
  return impl_->mixtures[static_cast<std::size_t>(target)].shares();
}

TensorFile OnlineForecaster::state() const {
  TensorFile file;
  file.metadata.emplace_back("format", kFormat);
  file.metadata.emplace_back("forecaster", to_json(impl_->identity()));
  Archive archive = Archive::writer(file);
  impl_->archive(archive);
  return file;
}

void OnlineForecaster::restore(const TensorFile& file, const std::string& where) {
  const std::string* format = file.find_metadata("format");
  if (format == nullptr || *format != kFormat) {
    throw Error(ErrorKind::model_file, "this is not the state of an online forecaster")
        .where(where)
        .seen(format == nullptr ? "no format" : "format " + *format)
        .expected(kFormat);
  }
  const std::string* saved = file.find_metadata("forecaster");
  const std::string own = to_json(impl_->identity());
  if (saved == nullptr || *saved != own) {
    throw Error(ErrorKind::model_file, "the state belongs to a forecaster with other columns or options")
        .where(where)
        .seen(saved == nullptr ? "nothing" : *saved)
        .expected(own)
        .fix("resume with the options of the run that was saved");
  }
  // Into a fresh one: a file that turns out to be broken half-way must not leave half of it here.
  auto fresh = std::make_unique<Impl>(targets(), covariates(), options());
  Archive archive = Archive::reader(file, where);
  fresh->archive(archive);
  impl_ = std::move(fresh);
}

}  // namespace rondo
