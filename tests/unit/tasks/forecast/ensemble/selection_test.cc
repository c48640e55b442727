// What the forecast of each series is made of.

#include "tasks/forecast/ensemble/selection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

const RunControls kQuiet{.verbose = 0};

/// A selection over a panel, with what it refers to.
struct Chosen {
  Panel panel;
  ScaledPanel scaled;
  PanelPool members;
  Pool pool;
  Selection selection;

  explicit Chosen(Panel the_panel, std::int64_t backtest_origins = 4, bool only_short = false,
                  int threads = 1)
      : panel(std::move(the_panel)),
        scaled(panel, Transform::none, false),
        members(scaled),
        pool(threads),
        selection(scaled, members, std::vector<std::int64_t>(panel.series.size(), backtest_origins),
                  only_short, pool) {}

  /// The truth, `off` by so much: what a learnt part could say.
  Rows near_truth(double off) const {
    Rows out{panel.horizon, {}};
    for (const Origin& origin : selection.learnt_origins()) {
      const std::span<double> row = out.append();
      scaled.targets(origin, row);
      for (double& value : row) value += off;
    }
    return out;
  }
};

Panel two_series() { return PanelOf{.rows = {160, 150}, .horizon = 3, .seasons = {12}}.make(); }

double sum_of(const SeriesChoice& choice) {
  return std::accumulate(choice.weights.begin(), choice.weights.end(), choice.learnt);
}

TEST(Selection, GivesALearntPartThatKnowsTheTruthNearlyEverything) {
  Chosen chosen(two_series());
  chosen.selection.choose(chosen.near_truth(0.001), chosen.pool);
  EXPECT_GT(chosen.selection.learnt_share(), 0.9);
  for (const SeriesChoice& choice : chosen.selection.choices()) EXPECT_NEAR(sum_of(choice), 1, 1e-12);
}

TEST(Selection, GivesALearntPartThatIsFarOffNothing) {
  Chosen chosen(two_series());
  chosen.selection.choose(chosen.near_truth(20), chosen.pool);
  EXPECT_EQ(chosen.selection.learnt_share(), 0);
  for (const SeriesChoice& choice : chosen.selection.choices()) EXPECT_NEAR(sum_of(choice), 1, 1e-12);
}

TEST(Selection, LeavesAShortSeriesToThePool) {
  Panel panel = two_series();
  panel.series[1].is_short = true;
  Chosen chosen(std::move(panel));
  for (const Origin& origin : chosen.selection.learnt_origins()) EXPECT_EQ(origin.series, 0);
  chosen.selection.choose(chosen.near_truth(0.001), chosen.pool);
  EXPECT_GT(chosen.selection.choices()[0].learnt, 0.9);
  EXPECT_EQ(chosen.selection.choices()[1].learnt, 0);
  EXPECT_FALSE(chosen.selection.choices()[1].members.empty());
}

TEST(Selection, DoesNotTryThePoolWhereItsForecastsWouldTakeTooLong) {
  Chosen chosen(two_series(), 100'000);
  EXPECT_FALSE(chosen.selection.uses_pool(0));
  chosen.selection.choose(chosen.near_truth(0), chosen.pool);
  EXPECT_EQ(chosen.selection.choices()[0].learnt, 1);
  EXPECT_EQ(chosen.selection.learnt_share(), 1);
  EXPECT_TRUE(chosen.selection.errors(chosen.pool)[0].empty());
  EXPECT_NE(chosen.selection.left_out().find("--stride"), std::string::npos) << "says how to have them";
}

TEST(Selection, SaysThatAChangingClockLeavesThePoolOut) {
  Panel panel = two_series();
  for (std::size_t row = 100; row < panel.series[0].position.size(); ++row)
    panel.series[0].position[row] += 1;
  const Chosen chosen(std::move(panel));
  EXPECT_NE(chosen.selection.left_out().find("clock"), std::string::npos);
  EXPECT_EQ(Chosen(two_series()).selection.left_out(), "");
  EXPECT_EQ(Chosen(two_series(), 4, true).selection.left_out(), "") << "nobody wants them";
}

TEST(Selection, ErrorsOfHeldOutOriginsAreThoseOfWeightsThatHaveNotSeenThem) {
  constexpr std::size_t kJudgedAsOne = 3;  // origins of three steps
  Chosen wrong(two_series()), lately_right(two_series());
  const Rows off = wrong.near_truth(5);
  Rows learnt = off;
  std::size_t own = 0;
  for (std::size_t i = 0; i < wrong.selection.learnt_origins().size(); ++i) {
    const Origin& origin = wrong.selection.learnt_origins()[i];
    own = i > 0 && origin.series == wrong.selection.learnt_origins()[i - 1].series ? own + 1 : 0;
    if (own < kJudgedAsOne) wrong.scaled.targets(origin, learnt.row(static_cast<std::int64_t>(i)));
  }
  wrong.selection.choose(off, wrong.pool);
  lately_right.selection.choose(learnt, lately_right.pool);
  const auto errors = wrong.selection.errors(wrong.pool);
  const auto again = lately_right.selection.errors(lately_right.pool);
  for (std::size_t s = 0; s < 2; ++s) {
    ASSERT_GT(errors[s].size(), kJudgedAsOne);
    for (std::size_t k = 0; k < kJudgedAsOne; ++k) EXPECT_EQ(errors[s][k].errors, again[s][k].errors);
  }
}

TEST(Selection, CountsWhatIsSaidLater) {
  Chosen chosen(two_series());
  chosen.selection.choose(chosen.near_truth(1.2), chosen.pool);
  const double before = chosen.selection.learnt_share();
  for (std::int64_t row = 120; row < 140; row += 3) {
    for (const std::int64_t series : {0, 1}) {
      const Origin origin{series, row - (series == 1 ? 10 : 0)};
      std::vector<double> truth(3);
      chosen.scaled.targets(origin, truth);
      const MemberForecasts said =
          pool::forecast_end(chosen.members.before(series, origin.row + 1),
                             chosen.selection.members(static_cast<std::size_t>(series)));
      chosen.selection.observe(origin, said, truth);
    }
  }
  chosen.selection.choose_again(chosen.pool);
  EXPECT_GT(chosen.selection.learnt_share(), before + 0.1) << "it has told the truth since";
}

TEST(Selection, ForgetsWhatWasSaidLongAgo) {
  Panel panel = PanelOf{.rows = {400}, .horizon = 12, .seasons = {12}}.make();
  panel.series[0].train_rows = 200;
  Chosen chosen(std::move(panel));
  chosen.selection.choose(chosen.near_truth(0.001), chosen.pool);
  ASSERT_GT(chosen.selection.learnt_share(), 0.9);
  for (std::int64_t row = 200; row < 380; row += 12) {
    const std::vector<double> wrong(12, 30.0);
    const MemberForecasts said =
        pool::forecast_end(chosen.members.before(0, row + 1), chosen.selection.members(0));
    chosen.selection.observe({0, row}, said, wrong);
  }
  chosen.selection.choose_again(chosen.pool);
  EXPECT_LT(chosen.selection.learnt_share(), 0.01) << "it has been wrong ever since";
}

TEST(Selection, DoesNotDependOnTheNumberOfThreads) {
  Chosen one(two_series(), 4, false, 1), two(two_series(), 4, false, 2);
  one.selection.choose(one.near_truth(0.5), one.pool);
  two.selection.choose(two.near_truth(0.5), two.pool);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_EQ(one.selection.choices()[s].weights, two.selection.choices()[s].weights);
    EXPECT_EQ(one.selection.choices()[s].learnt, two.selection.choices()[s].learnt);
  }
}

TEST(Selection, HasLinearForecastsFromTheRowsBeforeEachOrigin) {
  const Panel panel = two_series();
  Panel later = panel;  // other rows after the earliest held-out origin
  Chosen chosen(panel);
  const std::vector<Origin> origins = chosen.selection.learnt_origins();
  std::int64_t earliest = panel.series[0].rows();
  std::size_t place = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    if (origins[i].series != 0 || origins[i].row >= earliest) continue;
    earliest = origins[i].row;
    place = i;
  }
  Chosen changed(std::move(later));
  for (auto row = static_cast<std::size_t>(earliest) + 1; row < changed.scaled.level[0].size(); ++row) {
    changed.scaled.level[0][row] += 5;
    changed.scaled.movement[0][row] += 5;
  }
  LinearChoice linear;
  linear.members = {LinearCandidate()};
  linear.members[0].lags = 3;
  const ForecastOptions options;
  const auto of = [&](Chosen& one) {
    return one.selection.linear_forecasts({one.scaled, linear, options, kQuiet}, one.pool);
  };
  const Rows a = of(chosen), b = of(changed);
  for (std::size_t h = 0; h < 3; ++h) {
    EXPECT_EQ(a.row(static_cast<std::int64_t>(place))[h], b.row(static_cast<std::int64_t>(place))[h]);
    EXPECT_TRUE(std::isfinite(a.values[h]));
  }
}

}  // namespace
}  // namespace rondo::forecasting
