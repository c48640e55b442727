#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "tasks/forecast/intervals/bands.h"

namespace rondo::forecasting {

/// Errors that many series share as the start of their bands: those of forecasts for rows not learnt from,
/// sorted by step of the horizon. Immutable.
class CalibrationErrors {
 public:
  /// `errors` [forecasts, horizon], truth − forecast in units of the scale; missing ones (NaN) are left out.
  /// `worth`: as how many independent errors those of a step count, however many they are.
  explicit CalibrationErrors(const Rows& errors, double worth = std::numeric_limits<double>::infinity());

  std::int64_t horizon() const { return static_cast<std::int64_t>(sorted_.size()); }
  /// Ascending.
  std::span<const double> step(std::int64_t step) const { return sorted_[static_cast<std::size_t>(step)]; }
  double worth() const { return worth_; }

 private:
  double worth_;
  std::vector<std::vector<double>> sorted_;
};

struct AdaptiveOptions {
  std::vector<double> levels{0.80, 0.95};
  std::int64_t stride = 1;   ///< rows between origins
  double shared_rate = 0.1;  ///< how quickly all steps' bands together follow the misses of an origin
};

/// Bands that go on holding their nominal share when errors grow, shrink or lean to one side after the
/// calibration. For one series, from origin to origin; deterministic, constant memory, O(log window)
/// comparisons an error.
///
/// Each end of each band is a conformal quantile of the latest errors of that step (until there are enough,
/// calibration errors stand for those that are not there yet), plus corrections, one of the step and one of
/// all steps, that grow with every miss and shrink with every hit so that misses add up to their nominal
/// share: quantile tracking (Gibbs, Candès 2021; conformal PID control, Angelopoulos, Candès, Tibshirani
/// 2023). A miss counts against the band that was given at its origin. A step's share of misses over T
/// origins is off by (last − first correction) / (rate · T), which goes to 0 whatever the errors do. Rates
/// shrink with the root of the number of origins that wait for a truth: neighbours miss together, and the
/// answer comes late.
class AdaptiveBands {
 public:
  AdaptiveBands(std::shared_ptr<const CalibrationErrors> calibration, AdaptiveOptions options);

  /// The bands of the next origin, from the errors observed so far. Origins are numbered from 0.
  BandOffsets at_origin();

  /// Other calibration errors, of the same horizon, which hold all that was observed before.
  void recalibrate(std::shared_ptr<const CalibrationErrors> calibration);

  /// The truth of step `step` (from 0) after origin `origin` has arrived and the forecast was wrong by
  /// `error` (truth − forecast, in units of the scale that the origin had). NaN: it is missing. To be called
  /// before at_origin of the first origin whose row is at or after the truth's. Origins longer ago than the
  /// horizon only enter the window.
  void observe(std::int64_t origin, std::int64_t step, double error);

 private:
  /// The latest errors of one step, in order of arrival and sorted.
  struct Window {
    std::vector<double> arrived, sorted;
    std::size_t next = 0;
    void push(double error, std::size_t capacity);
  };
  struct Ends {
    double low = 0, high = 0;
  };
  /// Where the ends of a band were found last.
  struct Places {
    std::size_t low = 0, high = 0;
  };

  /// Origins made before the truth of a step of one of them arrives.
  double waiting(std::int64_t step) const;
  std::size_t capacity(std::int64_t step) const;
  Ends quantiles(std::int64_t step, double coverage, Places& near) const;

  std::shared_ptr<const CalibrationErrors> calibration_;
  AdaptiveOptions options_;
  std::vector<Window> windows_;  ///< by step
  std::vector<Ends> shared_;
  std::vector<Ends> corrections_;       ///< [horizon, levels]
  std::vector<Places> places_;          ///< [horizon, levels]
  std::vector<Places> typical_places_;  ///< [horizon]
  std::vector<BandOffsets> given_;      ///< of the latest origins, by origin % size
  std::int64_t origins_ = 0;
};

/// The bands of a whole backtest of one series: `rows` are the origins' rows, ascending; `errors` [origins,
/// horizon] are what went wrong from each. The bands of an origin depend on errors of truths at or before its
/// row only. `calibrations`: by origin, where they change on the way; empty: they do not.
std::vector<BandOffsets> walk_bands(
    AdaptiveBands bands, const Rows& errors, std::span<const std::int64_t> rows,
    std::span<const std::shared_ptr<const CalibrationErrors>> calibrations = {});

}  // namespace rondo::forecasting
