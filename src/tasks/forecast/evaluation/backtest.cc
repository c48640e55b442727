#include "tasks/forecast/evaluation/backtest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "rondo/tasks/forecast_accuracy.h"
#include "tasks/forecast/evaluation/baselines.h"
#include "tasks/forecast/intervals/backtest_bands.h"
#include "tasks/forecast/statistics/accuracy.h"

namespace rondo::forecasting {

namespace {

enum Kind : std::size_t { kModel, kNaive, kSeasonal, kDrift, kRidge, kKinds };
constexpr std::array<const char*, kKinds> kNames{"model", "naive", "seasonal_naive", "drift", "ridge"};
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// By step of the horizon.
struct StepSums {
  double absolute = 0, square = 0;
};
struct StepTruth {
  double count = 0, sum = 0, square = 0;
};

/// What one forecaster did over the whole backtest.
struct Tally {
  Accuracy accuracy;
  std::vector<double> losses;  ///< by origin: mean square over the horizon, in the series' own steps
  double scaled_square = 0, scaled_absolute = 0;  ///< in z-scores, mean over series
  std::vector<StepSums> steps;
  std::vector<double> log_errors;  ///< by series with a truth: logarithm of its RMSSE
  /// By series with a truth: mean square in units that bound it, see SeriesBacktest::unit_square.
  std::vector<double> series_losses;
};
using Methods = std::map<pool::Member, Tally>;

/// Series by which a collection is judged, rather than by its origins.
constexpr std::size_t kMany = 10;
constexpr double kFaultless = 0.1;  // of the mean forecast's error

/// Of one forecaster over the rows of one series: in z-scores.
struct Sums {
  double square = 0, absolute = 0, count = 0;
};

/// Of the model's quantiles.
struct QuantileSums {
  double crps = 0, pinball = 0, size = 0, count = 0;  ///< size: of the truths

  void operator+=(const QuantileSums& other) {
    crps += other.crps;
    pinball += other.pinball;
    size += other.size;
    count += other.count;
  }
  /// CRPS, and the mean over `levels` quantiles of a row, as accuracy::weighted_quantile_loss.
  void put(std::size_t levels, ForecastScore& score) const {
    score.crps = crps / count;
    score.quantile_loss = size > 0 ? 2 * pinball / (size * static_cast<double>(levels)) : kMissing;
  }
};

/// sMAPE and MASE of Naive2, sums over origins, and the numbers of these: a series that never changes over a
/// season has no MASE.
struct Naive2Sums {
  double smape = 0, mase = 0, origins = 0, scaled = 0;

  void operator+=(const Naive2Sums& other) {
    smape += other.smape;
    mase += other.mase;
    origins += other.origins;
    scaled += other.scaled;
  }
};

/// What all series come to.
struct Totals {
  explicit Totals(std::int64_t horizon) : truths(static_cast<std::size_t>(horizon)) {
    for (Tally& tally : tallies) tally.steps.resize(truths.size());
  }

  std::array<Tally, kKinds> tallies;
  Methods methods;
  std::vector<StepTruth> truths;
  BandCalibration calibration;
  QuantileSums quantiles;
  std::size_t levels = 0;  ///< quantiles of a row
  Naive2Sums naive2;
  double series = 0;  ///< with a truth
  std::vector<double> actual;
  ForecastBands bands;
};

/// Of the rows that a series was learnt from, validation apart: what z-scores are made with.
double deviation_of(const PanelSeries& series) {
  const auto first = static_cast<std::size_t>(series.train_rows - series.validation_rows);
  const std::span<const double> rows = std::span<const double>(series.values).first(first);
  double mean = 0, square = 0;
  for (const double v : rows) mean += v / static_cast<double>(rows.size());
  for (const double v : rows) square += (v - mean) * (v - mean) / static_cast<double>(rows.size());
  return square > 0 ? std::sqrt(square) : 1;
}

/// `square`, `absolute`: mean errors in z-scores.
ForecastScore score_of(const std::string& name, const Accuracy& accuracy, double square, double absolute) {
  ForecastScore score;
  score.name = name;
  score.mae = accuracy.mae();
  score.rmse = accuracy.rmse();
  score.mase = accuracy.mase();
  score.smape = accuracy.smape();
  score.mse = accuracy.mse();
  score.mape = accuracy.mape();
  score.rmsse = accuracy.rmsse();
  score.mse_scaled = square;
  score.mae_scaled = absolute;
  return score;
}

void put_bands(std::span<const double> actual, const ForecastBands& bands, ForecastScore& score) {
  score.width80 = accuracy::mean_width(bands.low80, bands.high80);
  score.width95 = accuracy::mean_width(bands.low95, bands.high95);
  score.interval_score80 = accuracy::interval_score(actual, bands.low80, bands.high80, 0.8);
  score.interval_score95 = accuracy::interval_score(actual, bands.low95, bands.high95, 0.95);
}

std::vector<ForecastStepScore> step_scores(const Tally& tally, const std::vector<StepTruth>& truths) {
  std::vector<ForecastStepScore> out;
  for (std::size_t h = 0; h < truths.size(); ++h) {
    const StepTruth& truth = truths[h];
    const double variation = truth.square - truth.sum * truth.sum / truth.count;
    out.push_back({tally.steps[h].absolute / truth.count, std::sqrt(tally.steps[h].square / truth.count),
                   std::sqrt(tally.steps[h].square / variation)});
  }
  return out;
}

double geometric_mean(std::span<const double> logarithms) {
  double sum = 0;
  for (const double log : logarithms) sum += log;
  return std::exp(sum / static_cast<double>(logarithms.size()));
}

/// Several series are pooled in steps of their own, else the largest would decide alone. Many are compared
/// one by one, in units that bound what each can say: no single series can decide. Squares, not ratios: who
/// forecasts nothing wins most series of rare demand, those in which there was none, and is worse on the
/// whole.
Contender contender(const std::string& name, const Tally& tally, std::size_t series) {
  if (series <= 1) return {name, tally.accuracy.rmse(), tally.losses};
  const std::vector<double>& losses = tally.log_errors.size() >= kMany ? tally.series_losses : tally.losses;
  double sum = 0;
  for (const double loss : losses) sum += loss;
  return {name, std::sqrt(sum / static_cast<double>(losses.size())), losses};
}

double truth_at(const PanelSeries& series, std::int64_t row) {
  const auto at = static_cast<std::size_t>(row);
  return series.is_observed(row) ? series.values[at] : kMissing;
}

ForecastScore total_score(const std::string& name, const Tally& tally, const Tally& model,
                          const Totals& totals, std::int64_t overlap) {
  ForecastScore score = score_of(name, tally.accuracy, tally.scaled_square / totals.series,
                                 tally.scaled_absolute / totals.series);
  if (tally.log_errors.size() > 1) score.geometric_rmsse = geometric_mean(tally.log_errors);
  if (&tally == &model) return score;
  score.p_value = accuracy::diebold_mariano(tally.losses, model.losses, overlap).p_two_sided;
  double won = 0;
  for (std::size_t s = 0; s < model.log_errors.size(); ++s)
    won += model.log_errors[s] < tally.log_errors[s] ? 1 : 0;
  if (model.log_errors.size() > 1) score.series_won = won / static_cast<double>(model.log_errors.size());
  return score;
}

/// Scores of all, and the verdict.
void conclude(const Totals& totals, std::int64_t overlap, bool has_ridge, ForecastResult& result) {
  const std::array<Tally, kKinds>& tallies = totals.tallies;
  const Tally& model = tallies[kModel];
  const std::size_t series = result.series.size();
  result.test = total_score(kNames[kModel], model, model, totals, overlap);
  for (const Kind kind : {kNaive, kSeasonal, kDrift, kRidge}) {
    if (kind != kRidge || has_ridge)
      result.baselines.push_back(total_score(kNames[kind], tallies[kind], model, totals, overlap));
  }
  if (model.accuracy.count() == 0) {
    result.verdict_sentence = "The forecast was not tested: no row was kept for a test part.";
    return;
  }
  const bool many = series > 1 && model.log_errors.size() >= kMany;
  result.measure = many ? kMeasureOfMany : series > 1 ? "RMSE in steps of each series" : "RMSE";
  result.test.compared = contender(kNames[kModel], model, series).error;
  for (std::size_t k = 0; k < result.baselines.size(); ++k)
    result.baselines[k].compared = contender("", tallies[k + 1], series).error;
  std::vector<Contender> methods;
  if (has_ridge) methods.push_back(contender("ridge", tallies[kRidge], series));
  for (const auto& [member, tally] : totals.methods) {
    if (tally.accuracy.count() != model.accuracy.count()) continue;  // it does not apply to all
    const char* name = pool::member_name(member);
    result.methods.push_back(total_score(name, tally, model, totals, overlap));
    methods.push_back(contender(name, tally, series));
    result.methods.back().compared = methods.back().error;
  }
  std::ranges::stable_sort(result.methods, {}, &ForecastScore::compared);
  const Judgement judgement = judge(
      contender(kNames[kModel], model, series),
      {contender("naive", tallies[kNaive], series), contender("seasonal naive", tallies[kSeasonal], series),
       contender("drift", tallies[kDrift], series)},
      methods, overlap, result.measure);
  result.skill = judgement.skill;
  result.skill_against = judgement.best;
  if (result.skill_against == "seasonal naive") result.skill_against = kNames[kSeasonal];
  result.verdict = judgement.verdict;
  result.verdict_sentence = judgement.sentence;
}

void append(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// The backtest of one series, origin by origin.
class SeriesBacktest {
 public:
  SeriesBacktest(const ScaledPanel& scaled, std::int64_t index, bool has_ridge, ForecastResult& result,
                 Totals& totals)
      : scaled_(scaled),
        totals_(totals),
        index_(index),
        series_(scaled.panel().series[static_cast<std::size_t>(index)]),
        out_(result.series[static_cast<std::size_t>(index)]),
        period_(result.period),
        naive2_(series_.values, result.season),
        deviation_(deviation_of(series_)),
        step_(naive_error(series_.training(), 1)),
        seasonal_step_(naive_error(series_.training(), result.season)),
        step_square_(accuracy::naive_square_step(series_.training())),
        has_ridge_(has_ridge) {}

  /// An origin, whose forecasts are row `row`.
  void add(const Origin& origin, const ScaledForecasts& forecasts, std::int64_t row,
           const BandOffsets& offsets) {
    const auto model = forecasts.model.row(row), spread = forecasts.spread.row(row);
    const std::array<std::vector<double>, kKinds> all = forecast_all(origin, model, forecasts.ridge.row(row));
    add_methods(origin, forecasts.methods[static_cast<std::size_t>(row)]);
    ForecastSeries::Backtest& backtest = out_.backtest;
    append_bands(scaled_, origin, model, spread, offsets, backtest.bands);
    append_asked(scaled_, origin, model, spread, offsets, backtest.asked);
    std::array<double, kKinds> loss{};
    double counted = 0;
    for (std::size_t h = 0; h < model.size(); ++h) {
      const double actual = truth_at(series_, origin.row + 1 + static_cast<std::int64_t>(h));
      backtest.origin.push_back(origin.row);
      backtest.step.push_back(static_cast<std::int64_t>(h) + 1);
      backtest.actual.push_back(actual);
      backtest.predicted.push_back(all[kModel][h]);
      backtest.naive.push_back(all[kNaive][h]);
      backtest.seasonal_naive.push_back(all[kSeasonal][h]);
      backtest.drift.push_back(all[kDrift][h]);
      backtest.ridge.push_back(all[kRidge][h]);
      if (std::isnan(actual)) continue;
      ++counted;
      StepTruth& truth = totals_.truths[h];
      ++truth.count;
      truth.sum += actual;
      truth.square += actual * actual;
      for (std::size_t kind = 0; kind < kKinds; ++kind) {
        const double error = actual - all[kind][h];
        Tally& tally = totals_.tallies[kind];
        tally.steps[h].absolute += std::abs(error);
        tally.steps[h].square += error * error;
        tally.accuracy.add(actual, all[kind][h], seasonal_step_, step_square_, index_);
        own_[kind].add(actual, all[kind][h], seasonal_step_, step_square_);
        const double miss = error / (step_ > 0 ? step_ : 1);
        loss[kind] += miss * miss;
        sums_[kind].square += error * error / (deviation_ * deviation_);
        sums_[kind].absolute += std::abs(error) / deviation_;
        ++sums_[kind].count;
      }
      step_quantiles(scaled_, origin, model[h], spread[h], offsets, static_cast<std::int64_t>(h), levels_,
                     quantiles_);
      totals_.calibration.add(actual, quantiles_, levels_);
      model_.crps += accuracy::crps_from_quantiles(actual, quantiles_, levels_);
      for (std::size_t k = 0; k < levels_.size(); ++k)
        model_.pinball += accuracy::pinball({&actual, 1}, {&quantiles_[k], 1}, levels_[k]);
      model_.size += std::abs(actual);
      ++model_.count;
    }
    if (counted == 0) return;
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      totals_.tallies[kind].losses.push_back(loss[kind] / counted);
    if (counted == static_cast<double>(model.size())) add_naive2(origin, model.size());
  }

  /// Scores of this series alone, which then counts among all.
  void finish() {
    const ForecastSeries::Backtest& done = out_.backtest;
    append(totals_.actual, done.actual);
    for (const auto& [name, end] : ForecastBands::kEnds) append(totals_.bands.*end, done.bands.*end);
    totals_.naive2 += naive2_sums_;
    if (model_.count == 0) return;
    totals_.quantiles += model_;
    totals_.levels = levels_.size();
    ++totals_.series;
    const double least = faultless(), unit = unit_square();
    put_methods(least, unit);
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      totals_.tallies[kind].log_errors.push_back(log_error(own_[kind], least));
      totals_.tallies[kind].series_losses.push_back(own_[kind].mse() / unit);
      const double square = sums_[kind].square / sums_[kind].count;
      const double absolute = sums_[kind].absolute / sums_[kind].count;
      totals_.tallies[kind].scaled_square += square;
      totals_.tallies[kind].scaled_absolute += absolute;
      ForecastScore score = score_of(kNames[kind], own_[kind], square, absolute);
      if (kind == kModel) {
        model_.put(levels_.size(), score);
        put_bands(done.actual, done.bands, score);
        out_.test = std::move(score);
      } else if (kind != kRidge || has_ridge_) {
        out_.baselines.push_back(std::move(score));
      }
    }
  }

 private:
  /// Of one method over the rows of this series.
  struct Own {
    Accuracy accuracy;
    Sums sums;
    std::vector<double> forecasts;  ///< NaN where it does not apply
  };

  void add_methods(const Origin& origin, const MemberForecasts& said) {
    const std::size_t before = out_.backtest.actual.size();
    const auto horizon = static_cast<std::size_t>(scaled_.panel().horizon);
    for (std::size_t i = 0; i < said.members.size(); ++i) {
      Own& own = methods_[said.members[i]];
      own.forecasts.resize(before, kMissing);
      Tally& tally = totals_.methods[said.members[i]];
      double loss = 0, counted = 0;
      for (std::size_t h = 0; h < horizon; ++h) {
        const double forecast = said.forecasts[i][h];
        own.forecasts.push_back(forecast);
        const double actual = truth_at(series_, origin.row + 1 + static_cast<std::int64_t>(h));
        if (std::isnan(actual)) continue;
        const double error = actual - forecast, miss = error / (step_ > 0 ? step_ : 1);
        loss += miss * miss;
        ++counted;
        tally.accuracy.add(actual, forecast, seasonal_step_, step_square_, index_);
        own.accuracy.add(actual, forecast, seasonal_step_, step_square_);
        own.sums.square += error * error / (deviation_ * deviation_);
        own.sums.absolute += std::abs(error) / deviation_;
      }
      own.sums.count += counted;
      if (counted > 0) tally.losses.push_back(loss / counted);
    }
  }

  void put_methods(double faultless, double unit) {
    for (auto& [member, own] : methods_) {
      own.forecasts.resize(out_.backtest.actual.size(), kMissing);
      const char* name = pool::member_name(member);
      out_.backtest.methods.emplace_back(name, std::move(own.forecasts));
      const double square = own.sums.square / own.sums.count, absolute = own.sums.absolute / own.sums.count;
      Tally& tally = totals_.methods[member];
      tally.scaled_square += square;
      tally.scaled_absolute += absolute;
      tally.log_errors.push_back(log_error(own.accuracy, faultless));
      tally.series_losses.push_back(own.accuracy.mse() / unit);
      out_.methods.push_back(score_of(name, own.accuracy, square, absolute));
    }
    std::ranges::stable_sort(out_.methods, {}, &ForecastScore::rmse);
  }

  /// The square of the naive step, as in RMSSE, or the mean square of all forecasts where these are worse: in
  /// such units theirs are 1 in the mean at most.
  double unit_square() const {
    double sum = 0, count = 0;
    for (const Accuracy& accuracy : own_) {
      sum += accuracy.mse();
      ++count;
    }
    for (const auto& [member, own] : methods_) {
      sum += own.accuracy.mse();
      ++count;
    }
    return std::max({step_square_, sum / count, std::numeric_limits<double>::min()});
  }

  /// What counts as no error: far below the mean of all forecasts'. Who happens to hit all zeros of a series
  /// would decide about the collection.
  double faultless() const {
    double sum = 0, count = 0;
    for (const Accuracy& accuracy : own_) {
      sum += accuracy.rmse();
      ++count;
    }
    for (const auto& [member, own] : methods_) {
      sum += own.accuracy.rmse();
      ++count;
    }
    return std::max(kFaultless * sum / count, std::numeric_limits<double>::min());
  }

  /// Of one that never moved, by its own size: all forecasts of it are measured alike.
  double log_error(const Accuracy& accuracy, double faultless) const {
    const double unit = step_square_ > 0 ? std::sqrt(step_square_) : 1;
    return std::log(std::max(accuracy.rmse(), faultless) / unit);
  }

  /// The forecasts of one origin by all kinds, in units of the series.
  std::array<std::vector<double>, kKinds> forecast_all(const Origin& origin, std::span<const double> model,
                                                       std::span<const double> ridge) const {
    std::array<std::vector<double>, kKinds> out;
    for (auto& forecast : out) forecast.resize(model.size());
    const auto history =
        std::span<const double>(series_.values).first(static_cast<std::size_t>(origin.row) + 1);
    naive_forecast(history, out[kNaive]);
    seasonal_naive_forecast(history, period_, out[kSeasonal]);
    drift_forecast(history, out[kDrift]);
    for (std::size_t h = 0; h < model.size(); ++h) {
      const auto ahead = static_cast<std::int64_t>(h) + 1;
      out[kModel][h] = scaled_.to_units(origin, ahead, model[h]);
      out[kRidge][h] = scaled_.to_units(origin, ahead, ridge[h]);
    }
    return out;
  }

  void add_naive2(const Origin& origin, std::size_t horizon) {
    std::vector<double> forecast(horizon);
    const std::span<const double> values(series_.values);
    naive2_.advance(static_cast<std::size_t>(origin.row) + 1);
    naive2_.forecast(forecast);
    const auto actual = values.subspan(static_cast<std::size_t>(origin.row) + 1, horizon);
    naive2_sums_.smape += accuracy::smape(actual, forecast);
    ++naive2_sums_.origins;
    if (!(seasonal_step_ > 0)) return;
    naive2_sums_.mase += accuracy::mase(actual, forecast, seasonal_step_);
    ++naive2_sums_.scaled;
  }

  const ScaledPanel& scaled_;
  Totals& totals_;
  std::int64_t index_;
  const PanelSeries& series_;
  ForecastSeries& out_;
  std::int64_t period_;
  Naive2Walk naive2_;
  double deviation_, step_, seasonal_step_, step_square_;
  bool has_ridge_;
  std::array<Accuracy, kKinds> own_;
  std::map<pool::Member, Own> methods_;
  std::array<Sums, kKinds> sums_{};
  QuantileSums model_;
  Naive2Sums naive2_sums_;
  std::vector<double> levels_, quantiles_;
};

Rows errors_of(const ScaledPanel& scaled, std::span<const Origin> origins, const ScaledForecasts& forecasts,
               std::size_t first) {
  const Panel& panel = scaled.panel();
  Rows errors{panel.horizon, {}};
  std::vector<double> truth(static_cast<std::size_t>(panel.horizon));
  for (std::size_t i = 0; i < origins.size(); ++i) {
    scaled.targets(origins[i], truth);
    const auto row = static_cast<std::int64_t>(first + i);
    const PanelSeries& series = panel.series[static_cast<std::size_t>(origins[i].series)];
    for (std::size_t h = 0; h < truth.size(); ++h) {
      const bool known = !std::isnan(truth_at(series, origins[i].row + 1 + static_cast<std::int64_t>(h)));
      errors.values.push_back(known ? (truth[h] - forecasts.model.row(row)[h]) / forecasts.spread.row(row)[h]
                                    : kMissing);
    }
  }
  errors.values.resize(errors.values.size() + truth.size(), kMissing);  // the forecast past the end
  return errors;
}

}  // namespace

std::vector<Origin> backtest_origins(const Panel& panel, std::int64_t stride) {
  std::vector<Origin> origins;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& series = panel.series[s];
    for (std::int64_t row = series.train_rows - 1; row + panel.horizon < series.rows(); row += stride) {
      origins.push_back({static_cast<std::int64_t>(s), row});
    }
  }
  return origins;
}

std::vector<BandOffsets> run_backtest(const ScaledPanel& scaled, const std::vector<Origin>& origins,
                                      const ScaledForecasts& forecasts,
                                      std::span<const Calibrations> calibrations, ForecastResult& result) {
  const Panel& panel = scaled.panel();
  Totals totals(panel.horizon);
  std::vector<BandOffsets> past_the_end;
  const std::vector<double> levels = band_levels(result.options), asked = asked_quantiles(result.options);
  std::size_t next = 0;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const std::size_t first = next;
    std::vector<std::int64_t> rows;
    while (next < origins.size() && origins[next].series == static_cast<std::int64_t>(s)) {
      rows.push_back(origins[next++].row);
    }
    const std::span<const Origin> own(origins.data() + first, next - first);
    const Rows errors = errors_of(scaled, own, forecasts, first);
    rows.push_back(panel.history_rows(s) - 1);
    std::vector<BandOffsets> bands = bands_by_origin(calibrations[s], errors, rows, result.stride, levels);
    past_the_end.push_back(std::move(bands.back()));

    result.series[s].backtest.asked.levels = asked;
    SeriesBacktest backtest(scaled, static_cast<std::int64_t>(s), forecasts.has_ridge, result, totals);
    for (std::size_t i = 0; i < own.size(); ++i)
      backtest.add(own[i], forecasts, static_cast<std::int64_t>(first + i), bands[i]);
    backtest.finish();
  }
  conclude(totals, (panel.horizon + result.stride - 1) / result.stride - 1, forecasts.has_ridge, result);
  if (totals.series == 0) {
    result.coverage80 = result.coverage95 = kMissing;
    return past_the_end;
  }
  const ForecastBands& bands = totals.bands;
  result.coverage80 = accuracy::coverage(totals.actual, bands.low80, bands.high80);
  result.coverage95 = accuracy::coverage(totals.actual, bands.low95, bands.high95);
  for (const Tally& tally : totals.tallies) result.by_step.push_back(step_scores(tally, totals.truths));
  if (!forecasts.has_ridge) result.by_step.pop_back();
  totals.calibration.put(result.calibration);
  totals.quantiles.put(totals.levels, result.test);
  put_bands(totals.actual, bands, result.test);
  const Naive2Sums& naive2 = totals.naive2;
  result.test.owa = accuracy::owa(result.test.smape, result.test.mase, naive2.smape / naive2.origins,
                                  naive2.mase / naive2.scaled);
  return past_the_end;
}

}  // namespace rondo::forecasting
