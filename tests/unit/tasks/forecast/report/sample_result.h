#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

namespace rondo {

/// A result with every part, of one series or of many, as a run of hourly load figures could make it. Made-up
/// numbers, the same every time.
class SampleResult {
 public:
  explicit SampleResult(std::size_t series, std::size_t rows = 600, std::size_t horizon = 48,
                        std::size_t horizons_tested = 4)
      : rows_(rows), horizon_(horizon), test_(horizons_tested * horizon), times_(hours(rows + horizon)) {
    result_.target = "load";
    result_.targets = {"load"};
    result_.cell = "gru";
    result_.source = series == 1 ? "data/demand.csv" : "data/stations.csv.gz";
    result_.horizon = result_.stride = static_cast<std::int64_t>(horizon);
    result_.verdict = ForecastVerdict::better;
    result_.verdict_sentence = "The network's error is 18 % below that of the seasonal naive forecast.";
    result_.skill = 0.182;
    result_.skill_against = "theta";
    result_.measure = "RMSE";
    result_.test = score("model", 1.0);
    result_.baselines = {score("naive", 3.1), score("seasonal_naive", 1.22), score("drift", 3.3),
                         score("ridge", 1.27)};
    result_.methods = {score("theta", 1.21), score("ets", 1.24), score("naive", 3.1)};
    result_.shares = {{"network", 0.61}, {"linear", 0.24}, {"theta", 0.15}};
    for (std::size_t i = 0; i < series; ++i) result_.series.push_back(make_series(i, series));
    add_backtest();
    add_model();
    add_run();
  }
  const ForecastResult& get() const { return result_; }

 private:
  double noise(std::uint64_t purpose) { return RandomStream(7, purpose).normal(count_++); }

  static Timeline hours(std::size_t count) {
    std::string text = "time\n";
    char row[32];
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t day = i / 24;
      std::snprintf(row, sizeof row, "%04zu-%02zu-%02zu %02zu:00\n", 2001 + day / 336, 1 + day / 28 % 12,
                    1 + day % 28, i % 24);
      text += row;
    }
    return read_times(parse_csv(text), "time");
  }

  static ForecastScore score(const std::string& name, double size) {
    ForecastScore score;
    score.name = name;
    score.mae = 31.4 * size;
    score.rmse = score.compared = 42.8 * size;
    score.mase = 0.71 * size;
    score.smape = 2.34 * size;
    score.rmsse = 0.66 * size;
    score.mape = 2.31 * size;
    if (name == "model") {
      score.crps = 22.9;
      score.width80 = 118;
      score.width95 = 181.2;
      score.interval_score80 = 151;
      score.interval_score95 = 233.1;
      score.quantile_loss = 0.0162;
    } else {
      score.p_value = size < 1.25 ? 0.0312 : 0.0000004;
    }
    return score;
  }

  static double level(std::size_t row, std::size_t i) {
    constexpr double kTurn = 6.283185307179586;
    const auto t = static_cast<double>(row);
    return (900 + 37 * static_cast<double>(i % 11)) +
           210 * std::sin(kTurn * (t - 7) / 24) * (1 + 0.2 * std::sin(kTurn * t / 168)) +
           60 * std::cos(kTurn * t / 12) + 0.06 * t;
  }

  ForecastSeries make_series(std::size_t i, std::size_t total) {
    ForecastSeries series;
    series.target = "load";
    if (total > 1) series.id = "station " + std::to_string(101 + i);
    series.times = times_.slice(0, static_cast<std::int64_t>(rows_));
    series.future_times =
        times_.slice(static_cast<std::int64_t>(rows_), static_cast<std::int64_t>(rows_ + horizon_));
    for (std::size_t row = 0; row < rows_; ++row) series.values.push_back(level(row, i) + 22 * noise(1));
    const std::size_t begin = rows_ - test_;
    series.train_rows = static_cast<std::int64_t>(begin);
    series.validation_rows = static_cast<std::int64_t>(2 * horizon_);
    const double width = 26 + 20 * std::abs(noise(2));
    ForecastSeries::Backtest& backtest = series.backtest;
    std::vector<double> theta;
    for (std::size_t row = begin; row < rows_; ++row) {
      const double mean = level(row, i) + 9 * noise(3);
      const std::size_t origin = begin + (row - begin) / horizon_ * horizon_ - 1;
      backtest.origin.push_back(static_cast<std::int64_t>(origin));
      backtest.step.push_back(static_cast<std::int64_t>(row - origin));
      backtest.actual.push_back(series.values[row]);
      backtest.predicted.push_back(mean);
      add_bands(backtest.bands, mean, width);
      backtest.naive.push_back(series.values[origin]);
      backtest.seasonal_naive.push_back(series.values[row - 48]);
      backtest.drift.push_back(series.values[origin] + 0.3 * static_cast<double>(row - origin));
      backtest.ridge.push_back(mean + 16 * noise(4));
      theta.push_back(mean + 11 * noise(12));
    }
    backtest.methods = {{"theta", theta}, {"ets", backtest.ridge}};
    series.shares = result_.shares;
    const std::vector<double> levels = {0.025, 0.1, 0.5, 0.9, 0.975}, z = {-1.96, -1.2816, 0, 1.2816, 1.96};
    series.quantiles.levels = levels;
    series.quantiles.values.resize(levels.size());
    for (std::size_t step = 0; step < horizon_; ++step) {
      const double mean = level(rows_ + step, i), spread = width * (0.6 + 0.03 * static_cast<double>(step));
      series.forecast.push_back(mean + 2);
      add_bands(series.bands, mean, spread);
      for (std::size_t k = 0; k < z.size(); ++k) series.quantiles.values[k].push_back(mean + z[k] * spread);
    }
    const double size = std::exp(0.5 * noise(6));
    series.test = score("model", size);
    series.baselines = {score("naive", 3 * size), score("seasonal_naive", size * (1.2 + 0.15 * noise(7)))};
    series.methods = {score("theta", size * 1.4), score("ets", size * 1.5)};
    return series;
  }

  static void add_bands(ForecastBands& bands, double mean, double spread) {
    bands.low80.push_back(mean - 1.2816 * spread);
    bands.high80.push_back(mean + 1.2816 * spread);
    bands.low95.push_back(mean - 1.96 * spread);
    bands.high95.push_back(mean + 1.96 * spread);
  }

  void add_backtest() {
    const double at_end[] = {47, 190, 55, 214, 60}, at_start[] = {23, 31, 54, 31, 24};
    for (std::size_t k = 0; k < 5; ++k) {
      std::vector<ForecastStepScore>& steps = result_.by_step.emplace_back(horizon_);
      for (std::size_t step = 0; step < horizon_; ++step) {
        const double far = static_cast<double>(step) / static_cast<double>(horizon_ - 1);
        steps[step].rmse = at_start[k] + (at_end[k] - at_start[k]) * std::sqrt(far) + 1.5 * noise(9);
      }
    }
    result_.coverage80 = 0.789;
    result_.coverage95 = 0.9443;
    result_.calibration.nominal = {0.8, 0.95};
    result_.calibration.observed = {0.789, 0.9443};
    result_.calibration.rows = static_cast<std::int64_t>(192 * result_.series.size());
    for (int i = 0; i < 4000; ++i)
      result_.calibration.pit.push_back(0.5 * std::erfc(-1.08 * noise(10) / std::sqrt(2)));
    for (std::size_t k = 0; k < 20; ++k) {
      const std::size_t row = rows_ - 1 - 9 * k;
      const ForecastSeries& series = result_.series[37 * k % result_.series.size()];
      ForecastAnomaly anomaly;
      anomaly.id = series.id;
      anomaly.target = series.target;
      anomaly.row = static_cast<std::int64_t>(row);
      anomaly.time = series.times.text(anomaly.row);
      anomaly.score = 7.9 - 0.41 * static_cast<double>(k);
      anomaly.actual = series.values[row];
      anomaly.expected = anomaly.actual - 71.5 + 3.0 * static_cast<double>(k);
      anomaly.low95 = anomaly.expected - 50;
      anomaly.high95 = anomaly.expected + 40;
      result_.anomalies.push_back(anomaly);
    }
  }

  void add_model() {
    for (int epoch = 1; epoch <= 34; ++epoch) {
      result_.loss.push_back(0.9 * std::exp(-epoch / 6.0) + 0.08);
      result_.validation_loss.push_back(0.8 * std::exp(-epoch / 5.0) + 0.12 + 0.004 * noise(8));
    }
    result_.best_epoch = 22;
    result_.importance_error = 42.8;
    result_.importance = {{"load (its own past)", 96.2, 1.9},
                          {"temperature, degrees Celsius, two metres above ground", 12.4, 0.8},
                          {"holiday", 1.62, 0.22},
                          {"pressure", -0.42, 0.2}};
    for (int k = 0; k < 3; ++k) result_.members.push_back({k + 1, 0.1312 + 0.004 * k, 22 + 2 * k});
    LayerGradientFlow flow;
    flow.layer = "gru";
    flow.cell = "gru";
    flow.units = 64;
    flow.sequences = 32;
    for (int k = 0; k < 96; ++k) {
      flow.norm_from_end.push_back(0.02 * std::pow(0.72, k) * std::exp(0.1 * noise(11)));
      flow.norm.push_back(flow.norm_from_end.back());
    }
    flow.steps_for_99_percent = 14;
    flow.growth = 0.72;
    flow.gates = {{"update", 0.03, 0.31}, {"reset", 0.12, 0.22}};
    flow.spectra = {{"update", 1.12, 2.31}, {"reset", 0.98, 2.02}, {"candidate", 1.31, 2.77}};
    flow.diagnosis = GradientDiagnosis::vanishing;
    flow.finding = "gradients vanish: the last 14 of 96 steps carry 99 % of the gradient";
    flow.remedy = "Feed segments of several rows at each step, or shorter sequences.";
    result_.gradient_flow.layers = {flow};
    result_.gradient_flow.diagnosis = GradientDiagnosis::vanishing;
  }

  void add_run() {
    result_.frequency = "hourly";
    result_.period = 24;
    result_.seasons = {24};
    result_.window = 96;
    result_.warnings = {"3 rows had the time of the row before; the last of each counts.",
                        "12 hours were missing: 2001-02-07 03:00 and 11 more."};
    result_.notes = {"On held-out rows the network adds nothing."};
    result_.seed = 1;
    result_.threads = 2;
    result_.seconds_train = 37.2;
    result_.seconds_total = 44.9;
  }

  std::size_t rows_, horizon_, test_;
  Timeline times_;
  std::uint64_t count_ = 0;
  ForecastResult result_;
};

}  // namespace rondo
