#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/forecast/statistical/seasonality.h"

namespace rondo::forecasting::statistical {

/// The four Theta models of Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016). The standard one
/// is the Theta method of Assimakopoulos and Nikolopoulos (2000): half a straight line, half exponential
/// smoothing of the line with doubled curvature. `optimised` ones choose how much of the straight line there
/// is (theta >= 1), in `dynamic` ones the line is that through the rows so far.
enum class ThetaKind { standard, optimised, dynamic, dynamic_optimised };

constexpr std::int64_t kThetaRows = 4;  ///< observed rows that a Theta model needs

/// A fitted model: mu_t = l_{t-1} + (1 - 1/theta) ((1-alpha)^t A + (1 - (1-alpha)^{t+1}) / alpha B), rows
/// from 0, l_t = alpha y_t + (1-alpha) l_{t-1}, and A + B (t+1) the straight line.
struct ThetaModel {
  ThetaKind kind = ThetaKind::standard;
  double initial_level = 0;
  double alpha = 0.5;  ///< in [0.1, 0.99]
  double theta = 2;
  double mse = 0;  ///< of one step, without the first three rows
};

/// By least squares over the rows after the third: for a given alpha the forecast is linear in the initial
/// level and in 1 - 1/theta, so these two are exact and only alpha is searched.
ThetaModel fit_theta(std::span<const double> values, ThetaKind kind);
std::vector<double> forecast_theta(const ThetaModel& model, std::span<const double> values,
                                   std::int64_t horizon);

/// The Theta forecast as in the M3 and M4 competitions: deseasonalised where the test finds the season
/// (`period` >= 4), forecast, and the season put back. Below kThetaRows the last value.
std::vector<double> theta(std::span<const double> values, std::int64_t period, std::int64_t horizon,
                          ThetaKind kind = ThetaKind::standard,
                          SeasonKind season = SeasonKind::multiplicative);

}  // namespace rondo::forecasting::statistical
