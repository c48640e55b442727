#include "tasks/report/series_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>

#include "tasks/report/series_json.h"

namespace rondo {
namespace {

using nlohmann::json;

// What keeps the page below 3 MB, of which Chart.js takes 0.2.
constexpr std::size_t kBytesOfAll = 2'600'000;
constexpr std::size_t kBytesOfTable = 450'000;
constexpr std::size_t kMaxTableRows = 5'000;
constexpr std::size_t kMaxSeriesDrawn = 1'000;
constexpr std::size_t kFewSeries = 20;  // up to so many are drawn in full detail

/// Finest first: the first one with which all series fit is taken.
std::vector<Detail> details_for(std::size_t series) {
  if (series <= 1) return {{4'000, 2'000, 400, 0}};
  if (series <= kFewSeries) return {{1'000, 400, 400, 0}, {400, 150, 150, 0}};
  return {{600, 200, 200, 6}, {400, 100, 100, 5}, {200, 48, 60, 5}};
}

double error_of(const ReportSeries& series, double ReportScore::*measure) {
  return series.scores.empty() ? kNotKnown : series.scores.front().*measure;
}

/// The baseline of this series with the lowest RMSE; nullptr when none is known.
const ReportScore* best_baseline(const ReportSeries& series) {
  const ReportScore* best = nullptr;
  for (std::size_t k = 1; k < series.scores.size(); ++k) {
    const ReportScore& score = series.scores[k];
    if (std::isfinite(score.rmse) && (best == nullptr || score.rmse < best->rmse)) best = &score;
  }
  return best;
}

double rmse_of(const ReportSeries& series, const std::string& name) {
  for (const ReportScore& score : series.scores)
    if (score.name == name) return score.rmse;
  return kNotKnown;
}

/// Ranks in the order in which they get a place: those with one of the strangest rows, the worst hundred,
/// then an even choice of all.
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
/// forecast, name and RMSE of the series' best baseline, skill against that], worst first.
json table_json(const ForecastReport& report, const SeriesRanking& ranking,
                const std::vector<std::ptrdiff_t>& drawing) {
  constexpr int kTableDigits = 6;
  json rows = json::array();
  std::size_t bytes = 0;
  for (const std::size_t index : ranking.order) {
    const ReportSeries& series = report.series[index];
    json row = {series.name, drawing[index], series.values.size()};
    for (const auto measure :
         {&ReportScore::mae, &ReportScore::rmse, &ReportScore::mase, &ReportScore::smape})
      row.push_back(rounded(error_of(series, measure), kTableDigits));
    row.push_back(rounded(rmse_of(series, "seasonal naive"), kTableDigits));
    const ReportScore* best = best_baseline(series);
    row.push_back(best == nullptr ? json(nullptr) : json(best->name));
    const double rival = best == nullptr ? kNotKnown : best->rmse;
    row.push_back(rounded(rival, kTableDigits));
    row.push_back(rounded(rival > 0 ? 1 - series.scores.front().rmse / rival : kNotKnown, kTableDigits));
    bytes += row.dump(-1, ' ', false, json::error_handler_t::replace).size() + 1;
    if (bytes > kBytesOfTable || rows.size() == kMaxTableRows) break;
    rows.push_back(std::move(row));
  }
  return {{"by", ranking.by}, {"rows", std::move(rows)}};
}

/// As many series as there is room for, by rank.
std::map<std::size_t, json> draw_series(SeriesWriter& writer, const SeriesRanking& ranking,
                                        const std::map<std::size_t, std::vector<ReportAnomaly>>& anomalies) {
  const std::vector<ReportSeries>& series = writer.report.series;
  std::set<std::size_t> marked;
  for (const auto& [index, rows] : anomalies) marked.insert(index);
  std::map<std::size_t, json> drawn;
  std::size_t bytes = series.size() > 1 ? std::min(kBytesOfTable, 90 * series.size()) : 0;
  for (const std::size_t rank : ranks_by_merit(ranking, marked)) {
    if (drawn.size() == kMaxSeriesDrawn) break;
    const std::size_t index = ranking.order[rank];
    const auto own = anomalies.find(index);
    json one =
        series_json(writer, series[index],
                    own == anomalies.end() ? std::span<const ReportAnomaly>() : std::span(own->second));
    bytes += one.dump(-1, ' ', false, json::error_handler_t::replace).size();
    if (bytes + writer.times.bytes() > kBytesOfAll && !drawn.empty()) break;
    drawn.emplace(rank, std::move(one));
  }
  return drawn;
}

}  // namespace

SeriesRanking rank_series(const std::vector<ReportSeries>& series) {
  SeriesRanking ranking;
  ranking.order.resize(series.size());
  std::iota(ranking.order.begin(), ranking.order.end(), std::size_t{0});
  const auto known = [&](double ReportScore::*measure) {
    return std::ranges::count_if(series,
                                 [&](const ReportSeries& s) { return std::isfinite(error_of(s, measure)); });
  };
  const auto with_mase = known(&ReportScore::mase), with_rmse = known(&ReportScore::rmse);
  if (with_rmse == 0 && with_mase == 0) return ranking;
  const bool by_mase = 2 * with_mase >= with_rmse;
  ranking.by = by_mase ? "mase" : "rmse";
  const auto error = [&](std::size_t i) {
    const double value = error_of(series[i], by_mase ? &ReportScore::mase : &ReportScore::rmse);
    return std::isfinite(value) ? value : -1;
  };
  std::stable_sort(ranking.order.begin(), ranking.order.end(),
                   [&](std::size_t a, std::size_t b) { return error(a) > error(b); });
  return ranking;
}

void add_series_data(const ForecastReport& report, json& data) {
  const std::size_t count = report.series.size();
  const SeriesRanking ranking = rank_series(report.series);
  std::map<std::size_t, std::vector<ReportAnomaly>> anomalies;
  for (const ReportAnomaly& anomaly : report.anomalies.worst) anomalies[anomaly.series].push_back(anomaly);
  SeriesWriter writer{report, {}, TimeTexts(report.series, count > kFewSeries)};
  std::map<std::size_t, json> drawn;  // by rank
  for (const Detail& detail : details_for(count)) {
    writer.detail = detail;
    drawn = draw_series(writer, ranking, anomalies);
    if (drawn.size() == count) break;
  }
  std::vector<std::ptrdiff_t> drawing(count, -1);
  data["series"] = json::array();
  for (auto& [rank, one] : drawn) {
    drawing[ranking.order[rank]] = static_cast<std::ptrdiff_t>(data["series"].size());
    data["series"].push_back(std::move(one));
  }
  data["series_total"] = count;
  if (!writer.times.lists().empty()) data["times"] = writer.times.lists();
  if (writer.detail.digits > 0) data["digits"] = writer.detail.digits;
  if (count > 1) data["series_table"] = table_json(report, ranking, drawing);
  for (const ReportAnomaly& anomaly : report.anomalies.worst)
    data["anomalies"].push_back(drawing[anomaly.series]);
}

}  // namespace rondo
