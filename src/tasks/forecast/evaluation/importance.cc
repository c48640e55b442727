#include "tasks/forecast/evaluation/backtest.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "rondo/base/random.h"
#include "tasks/forecast/forecaster/forecaster.h"

namespace rondo::forecasting {

namespace {

constexpr std::size_t kMaxOrigins = 400;
/// Of forecasts that are drawn path by path.
constexpr std::size_t kMaxSampledOrigins = 100;
constexpr int kMoves = 3;

enum class Input { history, past, known, statics, calendar };

struct Feature {
  Input kind;
  std::size_t column;  ///< of its kind; history: a series of the target, or kAll
  std::string name;
};
/// More targets than this are moved together.
constexpr std::size_t kMaxTargets = 8;
constexpr auto kAll = static_cast<std::size_t>(-1);

std::vector<Feature> features_of(const Panel& panel) {
  std::vector<Feature> out;
  for (std::size_t s = 0; s < panel.series.size() && out.size() <= kMaxTargets; ++s) {
    const std::string& target = panel.series[s].target;
    const bool known = std::ranges::any_of(
        out, [&](const Feature& feature) { return panel.series[feature.column].target == target; });
    if (!known) out.push_back({Input::history, s, target + " (its own past)"});
  }
  if (out.size() > kMaxTargets) out = {{Input::history, kAll, "each target's own past"}};
  const auto add = [&](Input kind, const std::vector<std::string>& names) {
    for (std::size_t c = 0; c < names.size(); ++c) out.push_back({kind, c, names[c]});
  };
  add(Input::past, panel.past);
  add(Input::known, panel.known);
  add(Input::statics, panel.statics);
  if (!panel.seasons.empty()) out.push_back({Input::calendar, 0, "calendar"});
  return out;
}

/// By series: how many rows a feature is moved in time; of a static one: the series that gives its value.
using Moves = std::vector<std::size_t>;

Moves no_moves(Input kind, const Panel& panel) {
  Moves moves(panel.series.size(), 0);
  if (kind == Input::statics) std::iota(moves.begin(), moves.end(), std::size_t{0});
  return moves;
}

/// In time by a quarter to three quarters of the series; between series in one circle (Sattolo 1986), so that
/// none keeps its own. Reads as many elements of the stream as there are series, from `first` on.
Moves draw_moves(Input kind, const Panel& panel, const RandomStream& stream, std::uint64_t first) {
  Moves moves = no_moves(kind, panel);
  for (std::size_t s = moves.size(); s-- > 0;) {
    if (kind == Input::statics) {
      if (s > 0) std::swap(moves[s], moves[stream.below(first + s, s)]);
      continue;
    }
    const auto rows = static_cast<std::uint64_t>(panel.series[s].rows());
    moves[s] = rows / 4 + stream.below(first + s, std::max<std::uint64_t>(1, rows / 2));
  }
  return moves;
}

/// What forecasters look at; the truth stays where it was.
struct PermutedPanel {
  Panel panel;
  ScaledPanel scaled;

  explicit PermutedPanel(const ScaledPanel& from) : panel(from.panel()), scaled(from.over(panel)) {}
};

/// Column `column` of `from` [rows, columns] begins `shift` rows later in `to`, and its first rows follow its
/// last.
template <class T>
void write_shifted(const std::vector<T>& from, std::size_t columns, std::size_t column, std::size_t shift,
                   std::vector<T>& to) {
  const std::size_t rows = from.size() / columns;
  for (std::size_t r = 0; r < rows; ++r)
    to[r * columns + column] = from[(r + shift) % rows * columns + column];
}

/// Writes the feature's values into `to`, moved.
void write_feature(const Feature& feature, const ScaledPanel& scaled, const Moves& moves, PermutedPanel& to) {
  const Panel& panel = scaled.panel();
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const PanelSeries& series = panel.series[s];
    const std::size_t shift = moves[s];
    switch (feature.kind) {
      case Input::history:
        if (feature.column != kAll && series.target != panel.series[feature.column].target) break;
        write_shifted(scaled.level[s], 1, 0, shift, to.scaled.level[s]);
        write_shifted(scaled.movement[s], 1, 0, shift, to.scaled.movement[s]);
        write_shifted(scaled.compressed[s], 1, 0, shift, to.scaled.compressed[s]);
        write_shifted(series.observed, 1, 0, shift, to.panel.series[s].observed);
        break;
      case Input::past:
        write_shifted(scaled.past[s], panel.past.size(), feature.column, shift, to.scaled.past[s]);
        break;
      case Input::known:
        write_shifted(scaled.known[s], panel.known.size(), feature.column, shift, to.scaled.known[s]);
        break;
      case Input::statics:
        to.scaled.statics[s][feature.column] = scaled.statics[shift][feature.column];
        break;
      case Input::calendar:
        for (std::size_t r = 0; r < series.position.size(); ++r)
          to.panel.series[s].position[r] = series.position[r] + static_cast<double>(shift);
        break;
    }
  }
}

/// Root mean square error in the scale of targets, which is the series' own.
class RootMeanSquareError {
 public:
  RootMeanSquareError(const ScaledPanel& scaled, std::vector<Origin> origins, Forecaster& forecaster,
                      Pool& pool)
      : origins_(std::move(origins)),
        truth_(observed_targets(scaled, origins_)),
        forecaster_(forecaster),
        pool_(pool) {}

  /// NaN where no row was observed.
  double of(const ScaledPanel& scaled) {
    const Forecasts forecast = forecaster_.forecast(scaled, origins_, pool_);
    double square = 0, count = 0;
    for (std::size_t i = 0; i < truth_.values.size(); ++i) {
      if (std::isnan(truth_.values[i])) continue;
      const double miss = truth_.values[i] - forecast.location.values[i];
      square += miss * miss;
      ++count;
    }
    return std::sqrt(square / count);
  }

 private:
  std::vector<Origin> origins_;
  Rows truth_;
  Forecaster& forecaster_;
  Pool& pool_;
};

}  // namespace

void measure_importance(const ScaledPanel& scaled, std::span<const Origin> origins, Forecaster& forecaster,
                        std::uint64_t seed, Pool& pool, ForecastResult& result) {
  if (origins.empty()) return;
  const Panel& panel = scaled.panel();
  const std::size_t most = forecaster.is_sampled() ? kMaxSampledOrigins : kMaxOrigins;
  std::vector<Origin> some;
  const std::size_t stride = (origins.size() + most - 1) / most;
  for (std::size_t i = 0; i < origins.size(); i += stride) some.push_back(origins[i]);
  RootMeanSquareError error(scaled, std::move(some), forecaster, pool);
  const double before = error.of(scaled);
  if (!std::isfinite(before)) return;
  result.importance_error = before;

  const RandomStream stream(seed, purpose_key("feature importance"));
  PermutedPanel permuted(scaled);
  std::uint64_t next = 0;
  for (const Feature& feature : features_of(panel)) {
    double sum = 0, square = 0;
    for (int move = 0; move < kMoves; ++move, next += panel.series.size()) {
      write_feature(feature, scaled, draw_moves(feature.kind, panel, stream, next), permuted);
      const double increase = error.of(permuted.scaled) - before;
      sum += increase;
      square += increase * increase;
    }
    write_feature(feature, scaled, no_moves(feature.kind, panel), permuted);
    ForecastImportance importance{.name = feature.name, .increase = sum / kMoves};
    importance.spread = std::sqrt(std::max(0.0, square / kMoves - importance.increase * importance.increase));
    result.importance.push_back(std::move(importance));
  }
  std::stable_sort(result.importance.begin(), result.importance.end(),
                   [](const auto& a, const auto& b) { return a.increase > b.increase; });
}

}  // namespace rondo::forecasting
