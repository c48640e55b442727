#include "tasks/forecast/networks/blend_weight.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tasks/common/verdict.h"

namespace rondo::forecasting {

NetworkShare judge_network(const Rows& left, const Rows& word, std::int64_t overlap) {
  NetworkShare out;
  double product = 0, power = 0, before = 0;
  for (std::size_t i = 0; i < left.values.size(); ++i) {
    if (std::isnan(left.values[i])) continue;
    product += left.values[i] * word.values[i];
    power += word.values[i] * word.values[i];
    before += left.values[i] * left.values[i];
  }
  if (!(power > 0) || !(before > 0)) return out;
  out.gain = (2 * product - power) / before;
  const double factor = std::clamp(product / power, 0.0, 1.0);
  std::vector<double> gains;  // by origin, of the forecast that takes so much
  for (std::int64_t i = 0; i < left.count(); ++i) {
    double gain = 0;
    bool any_known = false;
    for (std::size_t h = 0; h < static_cast<std::size_t>(left.columns); ++h) {
      const double truth = left.row(i)[h], rest = truth - factor * word.row(i)[h];
      if (std::isnan(truth)) continue;
      any_known = true;
      gain += truth * truth - rest * rest;
    }
    if (any_known) gains.push_back(gain);
  }
  out.statistic = tasks::loss_gain_statistic(gains, overlap);
  if (out.statistic <= 1) return out;
  out.share = factor * (1 - 1 / (out.statistic * out.statistic));
  return out;
}

}  // namespace rondo::forecasting
