#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// What to look back on where values of a series are missing: least squares of sines and cosines of the
/// seasons on the observed ones of the first `rows` rows, plus what the last observed value before stood
/// above or below that, less so the longer ago it is. With six of ten days missing, the value before is that
/// of another day of the week. Nothing in a row depends on values behind it (but for the coefficients, in the
/// first rows). Empty where the value before does about as well, or nothing is missing.
std::vector<double> fill_by_seasons(const PanelSeries& series, std::span<const double> seasons,
                                    std::int64_t rows);

}  // namespace rondo::forecasting
