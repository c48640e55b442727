#include "tasks/forecast/evaluation/backtest.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace rondo::forecasting {

namespace {

std::string errors_of(const Contender& model, const Contender& rival, const std::string& measure) {
  const double skill = tasks::compare(model, rival, 0).skill;
  return detail::print("its %s is %.4g against %.4g, %.1f %% %s", measure.c_str(), model.error, rival.error,
                       std::abs(skill) * 100, skill >= 0 ? "less" : "more");
}

/// Losses of many series are their own: in how many the model has the lower one.
std::string series_won(const Contender& model, const Contender& rival, bool many) {
  if (!many) return "";
  std::size_t won = 0;
  for (std::size_t s = 0; s < model.losses.size(); ++s) won += model.losses[s] < rival.losses[s] ? 1 : 0;
  return ", and it is lower in " + std::to_string(won) + " of " + std::to_string(model.losses.size()) +
         " series";
}

}  // namespace

Judgement judge(const Contender& model, const std::vector<Contender>& naive_kinds,
                const std::vector<Contender>& methods, std::int64_t overlap, const std::string& measure) {
  const auto smaller = [](const Contender& a, const Contender& b) { return a.error < b.error; };
  const Contender& naive = *std::min_element(naive_kinds.begin(), naive_kinds.end(), smaller);
  const auto method = std::min_element(methods.begin(), methods.end(), smaller);
  const Contender& best = method == methods.end() || smaller(naive, *method) ? naive : *method;
  const bool many = measure == kMeasureOfMany;
  const auto against = [&](const Contender& rival) {
    return "(" + rival.name + "): " + errors_of(model, rival, measure) + series_won(model, rival, many) + ".";
  };
  Judgement out;
  out.best = best.name;
  out.skill = tasks::compare(model, best, overlap).skill;
  const tasks::Comparison with_naive = tasks::compare(model, naive, overlap);
  out.statistic = with_naive.statistic;
  if (!with_naive.better) {
    out.verdict = ForecastVerdict::no_better_than_naive;
    out.sentence = "The forecast is no better than a baseline without training " + against(naive);
    return out;
  }
  out.verdict = ForecastVerdict::better;
  if (method == methods.end()) {
    out.sentence = "The forecast is better than the best baseline without training " + against(naive);
    return out;
  }
  const tasks::Comparison with_method = tasks::compare(model, best, overlap);
  out.statistic = with_method.statistic;
  if (with_method.better) {
    out.sentence = "The forecast is better than the best single method " + against(best);
    return out;
  }
  out.verdict = ForecastVerdict::no_better_than_single_method;
  const bool worse = tasks::compare(best, model, overlap).better;
  out.sentence = std::string("The forecast is ") + (worse ? "worse than" : "about as good as") +
                 " the best single method " + against(best);
  return out;
}

}  // namespace rondo::forecasting
