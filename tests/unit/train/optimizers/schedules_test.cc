#include "rondo/train/schedules.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rondo/base/error.h"

namespace rondo {
namespace {

std::shared_ptr<const Schedule> schedule(const char* json) { return make_schedule(parse_json(json)); }

TEST(Schedules, ANumberIsConstant) {
  EXPECT_EQ(make_schedule(0.25)->at(0), 0.25);
  EXPECT_EQ(make_schedule(0.25)->at(100000), 0.25);
}

TEST(Schedules, ExponentialDecayIsSmoothOrAStaircase) {
  const auto smooth =
      schedule(R"({"name": "exponential_decay", "initial_learning_rate": 0.1, "decay_steps": 10,
                                   "decay_rate": 0.5})");
  EXPECT_DOUBLE_EQ(smooth->at(0), 0.1);
  EXPECT_DOUBLE_EQ(smooth->at(5), 0.1 * std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(smooth->at(20), 0.025);
  const auto stairs = schedule(R"({"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1,
                                   "decay_steps": 10, "decay_rate": 0.5, "staircase": true}})");
  EXPECT_DOUBLE_EQ(stairs->at(9), 0.1);
  EXPECT_DOUBLE_EQ(stairs->at(10), 0.05);
}

TEST(Schedules, PiecesEndAtTheirBoundaryAndMilestonesBeginThere) {
  const auto pieces =
      schedule(R"({"name": "piecewise_constant_decay", "boundaries": [2, 4], "values": [3, 2, 1]})");
  EXPECT_EQ(pieces->at(2), 3);
  EXPECT_EQ(pieces->at(3), 2);
  EXPECT_EQ(pieces->at(5), 1);
  const auto drops =
      schedule(R"({"name": "multi_step_decay", "initial_learning_rate": 1, "milestones": [2, 4],
                                  "gamma": 0.5})");
  EXPECT_EQ(drops->at(1), 1);
  EXPECT_EQ(drops->at(2), 0.5);
  EXPECT_EQ(drops->at(4), 0.25);
}

TEST(Schedules, CosineWarmsUpInALineAndComesDownToItsShare) {
  const auto s =
      schedule(R"({"name": "cosine_decay", "initial_learning_rate": 0.1, "decay_steps": 10, "alpha": 0.2,
                              "warmup_target": 0.5, "warmup_steps": 4})");
  EXPECT_DOUBLE_EQ(s->at(0), 0.1);
  EXPECT_DOUBLE_EQ(s->at(2), 0.3);
  EXPECT_DOUBLE_EQ(s->at(4), 0.5);
  EXPECT_DOUBLE_EQ(s->at(9), 0.5 * (0.8 * 0.5 + 0.2));
  EXPECT_NEAR(s->at(14), 0.1, 1e-15);
  EXPECT_NEAR(s->at(1000), 0.1, 1e-15);
}

TEST(Schedules, CosineRestartsLongerAndLower) {
  const auto s =
      schedule(R"({"name": "cosine_decay_restarts", "initial_learning_rate": 1, "first_decay_steps": 4,
                              "t_mul": 2, "m_mul": 0.5, "alpha": 0.1})");
  const auto at = [](double height, double done) {
    return 0.9 * height * 0.5 * (1 + std::cos(std::acos(-1.0) * done)) + 0.1;
  };
  EXPECT_DOUBLE_EQ(s->at(0), 1);
  EXPECT_NEAR(s->at(3), at(1, 0.75), 1e-12);
  EXPECT_NEAR(s->at(4), at(0.5, 0), 1e-12) << "begins again";
  EXPECT_NEAR(s->at(10), at(0.5, 0.75), 1e-12) << "8 steps long";
  EXPECT_NEAR(s->at(12), at(0.25, 0), 1e-12);
  const auto shorter =
      schedule(R"({"name": "cosine_decay_restarts", "initial_learning_rate": 1, "first_decay_steps": 4,
                                    "t_mul": 0.5, "alpha": 0.25})");
  EXPECT_EQ(shorter->at(1000), 0.25) << "periods of 4, 2, 1 … steps end after 8";
}

TEST(Schedules, OneCycleRisesToThePeakAndEndsFarBelowTheStart) {
  const auto s = schedule(R"({"name": "one_cycle", "max_lr": 1, "total_steps": 10})");
  EXPECT_NEAR(s->at(0), 1.0 / 25, 1e-15);
  EXPECT_NEAR(s->at(1), (1.0 / 25 + 1) / 2, 1e-15);  // half-way to the peak at 0.3 · 10 − 1
  EXPECT_DOUBLE_EQ(s->at(2), 1);
  EXPECT_NEAR(s->at(9), 1.0 / 25 / 1e4, 1e-15);
  EXPECT_NEAR(s->at(50), 1.0 / 25 / 1e4, 1e-15);
  for (int step = 3; step < 10; ++step) EXPECT_LT(s->at(step), s->at(step - 1));
}

TEST(Schedules, PolynomialReachesItsEndAndMayCycle) {
  const auto line = schedule(R"({"name": "polynomial_decay", "initial_learning_rate": 1, "decay_steps": 10,
                                 "end_learning_rate": 0})");
  EXPECT_DOUBLE_EQ(line->at(5), 0.5);
  EXPECT_DOUBLE_EQ(line->at(15), 0);
  const auto cycle = schedule(R"({"name": "polynomial_decay", "initial_learning_rate": 1, "decay_steps": 10,
                                  "end_learning_rate": 0, "cycle": true})");
  EXPECT_DOUBLE_EQ(cycle->at(15), 0.25);
}

TEST(Schedules, AreNeverNegativeAndConfigMakesThemAgain) {
  for (const std::string& name : schedule_names()) {
    const auto s = make_schedule(name), again = make_schedule(s->config());
    for (const std::int64_t step : {0, 1, 10, 999, 1000, 5000}) {
      EXPECT_GE(s->at(step), 0) << name;
      EXPECT_EQ(s->at(step), again->at(step)) << name;
    }
  }
}

TEST(Schedules, RefuseWrongOptions) {
  EXPECT_THROW(make_schedule("exponential"), Error);
  EXPECT_THROW(schedule(R"({"name": "exponential_decay", "decay_step": 10})"), Error);
  EXPECT_THROW(schedule(R"({"name": "exponential_decay", "decay_steps": 0})"), Error);
  EXPECT_THROW(schedule(R"({"name": "piecewise_constant_decay", "boundaries": [1], "values": [1]})"), Error);
  EXPECT_THROW(make_schedule(-0.5), Error);
}

}  // namespace
}  // namespace rondo
