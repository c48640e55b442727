#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/tasks/forecast.h"
#include "tasks/forecast/intervals/adaptive_bands.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Nominal shares of the bands that follow every forecast: 80 % and 95 % are always shown, some more make the
/// CRPS, and those that `options` asks for with --level or --quantiles are among them.
std::vector<double> band_levels(const ForecastOptions& options);

/// The quantiles, by their probabilities, ascending, that --level or --quantiles asks for; none where neither
/// is given. Throws Error(usage) for both at once and for what is no list of numbers in range.
std::vector<double> asked_quantiles(const ForecastOptions& options);

/// Bands of one series, from origin to origin of its backtest and then of the forecast past its end. Offsets
/// of an origin depend on truths at or before its row only. `calibrations`: by origin, the last one that of
/// all others. `rows`: rows of the origins, ascending, the end of the history last; `errors` [origins,
/// horizon]: truth less forecast over the spread, NaN where there is no truth (yet); `levels`: of the bands.
std::vector<BandOffsets> bands_by_origin(
    std::span<const std::shared_ptr<const CalibrationErrors>> calibrations, const Rows& errors,
    std::span<const std::int64_t> rows, std::int64_t stride, const std::vector<double>& levels);

/// Ends of the 80 % and 95 % bands of one forecast (location and spread by step, scale of
/// ScaledPanel::targets) in units of the series.
void append_bands(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                  std::span<const double> spread, const BandOffsets& offsets, ForecastBands& bands);

/// The quantiles at `out.levels` of the same forecast: ends of bands, and their middle.
void append_asked(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                  std::span<const double> spread, const BandOffsets& offsets, ForecastQuantiles& out);

/// Quantiles of one step in units of the series, with their levels, those that make the CRPS: the forecast as
/// the median between the bands' ends.
void step_quantiles(const ScaledPanel& scaled, const Origin& origin, double location, double spread,
                    const BandOffsets& offsets, std::int64_t step, std::vector<double>& levels,
                    std::vector<double>& quantiles);

/// The same of every step of a forecast.
void append_quantiles(const ScaledPanel& scaled, const Origin& origin, std::span<const double> location,
                      std::span<const double> spread, const BandOffsets& offsets, ForecastQuantiles& out);

/// Counts how often each band held, and where in its forecast distribution each truth lay.
class BandCalibration {
 public:
  /// `quantiles` at `levels`, both ascending and symmetric around the median.
  void add(double actual, std::span<const double> quantiles, std::span<const double> levels);
  void put(ForecastCalibration& out) const;

 private:
  /// Keeps every other one: those left are still evenly spread over the rows.
  void thin();

  std::vector<double> nominal_, inside_, pit_;
  std::int64_t count_ = 0, stride_ = 1;
};

}  // namespace rondo::forecasting
