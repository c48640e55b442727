#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Seasons that series show by themselves, shortest first, at most two: lags (4 to 400, a third of the rows
/// at most) at which the autocorrelation of their differences (mean over the series) peaks above 0.25 and
/// above 3 / sqrt(rows). The second one is a multiple of the first with a higher peak (a week over a day).
/// Beside seasons that a calendar suggests: only lags that are no multiples or parts of these, at higher
/// peaks than theirs.
std::vector<double> detect_seasons(std::span<const std::span<const double>> series,
                                   std::span<const double> calendar = {});

/// The season of the seasonal naive forecast: of the panel's seasons (whole rows, two of them in every
/// training part) the one that forecasts the training rows best; 1 where there is none.
std::int64_t choose_period(const Panel& panel);

}  // namespace rondo::forecasting
