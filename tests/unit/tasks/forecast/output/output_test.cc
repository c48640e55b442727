// What --json says: every number that its description in the guides names, and no other.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "support/source_folder.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

using nlohmann::json;

json said(const ForecastResult& result) {
  const Json files = Json::object({{"forecast", "f"}, {"backtest", "b"}, {"model", "m"}, {"report", "r"}});
  return json::parse(to_json(forecast_json(result, files)));
}

/// Two targets of two shops.
const ForecastResult& of_everything() {
  static const ForecastResult result = [] {
    Table table("shops");
    TextList shops;
    std::vector<double> day, sales, visits;
    for (int shop = 0; shop < 2; ++shop) {
      const auto a = seasonal(static_cast<std::uint64_t>(shop + 1), 100, 7, 1),
                 b = seasonal(static_cast<std::uint64_t>(shop + 5), 100, 7, 2);
      for (std::size_t t = 0; t < a.size(); ++t) {
        shops.push_back(shop == 0 ? "north" : "south");
        day.push_back(static_cast<double>(t));
        sales.push_back(a[t]);
        visits.push_back(b[t]);
      }
    }
    table.add(Column("shop", shops));
    table.add(Column("day", day));
    table.add(Column("sales", sales));
    table.add(Column("visits", visits));
    ForecastOptions options = small_forecast(2);
    options.target = "sales,visits";
    options.id = "shop";
    return run_forecast(table, options);
  }();
  return result;
}

bool is_baseline(const std::string& name) {
  return name == "naive" || name == "seasonal_naive" || name == "drift" || name == "ridge";
}

/// "test.mae" for every leaf, items of lists under the name of the list, NAME for that of a baseline.
void add_paths(const json& part, const std::string& path, std::set<std::string>& out) {
  if (part.is_array() && !part.empty() && part.front().is_object()) {
    for (const json& one : part) add_paths(one, path, out);
    return;
  }
  if (!part.is_object()) {
    out.insert(path);
    return;
  }
  for (const auto& [key, value] : part.items()) {
    std::string name = key;
    const std::size_t measure = key.rfind('_');
    if (is_baseline(key)) name = "NAME";
    if (measure != key.npos && is_baseline(key.substr(0, measure))) name = "NAME" + key.substr(measure);
    add_paths(value, path.empty() ? name : path + "." + name, out);
  }
}

/// The fields in the first column of the table under `heading`: `a.b, c` is a.b and a.c.
std::set<std::string> described(const std::string& guide, const std::string& heading) {
  std::ifstream file(source_folder() / "docs" / guide);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = text.find(heading), end = text.find("\n## ", begin);
  std::set<std::string> out;
  const std::regex row("\\n\\| (`[^|]*) \\|"), quoted("`([^`]*)`"), field("[a-zA-Z0-9_.]+");
  const std::string section = text.substr(begin, end - begin);
  const std::sregex_iterator none;
  for (std::sregex_iterator line(section.begin(), section.end(), row); line != none; ++line) {
    const std::string cell = (*line)[1];
    for (std::sregex_iterator group(cell.begin(), cell.end(), quoted); group != none; ++group) {
      const std::string names = (*group)[1];
      std::string prefix;
      for (std::sregex_iterator one(names.begin(), names.end(), field); one != none; ++one) {
        out.insert(prefix + one->str());
        if (prefix.empty() && one->str().rfind('.') != std::string::npos)
          prefix = one->str().substr(0, one->str().rfind('.') + 1);
      }
    }
  }
  return out;
}

TEST(ForecastJson, HasTheFieldsOfTheGuidesAndNoOther) {
  std::set<std::string> there;
  add_paths(said(of_everything()), "", there);
  EXPECT_GT(there.size(), 60u);
  EXPECT_EQ(described("forecasting.md", "## What `--json` prints"), there);
  EXPECT_EQ(described("forecasting.zh.md", "## `--json` 输出的内容"), there);
}

TEST(ForecastJson, SaysOfABaselineWhatNeedsNoBandsAndHowLikelyLuckIs) {
  const ForecastResult& result = of_everything();
  const json all = said(result);
  for (const ForecastScore& score : result.baselines) {
    const json& one = all.at("baselines").at(score.name);
    EXPECT_EQ(one.at("mse"), score.mse);
    EXPECT_EQ(one.at("rmsse"), score.rmsse);
    EXPECT_EQ(one.at("mape"), score.mape);
    EXPECT_EQ(one.at("mse_scaled"), score.mse_scaled);
    EXPECT_EQ(one.at("mae_scaled"), score.mae_scaled);
    EXPECT_NEAR(std::pow(one.at("rmse").get<double>(), 2), one.at("mse").get<double>(), 1e-9);
    EXPECT_GT(one.at("p_value"), 0);
    EXPECT_LE(one.at("p_value"), 1);
  }
  EXPECT_LT(all.at("baselines").at("naive").at("p_value"), 0.01) << "it knows nothing of the week";
}

/// A result of so many series, each as in a backtest that was done.
ForecastResult of_series(std::size_t count) {
  ForecastResult result;
  for (std::size_t s = 0; s < count; ++s) {
    ForecastSeries series;
    series.id = "H" + std::to_string(s + 1);
    series.target = "value";
    series.test.name = "model";
    series.test.mae = static_cast<double>(s);
    result.series.push_back(std::move(series));
  }
  return result;
}

TEST(ForecastJson, ListsEverySeriesUpToTenThousand) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{414}, std::size_t{10'000}}) {
    const json series = said(of_series(count)).at("series");
    EXPECT_EQ(series.at("number"), count);
    ASSERT_EQ(series.at("errors").size(), count);
    EXPECT_EQ(series.at("errors").back().at("id"), "H" + std::to_string(count));
    EXPECT_EQ(series.at("errors").back().at("mae"), static_cast<double>(count - 1));
  }
  const json more = said(of_series(10'001)).at("series");
  EXPECT_EQ(more.at("number"), 10'001);
  EXPECT_FALSE(more.contains("errors"));
}

}  // namespace
}  // namespace rondo::forecasting
