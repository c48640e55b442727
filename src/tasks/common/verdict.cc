#include "tasks/common/verdict.h"

#include <algorithm>
#include <cmath>

namespace rondo::tasks {
namespace {

constexpr double kMargin = 0.01;
constexpr double kLargeMargin = 0.10;
constexpr std::size_t kFew = 8;
constexpr double kMoreThanLuck = 2.0;
constexpr double kLikely = 1.0;

double skill_against(const Contender& model, const Contender& rival) {
  if (rival.error > 0) return 1 - model.error / rival.error;
  return model.error > 0 ? -1 : 0;
}

}  // namespace

double loss_gain_statistic(std::span<const double> gains, std::int64_t overlap) {
  const auto n = static_cast<double>(gains.size());
  if (gains.size() < 2) return 0;
  double mean = 0;
  for (const double g : gains) mean += g;
  mean /= n;
  const auto covariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t t = lag; t < gains.size(); ++t) sum += (gains[t] - mean) * (gains[t - lag] - mean);
    return sum / n;
  };
  const double h = static_cast<double>(overlap) + 1;
  double variance = covariance(0);
  for (std::size_t lag = 1; lag <= static_cast<std::size_t>(overlap) && lag < gains.size(); ++lag) {
    variance +=
        2 * (1 - static_cast<double>(lag) / h) * covariance(lag);  // Bartlett's weights keep it positive
  }
  if (!(variance > 0)) return 0;
  const double correction = (n + 1 - 2 * h + h * (h - 1) / n) / n;
  return mean / std::sqrt(variance / n) * std::sqrt(std::max(correction, 0.0));
}

Comparison compare(const Contender& model, const Contender& rival, std::int64_t overlap) {
  Comparison out;
  out.skill = skill_against(model, rival);
  std::vector<double> gains(model.losses.size());
  for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = rival.losses[i] - model.losses[i];
  out.statistic = loss_gain_statistic(gains, overlap);
  const bool enough = model.losses.size() >= kFew;
  out.better = (out.skill >= kLargeMargin && (!enough || out.statistic > kLikely)) ||
               (out.skill >= kMargin && enough && out.statistic > kMoreThanLuck);
  return out;
}

}  // namespace rondo::tasks
