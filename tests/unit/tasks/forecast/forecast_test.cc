// The main job from a table to a forecast: what it promises to whoever runs it.

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/base/toml.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_config.h"
#include "rondo/tasks/forecast_report.h"
#include "rondo/tensor/tensor_file.h"
#include "support/source_folder.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
}

std::string csv_of(const std::vector<double>& values) {
  std::string text = "y\n";
  for (const double v : values) text += number(v) + "\n";
  return text;
}

/// Monthly sales that grow and have a season.
std::string monthly_sales(int rows, double last_factor = 1) {
  const RandomStream stream(11);
  std::string text = "month,sales\n";
  for (int t = 0; t < rows; ++t) {
    const double wave = 0.3 * std::sin(2 * M_PI * t / 12);
    double v = 100 * std::exp(0.01 * t + wave + 0.03 * stream.normal(static_cast<std::uint64_t>(t)));
    if (t == rows - 1) v *= last_factor;
    char month[16];
    std::snprintf(month, sizeof month, "%04d-%02d", 2000 + t / 12, t % 12 + 1);
    text += std::string(month) + "," + number(v) + "\n";
  }
  return text;
}

std::vector<double> random_walk(std::uint64_t seed, std::size_t count) {
  const RandomStream stream(seed);
  std::vector<double> y(count);
  for (std::size_t t = 0; t < count; ++t) y[t] = (t > 0 ? y[t - 1] : 0) + stream.normal(t);
  return y;
}

std::vector<double> logistic_map(std::uint64_t seed, std::size_t count) {
  const RandomStream stream(seed);
  std::vector<double> y;
  double x = 0.3 + 0.1 * stream.uniform(0);
  for (std::size_t t = 0; t < count; ++t) {
    x = 3.9 * x * (1 - x);
    y.push_back(x + 0.02 * stream.normal(t + 1));
  }
  return y;
}

ForecastOptions quick(const std::string& target, const std::string& time = "") {
  ForecastOptions options;
  options.target = target;
  options.time = time;
  options.epochs = 6;
  options.units = 8;
  options.threads = 1;
  return options;
}

ForecastResult sales_forecast(ForecastOptions options, const RunControls& controls = {.verbose = 0}) {
  return run_forecast(parse_csv(monthly_sales(96)), options, controls);
}

ForecastResult sales_forecast_of(const std::string& csv, std::int64_t horizon) {
  ForecastOptions options = quick("sales", csv.starts_with("month") ? "month" : "");
  options.horizon = horizon;
  return run_forecast(parse_csv(csv), options);
}

fs::path forecast_scratch(const std::string& name) {
  const fs::path path = fs::temp_directory_path() / ("rondo-forecast-test-" + name);
  fs::remove(path);
  return path;
}

fs::path shared_series(const std::string& file) {
  const char* folder = std::getenv("RONDO_SHARED_DATA");
  const fs::path root = folder ? fs::path(folder) : source_folder() / ".." / "shared" / "data";
  return root / "timeseries" / "classic" / file;
}

struct Classic {
  const char *file, *target, *time, *backtest;
  double rmse;
};

class ClassicSeries : public testing::TestWithParam<Classic> {};

TEST_P(ClassicSeries, IsForecastWellWithoutAnySetting) {
  const Classic& classic = GetParam();
  const fs::path path = shared_series(classic.file);
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not here (set RONDO_SHARED_DATA)";
  ForecastOptions options;
  options.target = classic.target;
  options.time = classic.time;
  options.backtest = classic.backtest;
  const ForecastResult result = run_forecast(read_csv(path), options);
  EXPECT_LE(result.test.rmse, classic.rmse);
}

INSTANTIATE_TEST_SUITE_P(
    Forecast, ClassicSeries,
    testing::Values(Classic{"airline-passengers.csv", "Passengers", "Month", "last=48", 18},
                    Classic{"shampoo.csv", "Sales", "Month", "last=12", 105},
                    Classic{"daily-min-temperatures.csv", "Temp", "Date", "last=365", 2.25},
                    Classic{"monthly-sunspots.csv", "Sunspots", "Month", "last=564", 18.8}));

TEST(Forecast, ClaimsNothingOnARandomWalk) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    ForecastOptions options = quick("y");
    const ForecastResult result = run_forecast(parse_csv(csv_of(random_walk(seed, 2000))), options);
    EXPECT_EQ(result.verdict, ForecastVerdict::no_better_than_naive) << seed;
    EXPECT_LT(result.test.rmse, 1.03 * result.baselines[0].rmse) << seed;
  }
}

TEST(Forecast, LearnsANonLinearMapThatNoLineCan) {
  ForecastOptions options;
  options.target = "y";
  options.epochs = 40;
  const ForecastResult result = run_forecast(parse_csv(csv_of(logistic_map(1, 2000))), options);
  EXPECT_EQ(result.verdict, ForecastVerdict::better);
  const ForecastScore& ridge = result.baselines[3];
  EXPECT_EQ(ridge.name, "ridge");
  EXPECT_GE(1 - result.test.rmse / ridge.rmse, 0.5);
  EXPECT_NEAR(result.coverage80, 0.80, 0.07);
  EXPECT_NEAR(result.coverage95, 0.95, 0.04);
}

TEST(Forecast, HasTheSameBitsWithAnyNumberOfThreads) {
  ForecastOptions options = quick("sales", "month");
  const ForecastResult one = sales_forecast(options);
  options.threads = 3;
  const ForecastResult three = sales_forecast(options);
  EXPECT_EQ(one.series[0].forecast, three.series[0].forecast);
  EXPECT_EQ(one.series[0].backtest.predicted, three.series[0].backtest.predicted);
  EXPECT_EQ(one.loss, three.loss);
  options.seed = 2;
  EXPECT_NE(one.loss, sales_forecast(options).loss);
}

/// Asks for an end after so many looks.
struct StopAfterEpochs : std::streambuf {
  std::atomic<bool> stop{false};
  int lines = 0, limit;
  explicit StopAfterEpochs(int epochs) : limit(epochs) {}
  int overflow(int c) override {
    if (c == '\n' && ++lines >= limit) stop = true;
    return c;
  }
};

TEST(Forecast, EndsWithTheSameBitsWhenInterruptedAndResumed) {
  ForecastOptions options = quick("sales", "month");
  options.epochs = 12;
  const ForecastResult whole = sales_forecast(options);

  RunControls controls{.verbose = 0};
  controls.checkpoint = forecast_scratch("resume").string();
  controls.verbose = 2;
  StopAfterEpochs counter(5);
  std::ostream progress(&counter);
  controls.progress = &progress;
  controls.stop = &counter.stop;
  try {
    sales_forecast(options, controls);
    FAIL() << "was not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
  ASSERT_TRUE(fs::exists(controls.checkpoint));
  controls.stop = nullptr;
  controls.verbose = 0;
  controls.resume = true;
  const ForecastResult resumed = sales_forecast(options, controls);
  EXPECT_EQ(resumed.series[0].forecast, whole.series[0].forecast);
  EXPECT_EQ(resumed.validation_loss, whole.validation_loss);
  EXPECT_EQ(resumed.epochs, whole.epochs);
  fs::remove(controls.checkpoint);
}

TEST(Forecast, ResumesFromTheBeginningWhereThereIsNoCheckpoint) {
  RunControls controls{.verbose = 0};
  controls.checkpoint = forecast_scratch("fresh").string();
  controls.resume = true;
  const ForecastOptions options = quick("sales", "month");
  EXPECT_EQ(sales_forecast(options, controls).series[0].forecast, sales_forecast(options).series[0].forecast);
  fs::remove(controls.checkpoint);
}

TEST(Forecast, SeesNothingAfterAnOriginInTheBacktest) {
  ForecastOptions options = quick("sales", "month");
  options.backtest = "last=12";
  const ForecastResult usual = run_forecast(parse_csv(monthly_sales(96)), options);
  const ForecastResult shocked = run_forecast(parse_csv(monthly_sales(96, 50)), options);
  const auto &a = usual.series[0].backtest, &b = shocked.series[0].backtest;
  ASSERT_NE(a.actual.back(), b.actual.back());
  EXPECT_EQ(a.predicted, b.predicted);
  EXPECT_EQ(a.ridge, b.ridge);
}

TEST(Forecast, WalksForwardOverTheWholeTestPart) {
  ForecastOptions options = quick("sales", "month");
  options.backtest = "last=12";
  const ForecastSeries one_step = sales_forecast(options).series[0];
  ASSERT_EQ(one_step.backtest.actual.size(), 12u);
  EXPECT_EQ(one_step.backtest.row(0), 84);
  EXPECT_EQ(one_step.backtest.row(11), 95);
  options.horizon = 4;
  EXPECT_EQ(sales_forecast(options).series[0].backtest.actual.size(), 12u);
  options.stride = 1;
  EXPECT_EQ(sales_forecast(options).series[0].backtest.actual.size(), 9u * 4);
}

TEST(Forecast, GoesOnWithTheCalendarInOrderedBands) {
  ForecastOptions options = quick("sales", "month");
  options.horizon = 3;
  const ForecastResult result = sales_forecast(options);
  const ForecastSeries& series = result.series[0];
  ASSERT_EQ(series.forecast.size(), 3u);
  EXPECT_EQ(series.future_times.text(0), "2008-01");
  EXPECT_EQ(series.future_times.text(2), "2008-03");
  for (std::size_t h = 0; h < 3; ++h) {
    EXPECT_LE(series.bands.low95[h], series.bands.low80[h]);
    EXPECT_LT(series.bands.low80[h], series.forecast[h]);
    EXPECT_LT(series.forecast[h], series.bands.high80[h]);
    EXPECT_LE(series.bands.high80[h], series.bands.high95[h]);
  }
  const Table table = forecast_table(result);
  EXPECT_EQ(table.names(),
            (std::vector<std::string>{"month", "forecast", "low80", "high80", "low95", "high95"}));
  EXPECT_EQ(table.column("month").text(1), "2008-02");
}

std::string two_shops() {
  const RandomStream stream(3);
  std::string text = "shop,day,sales,promotion\n";
  for (int shop = 0; shop < 2; ++shop) {
    double promotion = 0;
    for (int t = 0; t < 150; ++t) {
      const auto at = static_cast<std::uint64_t>(1000 * shop + t);
      const double v = (shop + 1) * 100 * (1 + 0.4 * promotion + 0.02 * stream.normal(at));
      promotion = stream.uniform(5000 + at) < 0.3 ? 1 : 0;
      char day[24];
      std::snprintf(day, sizeof day, "2020-%02d-%02d", 1 + t / 28, 1 + t % 28);
      text += std::string(shop == 0 ? "north" : "south") + "," + day + "," + number(v) + "," +
              number(promotion) + "\n";
    }
  }
  return text;
}

TEST(Forecast, OfSeveralSeriesIsOneModelAndOneTable) {
  ForecastOptions options = quick("sales", "day");
  options.id = "shop";
  const ForecastResult alone = run_forecast(parse_csv(two_shops()), options);
  ASSERT_EQ(alone.series.size(), 2u);
  EXPECT_EQ(alone.series[1].id, "south");
  EXPECT_EQ(alone.rows_test, 64);  // 20 % of 150 rows and the 11 days that the months of 28 days lack
  const Table table = forecast_table(alone);
  EXPECT_EQ(table.rows(), 2);
  EXPECT_EQ(table.column("shop").text(1), "south");
  options.past = {"promotion"};
  EXPECT_LT(run_forecast(parse_csv(two_shops()), options).test.rmse, 0.5 * alone.test.rmse);
}

TEST(Forecast, HasTheContractsKeysInItsJson) {
  const ForecastResult result = sales_forecast(quick("sales", "month"));
  const Json json = forecast_json(result, Json::object({{"forecast", "a.csv"}}));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.as_object()) keys.push_back(key);
  EXPECT_EQ(keys,
            (std::vector<std::string>{
                "target",    "cell",       "window",  "horizon", "frequency",     "period",   "season",
                "transform", "difference", "seed",    "threads", "rows",          "test",     "baselines",
                "methods",   "shares",     "measure", "skill",   "skill_against", "verdict",  "epochs",
                "seconds",   "by_step",    "cutoffs", "series",  "anomalies",     "warnings", "files"}));
  for (const char* baseline : {"naive", "seasonal_naive", "drift", "ridge"}) {
    for (const char* error : {"mae", "rmse", "mase", "smape"}) {
      EXPECT_GT(json.at("baselines").at(baseline).at(error).as_real(), 0) << baseline << error;
    }
  }
  const Json& rows = json.at("rows");
  EXPECT_EQ(rows.at("train").as_integer() + rows.at("validation").as_integer() + rows.at("test").as_integer(),
            96);
  EXPECT_EQ(parse_json(to_json(json)).at("verdict").as_string(), forecast_verdict_name(result.verdict));
}

TEST(Forecast, WritesAModelFileWithNetworkAndLinearModel) {
  const fs::path path = forecast_scratch("model");
  sales_forecast(quick("sales", "month")).save_model(path.string());
  const TensorFile file = read_tensor_file(path.string());
  EXPECT_NE(file.find("gru_1.kernel"), nullptr);
  EXPECT_NE(file.find("forecast/forecaster.learnt.linear.weights"), nullptr);
  ASSERT_NE(file.find_metadata("preparation"), nullptr);
  EXPECT_EQ(parse_json(*file.find_metadata("preparation")).at("options").at("target").as_string(), "sales");
  fs::remove(path);
}

TEST(Forecast, SpellsOutEverySettingInItsConfig) {
  ForecastOptions options = quick("sales", "month");
  options.horizon = 7;
  CsvOptions csv;
  csv.separator = "tab";
  csv.header = "no";
  csv.decimal = ",";
  csv.missing = {"gone", "not known"};
  const std::string text = to_toml(ForecastConfig{"sales.csv", csv, options});
  const ForecastConfig back = read_forecast_config(ConfigFile::parse(text));
  EXPECT_EQ(back.file, "sales.csv");
  EXPECT_EQ(to_config(back.options), to_config(options));
  EXPECT_EQ(to_config(back.csv), to_config(csv));
  const Json section = parse_toml(text).at("forecast");
  ForecastOptions::visit(options, [&](const char* name, const auto&, const char*) {
    EXPECT_NE(section.find(name), nullptr) << name;
  });
}

TEST(Forecast, NamesTheLineOfWhatItsConfigCannotMean) {
  const auto read = [](const char* text) { return [=] { read_forecast_config(ConfigFile::parse(text)); }; };
  expect_error(ErrorKind::usage, {"line 2", "did you mean 'separator'"}, read("[forecast]\nseperator = ';'"));
  expect_error(ErrorKind::usage, {"line 2", "did you mean 'horizon'"}, read("[forecast]\nhorizn = 3"));
  expect_error(ErrorKind::usage, {"line 3", "file"}, read("[forecast]\nhorizon = 3\nfile = 7"));
  expect_error(ErrorKind::usage, {"line 1", "forecast"}, read("[forcast]\nhorizon = 3"));
}

TEST(Forecast, MakesAReport) {
  ForecastOptions options = quick("sales", "month");
  options.horizon = 3;
  options.stride = 1;  // overlapping forecasts: the report shows the latest of each row
  const Page page = forecast_page(sales_forecast(options));
  EXPECT_EQ(page.data.at("series").as_array()[0].at("backtest").at("total").as_integer(), 19);
  EXPECT_NE(render_page(page).find("<html"), std::string::npos);
}

struct BadInput {
  const char* name;
  std::string csv;
  void (*change)(ForecastOptions&);
  ErrorKind kind;
  const char* said;
};

class ForecastRefuses : public testing::TestWithParam<BadInput> {};

TEST_P(ForecastRefuses, WithAClearError) {
  const BadInput& bad = GetParam();
  ForecastOptions options = quick("sales", "month");
  bad.change(options);
  try {
    run_forecast(parse_csv(bad.csv), options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), bad.kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(bad.said), std::string::npos) << error.what();
  }
}

void keep(ForecastOptions&) {}

std::string sales_with(const std::string& cell) {
  std::string text = monthly_sales(60);
  return text + "2005-01," + cell + "\n";
}

std::string constant_sales() {
  std::string text = "month,sales\n";
  for (int t = 0; t < 40; ++t)
    text += std::to_string(2000 + t / 12) + (t % 12 < 9 ? "-0" : "-") + std::to_string(t % 12 + 1) + ",5\n";
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Forecast, ForecastRefuses,
    testing::Values(BadInput{"a missing column", monthly_sales(60),
                             [](ForecastOptions& o) { o.target = "sale"; }, ErrorKind::data, "sales"},
                    BadInput{"no target", monthly_sales(60), [](ForecastOptions& o) { o.target = ""; },
                             ErrorKind::usage, "--target"},
                    BadInput{"text among numbers", sales_with("many"), keep, ErrorKind::data, "many"},
                    BadInput{"a missing value", monthly_sales(60) + "2005-01,\n2005-02,3\n",
                             [](ForecastOptions& o) { o.missing = "error"; }, ErrorKind::data, "missing"},
                    BadInput{"too few rows for a network", monthly_sales(14),
                             [](ForecastOptions& o) { o.model = "direct"; }, ErrorKind::data, "too few rows"},
                    BadInput{"a longer test part than the table", monthly_sales(20),
                             [](ForecastOptions& o) { o.backtest = "last=18"; }, ErrorKind::data,
                             "too few rows for the test part"},
                    BadInput{"an unknown method", monthly_sales(60),
                             [](ForecastOptions& o) { o.methods = "ets,tetha"; }, ErrorKind::usage, "theta"},
                    BadInput{"too few rows for the window", monthly_sales(60),
                             [](ForecastOptions& o) { o.window = 60; }, ErrorKind::data, "window of 60"},
                    BadInput{"too few rows before the validation part", monthly_sales(60),
                             [](ForecastOptions& o) { o.split = "train=4,validation=40,test=12"; },
                             ErrorKind::data, "validation part of --split"},
                    BadInput{"duplicate timestamps", monthly_sales(60) + "2004-12,7\n",
                             [](ForecastOptions& o) { o.strict = true; }, ErrorKind::data, "2004-12"},
                    BadInput{"times out of order", monthly_sales(60) + "1999-12,7\n",
                             [](ForecastOptions& o) { o.strict = true; }, ErrorKind::data, "1999-12"},
                    BadInput{"horizon 0", monthly_sales(60), [](ForecastOptions& o) { o.horizon = 0; },
                             ErrorKind::usage, "--horizon"},
                    BadInput{"too many networks", monthly_sales(60),
                             [](ForecastOptions& o) { o.ensemble = 101; }, ErrorKind::usage, "--ensemble"},
                    BadInput{"an unknown cell", monthly_sales(60),
                             [](ForecastOptions& o) { o.cell = "ltsm"; }, ErrorKind::usage, "lstm"},
                    BadInput{"an unknown transform", monthly_sales(60),
                             [](ForecastOptions& o) { o.transform = "lgo"; }, ErrorKind::usage, "log"},
                    BadInput{"an odd backtest", monthly_sales(60),
                             [](ForecastOptions& o) { o.backtest = "first=3"; }, ErrorKind::usage, "last=48"},
                    BadInput{"the target as covariate", monthly_sales(60),
                             [](ForecastOptions& o) { o.past = {"sales"}; }, ErrorKind::usage, "covariate"},
                    BadInput{"a mask for missing values", monthly_sales(60),
                             [](ForecastOptions& o) { o.missing = "mask"; }, ErrorKind::usage, "previous"}),
    [](const auto& info) {
      std::string name = info.param.name;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

TEST(Forecast, OfOneRowIsFlatAndNotTested) {
  const ForecastResult one = sales_forecast_of("sales\n7\n", 3);
  EXPECT_EQ(one.series[0].forecast, (std::vector<double>{7, 7, 7}));
  EXPECT_TRUE(one.series[0].is_short);
  EXPECT_EQ(one.verdict, ForecastVerdict::not_tested);
  EXPECT_TRUE(one.cell.empty()) << "there is no network";
}

TEST(Forecast, OfAConstantSeriesIsItsValueWithoutWidth) {
  const ForecastResult flat = sales_forecast_of(constant_sales(), 2);
  EXPECT_EQ(flat.series[0].forecast, std::vector<double>(2, flat.series[0].values.back()));
  EXPECT_EQ(flat.series[0].bands.low95[1], flat.series[0].bands.high95[1]);
}

TEST(Forecast, OfAYearAheadFromTwoYearsHasBandsAndABacktest) {
  const ForecastResult result = sales_forecast_of(monthly_sales(24), 12);
  EXPECT_EQ(result.series[0].forecast.size(), 12u);
  EXPECT_EQ(result.rows_test, 12);
  for (std::size_t h = 0; h < 12; ++h) {
    EXPECT_LT(result.series[0].bands.low95[h], result.series[0].bands.low80[h]);
    EXPECT_LT(result.series[0].bands.low80[h], result.series[0].forecast[h]);
    EXPECT_GT(result.series[0].bands.high95[h], result.series[0].bands.high80[h]);
  }
}

TEST(Forecast, WithoutABacktestIsMadeAllTheSame) {
  ForecastOptions options = quick("sales", "month");
  options.backtest = "none";
  const ForecastResult result = sales_forecast(options);
  EXPECT_EQ(result.rows_test, 0);
  EXPECT_EQ(result.verdict, ForecastVerdict::not_tested);
  EXPECT_EQ(result.series[0].forecast.size(), static_cast<std::size_t>(options.horizon));
  EXPECT_LT(result.series[0].bands.low80[0], result.series[0].bands.high80[0]);
}

TEST(Forecast, SharesOfEverySeriesAddUpToOneAndNameNoNetworkWhereThereIsNone) {
  ForecastOptions options = quick("sales", "month");
  options.methods = "ets,theta,seasonal-naive";
  const ForecastResult result = sales_forecast(options);
  double sum = 0;
  std::set<std::string> names;
  for (const ForecastShare& share : result.series[0].shares) {
    sum += share.share;
    names.insert(share.name);
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  for (const std::string& name : names)
    EXPECT_TRUE((std::set<std::string>{"ets", "theta", "seasonal naive", "linear", "network"}).contains(name))
        << name;
  EXPECT_FALSE(result.cell.empty() && names.contains("network"));
  EXPECT_EQ(result.methods.size(), 3u) << "the leaderboard";
}

TEST(Forecast, TrainedAnewForEveryPartFollowsAChangeOfTheSeries) {
  // An alternation that turns into another one where the test part begins: whoever learnt once keeps
  // forecasting the old.
  std::string text = "y\n";
  for (int t = 0; t < 300; ++t) {
    const int place = t < 200 ? t % 2 : t % 3;
    text += std::to_string(10 + 4 * place + 0.01 * ((t * 7) % 5)) + "\n";
  }
  ForecastOptions options;
  options.target = "y";
  options.backtest = "last=100";
  options.methods = "none";  // which are fitted to every part in any case
  options.ensemble = 1;
  options.epochs = 2;
  options.threads = 1;
  const double once = run_forecast(parse_csv(text), options).test.rmse;
  options.refit = 5;
  const ForecastResult again = run_forecast(parse_csv(text), options);
  EXPECT_LT(again.test.rmse, 0.8 * once);
  EXPECT_EQ(run_forecast(parse_csv(text), options).test.rmse, again.test.rmse);
}

}  // namespace
}  // namespace rondo
