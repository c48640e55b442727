#include "tasks/forecast/report/series_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <string>

#include "base/index_range.h"
#include "tasks/forecast/report/events.h"
#include "tasks/forecast/report/series_json.h"
#include "tasks/forecast/report/tables.h"

namespace rondo::forecasting {
namespace {

// What keeps the page below 3 MB, of which Chart.js takes 0.2.
constexpr std::size_t kBytesOfAll = 2'600'000;
constexpr std::size_t kBytesOfTable = 450'000;
constexpr std::size_t kMaxTableRows = 5'000;
constexpr std::size_t kMaxSeriesDrawn = 1'000;
constexpr std::size_t kFewSeries = 20;  // up to so many are drawn in full detail

/// Finest first: the first one with which all series fit is taken.
std::vector<Detail> details_for(std::size_t series) {
  if (series <= 1) return {{4'000, 2'000, 400, 3'000, 2'000, 0}};
  if (series <= kFewSeries) return {{1'000, 400, 400, 300, 400, 0}, {400, 150, 150, 100, 150, 0}};
  return {{600, 200, 200, 100, 200, 6}, {400, 100, 100, 60, 120, 5}, {200, 48, 60, 0, 0, 5}};
}

double error_of(const ForecastSeries& series, double ForecastScore::*measure) {
  return series.test.name.empty() ? ForecastScore::kNone : series.test.*measure;
}

double rmse_of(const ForecastSeries& series, const std::string& name) {
  const ForecastScore* score = find_rival(series, name);
  return score == nullptr ? ForecastScore::kNone : score->rmse;
}

/// Ranks in the order in which they get a place: those with one of the most anomalous rows, the worst
/// hundred, then an even choice of all.
std::vector<std::size_t> ranks_by_merit(const SeriesRanking& ranking, const std::set<std::size_t>& marked) {
  constexpr std::size_t kWorst = 100;
  const std::size_t count = ranking.order.size();
  std::vector<std::size_t> ranks;
  std::vector<bool> taken(count, false);
  const auto take = [&](std::size_t rank) {
    if (!taken[rank]) ranks.push_back(rank);
    taken[rank] = true;
  };
  for (std::size_t rank = 0; rank < count; ++rank)
    if (marked.contains(ranking.order[rank])) take(rank);
  for (std::size_t rank = 0; rank < std::min(kWorst, count); ++rank) take(rank);
  std::size_t step = 1;
  while (step < count) step *= 2;
  for (; step >= 1; step /= 2)
    for (std::size_t rank = 0; rank < count; rank += step) take(rank);
  return ranks;
}

/// Rows [name, number of its drawing or −1, rows, MAE, RMSE, MASE, sMAPE, RMSE of the seasonal naive
/// forecast, name and RMSE of the series' best baseline or method, skill against that, what its forecast is
/// made of], worst first.
Json table_json(const ForecastResult& result, const SeriesRanking& ranking,
                const std::vector<std::int64_t>& drawing) {
  constexpr int kTableDigits = 6;
  constexpr std::size_t kSharesNamed = 2;
  Json rows = Json::array();
  std::size_t bytes = 0;
  for (const std::size_t index : ranking.order) {
    const ForecastSeries& series = result.series[index];
    const ForecastScore* best = best_rival(series);
    const double rmse = error_of(series, &ForecastScore::rmse);
    const double rival = best == nullptr ? ForecastScore::kNone : best->rmse;
    Json row(Json::Array{series_name(series, result), drawing[index], series.times.size()});
    for (const auto measure :
         {&ForecastScore::mae, &ForecastScore::rmse, &ForecastScore::mase, &ForecastScore::smape})
      row.push_back(rounded(error_of(series, measure), kTableDigits));
    row.push_back(rounded(rmse_of(series, "seasonal_naive"), kTableDigits));
    row.push_back(best == nullptr ? Json() : Json(forecaster_name(best->name)));
    row.push_back(rounded(rival, kTableDigits));
    row.push_back(rounded(rival > 0 ? 1 - rmse / rival : ForecastScore::kNone, kTableDigits));
    row.push_back(series.shares.empty() ? Json() : Json(largest_shares(series.shares, kSharesNamed)));
    bytes += to_json(row).size() + 1;
    if (bytes > kBytesOfTable || rows.as_array().size() == kMaxTableRows) break;
    rows.push_back(std::move(row));
  }
  return Json::object({{"by", ranking.by}, {"rows", std::move(rows)}});
}

/// As many series as there is room for, by rank.
std::map<std::size_t, Json> draw_series(
    SeriesWriter& writer, const SeriesRanking& ranking,
    const std::map<std::size_t, std::vector<ForecastAnomaly>>& anomalies) {
  const std::vector<ForecastSeries>& series = writer.result.series;
  std::set<std::size_t> marked;
  for (const auto& [index, rows] : anomalies) marked.insert(index);
  std::map<std::size_t, Json> drawn;
  std::size_t bytes = series.size() > 1 ? std::min(kBytesOfTable, 90 * series.size()) : 0;
  for (const std::size_t rank : ranks_by_merit(ranking, marked)) {
    if (drawn.size() == kMaxSeriesDrawn) break;
    const std::size_t index = ranking.order[rank];
    const auto own = anomalies.find(index);
    Json one =
        series_json(writer, series[index],
                    own == anomalies.end() ? std::span<const ForecastAnomaly>() : std::span(own->second));
    bytes += to_json(one).size();
    if (bytes + writer.times.bytes() > kBytesOfAll && !drawn.empty()) break;
    drawn.emplace(rank, std::move(one));
  }
  return drawn;
}

}  // namespace

SeriesRanking rank_series(const std::vector<ForecastSeries>& series) {
  SeriesRanking ranking;
  detail::assign_range(ranking.order, 0, series.size());
  const auto known = [&](double ForecastScore::*measure) {
    return std::ranges::count_if(
        series, [&](const ForecastSeries& s) { return std::isfinite(error_of(s, measure)); });
  };
  const auto with_mase = known(&ForecastScore::mase), with_rmse = known(&ForecastScore::rmse);
  if (with_rmse == 0 && with_mase == 0) return ranking;
  const bool by_mase = 2 * with_mase >= with_rmse;
  ranking.by = by_mase ? "mase" : "rmse";
  const auto error = [&](std::size_t i) {
    const double value = error_of(series[i], by_mase ? &ForecastScore::mase : &ForecastScore::rmse);
    return std::isfinite(value) ? value : -1;
  };
  std::stable_sort(ranking.order.begin(), ranking.order.end(),
                   [&](std::size_t a, std::size_t b) { return error(a) > error(b); });
  return ranking;
}

std::size_t series_of(const ForecastAnomaly& anomaly, const ForecastResult& result) {
  const auto found = std::ranges::find_if(result.series, [&](const ForecastSeries& series) {
    return series.id == anomaly.id && series.target == anomaly.target;
  });
  return static_cast<std::size_t>(found - result.series.begin());
}

void add_series_data(const ForecastResult& result, Json& data) {
  const std::size_t count = result.series.size();
  const SeriesRanking ranking = rank_series(result.series);
  std::map<std::size_t, std::vector<ForecastAnomaly>> anomalies;
  for (const ForecastAnomaly& anomaly : result.anomalies)
    anomalies[series_of(anomaly, result)].push_back(anomaly);
  SeriesWriter writer{result, {}, TimeTexts(result.series, count > kFewSeries)};
  std::map<std::size_t, Json> drawn;  // by rank
  for (const Detail& detail : details_for(count)) {
    writer.detail = detail;
    drawn = draw_series(writer, ranking, anomalies);
    if (drawn.size() == count) break;
  }
  std::vector<std::int64_t> drawing(count, -1);
  Json series = Json::array();
  for (auto& [rank, one] : drawn) {
    drawing[ranking.order[rank]] = static_cast<std::int64_t>(series.as_array().size());
    series.push_back(std::move(one));
  }
  data.set("series", std::move(series));
  data.set("series_total", static_cast<std::int64_t>(count));
  if (!writer.times.lists().as_array().empty()) data.set("times", writer.times.lists());
  if (writer.detail.digits > 0) data.set("digits", writer.detail.digits);
  if (count > 1) data.set("series_table", table_json(result, ranking, drawing));
  Json marked = Json::array();
  for (const AnomalyEvent& event : anomaly_events(result)) marked.push_back(drawing[event.series.front()]);
  data.set("events", std::move(marked));
}

}  // namespace rondo::forecasting
