// The statistical methods beside statsforecast and statsmodels.

#include <gtest/gtest.h>

#include "tasks/forecast/statistical/ets.h"
#include "tasks/forecast/statistical/intermittent.h"
#include "tasks/forecast/statistical/mstl.h"
#include "tasks/forecast/statistical/theta.h"
#include "unit/tasks/forecast/statistical/golden_cases.h"

namespace rondo::forecasting::statistical {
namespace {

EtsPart part_of(char letter) {
  return letter == 'N' ? EtsPart::none : letter == 'A' ? EtsPart::additive : EtsPart::multiplicative;
}

/// "ETS(M,Ad,N)".
EtsSpec spec_of(const std::string& name) {
  const bool damped = name[7] == 'd';
  return {part_of(name[4]), part_of(name[6]), damped, part_of(name[damped ? 9 : 8])};
}

EtsModel model_of(const Json& fixed, std::int64_t period) {
  EtsModel model;
  model.spec = spec_of(fixed.at("spec").as_string());
  model.period = period;
  model.alpha = fixed.at("alpha").as_real();
  model.beta = fixed.at("beta").as_real();
  model.gamma = fixed.at("gamma").as_real();
  model.phi = fixed.at("phi").as_real();
  model.level = fixed.at("level").as_real();
  model.slope = fixed.at("slope").as_real();
  model.season = numbers(fixed.at("season"));
  return model;
}

TEST(StatisticalGolden, ExponentialSmoothingAtTheSameParametersIsTheSame) {
  const Json cases = golden_cases();
  std::size_t models = 0;
  for (const Json& series : cases.at("series").as_array()) {
    const std::vector<double> values = numbers(series.at("values"));
    for (const Json& fixed : series.at("ets").as_array()) {
      SCOPED_TRACE(series.at("name").as_string() + " " + fixed.at("spec").as_string());
      const EtsModel model = model_of(fixed, series.at("period").as_integer());
      EXPECT_EQ(model.spec.name(), fixed.at("spec").as_string());
      EXPECT_NEAR(ets_likelihood(model, values), fixed.at("minus_two_log_likelihood").as_real(), 1e-6);
      EXPECT_LT(distance(forecast_ets(model, values, 12), numbers(fixed.at("forecast"))), 1e-8);
      ++models;
    }
  }
  EXPECT_GE(models, 100u);
}

/// The oracle does not hold its parameters within the usual bounds.
bool is_within_usual_bounds(const EtsModel& model) {
  return model.beta <= model.alpha && model.gamma <= 1 - model.alpha;
}

TEST(StatisticalGolden, AFitIsAtLeastAsLikelyAsTheOracles) {
  const Json cases = golden_cases();
  std::size_t compared = 0;
  for (const Json& series : cases.at("series").as_array()) {
    const std::vector<double> values = numbers(series.at("values"));
    const std::int64_t period = series.at("period").as_integer();
    double least = 1e300;
    for (const Json& fixed : series.at("ets").as_array()) {
      SCOPED_TRACE(series.at("name").as_string() + " " + fixed.at("spec").as_string());
      const EtsModel oracle = model_of(fixed, period);
      const EtsModel fit = fit_ets(values, oracle.spec, period);
      EXPECT_TRUE(is_within_usual_bounds(fit));
      EXPECT_NEAR(fit.minus_two_log_likelihood, ets_likelihood(fit, values), 1e-6);
      least = std::min(least, fit.aicc);
      if (!is_within_usual_bounds(oracle)) continue;
      EXPECT_LT(fit.aicc, fixed.at("aicc").as_real() + 0.5);
      ++compared;
    }
    EXPECT_LE(choose_ets(values, period).aicc, least);
  }
  EXPECT_GE(compared, 70u);
}

TEST(StatisticalGolden, ThetaModelsForecastTheSame) {
  // The oracle's simplex ends near the optimum that is exact here; how near depends on how flat the valley
  // is.
  const Json cases = golden_cases();
  for (const Json& series : cases.at("series").as_array()) {
    const std::vector<double> values = numbers(series.at("values"));
    const std::int64_t period = series.at("period").as_integer();
    const auto check = [&](const char* name, ThetaKind kind) {
      SCOPED_TRACE(series.at("name").as_string() + " " + name);
      EXPECT_LT(distance(theta(values, period, 12, kind), numbers(series.at("theta").at(name))), 1e-2);
    };
    check("standard", ThetaKind::standard);
    check("optimised", ThetaKind::optimised);
    check("dynamic", ThetaKind::dynamic);
    check("dynamic_optimised", ThetaKind::dynamic_optimised);
  }
}

TEST(StatisticalGolden, StlIsTheSame) {
  const Json cases = golden_cases();
  for (const Json& series : cases.at("series").as_array()) {
    const std::int64_t period = series.at("period").as_integer();
    if (period == 1) continue;
    SCOPED_TRACE(series.at("name").as_string());
    const std::vector<double> values = numbers(series.at("values"));
    const Stl plain = stl(values, period, {});
    EXPECT_LT(distance(plain.season, numbers(series.at("stl").at("season"))), 1e-8);
    EXPECT_LT(distance(plain.trend, numbers(series.at("stl").at("trend"))), 1e-8);
    const Stl robust = stl(values, period, {.season = {.window = 7, .degree = 1}, .inner = 1, .outer = 5});
    EXPECT_LT(distance(robust.season, numbers(series.at("robust_stl").at("season"))), 1e-8);
    EXPECT_LT(distance(robust.trend, numbers(series.at("robust_stl").at("trend"))), 1e-8);
  }
}

TEST(StatisticalGolden, MstlIsTheSame) {
  const Json cases = golden_cases();
  const Json& two = cases.at("two_seasons");
  const std::vector<double> values = numbers(two.at("values"));
  const std::vector<std::int64_t> periods{7, 60};
  const Mstl parts = mstl(values, periods, {.inner = 5, .fast = false});
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_LT(distance(parts.seasons[i], numbers(two.at("seasons").as_array()[i])), 1e-8);
  }
  EXPECT_LT(
      distance(forecast_mstl(values, periods, 12, {.inner = 5, .fast = false}), numbers(two.at("forecast"))),
      2e-3);
  // Fits at every tenth row of a window change little.
  EXPECT_LT(distance(forecast_mstl(values, periods, 12), numbers(two.at("forecast"))), 1e-2);
}

TEST(StatisticalGolden, IntermittentMethodsForecastTheSame) {
  const Json cases = golden_cases();
  for (const Json& series : cases.at("intermittent").as_array()) {
    SCOPED_TRACE(series.at("name").as_string());
    const std::vector<double> values = numbers(series.at("values"));
    EXPECT_NEAR(croston(values, 1)[0], series.at("croston").as_real(), 1e-9);
    EXPECT_NEAR(croston_sba(values, 1)[0], series.at("croston_sba").as_real(), 1e-9);
    EXPECT_NEAR(tsb(values, 1, 0.2, 0.1)[0], series.at("tsb").as_real(), 1e-9);
    EXPECT_NEAR(imapa(values, 1)[0], series.at("imapa").as_real(), 1e-6);
  }
}

}  // namespace
}  // namespace rondo::forecasting::statistical
