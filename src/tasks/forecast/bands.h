#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/ridge.h"

namespace rondo::forecasting {

/// Half widths, by step of the horizon, of bands that hold a new forecast's error with a given probability.
struct BandWidths {
  std::vector<double> half80, half95;
};

/// The half width that a share `coverage` of errors like these stays within, for one more error (split
/// conformal prediction: the ⌈(n+1)·coverage⌉-th smallest absolute error). Where there are too few errors for
/// that (fewer than 19 for 95 %), a normal quantile of their root mean square, widened for the few.
double conformal_half_width(std::span<const double> errors, double coverage);

/// From errors of forecasts that were made for rows not learnt from: [forecasts, horizon].
BandWidths conformal_bands(const Rows& errors);

}  // namespace rondo::forecasting
