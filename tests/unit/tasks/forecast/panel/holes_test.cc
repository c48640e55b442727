// A missing value is filled so that there is something to look back on; nobody is judged by it.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tasks/forecast/ensemble/ensemble.h"
#include "tasks/forecast/ensemble/held_out.h"
#include "tasks/forecast/linear/linear_search.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// As long as the distance of the holes: every forecast has one missing truth.
constexpr std::int64_t kHorizon = 7;

Panel holed_panel(std::int64_t rows) {
  PanelOf of;
  of.rows = {rows};
  of.horizon = kHorizon;
  of.holes = true;
  return of.make();
}

struct Kind {
  const char* name;
  const char* model;
  std::int64_t rows;
};

class HeldOutScores : public testing::TestWithParam<Kind> {};

TEST_P(HeldOutScores, LeaveOutWhatWasFilled) {
  const Panel panel = holed_panel(GetParam().rows);
  const ScaledPanel scaled(panel, Transform::none, false);
  LinearChoice choice;
  choice.members = {{3, {}, 0, 0, 0.1}};
  ForecastOptions options = small_forecast(kHorizon);
  options.model = GetParam().model;
  options.window = 14;
  Pool pool(1);
  const TrainedEnsemble trained = train_ensemble({scaled, choice, options, {}, false}, pool);
  EXPECT_EQ(trained.training.network == "residual", options.model == "auto");
  ASSERT_GT(trained.held_out_errors.count(), 10);
  for (std::int64_t i = 0; i < trained.held_out_errors.count(); ++i) {
    int missing = 0;
    for (const double score : trained.held_out_errors.row(i)) missing += std::isnan(score) ? 1 : 0;
    ASSERT_EQ(missing, 1) << i;
  }
  EXPECT_TRUE(std::isfinite(trained.weight.weight));
}

INSTANTIATE_TEST_SUITE_P(Forecast, HeldOutScores,
                         testing::Values(Kind{"few_rows", "auto", 200},
                                         Kind{"segments", "encoder_decoder", 300}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(BlendWeight, OfMissingTruthsIsThatOfTheOthers) {
  const Rows residuals{2, white_noise(1, 400)};
  Rows shifts = residuals;
  const std::vector<double> noise = white_noise(2, 400);
  for (std::size_t i = 0; i < noise.size(); ++i) shifts.values[i] += noise[i];
  // Every third forecast has no truth at all, every fourth one of two.
  Rows holed = residuals, rest{2, {}}, rest_shifts{2, {}};
  for (std::int64_t i = 0; i < residuals.count(); ++i) {
    if (i % 3 == 0) holed.row(i)[0] = holed.row(i)[1] = kNaN;
    if (i % 4 == 0) holed.row(i)[1] = kNaN;
    if (i % 3 == 0) continue;
    const bool half = i % 4 == 0;  // where both say 0, nothing is gained or lost
    const auto truth = rest.append(), shift = rest_shifts.append();
    for (std::size_t h = 0; h < 2; ++h) {
      truth[h] = half && h == 1 ? 0 : residuals.row(i)[h];
      shift[h] = half && h == 1 ? 0 : shifts.row(i)[h];
    }
  }
  const BlendWeight a = fit_blend_weight(holed, shifts, 1), b = fit_blend_weight(rest, rest_shifts, 1);
  EXPECT_GT(a.weight, 0.1);
  EXPECT_DOUBLE_EQ(a.weight, b.weight);
  EXPECT_DOUBLE_EQ(a.gain, b.gain);
  EXPECT_DOUBLE_EQ(a.statistic, b.statistic);
}

TEST(ForecastLinear, IsNotScoredByAValueThatWasFilled) {
  // The last row of the training part is nobody's past: candidates are judged by it or not.
  const auto score_in_units = [](double last, bool observed) {
    PanelOf of;
    of.rows = {150};
    of.horizon = 1;
    Panel panel = of.make();
    PanelSeries& series = panel.series.front();
    series.observed.assign(series.values.size(), 1);
    const auto row = static_cast<std::size_t>(series.train_rows - 1);
    series.observed[row] = observed ? 1 : 0;
    series.values[row] = last;
    Pool pool(1);
    const LinearLimits limits{Transform::none, true, 0};
    double step = 0;  // what errors are measured in
    for (std::size_t t = 1; t <= row; ++t) step += std::pow(series.values[t] - series.values[t - 1], 2);
    return search_linear(panel, limits, pool).score * std::sqrt(step / static_cast<double>(row));
  };
  const double score = score_in_units(20, false);
  EXPECT_NEAR(score_in_units(40, false), score, 1e-6 * score);
  EXPECT_GT(score_in_units(40, true), 1.2 * score) << "as a truth it would count";
}

}  // namespace
}  // namespace rondo::forecasting
