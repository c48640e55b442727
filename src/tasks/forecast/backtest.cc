#include "tasks/forecast/backtest.h"

#include <array>
#include <cmath>

#include "rondo/error.h"
#include "tasks/forecast/accuracy.h"
#include "tasks/forecast/baselines.h"
#include "tasks/forecast/verdict.h"

namespace rondo::forecasting {

namespace {

enum Kind : std::size_t { kModel, kNaive, kSeasonal, kDrift, kRidge, kKinds };
constexpr std::array<const char*, kKinds> kNames{"model", "naive", "seasonal_naive", "drift", "ridge"};

/// What one forecaster did over the whole backtest.
struct Tally {
  Accuracy accuracy;
  std::vector<double> losses;  ///< by origin
};

ForecastScore score_of(const char* name, const Accuracy& accuracy) {
  ForecastScore score;
  score.name = name;
  score.mae = accuracy.mae();
  score.rmse = accuracy.rmse();
  score.mase = accuracy.mase();
  score.smape = accuracy.smape();
  score.mse = score.rmse * score.rmse;
  return score;
}

Contender contender(const char* name, const Tally& tally) {
  return {name, tally.accuracy.rmse(), tally.losses};
}

/// Errors in z-scores by the first part of each series, mean over series.
class ScaledErrors {
 public:
  explicit ScaledErrors(const Panel& panel) : sums_(panel.series.size()) {
    for (const PanelSeries& series : panel.series) deviations_.push_back(deviation_of(series));
  }
  void add(std::size_t series, double miss) {
    const double z = miss / deviations_[series];
    Sum& sum = sums_[series];
    sum.square += z * z;
    sum.absolute += std::abs(z);
    ++sum.count;
  }
  /// Constant series have no z-scores.
  void write(ForecastScore& score) const {
    double square = 0, absolute = 0, count = 0;
    for (std::size_t s = 0; s < sums_.size(); ++s) {
      if (sums_[s].count == 0 || !(deviations_[s] > 0)) continue;
      square += sums_[s].square / sums_[s].count;
      absolute += sums_[s].absolute / sums_[s].count;
      ++count;
    }
    if (count == 0) return;
    score.mse_scaled = square / count;
    score.mae_scaled = absolute / count;
  }

 private:
  struct Sum {
    double square = 0, absolute = 0, count = 0;
  };

  static double deviation_of(const PanelSeries& series) {
    const std::int64_t rows = series.train_rows - series.validation_rows;
    double sum = 0, square = 0, n = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      if (!series.is_observed(row)) continue;
      sum += series.values[static_cast<std::size_t>(row)];
      ++n;
    }
    const double mean = n > 0 ? sum / n : 0;
    for (std::int64_t row = 0; row < rows; ++row) {
      const double off = series.values[static_cast<std::size_t>(row)] - mean;
      if (series.is_observed(row)) square += off * off;
    }
    return n > 0 ? std::sqrt(square / n) : 0;
  }

  std::vector<double> deviations_;
  std::vector<Sum> sums_;
};

/// The forecasts of one origin by all kinds, in units of the series.
std::array<std::vector<double>, kKinds> forecast_all(const Panel& panel, const ScaledPanel& scaled,
                                                     const Origin& origin, std::span<const double> model,
                                                     std::span<const double> ridge, std::int64_t period) {
  std::array<std::vector<double>, kKinds> out;
  for (auto& forecast : out) forecast.resize(model.size());
  const std::span<const double> values(panel.series[static_cast<std::size_t>(origin.series)].values);
  const auto history = values.first(static_cast<std::size_t>(origin.row) + 1);
  naive_forecast(history, out[kNaive]);
  seasonal_naive_forecast(history, period, out[kSeasonal]);
  drift_forecast(history, out[kDrift]);
  for (std::size_t h = 0; h < model.size(); ++h) {
    out[kModel][h] = scaled.to_units(origin, model[h]);
    out[kRidge][h] = scaled.to_units(origin, ridge[h]);
  }
  return out;
}

void conclude(const std::array<Tally, kKinds>& tallies, std::int64_t overlap, ForecastResult& result) {
  result.test = score_of(kNames[kModel], tallies[kModel].accuracy);
  for (std::size_t kind = kNaive; kind < kKinds; ++kind) {
    result.baselines.push_back(score_of(kNames[kind], tallies[kind].accuracy));
  }
  const Judgement judgement =
      judge(contender(kNames[kModel], tallies[kModel]),
            {contender("naive", tallies[kNaive]), contender("seasonal naive", tallies[kSeasonal]),
             contender("drift", tallies[kDrift])},
            contender("ridge", tallies[kRidge]), overlap);
  result.skill = judgement.skill;
  result.skill_against = judgement.best;
  result.verdict = static_cast<ForecastVerdict>(judgement.verdict);
  result.verdict_sentence = judgement.sentence;
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

void append_bands(const ScaledPanel& scaled, const Origin& origin, std::span<const double> forecast,
                  const BandWidths& widths, ForecastBands& bands) {
  for (std::size_t h = 0; h < forecast.size(); ++h) {
    bands.low80.push_back(scaled.to_units(origin, forecast[h] - widths.half80[h]));
    bands.high80.push_back(scaled.to_units(origin, forecast[h] + widths.half80[h]));
    bands.low95.push_back(scaled.to_units(origin, forecast[h] - widths.half95[h]));
    bands.high95.push_back(scaled.to_units(origin, forecast[h] + widths.half95[h]));
  }
}

void run_backtest(const Panel& panel, const ScaledPanel& scaled, const std::vector<Origin>& origins,
                  const ScaledForecasts& forecasts, const BandWidths& widths, ForecastResult& result) {
  std::array<Tally, kKinds> tallies;
  ScaledErrors z_scores(panel);
  std::vector<Accuracy> by_series(panel.series.size());
  double inside80 = 0, inside95 = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const Origin& origin = origins[i];
    const auto s = static_cast<std::size_t>(origin.series);
    const std::span<const double> training = panel.series[s].training();
    const double step = naive_error(training, 1);
    const double seasonal_step = naive_error(training, result.period);
    ForecastSeries::Backtest& backtest = result.series[s].backtest;
    const auto model = forecasts.model.row(static_cast<std::int64_t>(i));
    const auto all = forecast_all(panel, scaled, origin, model,
                                  forecasts.ridge.row(static_cast<std::int64_t>(i)), result.period);
    const std::size_t first = backtest.actual.size();
    append_bands(scaled, origin, model, widths, backtest.bands);
    std::array<double, kKinds> loss{};
    for (std::size_t h = 0; h < model.size(); ++h) {
      const double actual = panel.series[s].values[static_cast<std::size_t>(origin.row) + 1 + h];
      backtest.origin.push_back(origin.row);
      backtest.step.push_back(static_cast<std::int64_t>(h) + 1);
      backtest.actual.push_back(actual);
      backtest.predicted.push_back(all[kModel][h]);
      backtest.naive.push_back(all[kNaive][h]);
      backtest.seasonal_naive.push_back(all[kSeasonal][h]);
      backtest.drift.push_back(all[kDrift][h]);
      backtest.ridge.push_back(all[kRidge][h]);
      if (!panel.series[s].is_observed(origin.row + 1 + static_cast<std::int64_t>(h))) continue;
      const ForecastBands& bands = backtest.bands;
      inside80 += actual >= bands.low80[first + h] && actual <= bands.high80[first + h] ? 1 : 0;
      inside95 += actual >= bands.low95[first + h] && actual <= bands.high95[first + h] ? 1 : 0;
      z_scores.add(s, actual - all[kModel][h]);
      by_series[s].add(actual, all[kModel][h], seasonal_step);
      for (std::size_t kind = 0; kind < kKinds; ++kind) {
        tallies[kind].accuracy.add(actual, all[kind][h], seasonal_step);
        const double miss = (actual - all[kind][h]) / (step > 0 ? step : 1);
        loss[kind] += miss * miss / static_cast<double>(model.size());
      }
    }
    for (std::size_t kind = 0; kind < kKinds; ++kind) tallies[kind].losses.push_back(loss[kind]);
  }
  const auto count = static_cast<double>(tallies[kModel].accuracy.count());
  if (count == 0) {
    throw Error(ErrorKind::data, "the test part has no values to compare with")
        .where(result.source)
        .seen("missing values in every row that was forecast")
        .cure("name another test part with --backtest or --split");
  }
  result.coverage80 = inside80 / count;
  result.coverage95 = inside95 / count;
  for (std::size_t s = 0; s < by_series.size(); ++s) {
    if (by_series[s].count() > 0) result.series[s].test = score_of(kNames[kModel], by_series[s]);
  }
  conclude(tallies, (panel.horizon + result.stride - 1) / result.stride - 1, result);
  z_scores.write(result.test);
}

}  // namespace rondo::forecasting
