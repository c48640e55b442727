// A forecaster that was saved goes on where the training ended, on the same table and on later ones.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numbers>
#include <sstream>
#include <string>
#include <type_traits>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"
#include "rondo/tasks/forecast_model.h"
#include "rondo/tensor/tensor_file.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPerDay = 24;

std::string hour_text(std::int64_t t) {
  char text[32];
  std::snprintf(text, sizeof text, "2024-%02d-%02d %02d:00", static_cast<int>(1 + t / kPerDay / 28),
                static_cast<int>(1 + t / kPerDay % 28), static_cast<int>(t % kPerDay));
  return text;
}

double load_of(std::int64_t t, double shift, const RandomStream& noise) {
  const double phase = 2 * std::numbers::pi * static_cast<double>(t % kPerDay) / kPerDay;
  return 50 + shift + 10 * std::sin(phase) + 0.3 * noise.normal(static_cast<std::uint64_t>(t));
}

/// Hours of January (28 days) of two towns with wind, a text that is known beforehand, and the region of
/// each.
std::string towns(std::int64_t begin, std::int64_t end, std::int64_t known_until) {
  std::string text = "time,town,load,wind,day,region\n";
  for (const auto& [town, shift] : {std::pair{"a", 0.0}, {"b", 20.0}}) {
    const RandomStream noise(shift > 0 ? 2 : 1);
    for (std::int64_t t = begin; t < known_until; ++t) {
      const bool past = t < end;
      const std::string day = t / kPerDay % 7 < 5 ? "working" : "free";
      text += hour_text(t) + "," + town + "," + (past ? std::to_string(load_of(t, shift, noise)) : "") + "," +
              (past ? std::to_string(std::sin(0.1 * static_cast<double>(t))) : "") + "," + day + "," +
              (shift > 0 ? "south" : "north") + "\n";
    }
  }
  return text;
}

ForecastOptions quick() {
  ForecastOptions options;
  options.target = "load";
  options.time = "time";
  options.horizon = 6;
  options.ensemble = 2;
  options.epochs = 1;
  options.units = 8;
  return options;
}

struct Kind {
  std::string name;
  const char* model = "auto";
  const char* likelihood = "point";
  std::int64_t rows = 600;
  bool covariates = false;
  const char* normalize = "auto";
  const char* deseasonalize = "auto";
  const char* cell = "gru";
  std::int64_t ensemble = 2;
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

ForecastOptions options_of(const Kind& kind) {
  ForecastOptions options = quick();
  options.id = "town";
  options.model = kind.model;
  options.likelihood = kind.likelihood;
  options.normalize = kind.normalize;
  options.deseasonalize = kind.deseasonalize;
  options.cell = kind.cell;
  options.ensemble = kind.ensemble;
  if (kind.covariates) {
    options.past = {"wind"};
    options.known = {"day"};
    options.statics = {"region"};
  }
  return options;
}

fs::path scratch(const std::string& name) {
  return fs::temp_directory_path() / ("rondo_" + name + "_" + std::to_string(::getpid()) + ".rondo");
}

/// Saved and read again.
ForecastModel again(const ForecastResult& result, const std::string& name) {
  const fs::path path = scratch(name);
  result.save_model(path.string());
  ForecastModel model = ForecastModel::load(path.string());
  fs::remove(path);
  return model;
}

void expect_same(const ForecastSeries& a, const ForecastSeries& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.forecast, b.forecast);
  EXPECT_EQ(a.bands.low80, b.bands.low80);
  EXPECT_EQ(a.bands.high80, b.bands.high80);
  EXPECT_EQ(a.bands.low95, b.bands.low95);
  EXPECT_EQ(a.bands.high95, b.bands.high95);
  EXPECT_EQ(a.future_times.text(0), b.future_times.text(0));
}

class SavedForecaster : public testing::TestWithParam<Kind> {};

TEST_P(SavedForecaster, SaysTheSameOfTheSameTable) {
  const std::int64_t rows = GetParam().rows;
  const Table table = parse_csv(towns(0, rows, rows + 6));
  const ForecastResult result = run_forecast(table, options_of(GetParam()));
  ForecastModel model = again(result, GetParam().name);
  for (const int threads : {1, 2}) {
    const ForecastAhead ahead = model.forecast(table, threads);
    ASSERT_EQ(ahead.series.size(), result.series.size());
    for (std::size_t s = 0; s < ahead.series.size(); ++s) expect_same(ahead.series[s], result.series[s]);
  }
}

TEST_P(SavedForecaster, NeedsNoMoreThanItsLookBack) {
  const std::int64_t rows = GetParam().rows;
  ForecastOptions options = options_of(GetParam());
  options.methods = "none";  // which are fitted to the whole history
  const ForecastResult result = run_forecast(parse_csv(towns(0, rows, rows + 6)), options);
  ForecastModel model = again(result, GetParam().name);
  const std::int64_t needed = model.rows_needed();
  ASSERT_LT(needed, rows);
  const ForecastAhead ahead = model.forecast(parse_csv(towns(rows - needed, rows, rows + 6)));
  for (std::size_t s = 0; s < ahead.series.size(); ++s) {
    for (std::size_t h = 0; h < ahead.series[s].forecast.size(); ++h) {
      EXPECT_DOUBLE_EQ(ahead.series[s].forecast[h], result.series[s].forecast[h]) << s << " " << h;
    }
  }
  EXPECT_THROW(model.forecast(parse_csv(towns(rows - needed + 1, rows, rows + 6))), Error);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, SavedForecaster,
    testing::Values(Kind{"residual", "auto", "point", 120},
                    Kind{"residual_with_covariates", "auto", "point", 120, true}, Kind{"segments"},
                    Kind{"segments_with_covariates", "auto", "point", 600, true}, Kind{"direct", "direct"},
                    Kind{"revin", "auto", "point", 600, false, "revin"},
                    Kind{"mean_abs", "auto", "point", 600, false, "mean_abs"},
                    Kind{"season_taken_out", "auto", "point", 600, true, "auto", "yes"},
                    Kind{"season_taken_out_of_few_rows", "auto", "point", 120, false, "auto", "yes"},
                    Kind{"quantile", "auto", "quantile"}, Kind{"student_t", "encoder_decoder", "student_t"},
                    Kind{"recursive", "recursive", "gaussian", 300},
                    Kind{"recursive_with_covariates", "recursive", "gaussian", 300, true}),
    [](const auto& info) { return info.param.name; });

/// Every cell in every kind of network, on few rows; and ensembles whose members share what they hold out.
std::vector<Kind> cells_and_ensembles() {
  std::vector<Kind> all;
  for (const char* model : {"auto", "direct", "encoder_decoder", "recursive"}) {
    const std::string name = std::string(model) == "auto" ? "residual" : model;
    for (const char* cell : {"lstm", "simple_rnn", "mgu"}) {
      all.push_back({.name = name + "_of_" + cell, .model = model, .rows = 120, .cell = cell});
    }
    all.push_back({.name = "seven_" + name, .model = model, .rows = 120, .ensemble = 7});
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(Cells, SavedForecaster, testing::ValuesIn(cells_and_ensembles()),
                         [](const auto& info) { return info.param.name; });

TEST(ForecastModel, MembersThatHoldOutTheSameAreNotTheSame) {
  for (const char* model : {"auto", "direct", "recursive"}) {
    const fs::path path = scratch("members");
    run_forecast(parse_csv(towns(0, 120, 120)),
                 options_of({.name = "members", .model = model, .rows = 120, .ensemble = 7}))
        .save_model(path.string());
    const TensorFile file = read_tensor_file(path.string());
    fs::remove(path);
    int kernels = 0;
    for (const auto& [name, tensor] : file.tensors) {
      const std::size_t one = name.find("_1.");
      if (one == std::string::npos || name.find('/') != std::string::npos) continue;
      if (name.find("kernel") == std::string::npos) continue;
      for (const char* other : {"_2.", "_6."}) {
        std::string twin = name;
        const Tensor* values = file.find(twin.replace(one, 3, other));
        ASSERT_NE(values, nullptr) << twin;
        bool same = true;
        for (std::int64_t i = 0; i < values->size(); ++i) same = same && values->at(i) == tensor.at(i);
        EXPECT_FALSE(same) << name << " and " << twin;
      }
      ++kernels;
    }
    EXPECT_GE(kernels, 3) << model;
  }
}

TEST(ForecastModel, KnowsWhichValuesWereMissing) {
  for (const Kind& kind : {Kind{.name = "residual", .rows = 120},
                           Kind{.name = "encoder_decoder", .model = "encoder_decoder", .rows = 120},
                           Kind{.name = "recursive", .model = "recursive", .rows = 120}}) {
    const std::string complete = towns(0, kind.rows, kind.rows);
    std::string holes;
    std::int64_t line = 0;
    std::istringstream lines(complete);
    for (std::string text; std::getline(lines, text); ++line) {
      const std::size_t load = text.find(",", text.find(",") + 1) + 1;
      if (line > 5 && line % 11 == 0) text.erase(load, text.find(",", load) - load);
      holes += text + "\n";
    }
    const auto masked = [&](const std::string& csv, const std::string& said) {
      const Table table = parse_csv(csv);
      const ForecastResult result = run_forecast(table, options_of(kind));
      const fs::path path = scratch("holes");
      result.save_model(path.string());
      const TensorFile file = read_tensor_file(path.string());
      EXPECT_NE(file.find_metadata("forecast")->find(said), std::string::npos) << kind.name;
      ForecastModel model = ForecastModel::load(path.string());
      fs::remove(path);
      const ForecastAhead ahead = model.forecast(table);
      for (std::size_t s = 0; s < ahead.series.size(); ++s) expect_same(ahead.series[s], result.series[s]);
    };
    masked(complete, "masked\":false");
    masked(holes, "masked\":true");
  }
}

ForecastModel trained(std::int64_t rows = 600) {
  ForecastOptions options = options_of({"errors"});
  options.epochs = 0;
  options.ensemble = 1;
  options.units = 16;
  return again(run_forecast(parse_csv(towns(0, rows, rows)), options), "later");
}

TEST(ForecastModel, GoesOnWithALaterTable) {
  ForecastModel model = trained();
  const ForecastAhead ahead = model.forecast(parse_csv(towns(300, 611, 611)));
  const RandomStream noise(1);
  const ForecastSeries& series = ahead.series.front();
  EXPECT_EQ(series.future_times.text(0), hour_text(611));
  for (std::int64_t h = 0; h < 6; ++h) {
    EXPECT_NEAR(series.forecast[static_cast<std::size_t>(h)], load_of(611 + h, 0, noise), 2.5) << h;
    EXPECT_LT(series.bands.low95[static_cast<std::size_t>(h)],
              series.bands.high95[static_cast<std::size_t>(h)]);
  }
}

TEST(ForecastModel, SeriesOfOneTableMayHaveOtherDistancesOfTime) {
  std::string text = "time,town,load\n";
  const RandomStream noise(1);
  for (std::int64_t t = 0; t < 120; ++t)
    text += hour_text(t) + ",a," + std::to_string(load_of(t, 0, noise)) + "\n";
  for (std::int64_t t = 0; t < 120; ++t)
    text += hour_text(2 * t) + ",b," + std::to_string(load_of(t, 20, noise)) + "\n";
  const Table table = parse_csv(text);
  const ForecastResult result = run_forecast(table, options_of({"distances"}));
  const ForecastAhead ahead = again(result, "distances").forecast(table);
  ASSERT_EQ(ahead.series.size(), 2u);
  for (std::size_t s = 0; s < 2; ++s) expect_same(ahead.series[s], result.series[s]);
}

TEST(ForecastModel, LeavesOutSeriesThatTheTableLacks) {
  ForecastModel model = trained();
  std::string text = towns(0, 600, 600);
  const ForecastAhead both = model.forecast(parse_csv(text));
  const std::size_t a = text.find(",a,"), b = text.find(",b,");
  text.erase(text.rfind('\n', a) + 1, text.rfind('\n', b) - text.rfind('\n', a));
  const ForecastAhead one = model.forecast(parse_csv(text));
  ASSERT_EQ(one.series.size(), 1u);
  expect_same(one.series.front(), both.series.back());
  ASSERT_FALSE(one.notes.empty());
  EXPECT_NE(one.notes.back().find("1 of 2 series"), std::string::npos);
}

std::string said_of(ForecastModel& model, const std::string& text) {
  try {
    model.forecast(parse_csv(text));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "no error";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

TEST(ForecastModel, RefusesTablesThatItHasNotLearntToRead) {
  ForecastModel model = trained();
  const std::string text = towns(0, 600, 600);
  EXPECT_NE(said_of(model, replaced(text, ",b,", ",c,")).find("the first 'c'"), std::string::npos);
  EXPECT_NE(said_of(model, replaced(text, ",load,", ",loads,")).find("did you mean 'loads'"),
            std::string::npos);
  EXPECT_NE(said_of(model, towns(590, 600, 600)).find("too few rows"), std::string::npos);
  EXPECT_NE(said_of(model, replaced(text, ":00,", ":30,")).find("no error"), std::string::npos);
  std::string sparse = "time,town,load\n";
  for (std::int64_t t = 0; t < 300; ++t) sparse += hour_text(2 * t) + ",a," + std::to_string(t % 12) + "\n";
  EXPECT_NE(said_of(model, sparse).find("another distance of time"), std::string::npos);
}

TEST(ForecastModel, ComesFromAFileOnly) {
  EXPECT_FALSE(std::is_default_constructible_v<ForecastModel>)
      << "one without a model would have nothing to say";
}

TEST(ForecastModel, WantsTheFutureOfWhatIsKnown) {
  const std::int64_t rows = 120;
  ForecastModel model = again(
      run_forecast(parse_csv(towns(0, rows, rows + 6)), options_of({"known", "auto", "point", rows, true})),
      "known");
  EXPECT_NE(said_of(model, towns(0, rows, rows + 5)).find("not known for the whole horizon"),
            std::string::npos);
  const Table history = parse_csv(towns(0, rows, rows)), future = parse_csv(towns(rows, rows, rows + 6));
  ForecastTables tables(history);
  tables.future = &future;
  const ForecastAhead apart = model.forecast(tables);
  const ForecastAhead together = model.forecast(parse_csv(towns(0, rows, rows + 6)));
  for (std::size_t s = 0; s < 2; ++s) expect_same(apart.series[s], together.series[s]);
}

/// A change to the text of a section.
struct Damage {
  const char *section, *from, *to;
};

TensorFile with_damage(TensorFile file, const Damage& damage) {
  for (auto& [name, text] : file.metadata) {
    if (name != damage.section) continue;
    const std::string before = text;
    text = replaced(text, damage.from, damage.to);
    EXPECT_NE(text, before) << damage.from << " in " << text.substr(0, 3000);
  }
  return file;
}

/// Whether it is, by name.
bool is_refused(const TensorFile& file, const fs::path& path) {
  write_tensor_file(path.string(), file);
  try {
    ForecastModel::load(path.string());
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
    return error.kind() == ErrorKind::model_file;
  }
  return false;
}

TEST(ForecastModel, RefusesADamagedRecurrence) {
  const fs::path path = scratch("recurrence");
  run_forecast(parse_csv(towns(0, 300, 306)), options_of({"recurrence", "recursive", "gaussian", 300, true}))
      .save_model(path.string());
  const TensorFile good = read_tensor_file(path.string());
  for (const Damage& damage : {Damage{"forecast", "paths\":100", "paths\":1000000000000"},
                               {"forecast", "paths\":100", "paths\":0"},
                               {"forecast", "cell\":\"gru\"", "cell\":\"lstm\""},
                               {"forecast", "network.units\":8", "network.units\":16"},
                               {"forecast", "likelihood\":\"gaussian\"", "likelihood\":\"quantile\""},
                               {"forecast", "codes\":", "codes\":1"},
                               {"preparation", "chosen\":[[", "chosen\":[[-1,"},
                               {"preparation", "_encodings.column\":[", "_encodings.column\":[1"},
                               {"preparation", "one_hot.given\":", "one_hot.taken\":"}}) {
    EXPECT_TRUE(is_refused(with_damage(good, damage), path)) << damage.from << " -> " << damage.to;
  }
  fs::remove(path);
}

TEST(ForecastModel, RefusesADamagedFile) {
  const fs::path path = scratch("damaged");
  run_forecast(parse_csv(towns(0, 120, 120)), options_of({"damaged"})).save_model(path.string());
  const TensorFile good = read_tensor_file(path.string());
  EXPECT_FALSE(is_refused(good, path));
  for (std::size_t i = 0; i < good.tensors.size(); ++i) {
    TensorFile damaged = good;
    damaged.tensors.erase(damaged.tensors.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(is_refused(damaged, path)) << "without " << good.tensors[i].first;
  }
  for (const Damage& damage :
       {Damage{"preparation", "\"horizon\":6", "\"horizon\":60"},
        {"preparation", "\"horizon\":6", "\"horizon\":-6"},
        {"preparation", "\"ensemble\":2", "\"ensemble\":0"},
        {"preparation", "\"gaps\":\"auto\"", "\"gaps\":\"auto_\""},
        {"preparation", "\"zone\":\"UTC\"", "\"zone\":\"Nowhere\""},
        {"preparation", "first_tick\"", "last_tick\""},
        {"preparation", "first_tick\":[", "first_tick\":[9999"},
        {"preparation", "target\":[\"load\"", "target\":[\"wind\""},
        {"preparation", "[\"a\",\"b\"]", "[\"a\",\"a\"]"},
        {"scaling", "\"season\":0", "\"season\":999999"},
        {"scaling", "\"transform\":\"", "\"transform\":\"x"},
        {"forecast", "\"version\":2", "\"version\":1"},
        {"forecast", "series.members\":[[\"", "series.members\":[[\"x"},
        {"forecast", "forecaster.series\":2", "forecaster.series\":1"},
        {"forecast", "kind\":\"", "kind\":\"x"},
        {"forecast", "weight\":", "weight\":-1"},
        {"forecast", "linear.lags\":", "linear.lags\":1"},
        {"forecast", "covariate_lags\":", "covariate_lags\":1000000000"},
        {"forecast", "known_steps\":", "known_steps\":-1"},
        {"forecast", "network.window.segment\":", "network.window.segment\":1"},
        {"forecast", "network.window.steps\":", "network.window.steps\":1000000000000"},
        {"forecast", "waves.orders\":[", "waves.orders\":[-1,"},
        {"spec", "\"units\":8", "\"units\":400000"}}) {
    EXPECT_TRUE(is_refused(with_damage(good, damage), path)) << damage.from << " -> " << damage.to;
  }
  for (const auto& [name, tensor] : good.tensors) {
    if (name.find('/') == std::string::npos || tensor.size() == 0) continue;  // of the network, or empty
    TensorFile damaged = good;
    for (auto& [other, values] : damaged.tensors) {
      if (other == name) values.set(0, std::nan(""));
    }
    EXPECT_TRUE(is_refused(damaged, path)) << "NaN in " << name;
  }
  fs::remove(path);
}

}  // namespace
}  // namespace rondo
