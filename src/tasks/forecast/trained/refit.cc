#include "tasks/forecast/trained/refit.h"

#include <numeric>
#include <string>

namespace rondo::forecasting {

namespace {

TestParts parts_of(const PanelSeries& series, std::int64_t folds) {
  return {series.train_rows, series.rows(), folds};
}

/// The panel as it was known when the fold began: what came before is learnt from.
Panel moved_panel(const Panel& panel, std::int64_t fold, std::int64_t folds) {
  Panel moved = panel;
  for (PanelSeries& series : moved.series) series.train_rows = parts_of(series, folds).begin(fold);
  return moved;
}

}  // namespace

std::int64_t TestParts::of(std::int64_t origin_row) const {
  std::int64_t part = count - 1;
  while (part > 0 && origin_row + 1 < begin(part)) --part;
  return part;
}

void refit_forecasts(const TrainingTask& task, const std::vector<Origin>& origins,
                     const ChosenForecaster& tested, std::span<const SeriesChoice> choices, Pool& pool,
                     ScaledForecasts& forecasts) {
  const Panel& panel = task.panel();
  const std::int64_t folds = tested.learnt ? task.options.refit : 0;
  for (std::int64_t fold = 1; fold < folds; ++fold) {
    std::vector<Origin> own;
    std::vector<std::int64_t> rows;  // of `forecasts`
    for (std::size_t i = 0; i < origins.size(); ++i) {
      const PanelSeries& series = panel.series[static_cast<std::size_t>(origins[i].series)];
      if (parts_of(series, folds).of(origins[i].row) != fold) continue;
      own.push_back(origins[i]);
      rows.push_back(static_cast<std::int64_t>(i));
    }
    if (own.empty()) continue;
    const Panel moved = moved_panel(panel, fold, folds);
    ScaledPanel rescaled(moved, task.linear.transform, task.linear.difference);
    RunControls controls = task.controls;
    if (!controls.checkpoint.empty()) controls.checkpoint += ".fold" + std::to_string(fold + 1);
    controls.log.info("refit " + std::to_string(fold + 1) + " of " + std::to_string(folds));
    const TrainingTask again{rescaled, task.linear, task.options, controls, task.calendar};
    ChosenForecaster refitted;
    refitted.choices.assign(choices.begin(), choices.end());
    refitted.growth = tested.growth;
    refitted.learnt.emplace();
    refitted.learnt->linear = fit_linear(rescaled, task.linear.members, moved.learnt_rows());
    if (tested.has_networks()) {
      TrainedEnsemble trained = train_ensemble(again, pool);
      refitted.learnt->networks = std::move(trained.network);
      refitted.learnt->weight = trained.weight.weight;
    }
    std::vector<MemberForecasts> methods;
    for (const std::int64_t row : rows) methods.push_back(forecasts.methods[static_cast<std::size_t>(row)]);
    const auto ratio_of = [&](std::int64_t series) {
      const auto s = static_cast<std::size_t>(series);
      return rescaled.scales[s].scale / task.scaled.scales[s].scale;
    };
    for (std::size_t s = 0; s < refitted.choices.size(); ++s)
      refitted.choices[s].spread /= ratio_of(static_cast<std::int64_t>(s));
    const Rows linear = refitted.predict_linear(rescaled, own);
    Forecasts blended = refitted.forecast_learnt(rescaled, own, linear, pool);
    std::vector<std::size_t> all(own.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    refitted.blend(rescaled, own, all, methods, blended);

    // Back to the scale of the first training, in which the backtest counts.
    for (std::size_t i = 0; i < own.size(); ++i) {
      const double ratio = ratio_of(own[i].series);
      const auto from = static_cast<std::int64_t>(i), to = rows[i];
      for (std::size_t h = 0; h < static_cast<std::size_t>(panel.horizon); ++h) {
        const std::int64_t ahead = static_cast<std::int64_t>(h) + 1;
        const auto back = [&](double v) {
          return task.scaled.from_units(own[i], ahead, rescaled.to_units(own[i], ahead, v));
        };
        forecasts.model.row(to)[h] = back(blended.location.row(from)[h]);
        forecasts.ridge.row(to)[h] = back(linear.row(from)[h]);
        forecasts.spread.row(to)[h] = blended.spread.row(from)[h] * ratio;
      }
    }
  }
}

}  // namespace rondo::forecasting
