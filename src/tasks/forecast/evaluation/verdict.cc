#include "tasks/forecast/evaluation/verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tasks/forecast/statistics/accuracy.h"

namespace rondo::forecasting {

namespace {

constexpr double kMargin = 0.01;
constexpr double kLargeMargin = 0.10;
constexpr std::size_t kFew = 8;
constexpr double kMoreThanLuck = 2.0;
constexpr double kLikely = 1.0;

double skill_against(const Contender& model, const Contender& rival) {
  if (rival.rmse > 0) return 1 - model.rmse / rival.rmse;
  return model.rmse > 0 ? -1 : 0;
}

double statistic_against(const Contender& model, const Contender& rival, std::int64_t overlap) {
  std::vector<double> gains(model.losses.size());
  for (std::size_t i = 0; i < gains.size(); ++i) gains[i] = rival.losses[i] - model.losses[i];
  return loss_gain_statistic(gains, overlap);
}

bool beats(const Contender& model, const Contender& rival, double statistic) {
  const double skill = skill_against(model, rival);
  if (skill >= kLargeMargin && (model.losses.size() < kFew || statistic > kLikely)) return true;
  return skill >= kMargin && model.losses.size() >= kFew && statistic > kMoreThanLuck;
}

std::string compare(const Contender& model, const Contender& rival) {
  const double skill = skill_against(model, rival);
  char text[160];
  std::snprintf(text, sizeof text, "%.4g against %.4g, %.1f %% %s", model.rmse, rival.rmse,
                std::abs(skill) * 100, skill >= 0 ? "less" : "more");
  return text;
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::better: return "better";
    case Verdict::no_better_than_ridge: return "no better than ridge";
    default: return "no better than naive";
  }
}

Judgement judge(const Contender& model, const std::vector<Contender>& naive_kinds, const Contender& ridge,
                std::int64_t overlap) {
  const auto smaller = [](const Contender& a, const Contender& b) { return a.rmse < b.rmse; };
  const Contender& naive = *std::min_element(naive_kinds.begin(), naive_kinds.end(), smaller);
  const Contender& best = smaller(naive, ridge) ? naive : ridge;
  Judgement out;
  out.best = best.name;
  out.skill = skill_against(model, best);
  out.statistic = statistic_against(model, naive, overlap);
  if (!beats(model, naive, out.statistic)) {
    out.verdict = Verdict::no_better_than_naive;
    out.sentence = "The network is no better than a forecast that learns nothing (" + naive.name +
                   "): its error is " + compare(model, naive) + ".";
    return out;
  }
  out.statistic = statistic_against(model, ridge, overlap);
  if (!beats(model, ridge, out.statistic)) {
    out.verdict = Verdict::no_better_than_ridge;
    out.sentence = "The network is no better than the linear model (ridge autoregression): its error is " +
                   compare(model, ridge) + ".";
    return out;
  }
  out.verdict = Verdict::better;
  out.sentence = "The network is better than every simple forecast; the best of them is " + best.name +
                 ": its error is " + compare(model, best) + ".";
  return out;
}

}  // namespace rondo::forecasting
