// How wide bands are and what that is worth: the scores of a backtest are what anybody computes from its
// bands.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "rondo/tasks/forecast_accuracy.h"
#include "tasks/forecast/evaluation/backtest.h"
#include "tasks/forecast/intervals/backtest_bands.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

using Numbers = std::vector<double>;

/// Shops of different size, with holes.
ForecastResult of_shops(int shops) {
  Table table("shops");
  TextList ids;
  Numbers y;
  for (int shop = 0; shop < shops; ++shop) {
    const Numbers values = seasonal(static_cast<std::uint64_t>(10 + shop), 140 - 10 * shop, 7, 1);
    for (std::size_t t = 0; t < values.size(); ++t) {
      ids.push_back("shop " + std::to_string(shop));
      y.push_back(t % 17 == 5 ? std::numeric_limits<double>::quiet_NaN() : (shop + 1) * values[t]);
    }
  }
  table.add(Column("shop", ids));
  table.add(Column("y", y));
  ForecastOptions options = small_forecast(4);
  options.id = "shop";
  options.stride = 2;
  return run_forecast(table, options);
}

/// Widths of all rows, interval scores of those with a truth.
void expect_scores_of(const std::vector<ForecastSeries>& all, const ForecastScore& score) {
  double width80 = 0, width95 = 0, cost80 = 0, cost95 = 0, rows = 0, judged = 0;
  const auto outside = [](double y, double low, double high) {
    return std::max(0.0, low - y) + std::max(0.0, y - high);
  };
  for (const ForecastSeries& series : all) {
    const ForecastBands& bands = series.backtest.bands;
    for (std::size_t i = 0; i < bands.low80.size(); ++i, ++rows) {
      const double y = series.backtest.actual[i];
      const double in80 = bands.high80[i] - bands.low80[i], in95 = bands.high95[i] - bands.low95[i];
      width80 += in80;
      width95 += in95;
      if (std::isnan(y)) continue;
      ++judged;
      cost80 += in80 + 10 * outside(y, bands.low80[i], bands.high80[i]);
      cost95 += in95 + 40 * outside(y, bands.low95[i], bands.high95[i]);
    }
  }
  EXPECT_GT(rows, judged);
  EXPECT_NEAR(score.width80, width80 / rows, 1e-9);
  EXPECT_NEAR(score.width95, width95 / rows, 1e-9);
  EXPECT_NEAR(score.interval_score80, cost80 / judged, 1e-9);
  EXPECT_NEAR(score.interval_score95, cost95 / judged, 1e-9);
}

TEST(ForecastBandScores, AreThoseOfTheRowsOfAllSeriesAndOfEach) {
  const ForecastResult result = of_shops(3);
  expect_scores_of(result.series, result.test);
  for (const ForecastSeries& series : result.series) {
    expect_scores_of({series}, series.test);
    EXPECT_GT(series.test.quantile_loss, 0);
  }
  EXPECT_LT(result.series[0].test.width80, result.series[2].test.width80) << "a shop three times as large";
  for (const ForecastScore& baseline : result.baselines) EXPECT_TRUE(std::isnan(baseline.width80));
}

/// Zero is forecast for everything; what the bands make of it is walked through here once more.
TEST(ForecastBandScores, QuantileLossIsThatOfTheQuantilesThatTheBandsEndAt) {
  constexpr std::int64_t kStride = 2;
  const Panel panel = PanelOf{.rows = {120, 90}, .horizon = 3, .holes = true}.make();
  const ScaledPanel scaled(panel, Transform::none, false);
  const std::vector<Origin> origins = backtest_origins(panel, kStride);
  ScaledForecasts forecasts;
  const std::size_t cells = origins.size() * 3;
  forecasts.model = forecasts.ridge = {3, Numbers(cells, 0.0)};
  forecasts.spread = {3, Numbers(cells, 1.0)};
  const auto calibration = std::make_shared<const CalibrationErrors>(Rows{3, white_noise(9, 90)});
  ForecastResult result;
  result.season = result.period = 1;
  result.stride = kStride;
  result.horizon = 3;
  for (const PanelSeries& series : panel.series) {
    result.series.emplace_back();
    result.series.back().values = series.values;
    result.series.back().train_rows = series.train_rows;
  }
  forecasts.methods.resize(origins.size());
  const std::vector calibrations(panel.series.size(), Calibrations{calibration});
  run_backtest(scaled, origins, forecasts, calibrations, result);

  Numbers actual, quantiles, levels, one;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& series = panel.series[s];
    Rows errors{3, {}};
    std::vector<std::int64_t> rows;
    for (const Origin& origin : origins) {
      if (origin.series != static_cast<std::int64_t>(s)) continue;
      rows.push_back(origin.row);
      const std::span<double> error = errors.append();
      scaled.targets(origin, error);
      for (std::size_t h = 0; h < 3; ++h)
        if (!series.is_observed(origin.row + 1 + static_cast<std::int64_t>(h))) error[h] = std::nan("");
    }
    const std::vector<BandOffsets> bands =
        bands_by_origin(Calibrations{calibration}, errors, rows, kStride, band_levels({}));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::int64_t h = 0; h < 3; ++h) {
        const std::int64_t row = rows[i] + 1 + h;
        step_quantiles(scaled, {static_cast<std::int64_t>(s), rows[i]}, 0, 1, bands[i], h, levels, one);
        actual.push_back(series.is_observed(row) ? series.values[static_cast<std::size_t>(row)]
                                                 : std::nan(""));
        quantiles.insert(quantiles.end(), one.begin(), one.end());
      }
    }
  }
  ASSERT_EQ(levels.size(), 11u);
  const double expected = accuracy::weighted_quantile_loss(actual, quantiles, levels);
  EXPECT_GT(expected, 0.01);
  EXPECT_NEAR(result.test.quantile_loss, expected, 1e-12);
}

TEST(ForecastBandScores, QuantileLossHasNoUnitAndWidthsHaveThatOfTheTarget) {
  Numbers y = seasonal(4, 150, 7, 1), thousands = y;
  for (double& v : thousands) v *= 1024;
  ForecastOptions options = small_forecast(2);
  options.transform = "none";
  const ForecastScore a = run_forecast(table_of(y), options).test,
                      b = run_forecast(table_of(thousands), options).test;
  EXPECT_NEAR(a.quantile_loss, b.quantile_loss, 1e-3 * a.quantile_loss);
  EXPECT_NEAR(1024 * a.width80, b.width80, 1e-3 * b.width80);
  EXPECT_NEAR(1024 * a.interval_score95, b.interval_score95, 1e-3 * b.interval_score95);
  EXPECT_LT(a.width80, a.width95);
}

}  // namespace
}  // namespace rondo::forecasting
