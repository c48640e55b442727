#include "tasks/forecast/network_share.h"

#include <algorithm>
#include <vector>

#include "tasks/forecast/accuracy.h"

namespace rondo::forecasting {

NetworkShare judge_network(const Rows& left, const Rows& word, std::int64_t overlap) {
  NetworkShare out;
  double product = 0, power = 0, before = 0, gained = 0;
  std::vector<double> gains;
  for (std::int64_t i = 0; i < left.count(); ++i) {
    double gain = 0;
    for (std::size_t h = 0; h < static_cast<std::size_t>(left.columns); ++h) {
      const double truth = left.row(i)[h], said = word.row(i)[h];
      product += truth * said;
      power += said * said;
      before += truth * truth;
      gain += truth * truth - (truth - said) * (truth - said);
    }
    gained += gain;
    gains.push_back(gain);
  }
  if (!(power > 0) || !(before > 0)) return out;
  out.gain = gained / before;
  out.statistic = loss_gain_statistic(gains, overlap);
  if (out.statistic <= 1) return out;
  out.share = std::clamp(product / power, 0.0, 1.0) * (1 - 1 / (out.statistic * out.statistic));
  return out;
}

}  // namespace rondo::forecasting
