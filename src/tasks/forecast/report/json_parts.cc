#include "tasks/forecast/report/json_parts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/index_range.h"
#include "base/text.h"
#include "tasks/forecast/report/components.h"

namespace rondo::forecasting {

namespace {

/// Entries of the backtest with one origin.
struct OriginEntries {
  std::int64_t origin = 0;
  std::vector<std::size_t> entries;
};

std::vector<OriginEntries> by_origin(const ForecastSeries::Backtest& backtest) {
  std::vector<OriginEntries> out;  // entries are in order of origins
  for (std::size_t i = 0; i < backtest.origin.size(); ++i) {
    if (out.empty() || out.back().origin != backtest.origin[i]) out.push_back({backtest.origin[i], {}});
    out.back().entries.push_back(i);
  }
  return out;
}

/// Places of an even choice that ends with the last one.
std::vector<std::size_t> even_choice(std::size_t total, std::size_t most) {
  std::vector<std::size_t> places;
  const std::size_t count = std::min(total, most);
  for (std::size_t k = 0; k < count; ++k)
    places.push_back(count == 1 ? total - 1 : k * (total - 1) / (count - 1));
  return places;
}

}  // namespace

Json numbers(const std::vector<double>& values, std::span<const std::size_t> rows, const Detail& detail) {
  Json picked = Json::array();
  for (const std::size_t row : rows) picked.push_back(rounded(values[row], detail.digits));
  return picked;
}

Json numbers(const std::vector<double>& values, const Detail& detail) {
  Json all = Json::array();
  for (const double value : values) all.push_back(rounded(value, detail.digits));
  return all;
}

Json count(std::size_t size) { return static_cast<std::int64_t>(size); }

Json counts(const std::vector<std::size_t>& sizes) {
  Json all = Json::array();
  for (const std::size_t size : sizes) all.push_back(count(size));
  return all;
}

/// The last rows, one by one: of many series they are more useful, and take less room, than a thinned line.
std::vector<std::size_t> last_rows(std::size_t total, std::size_t limit) {
  return detail::range<std::size_t>(total - std::min(total, limit), total);
}

/// Row numbers without a hole as {"from", "count"}.
Json rows_json(const std::vector<std::size_t>& rows, const Detail& detail) {
  const bool whole = !rows.empty() && rows.back() - rows.front() + 1 == rows.size();
  if (detail.digits == 0 || !whole) return counts(rows);
  return Json::object({{"from", count(rows.front())}, {"count", count(rows.size())}});
}

void add_bands(Json& target, const ForecastBands& bands, std::span<const std::size_t> rows,
               const Detail& detail) {
  if (bands.low80.empty()) return;
  for (const auto& [name, end] : ForecastBands::kEnds) target.set(name, numbers(bands.*end, rows, detail));
}

void add_quantiles(Json& target, const ForecastQuantiles& quantiles, std::span<const std::size_t> rows,
                   const Detail& detail) {
  if (quantiles.levels.empty() || quantiles.values.empty()) return;
  Json values = Json::array();
  for (const std::vector<double>& line : quantiles.values) values.push_back(numbers(line, rows, detail));
  target.set("quantiles",
             Json::object({{"level", Json::list(quantiles.levels)}, {"value", std::move(values)}}));
}

Json origins_json(SeriesWriter& writer, const ForecastSeries& series) {
  constexpr std::size_t kMostOrigins = 60;
  const Detail& detail = writer.detail;
  const ForecastSeries::Backtest& from = series.backtest;
  const std::vector<OriginEntries> all = by_origin(from);
  if (all.empty()) return {};
  const std::size_t most = detail.origin_points / all.front().entries.size();
  if (most == 0) return {};
  Json list = Json::array();
  for (const std::size_t place : even_choice(all.size(), std::min(most, kMostOrigins))) {
    const OriginEntries& one = all[place];
    Json shown = Json::object({{"row", one.origin},
                               {"time", series.times.text(one.origin)},
                               {"first_step", from.step[one.entries.front()]},
                               {"mean", numbers(from.predicted, one.entries, detail)}});
    if (from.asked.levels.empty()) add_bands(shown, from.bands, one.entries, detail);
    add_quantiles(shown, from.asked, one.entries, detail);
    list.push_back(std::move(shown));
  }
  return Json::object({{"total", count(all.size())}, {"list", std::move(list)}});
}

Json components_json(SeriesWriter& writer, const ForecastSeries& series) {
  const Detail& detail = writer.detail;
  if (detail.component_rows == 0) return {};
  const SeriesComponents components = components_of(series, writer.result);
  if (components.parts.empty()) return {};
  const std::size_t total = components.parts.front().past.size();
  const std::vector<std::size_t> places = last_rows(total, detail.component_rows);
  std::vector<std::size_t> rows = places;
  for (std::size_t& row : rows) row += static_cast<std::size_t>(components.first);
  Json parts = Json::array();
  for (const SeriesComponent& part : components.parts)
    parts.push_back(Json::object({{"kind", part.kind_name()},
                                  {"name", part.name},
                                  {"past", numbers(part.past, places, detail)},
                                  {"ahead", numbers(part.ahead, detail)}}));
  return Json::object({{"row", rows_json(rows, detail)},
                       {"time", writer.times(TimeRows::all_of(series.times), rows)},
                       {"parts", std::move(parts)}});
}

double rounded(double value, int digits) {
  if (!std::isfinite(value) || digits == 0) return value;
  return std::strtod(detail::print("%.*g", digits, value).c_str(), nullptr);
}

}  // namespace rondo::forecasting
