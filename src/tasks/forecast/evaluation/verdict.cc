#include "tasks/forecast/evaluation/backtest.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace rondo::forecasting {

namespace {

std::string errors_of(const Contender& model, const Contender& rival, const tasks::Comparison& comparison) {
  return detail::print("%.4g against %.4g, %.1f %% %s", model.error, rival.error,
                       std::abs(comparison.skill) * 100, comparison.skill >= 0 ? "less" : "more");
}

}  // namespace

Judgement judge(const Contender& model, const std::vector<Contender>& naive_kinds, const Contender& ridge,
                std::int64_t overlap) {
  const auto smaller = [](const Contender& a, const Contender& b) { return a.error < b.error; };
  const Contender& naive = *std::min_element(naive_kinds.begin(), naive_kinds.end(), smaller);
  const Contender& best = smaller(naive, ridge) ? naive : ridge;
  Judgement out;
  out.best = best.name;
  out.skill = tasks::compare(model, best, overlap).skill;
  const tasks::Comparison with_naive = tasks::compare(model, naive, overlap);
  out.statistic = with_naive.statistic;
  if (!with_naive.better) {
    out.verdict = ForecastVerdict::no_better_than_naive;
    out.sentence = "The forecast is no better than a baseline without training (" + naive.name +
                   "): its error is " + errors_of(model, naive, with_naive) + ".";
    return out;
  }
  const tasks::Comparison with_ridge = tasks::compare(model, ridge, overlap);
  out.statistic = with_ridge.statistic;
  if (!with_ridge.better) {
    out.verdict = ForecastVerdict::no_better_than_ridge;
    out.sentence = "The forecast is no better than the linear model (ridge autoregression): its error is " +
                   errors_of(model, ridge, with_ridge) + ".";
    return out;
  }
  out.verdict = ForecastVerdict::better;
  out.sentence = "The forecast is better than every baseline; the best of them is " + best.name +
                 ": its error is " + errors_of(model, best, tasks::compare(model, best, overlap)) + ".";
  return out;
}

}  // namespace rondo::forecasting
