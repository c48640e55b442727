// A stage says how far it has come, whoever does its parts; and a forecast does so in its long stages.

#include "tasks/common/stage_progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "rondo/base/pool.h"
#include "rondo/tasks/forecast.h"

namespace rondo {
namespace {

TEST(StageProgress, GoesFromOneShareToTheOther) {
  std::vector<double> shares;
  const tasks::Advanced advanced = [&](double share) { shares.push_back(share); };
  tasks::StageProgress progress(advanced, 4, 0.5, 1);
  for (int i = 0; i < 4; ++i) progress.done_one();
  EXPECT_EQ(shares, (std::vector<double>{0.625, 0.75, 0.875, 1}));
  tasks::StageProgress nobody({}, 4);
  nobody.done_one();
}

TEST(StageProgress, IsToldByOneThreadAtATime) {
  int inside = 0, most = 0, calls = 0;
  const tasks::Advanced advanced = [&](double share) {
    most = std::max(most, ++inside);
    EXPECT_GT(share, 0);
    EXPECT_LE(share, 1);
    ++calls;
    --inside;
  };
  tasks::StageProgress progress(advanced, 2000);
  Pool pool(4);
  pool.run(2000, [&](int) { progress.done_one(); });
  EXPECT_EQ(most, 1);
  EXPECT_GT(calls, 0);
}

TEST(ForecastProgress, RisesWithinEachLongStageAndChangesNoBit) {
  std::vector<double> values;
  for (int t = 0; t < 150; ++t) values.push_back(100 + 20 * ((t % 12) - 5) + t * 7919 % 13);
  Table table("sales");
  table.add(Column("y", values));
  ForecastOptions options;
  options.target = "y";
  options.horizon = 6;
  options.model = "encoder_decoder";
  options.epochs = 2;
  options.ensemble = 2;
  options.units = 4;
  options.threads = 1;
  std::map<std::string, std::vector<double>> shares;
  std::string stage;
  RunControls controls{.verbose = 0};
  controls.stage = [&](const char* name) { stage = name; };
  controls.advanced = [&](double share) { shares[stage].push_back(share); };
  const ForecastResult told = run_forecast(table, options, controls), quiet = run_forecast(table, options);
  for (const char* name : {"linear model", "simple models", "2 networks", "backtest"}) {
    ASSERT_TRUE(shares.contains(name)) << name;
    const std::vector<double>& own = shares[name];
    EXPECT_TRUE(std::ranges::is_sorted(own)) << name;
    EXPECT_GT(own.front(), 0) << name;
    EXPECT_LE(own.back(), 1) << name;
  }
  EXPECT_EQ(told.series[0].forecast, quiet.series[0].forecast);
}

}  // namespace
}  // namespace rondo
