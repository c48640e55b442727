#include "tasks/forecast/importance.h"

#include <algorithm>
#include <cmath>

#include "rondo/random.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kMostOrigins = 400;
constexpr int kMoves = 3;

/// Root mean square error in the scale of targets, which is the series' own.
double error_of(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins,
                const LinearPath& line, NetworkPart& network, Pool& pool) {
  const Rows truth = target_rows(panel, scaled, origins);
  const NetworkForecast forecast =
      network.forecast(panel, scaled, origins, line.predict(panel, scaled, origins), pool);
  double square = 0, count = 0;
  for (std::size_t i = 0; i < origins.size(); ++i) {
    const PanelSeries& series = panel.series[static_cast<std::size_t>(origins[i].series)];
    const auto at = static_cast<std::int64_t>(i);
    for (std::int64_t h = 0; h < panel.horizon; ++h) {
      if (!series.is_observed(origins[i].row + 1 + h)) continue;
      const auto step = static_cast<std::size_t>(h);
      const double miss = truth.row(at)[step] - forecast.location.row(at)[step];
      square += miss * miss;
      ++count;
    }
  }
  return std::sqrt(square / count);
}

/// Column `column` of [rows, columns] turned round by `shift` rows.
void turn(std::vector<double>& values, std::size_t columns, std::size_t column, std::size_t shift) {
  std::vector<double> one(values.size() / columns);
  for (std::size_t r = 0; r < one.size(); ++r) one[r] = values[r * columns + column];
  std::rotate(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(shift % one.size()), one.end());
  for (std::size_t r = 0; r < one.size(); ++r) values[r * columns + column] = one[r];
}

}  // namespace

void measure_importance(const Panel& panel, const ScaledPanel& scaled, std::span<const Origin> origins,
                        const LinearPath& line, NetworkPart& network, std::uint64_t seed, Pool& pool,
                        ForecastResult& result) {
  const std::size_t past = panel.past.size(), known = panel.known.size();
  if (past + known == 0 || origins.empty()) return;
  std::vector<Origin> some;
  const std::size_t stride = (origins.size() + kMostOrigins - 1) / kMostOrigins;
  for (std::size_t i = 0; i < origins.size(); i += stride) some.push_back(origins[i]);
  const double before = error_of(panel, scaled, some, line, network, pool);
  result.importance_error = before;
  const RandomStream stream(seed, purpose_key("feature importance"));
  for (std::size_t c = 0; c < past + known; ++c) {
    ForecastImportance feature;
    feature.name = c < past ? panel.past[c] : panel.known[c - past];
    double sum = 0, square = 0;
    for (int move = 0; move < kMoves; ++move) {
      ScaledPanel moved = scaled;
      for (std::size_t s = 0; s < panel.series.size(); ++s) {
        std::vector<double>& values = c < past ? moved.past[s] : moved.known[s];
        const std::size_t columns = c < past ? past : known;
        const std::size_t rows = values.size() / columns;
        const std::uint64_t draw =
            stream.below((c * kMoves + static_cast<std::size_t>(move)) * panel.series.size() + s,
                         std::max<std::uint64_t>(1, rows / 2));
        turn(values, columns, c < past ? c : c - past, rows / 4 + draw);  // by a quarter to three quarters
      }
      const double increase = error_of(panel, moved, some, line, network, pool) - before;
      sum += increase;
      square += increase * increase;
    }
    feature.increase = sum / kMoves;
    feature.spread = std::sqrt(std::max(0.0, square / kMoves - feature.increase * feature.increase));
    result.importance.push_back(std::move(feature));
  }
  std::stable_sort(result.importance.begin(), result.importance.end(),
                   [](const auto& a, const auto& b) { return a.increase > b.increase; });
}

}  // namespace rondo::forecasting
