#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/common/verdict.h"
#include "tasks/forecast/ensemble/panel_pool.h"
#include "tasks/forecast/forecaster/forecaster.h"
#include "tasks/forecast/intervals/adaptive_bands.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Origins of the backtest, series by series: the last row of the training part and every `stride`-th one
/// after it whose whole horizon is known.
std::vector<Origin> backtest_origins(const Panel& panel, std::int64_t stride);

/// Forecasts of the same origins, [origins, horizon], in the scale of ScaledPanel::targets.
struct ScaledForecasts {
  Rows model, ridge;
  Rows spread;                           ///< what the model's errors are measured in
  std::vector<MemberForecasts> methods;  ///< by origin, in units of the series
  bool has_ridge = true;                 ///< false: no series could teach it
};

/// What the bands of one series start from, by origin.
using Calibrations = std::vector<std::shared_ptr<const CalibrationErrors>>;

/// Fills the backtest of every series and the scores, skill, verdict and coverages of the result, which has
/// `series` with values and train_rows, `period` and `stride` already. `calibrations`: by series, see
/// bands_by_origin. Returns the bands of a forecast from the end of every series, which have seen all errors.
std::vector<BandOffsets> run_backtest(const ScaledPanel& scaled, const std::vector<Origin>& origins,
                                      const ScaledForecasts& forecasts,
                                      std::span<const Calibrations> calibrations, ForecastResult& result);

/// The `most` rows of the backtest that surprise most, worst first, however calm the series are: each row's
/// freshest forecast (one step ahead where the stride allows), its error divided by what the forecast's own
/// 80 % band says is usual: score 1 is one standard deviation of a normal distribution with that band. Rows
/// without truth have no score.
std::vector<ForecastAnomaly> find_anomalies(const std::vector<ForecastSeries>& series, std::size_t most = 20);

/// Importance of every input by permutation (Breiman 2001), and the backtest forecast again. What changes in
/// time is turned round by some part of the series' length, so that every origin reads what belongs to
/// another one: it moves as before and has lost what it had to do with the target. That holds for a
/// covariate's column, for the target's own past (each origin looks back on the window of another origin, the
/// truth stays) and for the calendar (each row has the place of another one in its seasons). A static column
/// changes hands between the series. Sets result.importance and importance_error; nothing where no row was
/// tested.
void measure_importance(const ScaledPanel& scaled, std::span<const Origin> origins, Forecaster& forecaster,
                        std::uint64_t seed, Pool& pool, ForecastResult& result);

using tasks::Contender;

/// What many series are compared by: the root of the mean over series of each one's mean square, over the
/// larger of its squared naive step (RMSSE) and the mean square of all forecasts.
inline constexpr const char* kMeasureOfMany = "bounded RMSSE";

struct Judgement {
  ForecastVerdict verdict = ForecastVerdict::no_better_than_naive;
  double skill = 0;      ///< 1 - error of the model / error of the best rival
  std::string best;      ///< name of the best rival
  double statistic = 0;  ///< of the gain over the rival that decided
  std::string sentence;  ///< the verdict in plain words, with the numbers
};

/// The model has to beat (tasks::compare) the best of the forecasts that learn nothing, else the verdict is
/// "no better than naive", and then the best single method, the ridge among them. Of a few series, errors are
/// RMSE and losses mean squares over the horizon at every origin, in the series' own step; of many
/// (kMeasureOfMany), losses are those of the series.
Judgement judge(const Contender& model, const std::vector<Contender>& naive_kinds,
                const std::vector<Contender>& methods, std::int64_t overlap,
                const std::string& measure = "RMSE");

}  // namespace rondo::forecasting
