#include "tasks/check/forecast_leaks.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>
#include <optional>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/forecast/ensemble/selection.h"
#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/residual_network.h"

namespace rondo::checking {

namespace {

using forecasting::NetworkTraining;
using forecasting::Panel;

constexpr double kNumber = 8;          ///< bytes
constexpr double kOriginsHeldOut = 9;  ///< in a series, and its end

/// A training of networks, in steps of recurrent layers that each sample takes and multiply-adds, forward.
struct NetworkWork {
  double steps = 0, multiply_adds = 0;
  NetworkTraining how;
};

/// The network that the options and the panel choose, as it would be trained after a search of the linear
/// model that found the longest lags best.
NetworkWork network_work(const forecasting::Prepared& prepared, const ForecastOptions& options) {
  const Panel& panel = prepared.panel;
  const forecasting::ScaledPanel scaled(panel, forecasting::Transform::none, false);
  forecasting::LinearChoice linear;
  linear.members.emplace_back().lags = forecasting::lag_candidates(panel, prepared.limits).back();
  const RunControls controls;
  const forecasting::TrainingTask task{scaled, linear, options, controls, prepared.calendar};
  const auto kinds = forecasting::network_kinds();
  const auto kind = std::ranges::find_if(kinds, [&](const auto& one) { return one.applies(task); });
  const auto plan = kind->plan(task);

  NetworkWork out{.how = plan->settled(task)};
  const auto units = static_cast<double>(out.how.units), batch = static_cast<double>(out.how.batch_size);
  if (const auto* over_windows = dynamic_cast<const forecasting::WindowPlan*>(plan.get())) {
    const forecasting::Window& window = over_windows->window;
    out.steps = static_cast<double>(window.steps + window.out_steps);
    const double sample =
        out.steps * (static_cast<double>(window.step_features()) * units + 6 * units * units) +
        static_cast<double>(window.linear_features() * window.out_rows());
    out.multiply_adds = sample * batch * static_cast<double>(out.how.updates);
  } else if (const auto* residual = dynamic_cast<const forecasting::ResidualPlan*>(plan.get())) {
    constexpr double kEpochsUsed = 0.25;  // early stopping
    out.steps = static_cast<double>(residual->window.steps);
    const double sample = out.steps * 4 * units * (units + static_cast<double>(residual->window.features()));
    out.multiply_adds = sample * std::max(512.0, static_cast<double>(panel.total_learnt_rows())) *
                        static_cast<double>(out.how.epochs) * kEpochsUsed;
  }
  out.multiply_adds *= out.how.members;
  return out;
}

/// Seconds of the processor, of all threads.
class ProcessorClock {
 public:
  double seconds() const {
    return static_cast<double>(std::clock() - begin_) / static_cast<double>(CLOCKS_PER_SEC);
  }

 private:
  std::clock_t begin_ = std::clock();
};

double rows_of(const Panel& panel) {
  return static_cast<double>(std::max<std::int64_t>(1, panel.total_learnt_rows()));
}

/// Multiply-adds of the search of the linear model: moments of the widest design for every candidate of
/// transform and differencing.
double linear_work(const Panel& panel, const forecasting::LinearLimits& limits) {
  if (panel.all_are_short()) return 0;
  const double origins = rows_of(panel) / static_cast<double>(forecasting::origin_stride(panel));
  const auto lags = static_cast<double>(forecasting::lag_candidates(panel, limits).back()),
             horizon = static_cast<double>(panel.horizon);
  return 10 * origins * lags * (lags + horizon) + 100 * lags * lags * lags;
}

/// Some of the series, as they would be forecast alone: those that a trial can afford, evenly chosen by
/// length. Without any where the shortest is too long.
Panel some_series(const Panel& panel) {
  constexpr std::size_t kMost = 6;
  constexpr std::int64_t kMostRows = 4000, kMostOfOne = 9000;
  std::vector<std::size_t> order(panel.series.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t s) { return panel.series[s].rows(); });
  Panel some = panel;
  some.series.clear();
  std::int64_t rows = 0;
  const std::size_t step = std::max<std::size_t>(1, order.size() / kMost);
  for (std::size_t i = step / 2; i < order.size() && some.series.size() < kMost; i += step) {
    const forecasting::PanelSeries& series = panel.series[order[i]];
    rows += series.rows();
    if (rows > (some.series.empty() ? kMostOfOne : kMostRows)) break;
    some.series.push_back(series);
  }
  return some;
}

struct Trial {
  double linear = 0;        ///< seconds of the search of the linear model
  double statistical = 0;   ///< seconds of a row of a series at one origin
  double learnt_share = 1;  ///< of the linear model in the blend
  double linear_work = 1;
};

/// Origins of the backtest, of all series.
std::int64_t backtest_origins_of(const Panel& panel, const ForecastOptions& options, std::size_t series) {
  const forecasting::PanelSeries& one = panel.series[series];
  const std::int64_t stride = options.stride > 0 ? options.stride : options.horizon;
  return std::max<std::int64_t>(0, (one.rows() - one.train_rows - options.horizon) / stride + 1);
}

double rows_read(const forecasting::PanelSeries& series) {
  return static_cast<double>(std::min(series.train_rows, forecasting::kMostRowsRead));
}

/// Does to some series what the forecast does to all before networks, on this machine.
std::optional<Trial> try_some(const forecasting::Prepared& prepared, const ForecastOptions& options) {
  using forecasting::allowed_methods, forecasting::LinearChoice, forecasting::PanelPool;
  using forecasting::ScaledPanel, forecasting::search_linear, forecasting::Selection,
      forecasting::TrainingTask;
  const Panel panel = some_series(prepared.panel);
  if (panel.series.empty()) return std::nullopt;
  rondo::Pool pool(1);
  Trial trial;
  const ProcessorClock linear_clock;
  const bool learns = !panel.all_are_short();
  const LinearChoice linear = learns ? search_linear(panel, prepared.limits, pool) : LinearChoice();
  trial.linear = linear_clock.seconds();
  trial.linear_work = std::max(1.0, linear_work(panel, prepared.limits));
  const ScaledPanel scaled(panel, linear.transform, linear.difference);
  const PanelPool panel_pool(scaled, allowed_methods(options.methods));
  std::vector<std::int64_t> origins;
  for (std::size_t s = 0; s < panel.series.size(); ++s)
    origins.push_back(backtest_origins_of(panel, options, s));
  const ProcessorClock statistical_clock;
  const bool only_short = options.methods == "none" || options.likelihood != "point";
  Selection selection(scaled, panel_pool, origins, only_short, pool);
  double work = 0;
  for (std::size_t s = 0; s < panel.series.size(); ++s)
    if (selection.uses_pool(s)) work += rows_read(panel.series[s]) * kOriginsHeldOut;
  const RunControls controls;
  const TrainingTask task{scaled, linear, options, controls, prepared.calendar};
  selection.choose(selection.linear_forecasts(task, pool), pool);
  trial.statistical = work > 0 ? statistical_clock.seconds() / work : 0;
  trial.learnt_share = selection.learnt_share();
  return trial;
}

}  // namespace

// What comes before networks is tried on some of the series, on this machine; networks are counted by
// processor seconds of one core with AVX-512, which does 4e10 multiplications and additions a second in the
// small products of such networks, with all that lies between them.
Cost forecast_cost(const forecasting::Prepared& prepared, const ForecastOptions& options) {
  constexpr double kFlopsASecond = 4e10;
  const Panel& panel = prepared.panel;
  const std::optional<Trial> trial = try_some(prepared, options);
  const double work = linear_work(panel, prepared.limits);
  Cost cost;
  cost.seconds =
      0.02 + (trial ? trial->linear * std::max(1.0, work / trial->linear_work) : work / kFlopsASecond);
  for (std::size_t s = 0; trial && s < panel.series.size(); ++s) {
    const auto origins = static_cast<double>(backtest_origins_of(panel, options, s)) + kOriginsHeldOut;
    cost.seconds += trial->statistical * rows_read(panel.series[s]) * origins;
  }
  const bool trains = !panel.all_are_short() &&
                      (forecasting::asks_to_train(options) || forecasting::abounds_in_rows(panel) || !trial ||
                       trial->learnt_share >= forecasting::share_worth_a_network(panel.series.size()));
  const auto rows = rows_of(panel), width = static_cast<double>(1 + panel.past.size()),
             horizon = static_cast<double>(panel.horizon);
  const double origins = rows / static_cast<double>(forecasting::origin_stride(panel));
  const auto lags = static_cast<double>(forecasting::lag_candidates(panel, prepared.limits).back());
  cost.bytes = 12e6 + kNumber * rows * width * 8 + kNumber * origins * (lags + horizon) +
               2e3 * static_cast<double>(panel.series.size());
  if (!trains) return cost;
  const NetworkWork networks = network_work(prepared, options);
  cost.networks = true;
  cost.seconds += 6 * networks.multiply_adds / kFlopsASecond;  // backward: twice as much
  const auto units = static_cast<double>(networks.how.units),
             batch = static_cast<double>(networks.how.batch_size);
  cost.bytes += kNumber * origins * horizon * (networks.how.members + 1) +
                4 * batch * networks.steps * units * networks.how.members * 16;
  return cost;
}

// Calibrated on an AMD Zen 4 by `rondo train` on 4200 windows of 24 and 96 rows, two epochs: LSTM(32) 0.10
// and 0.38 s, 13 and 16 MB; LSTM(128) 1.0 and 4.0 s, 18 and 26 MB.
Cost training_cost(std::int64_t parameters, std::int64_t steps, std::int64_t samples, std::int64_t batch,
                   std::int64_t epochs, std::int64_t table_cells, std::int64_t threads) {
  constexpr double kFlopsASecond = 7e10;
  constexpr double kEpochsUsed = 0.6;  // early stopping
  const auto weights = static_cast<double>(parameters);
  const double a_sample = 6 * weights * static_cast<double>(steps);
  Cost cost;
  cost.seconds =
      0.05 + a_sample * static_cast<double>(samples) * static_cast<double>(epochs) * kEpochsUsed /
                 (kFlopsASecond * std::sqrt(static_cast<double>(std::max<std::int64_t>(1, threads))));
  const double states = 16 * std::sqrt(weights) * static_cast<double>(steps) * static_cast<double>(batch);
  cost.bytes = 11e6 + 4 * 4 * weights + states + 3 * kNumber * static_cast<double>(table_cells);
  return cost;
}

}  // namespace rondo::checking
