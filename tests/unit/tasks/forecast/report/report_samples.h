#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "rondo/base/random.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

// Forecasts whose reports are looked at.
namespace rondo {

/// Two shops with a week and a price, one of which has a day without sales and a day that nobody could
/// foresee.
inline std::string two_shops() {
  const RandomStream stream(3);
  std::string text = "shop,day,sales,price\n";
  char row[80];
  for (int shop = 0; shop < 2; ++shop) {
    for (int t = 0; t < 168; ++t) {
      const auto at = static_cast<std::uint64_t>(1000 * shop + t);
      const double price = 1 + stream.uniform(5000 + at);
      double sales =
          (shop + 1) * (100 + 30 * std::sin(2 * M_PI * t / 7) - 20 * price + 4 * stream.normal(at));
      if (shop == 1 && t == 150) sales *= 3;
      std::snprintf(row, sizeof row, "%s,2020-%02d-%02d,", shop == 0 ? "north" : "south", 1 + t / 28,
                    1 + t % 28);
      text += row;
      if (shop == 0 && t == 20) {
        text += ",1\n";
        continue;
      }
      std::snprintf(row, sizeof row, "%.6f,%.6f\n", sales, price);
      text += row;
    }
  }
  return text;
}

inline ForecastOptions quick(const std::string& likelihood = "point") {
  ForecastOptions options;
  options.target = "sales";
  options.time = "day";
  options.id = "shop";
  options.past = {"price"};
  options.likelihood = likelihood;
  options.horizon = 4;
  options.stride = 2;
  options.epochs = 4;
  options.units = 8;
  options.threads = 1;
  return options;
}

inline ForecastResult forecast(const ForecastOptions& options) {
  return run_forecast(parse_csv(two_shops()), options);
}

/// As where the networks are of use.
inline ForecastResult with_network(ForecastResult result) {
  result.shares = {{"network", 0.6}, {"linear", 0.4}};
  return result;
}

inline const ForecastResult& default_result() {
  static const ForecastResult result = with_network(forecast(quick()));
  return result;
}

inline nlohmann::json json_of(const ForecastResult& result) {
  return nlohmann::json::parse(to_json(forecast_json(result, Json::object({}))));
}

inline std::string with_spaces(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

inline const nlohmann::json& named(const nlohmann::json& list, const std::string& name) {
  for (const nlohmann::json& one : list)
    if (one.at("name") == name) return one;
  throw std::runtime_error("nothing is named " + name);
}

}  // namespace rondo
