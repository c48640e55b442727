// The season that is taken out of a series and put back into its forecasts.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "tasks/forecast/trained/model.h"
#include "unit/tasks/forecast/seasonal_series.h"

namespace rondo {
namespace {

using namespace forecasting;

TEST(SeasonalAdjustment, IsTakenBackExactly) {
  for (const double season : {12.0, 7.0, 52.18}) {
    Panel panel = two_series();
    panel.deseasonalize = season;
    for (const Transform transform : {Transform::none, Transform::log, Transform::sqrt}) {
      for (const bool difference : {false, true}) {
        const ScaledPanel scaled(panel, transform, difference);
        std::vector<double> targets(kHorizon);
        for (const std::int64_t s : {0, 1}) {
          const std::vector<double>& y = panel.series[static_cast<std::size_t>(s)].values;
          for (std::int64_t row = 0; row + kHorizon < panel.series[0].rows(); ++row) {
            const Origin origin{s, row};
            scaled.targets(origin, targets);
            for (std::int64_t ahead = 1; ahead <= kHorizon; ++ahead) {
              const double truth = y[static_cast<std::size_t>(row + ahead)];
              const double target = targets[static_cast<std::size_t>(ahead) - 1];
              ASSERT_NEAR(scaled.to_units(origin, ahead, target), truth, 1e-12 * truth);
              ASSERT_NEAR(scaled.from_units(origin, ahead, truth), target, 1e-11 * (1 + std::abs(target)));
            }
          }
        }
      }
    }
  }
}

TEST(SeasonalAdjustment, GoesOnPastTheEndByTheCalendar) {
  Panel panel = two_series();
  panel.deseasonalize = 12;
  const ScaledPanel with(panel, Transform::none, false);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const Origin end{static_cast<std::int64_t>(s), panel.series[s].rows() - 1};
    for (std::int64_t ahead = 1; ahead <= kHorizon; ++ahead) {
      // A season earlier the same is added to the same level.
      const Origin year_before{end.series, end.row - 12};
      EXPECT_EQ(with.to_units(end, ahead, 0.3), with.to_units(year_before, ahead, 0.3));
    }
    EXPECT_NE(with.to_units(end, 1, 0.3), with.to_units(end, 3, 0.3));
  }
}

TEST(SeasonalAdjustment, FindsTheSeasonBesideATrendAndNothingWhereThereIsNone) {
  std::vector<double> positions(100);
  std::iota(positions.begin(), positions.end(), 17.0);
  for (const std::size_t places : {4u, 7u}) {
    std::vector<double> with, without;
    for (const double p : positions) {
      const auto place = static_cast<std::size_t>(p) % places;
      const double wave = static_cast<double>(place) - static_cast<double>(places - 1) / 2;
      without.push_back(3 + 0.7 * p);
      with.push_back(without.back() + wave * std::abs(wave));
    }
    const SeasonalIndices found = fit_seasonal_indices(with, positions, {}, static_cast<double>(places));
    for (std::size_t place = 0; place < places; ++place) {
      const double wave = static_cast<double>(place) - static_cast<double>(places - 1) / 2;
      EXPECT_NEAR(found.at(static_cast<double>(place + 10 * places)), wave * std::abs(wave), 1e-9);
    }
    for (const double v :
         fit_seasonal_indices(without, positions, {}, static_cast<double>(places)).by_place) {
      EXPECT_NEAR(v, 0, 1e-9);
    }
  }
}

TEST(SeasonalAdjustment, DoesNotCountValuesThatWereMissing) {
  std::vector<double> values = seasonal(120, 0), positions(120);
  std::iota(positions.begin(), positions.end(), 0.0);
  std::vector<std::uint8_t> observed(120, 1);
  const SeasonalIndices before = fit_seasonal_indices(values, positions, observed, 12);
  observed[43] = 0;
  values[43] = values[42];  // the peak of its season, filled with the value before
  const SeasonalIndices after = fit_seasonal_indices(values, positions, observed, 12);
  const double own = std::abs(after.by_place[43 % 12] - before.by_place[43 % 12]);
  observed[43] = 1;
  const SeasonalIndices counted = fit_seasonal_indices(values, positions, observed, 12);
  EXPECT_LT(own, 0.2 * std::abs(counted.by_place[43 % 12] - before.by_place[43 % 12]));
}

TEST(SeasonalAdjustment, OfTrainingRowsDoesNotMoveWithLaterOnes) {
  Panel panel = two_series();
  panel.deseasonalize = 12;
  Panel changed = panel;
  for (PanelSeries& series : changed.series) {
    for (auto row = static_cast<std::size_t>(series.train_rows); row < series.values.size(); ++row)
      series.values[row] *= 3;
  }
  const ScaledPanel before(panel, Transform::log, true), after(changed, Transform::log, true);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    EXPECT_EQ(before.scaling.series[s].seasonal.by_place, after.scaling.series[s].seasonal.by_place);
    EXPECT_EQ(before.scales[s].center, after.scales[s].center);
    EXPECT_EQ(before.scales[s].scale, after.scales[s].scale);
  }
}

TEST(SeasonalAdjustment, LeavesALineThatNeedsNoLagsOfASeason) {
  const Table table = parse_csv(csv_of(seasonal(180, 0.3)));
  ForecastOptions options = quick();
  options.horizon = 12;
  options.period = 12;
  options.window = 3;
  options.methods = "none";
  const ForecastResult no = run_forecast(table, options);
  options.deseasonalize = "yes";
  const ForecastResult yes = run_forecast(table, options);
  // Three rows and a few waves do not tell the two sharp rows of a season from the others.
  EXPECT_LT(yes.test.rmse, 0.6 * no.test.rmse);
  EXPECT_LT(yes.test.rmse, 0.45);  // of which 0.3 are noise
  EXPECT_NEAR(yes.coverage80, 0.889, 0.03) << "measured; one row more or less is 0.028";
  // Row 187, the eighth after the end, is a peak.
  EXPECT_NEAR(yes.series[0].forecast[7] - yes.series[0].forecast[5], 9, 1.5);
}

TEST(SeasonalAdjustment, IsLearntAnewWithEveryRefit) {
  const Table table = parse_csv(csv_of(seasonal(180, 0.3)));
  ForecastOptions options = quick();
  options.period = 12;
  options.deseasonalize = "yes";
  options.refit = 2;
  EXPECT_LT(run_forecast(table, options).test.rmse, 0.8);
}

TEST(SeasonalAdjustment, IsLeftOutUnlessAskedFor) {
  const Table table = parse_csv(csv_of(seasonal(180, 0.3)));
  ForecastOptions options = quick();
  options.period = 12;
  const ForecastResult automatic = run_forecast(table, options);
  options.deseasonalize = "no";
  const ForecastResult no = run_forecast(table, options);
  EXPECT_EQ(automatic.series[0].forecast, no.series[0].forecast);
  EXPECT_TRUE(automatic.model->scaling.series.front().seasonal.by_place.empty());
}

}  // namespace
}  // namespace rondo
