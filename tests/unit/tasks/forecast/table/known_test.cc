// Covariates that are known beforehand reach the forecast, of few rows (the line) and of many (line and
// network).

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

namespace rondo {
namespace {

/// Sales that a promotion of the same day lifts by 5; who knows only the past cannot see it coming.
std::string promotions(std::int64_t rows, std::int64_t planned) {
  const RandomStream stream(7);
  std::string text = "sales,promotion\n";
  for (std::int64_t t = 0; t < rows + planned; ++t) {
    const auto at = static_cast<std::uint64_t>(t);
    const bool on = stream.below(2 * at, 2) == 1;
    const double sales = 20 + (on ? 5 : 0) + 0.3 * stream.normal(2 * at + 1);
    text += (t < rows ? std::to_string(sales) : "") + "," + (on ? "1" : "0") + "\n";
  }
  return text;
}

ForecastOptions options_of(std::int64_t horizon) {
  ForecastOptions options;
  options.target = "sales";
  options.horizon = horizon;
  options.threads = 1;
  options.ensemble = 1;
  options.epochs = 3;
  return options;
}

class Rows : public testing::TestWithParam<std::int64_t> {};

TEST_P(Rows, KnownCovariatesReachTheForecast) {
  const std::int64_t horizon = 3;
  const Table table = parse_csv(promotions(GetParam(), horizon));
  RunControls quiet{.verbose = 0};
  ForecastOptions options = options_of(horizon);
  options.known = {"promotion"};
  const ForecastResult with = run_forecast(table, options, quiet);
  EXPECT_LT(with.test.rmse, 0.6);  // the noise is 0.3, the promotion's deviation 2.5
  const ForecastSeries& series = with.series.front();
  ASSERT_EQ(series.forecast.size(), 3u);
  for (std::size_t h = 0; h < 3; ++h) {
    const bool on = table.numbers("promotion")[static_cast<std::size_t>(GetParam()) + h] > 0.5;
    EXPECT_NEAR(series.forecast[h], on ? 25 : 20, 1) << h;
  }
}

std::string notes_with(const std::string& column) {
  std::string text = "sales," + column + "\n";
  const RandomStream stream(8);
  for (std::uint64_t t = 0; t < 83; ++t) {
    const std::string sales = t < 80 ? std::to_string(20 + stream.normal(2 * t)) : "";
    text += sales + "," + (column == "still" ? "1" : std::to_string(stream.normal(2 * t + 1))) + "\n";
  }
  ForecastOptions options = options_of(3);
  options.known = {column};
  options.methods = "mean";
  options.ensemble = ForecastOptions().ensemble;
  options.epochs = 0;
  std::string all;
  for (const std::string& note : run_forecast(parse_csv(text), options, {.verbose = 0}).notes) all += note;
  return all;
}

TEST(Forecast, SaysWhichKnownColumnsHaveNoPartInIt) {
  EXPECT_NE(notes_with("still").find("never change in the training part (still)"), std::string::npos);
  EXPECT_EQ(notes_with("noise").find("never change"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Forecast, Rows, testing::Values(120, 900));

}  // namespace
}  // namespace rondo
