#include "tasks/check/forecast_leaks.h"

#include <algorithm>
#include <cmath>

#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/networks/residual_network.h"

namespace rondo::checking {

namespace {

using forecasting::NetworkTraining;
using forecasting::Panel;

constexpr double kNumber = 8;  ///< bytes

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

}  // namespace

// By processor seconds of one core with AVX-512: in the small products of such networks, with all that lies
// between them, it does 4e10 multiplications and additions a second.
Cost forecast_cost(const forecasting::Prepared& prepared, const ForecastOptions& options) {
  constexpr double kFlopsASecond = 4e10;
  const Panel& panel = prepared.panel;
  const NetworkWork networks = network_work(prepared, options);
  const auto rows = static_cast<double>(panel.total_learnt_rows()),
             width = static_cast<double>(1 + panel.past.size()), horizon = static_cast<double>(panel.horizon);

  constexpr double kSearchedASecond = 2e9;  // in the small solutions of the linear search
  const double origins = rows / static_cast<double>(forecasting::origin_stride(panel));
  const auto lags = static_cast<double>(forecasting::lag_candidates(panel, prepared.limits).back());
  Cost cost;
  cost.seconds = 0.05 + 6 * networks.multiply_adds / kFlopsASecond +  // backward: twice as much
                 forecasting::linear_search_work(panel, prepared.limits) / kSearchedASecond;
  const double table = kNumber * rows * width * 8;
  const double designs = kNumber * origins * (lags + horizon);
  const auto units = static_cast<double>(networks.how.units),
             batch = static_cast<double>(networks.how.batch_size);
  cost.bytes = 12e6 + table + designs + kNumber * origins * horizon * (networks.how.members + 1) +
               2e3 * static_cast<double>(panel.series.size()) +
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
