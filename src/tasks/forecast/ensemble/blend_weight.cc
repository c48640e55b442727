#include "tasks/forecast/ensemble/blend_weight.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tasks/common/verdict.h"

namespace rondo::forecasting {

BlendWeight fit_blend_weight(const Rows& residuals, const Rows& shifts, std::int64_t overlap) {
  BlendWeight out;
  double product = 0, power = 0, before = 0;
  for (std::size_t i = 0; i < residuals.values.size(); ++i) {
    if (std::isnan(residuals.values[i])) continue;
    product += residuals.values[i] * shifts.values[i];
    power += shifts.values[i] * shifts.values[i];
    before += residuals.values[i] * residuals.values[i];
  }
  if (!(power > 0) || !(before > 0)) return out;
  out.gain = (2 * product - power) / before;
  const double factor = std::clamp(product / power, 0.0, 1.0);
  std::vector<double> gains;  // by origin, of the forecast that takes so much
  for (std::int64_t i = 0; i < residuals.count(); ++i) {
    double gain = 0;
    bool any_known = false;
    for (std::size_t h = 0; h < static_cast<std::size_t>(residuals.columns); ++h) {
      const double truth = residuals.row(i)[h], rest = truth - factor * shifts.row(i)[h];
      if (std::isnan(truth)) continue;
      any_known = true;
      gain += truth * truth - rest * rest;
    }
    if (any_known) gains.push_back(gain);
  }
  out.statistic = tasks::loss_gain_statistic(gains, overlap);
  if (out.statistic <= 1) return out;
  out.weight = factor * (1 - 1 / (out.statistic * out.statistic));
  return out;
}

}  // namespace rondo::forecasting
