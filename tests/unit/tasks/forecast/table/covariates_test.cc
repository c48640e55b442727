// Covariates with empty cells, with words that nobody has learnt, with holes where they have to be known.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "tasks/forecast/prepare.h"
#include "unit/data/expect_error.h"
#include "unit/tasks/forecast/table/notes.h"

namespace rondo::forecasting {
namespace {

constexpr int kRows = 150, kHorizon = 4;

/// Whether a day of the history or of the horizon has an event.
bool has_event(int t) {
  if (t >= kRows) return t == kRows + 1;
  return RandomStream(3).below(static_cast<std::uint64_t>(t), 8) == 0;
}

/// Sales that an event lifts by 50, and what `event` writes for the days with and without one.
Table sales(const std::function<std::string(int)>& event) {
  const RandomStream stream(5);
  std::string text = "sales,event\n";
  for (int t = 0; t < kRows + kHorizon; ++t) {
    const double y = 100 + (has_event(t) ? 50 : 0) + stream.normal(static_cast<std::uint64_t>(t));
    text += (t < kRows ? std::to_string(y) : std::string()) + "," + event(t) + "\n";
  }
  return parse_csv(text, {}, "sales.csv");
}

ForecastOptions options_of() {
  ForecastOptions options;
  options.target = "sales";
  options.known = {"event"};
  options.horizon = kHorizon;
  options.threads = 1;
  options.ensemble = 1;
  options.epochs = 1;
  return options;
}

ForecastResult forecast(const Table& table) { return run_forecast(table, options_of(), {.verbose = 0}); }

void expect_event_on_the_second_day(const ForecastResult& result, const std::string& what) {
  const std::vector<double>& y = result.series.front().forecast;
  for (int h = 0; h < kHorizon; ++h)
    EXPECT_NEAR(y[static_cast<std::size_t>(h)], h == 1 ? 150 : 100, 6) << what << ", step " << h;
}

TEST(Covariates, AnEmptyCellOfWordsIsNoEvent) {
  const ForecastResult result = forecast(sales([](int t) { return has_event(t) ? "leaflet" : ""; }));
  expect_event_on_the_second_day(result, "words");
  EXPECT_TRUE(is_noted(result.warnings, "column 'event' is empty in "));
  EXPECT_FALSE(is_noted(result.warnings, "never does"));
}

TEST(Covariates, AnEmptyCellOfAFlagIsNoEvent) {
  expect_event_on_the_second_day(forecast(sales([](int t) { return has_event(t) ? "1" : ""; })), "flag");
}

TEST(Covariates, AnEmptyCellAmongFewNumbersIsAValueOfItsOwn) {
  const Table table = sales([](int t) { return !has_event(t) ? "" : t % 2 == 0 ? "10" : "20"; });
  expect_event_on_the_second_day(forecast(table), "numbers");
  const Prepared prepared = prepare(table, options_of());
  EXPECT_EQ(prepared.panel.known, (std::vector<std::string>{"event", "event (given)"}));
}

TEST(Covariates, AFewEmptyCellsAmongNumbersAreFilledAndCounted) {
  const Prepared prepared =
      prepare(sales([](int t) { return t == 20 || t == 21 ? "" : std::to_string(t); }), options_of());
  EXPECT_TRUE(
      is_noted(prepared.notes, "column 'event' is empty in 2 of 150 rows: filled by the value before"));
  EXPECT_EQ(prepared.panel.series.front().known[21], 19);
}

TEST(Covariates, HolesAheadAreNamedByTheirRows) {
  const auto numbers = [](int t) { return t == kRows + 1 || t == kRows + 2 ? "" : has_event(t) ? "1" : "0"; };
  expect_error(ErrorKind::data, {"column 'event'", "2 of 4 values", "row 152 (line 153), row 153 (line 154)"},
               [&] { prepare(sales(numbers), options_of()); });
  const auto words = [](int t) { return t == kRows + 2 ? "" : has_event(t) ? "leaflet" : "none"; };
  expect_error(ErrorKind::data, {"3 of 4 values", "row 153 (line 154)"},
               [&] { prepare(sales(words), options_of()); });
}

TEST(Covariates, ARowThatIsNotThereIsNoEmptyCell) {
  const Table table = sales([](int t) { return has_event(t) ? "leaflet" : ""; });
  ForecastOptions options = options_of();
  options.horizon = kHorizon + 1;
  expect_error(ErrorKind::data, {"4 of 5 values", "row 155"}, [&] { prepare(table, options); });
}

TEST(Covariates, AWordThatNobodyHasLearntIsLikeNoneOfTheOthers) {
  const ForecastResult result = forecast(sales([](int t) {
    return t == kRows + 2 ? "closed" : has_event(t) ? "leaflet" : "none";
  }));
  const double y = result.series.front().forecast[2];
  EXPECT_GT(y, 103);
  EXPECT_LT(y, 140);
  EXPECT_TRUE(is_noted(result.warnings, "column 'event' says 'closed' in 1 row"));
  const ForecastBands& bands = result.series.front().bands;
  EXPECT_LT(bands.low80[2], 101) << "it may be like a day without an event";
  EXPECT_GT(bands.high80[2], 145) << "or like one with an event";
  EXPECT_GT(bands.low80[1], 130) << "the other days are known";
}

}  // namespace
}  // namespace rondo::forecasting
