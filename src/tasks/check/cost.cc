#include "tasks/check/forecast_leaks.h"

#include <algorithm>
#include <cmath>

namespace rondo::checking {

namespace {

constexpr double kNumber = 8;  ///< bytes

}  // namespace

// The budget that the forecaster gives its networks (segment_network.cc, residual_network.cc), by processor
// seconds of one core of an AMD Zen 4 (AVX-512): 6e10 multiply-adds and additions a second. Look here when
// those budgets change.
Cost forecast_cost(std::int64_t training_rows, std::int64_t series, std::int64_t longest,
                   std::int64_t columns, const ForecastOptions& options) {
  constexpr double kFlopsASecond = 6e10;
  constexpr double kMaxOrigins = 20'000, kMinWindows = 400, kMaxWork = 6e12;
  const auto rows = static_cast<double>(training_rows), width = static_cast<double>(columns);
  const auto horizon = static_cast<double>(options.horizon), members = static_cast<double>(options.ensemble);
  const auto given = static_cast<double>(options.units);

  double work = 0, units = 0, steps = 0, batch = 0;  // work: multiply-adds of all training, forward
  if (rows >= kMinWindows) {
    const bool segments = options.horizon >= 12;  // of a season
    units = given > 0 ? given : segments ? 128 : 32;
    const double back = options.window > 0 ? static_cast<double>(options.window) : segments ? 336 : 24;
    const double segment = segments ? 24 : 1;
    steps = back / segment + std::ceil(horizon / segment);
    batch = options.batch_size > 0 ? static_cast<double>(options.batch_size) : rows < 2e4 ? 64 : 256;
    const double sample = steps * (segment * (1 + width) * units + 6 * units * units) + back * horizon;
    const double updates =
        options.epochs > 0 ? static_cast<double>(options.epochs) * rows / batch
                           : std::clamp(rows / segment, 600.0, std::clamp(10 * rows / batch, 600.0, 6000.0));
    work = sample * batch * members * updates;
    if (options.epochs == 0) work = std::min(work, kMaxWork * std::max(1.0, members / 5));
  } else {
    units = given > 0 ? given : 32;
    steps = std::min(48.0, rows / 4);
    batch = options.batch_size > 0 ? static_cast<double>(options.batch_size) : 64;
    constexpr double kEpochsUsed = 25;  // early stopping
    work = steps * 4 * units * (units + width + 8) * members * std::max(512.0, rows) * kEpochsUsed;
  }

  // Linear model: moments of the widest design for every candidate of transform and differencing.
  const double origins = std::min(rows, kMaxOrigins);
  const double lags = std::min(700.0, 0.3 * static_cast<double>(longest));
  const double linear = 10 * origins * lags * (lags + horizon) + 100 * lags * lags * lags;

  Cost cost;
  cost.seconds = 0.05 + (6 * work + linear) / kFlopsASecond;  // forward and twice as much backward
  const double table = kNumber * rows * width * 8;
  const double designs = kNumber * origins * (lags + horizon);
  cost.bytes = 12e6 + table + designs + kNumber * origins * horizon * (members + 1) +
               2e3 * static_cast<double>(series) + 4 * batch * steps * units * members * 16;
  return cost;
}

// Calibrated in the same way by `rondo train` on 4200 windows of 24 and 96 rows, two epochs: LSTM(32) 0.10
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
