#include "tasks/check/cost.h"

#include <algorithm>
#include <cmath>

namespace rondo::checking {

namespace {

constexpr double kNumber = 8;  ///< bytes

}  // namespace

// Calibrated by the processor seconds and resident memory of `rondo forecast FILE --target … --threads 1` with its
// defaults on an AMD Zen 4 (AVX-512): airline passengers (144 rows) 0.14 s and 14 MB; 400 daily rows 0.33 s and 17 MB;
// daily minimum temperatures (3650 rows) 2.7 s and 18 MB; ETTh1 (17,420 rows, --horizon 24) 4.7 s and 127 MB. The
// formula says 0.2, 0.5, 3.9 and 5.0 s. Run those again when the budgets of training change, and set the constants.
Cost forecast_cost(std::int64_t training_rows, std::int64_t series, std::int64_t longest,
                   std::int64_t columns, const ForecastOptions& options) {
  constexpr double kFlopsASecond = 6e10;
  constexpr double kStepsAnEpoch = 80'000, kFewestWindows = 512, kMostOrigins = 20'000;
  constexpr double kEpochsUsed = 0.25;  // early stopping
  const auto rows = static_cast<double>(training_rows);
  const double window = options.window > 0 ? static_cast<double>(options.window)
                                           : std::clamp(static_cast<double>(longest) / 4, 8.0, 48.0);
  const double steps = std::min(window, 48.0);
  const double units = static_cast<double>(options.units), members = static_cast<double>(options.ensemble);
  const double horizon = static_cast<double>(options.horizon);

  // Network: forward and backward, four gates.
  const double windows = std::min(rows, std::max(kFewestWindows, kStepsAnEpoch / steps));
  const double a_step = 3 * 2 * 4 * units * (units + static_cast<double>(columns) + 8) * members;
  const double network = static_cast<double>(options.epochs) * kEpochsUsed * windows * steps * a_step;

  // Line: moments of the widest design for every candidate of transform and differencing.
  const double origins = std::min(rows, kMostOrigins);
  const double lags = std::min(700.0, 0.3 * static_cast<double>(longest));
  const double line = 10 * origins * lags * (lags + horizon) + 100 * lags * lags * lags;

  Cost cost;
  cost.seconds = 0.05 + (network + line) / kFlopsASecond;
  const double table = kNumber * rows * static_cast<double>(columns) * 8;
  const double designs = kNumber * origins * (lags + horizon);
  const double residuals = kNumber * origins * horizon * (members + 1);
  cost.bytes = 12e6 + table + designs + residuals + 2e3 * static_cast<double>(series) +
               4 * static_cast<double>(options.batch_size) * steps * units * members * 16;
  return cost;
}

// Calibrated in the same way by `rondo train` on 4200 windows of 24 and 96 rows, two epochs: LSTM(32) 0.10 and 0.38 s,
// 13 and 16 MB; LSTM(128) 1.0 and 4.0 s, 18 and 26 MB.
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
