// One row of a series is enough where the distance of rows is known: from the other series, or named.

#include "tasks/forecast/table/frequency_option.h"

#include <gtest/gtest.h>

#include <string>

#include "rondo/base/error.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

namespace rondo {
namespace {

ForecastResult forecast(const std::string& text, const std::string& frequency, const std::string& id = "") {
  ForecastOptions options;
  options.target = "y";
  options.time = "day";
  options.id = id;
  options.horizon = 3;
  options.frequency = frequency;
  options.threads = 1;
  return run_forecast(parse_csv(text), options);
}

std::string last_time(const ForecastSeries& series) { return series.future_times.text(2); }

TEST(ForecastFrequency, OfASingleRowIsNamed) {
  const std::string one = "day,y\n2020-01-31,5\n";
  EXPECT_EQ(last_time(forecast(one, "daily").series[0]), "2020-02-03");
  EXPECT_EQ(last_time(forecast(one, "weekly").series[0]), "2020-02-21");
  EXPECT_EQ(last_time(forecast(one, "monthly").series[0]), "2020-04-30") << "the last day of every month";
  EXPECT_EQ(last_time(forecast("day,y\n2020-01-15,5\n", "quarterly").series[0]), "2020-10-15");
  EXPECT_EQ(last_time(forecast("day,y\n2020-01-03,5\n", "business_days").series[0]), "2020-01-08");
  EXPECT_EQ(forecast(one, "daily").series[0].forecast, (std::vector<double>{5, 5, 5}));
}

TEST(ForecastFrequency, ThatNobodyKnowsIsRefusedWithTheCure) {
  try {
    (void)forecast("day,y\n2020-01-31,5\n", "auto");
    ADD_FAILURE() << "a next day was invented";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(error.details().fix.find("--frequency monthly"), std::string::npos);
  }
}

TEST(ForecastFrequency, OfANewSeriesIsThatOfTheOthers) {
  std::string text = "shop,day,y\n";
  for (int t = 1; t <= 28; ++t) {
    text += std::string("old,2020-01-") + (t < 10 ? "0" : "") + std::to_string(t) + "," +
            std::to_string(20 + t % 7) + "\n";
  }
  const ForecastResult result = forecast(text + "new,2020-01-20,7\n", "auto", "shop");
  ASSERT_EQ(result.series.size(), 2U);
  EXPECT_EQ(last_time(result.series[1]), "2020-01-23");
  EXPECT_EQ(result.series[1].forecast, (std::vector<double>{7, 7, 7}));
}

TEST(ForecastFrequency, HasToBeThatOfTheRowsAndOneThatThereIs) {
  const std::string days = "day,y\n2020-01-01,5\n2020-01-02,6\n2020-01-03,5\n2020-01-04,6\n";
  EXPECT_NO_THROW((void)forecast(days, "daily"));
  EXPECT_THROW((void)forecast(days, "weekly"), Error);
  EXPECT_THROW((void)forecast(days, "sometimes"), Error);
}

}  // namespace
}  // namespace rondo
