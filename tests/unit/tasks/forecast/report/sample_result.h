#pragma once

#include <cmath>
#include <cstddef>
#include <string>

#include "rondo/base/random.h"
#include "rondo/tasks/report.h"

namespace rondo {

/// A report with every part, of one series or of many, as a run of hourly load figures could make it. Made-up
/// numbers, the same every time.
class SampleReport {
 public:
  explicit SampleReport(std::size_t series, std::size_t rows = 600, std::size_t horizon = 48)
      : rows_(rows), horizon_(horizon) {
    report_.target = "load";
    report_.unit = "MW";
    report_.cell = "gru";
    report_.dataset = series == 1 ? "demand.csv" : "stations.csv.gz";
    report_.horizon = horizon;
    report_.backtest_stride = horizon;
    report_.verdict = ReportVerdict::better;
    report_.verdict_sentence =
        "The network's error is 18 % below that of the seasonal naive forecast, the best of the simple ones, "
        "on rows it "
        "has never seen; chance explains so large a difference in fewer than 1 of 1,000 tables.";
    report_.skill = 0.182;
    report_.skill_against = "seasonal naive";
    report_.scores = {score("model", 1.0), score("naive", 3.1), score("seasonal naive", 1.22),
                      score("drift", 3.3), score("ridge", 1.27)};
    for (std::size_t i = 0; i < series; ++i) report_.series.push_back(make_series(i, series));
    add_parts();
  }
  const ForecastReport& get() const { return report_; }

 private:
  double noise(std::uint64_t purpose) { return RandomStream(7, purpose).normal(count_++); }

  static ReportScore score(const std::string& name, double size) {
    ReportScore score{name, 31.4 * size, 42.8 * size, 0.71 * size, 2.34 * size};
    score.rmsse = 0.66 * size;
    score.mape = 2.31 * size;
    if (name == "model") {
      score.crps = 22.9;
      score.coverage80 = 0.789;
      score.coverage95 = 0.9443;
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

  std::string time(std::size_t row) const {
    const std::size_t day = row / 24, hour = row % 24;
    const auto two = [](std::size_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return "2024-" + two(1 + day / 28 % 12) + "-" + two(1 + day % 28) + " " + two(hour) + ":00";
  }

  double level(std::size_t row, std::size_t i) const {
    constexpr double kTurn = 6.283185307179586;
    const auto t = static_cast<double>(row);
    return (900 + 37 * static_cast<double>(i % 11)) +
           210 * std::sin(kTurn * (t - 7) / 24) * (1 + 0.2 * std::sin(kTurn * t / 168)) +
           60 * std::cos(kTurn * t / 12) + 0.06 * t;
  }

  ReportSeries make_series(std::size_t i, std::size_t total) {
    ReportSeries series;
    series.name = total == 1 ? "" : "station " + std::to_string(101 + i);
    for (std::size_t row = 0; row < rows_; ++row) {
      series.times.push_back(time(row));
      series.values.push_back(level(row, i) + 22 * noise(1));
    }
    const std::size_t test = 4 * horizon_;
    series.test_rows = test;
    series.validation_rows = 2 * horizon_;
    series.train_rows = rows_ - test - series.validation_rows;
    const double width = 26 + 20 * std::abs(noise(2));
    ReportBacktest& backtest = series.backtest;
    backtest.baselines = {{"naive", {}}, {"seasonal naive", {}}, {"drift", {}}, {"ridge", {}}};
    for (std::size_t row = rows_ - test; row < rows_; ++row) {
      const double mean = level(row, i) + 9 * noise(3);
      backtest.times.push_back(series.times[row]);
      backtest.actual.push_back(series.values[row]);
      backtest.predicted.push_back(mean);
      add_bands(backtest.bands, mean, width);
      const std::size_t origin = rows_ - test + (row - rows_ + test) / horizon_ * horizon_ - 1;
      backtest.baselines[0].values.push_back(series.values[origin]);
      backtest.baselines[1].values.push_back(series.values[row - 48]);
      backtest.baselines[2].values.push_back(series.values[origin] + 0.3 * static_cast<double>(row - origin));
      backtest.baselines[3].values.push_back(mean + 16 * noise(4));
      series.one_step.times.push_back(series.times[row]);
      series.one_step.values.push_back(20 * noise(5));
    }
    const std::vector<double> levels = {0.025, 0.1, 0.5, 0.9, 0.975}, z = {-1.96, -1.2816, 0, 1.2816, 1.96};
    series.forecast.quantiles.levels = levels;
    series.forecast.quantiles.values.resize(levels.size());
    for (std::size_t step = 0; step < horizon_; ++step) {
      const double mean = level(rows_ + step, i), spread = width * (0.6 + 0.03 * static_cast<double>(step));
      series.forecast.times.push_back(time(rows_ + step));
      series.forecast.mean.push_back(mean + 2);
      add_bands(series.forecast.bands, mean, spread);
      for (std::size_t k = 0; k < z.size(); ++k)
        series.forecast.quantiles.values[k].push_back(mean + z[k] * spread * (z[k] > 0 ? 1.15 : 1));
    }
    if (total > 1) {
      const double size = std::exp(0.5 * noise(6));
      series.scores = {score("model", size), score("seasonal naive", size * (1.2 + 0.15 * noise(7))),
                       score("naive", 3 * size)};
    }
    return series;
  }

  static void add_bands(ReportBands& bands, double mean, double spread) {
    bands.low80.push_back(mean - 1.2816 * spread);
    bands.high80.push_back(mean + 1.2816 * spread);
    bands.low95.push_back(mean - 1.96 * spread);
    bands.high95.push_back(mean + 1.96 * spread);
  }

  void add_parts() {
    ReportTraining& training = report_.training;
    for (int epoch = 1; epoch <= 34; ++epoch) {
      training.loss.push_back(0.9 * std::exp(-epoch / 6.0) + 0.08);
      training.validation.push_back(0.8 * std::exp(-epoch / 5.0) + 0.12 + 0.0006 * epoch + 0.004 * noise(8));
    }
    training.best_epoch = 22;
    training.loss_name = "negative log-likelihood of a Gaussian, by step";
    const char* names[] = {"model", "naive", "seasonal naive", "drift", "ridge"};
    const double at_end[] = {47, 190, 55, 214, 60}, at_start[] = {23, 31, 54, 31, 24};
    report_.horizon_errors.measure = "RMSE";
    for (std::size_t k = 0; k < 5; ++k) {
      ReportLine line{names[k], {}};
      for (std::size_t step = 0; step < horizon_; ++step) {
        const double far = static_cast<double>(step) / static_cast<double>(horizon_ - 1);
        line.values.push_back(at_start[k] + (at_end[k] - at_start[k]) * std::sqrt(far) + 1.5 * noise(9));
      }
      report_.horizon_errors.forecasters.push_back(line);
    }
    report_.calibration.nominal = {0.8, 0.95};
    report_.calibration.observed = {0.789, 0.9443};
    report_.calibration.rows = 192 * report_.series.size();
    for (int i = 0; i < 4000; ++i)
      report_.calibration.pit.push_back(0.5 * std::erfc(-1.08 * noise(10) / std::sqrt(2)));
    report_.importance = {"RMSE",
                          42.8,
                          {{"load (its own past)", 96.2, 1.9},
                           {"hour of the day", 31.7, 1.1},
                           {"temperature, degrees Celsius, two metres above ground", 12.4, 0.8},
                           {"day of the week", 8.05, 0.31},
                           {"holiday", 1.62, 0.22},
                           {"wind speed", 0.11, 0.15},
                           {"pressure", -0.42, 0.2}}};
    report_.anomalies.score = "error one step ahead in standard deviations of such errors";
    for (std::size_t k = 0; k < 20; ++k) {
      const std::size_t series = 37 * k % report_.series.size(), row = rows_ - 1 - 9 * k;
      const double value = report_.series[series].values[row];
      report_.anomalies.worst.push_back(
          {series, row, 7.9 - 0.21 * static_cast<double>(k), value - 71.5 + 3.0 * static_cast<double>(k),
           value - 121.5 + 3.0 * static_cast<double>(k), value - 31.5 + 2.0 * static_cast<double>(k)});
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t begin = rows_ - (4 - k) * horizon_;
      ReportFold fold{time(begin - 1), time(begin), time(begin + horizon_ - 1), begin, 1, horizon_,
                      k == 0,          {}};
      const double size = 0.9 + 0.07 * static_cast<double>(k);
      fold.scores = {score("model", size), score("naive", 3.1 * size), score("seasonal naive", 1.25 * size),
                     score("ridge", k == 2 ? 0.97 * size : 1.3 * size)};
      report_.folds.push_back(fold);
    }
    for (std::size_t k = 0; k < 3; ++k)
      report_.members.push_back({"", k + 1, "fifth " + std::to_string(k + 1) + " of the training part",
                                 31 + 3 * k, 22 + 2 * k, 0.1312 + 0.004 * static_cast<double>(k),
                                 k == 0 ? 0.4 : 0.3, 44.2 + 0.9 * static_cast<double>(k), 12.4});
    report_.settings = {{"frequency", "hourly", "chosen"},
                        {"season (rows)", "24", "chosen"},
                        {"window (rows)", "96", "chosen"},
                        {"likelihood", "gaussian", "given"},
                        {"units", "64", "default"}};
    report_.warnings = {
        "3 rows had the time of the row before; the last of each counts.",
        "12 hours were missing and were put in without a value: 2024-02-07 03:00 and 11 more."};
    report_.notes = {"On held-out rows the network adds nothing to the line, so the forecast is the line's."};
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
    flow.blocks = {{"update", 1.12, 2.31}, {"reset", 0.98, 2.02}, {"candidate", 1.31, 2.77}};
    flow.diagnosis = GradientDiagnosis::vanishing;
    flow.finding =
        "gradients vanish: the last 14 of 96 steps carry 99 % of the gradient that comes from the end, each "
        "step back keeps 72 %";
    flow.remedy =
        "Harmless where older values say nothing about the next ones. Otherwise: feed segments of several "
        "rows at each step, so that fewer steps lie between, or shorter sequences.";
    report_.gradient_flow.layers = {flow};
    report_.gradient_flow.diagnosis = GradientDiagnosis::vanishing;
    report_.version = "0.5.0";
    report_.command = "rondo forecast " + report_.dataset + " --target load --horizon " +
                      std::to_string(horizon_) + " --likelihood gaussian";
    report_.created = "2026-01-15 10:12 UTC";
    report_.seed = 1;
    report_.threads = 2;
    report_.train_seconds = 37.2;
    report_.total_seconds = 44.9;
  }

  std::size_t rows_, horizon_;
  std::uint64_t count_ = 0;
  ForecastReport report_;
};

}  // namespace rondo
