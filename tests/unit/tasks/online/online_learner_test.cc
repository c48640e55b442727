// The networks of the online forecaster: three sets of weights, of which one learns, one follows and one is
// kept.

#include "tasks/online/learning/learner.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "rondo/base/random.h"

namespace rondo::online {
namespace {

constexpr std::int64_t kInputs = 2, kTargets = 1;

/// Steps through a stream whose aims come from its inputs: `sign` times a fading mean of all of them so far.
class Way {
 public:
  explicit Way(const std::string& cell) {
    options_.cell = cell;
    options_.units = 8;
    options_.chunk = 16;
    learner_ = make_learner(options_, kInputs, kTargets);
    history_.inputs = RecentRows<float>(learner_->look_back() + 2, kInputs);
    history_.aims = RecentRows<float>(learner_->look_back() + 2, kTargets);
  }

  /// Mean squared error of the weights that learn.
  double go(std::int64_t rows, double sign) {
    const RandomStream random(9);
    double sum = 0;
    for (std::int64_t i = 0; i < rows; ++i, ++row_) {
      const auto now = static_cast<float>(random.normal(static_cast<std::uint64_t>(row_)));

      const std::array<float, 2> inputs = {row_ == broken_ ? std::numeric_limits<float>::quiet_NaN() : now,
                                           1};
      std::copy(inputs.begin(), inputs.end(), history_.inputs[row_].begin());
      fading_ = 0.8F * fading_ + 0.4F * now;
      history_.aims[row_][0] = static_cast<float>(sign) * fading_;
      learner_->step(row_, inputs, spans_);
      sum += std::pow(outputs_[Learner::live][0] - history_.aims[row_][0], 2);
      fine_ = learner_->learn(history_, row_ + 1) && fine_;
    }
    return sum / static_cast<double>(rows);
  }
  /// As by an overflow somewhere.
  void break_next_row() { broken_ = row_; }
  float output(Learner::Weights kind) const { return outputs_[kind][0]; }
  Learner& learner() { return *learner_; }
  bool fine() const { return fine_; }

 private:
  OnlineOptions options_;
  std::unique_ptr<Learner> learner_;
  History history_;
  std::array<std::array<float, 1>, Learner::kinds> outputs_{};
  std::array<std::span<float>, Learner::kinds> spans_ = {outputs_[0], outputs_[1], outputs_[2]};
  std::int64_t row_ = 0, broken_ = -1;
  float fading_ = 0;
  bool fine_ = true;
};

class LearnerOf : public ::testing::TestWithParam<const char*> {};

TEST_P(LearnerOf, SaysNothingBeforeItHasLearnt) {
  Way way(GetParam());
  way.go(1, 1);
  EXPECT_EQ(way.output(Learner::live), 0);
}

TEST_P(LearnerOf, LearnsWhatOnlyAMemoryCanKnow) {
  Way way(GetParam());
  way.go(6000, 1);
  EXPECT_LT(way.go(500, 1), 0.1);
}

TEST_P(LearnerOf, TheGoodWeightsStayWhileOthersAreLedAstrayAndComeBack) {
  Way way(GetParam());
  way.go(6000, 1);
  way.learner().keep();
  const double good = way.go(200, 1);
  way.go(2000, -1);  // all wrong
  const double astray = way.go(100, 1);
  EXPECT_GT(astray, 20 * good);
  way.learner().roll_back();
  way.go(1, 1);  // before the optimiser's next step the three agree
  EXPECT_EQ(way.output(Learner::live), way.output(Learner::good));
  EXPECT_EQ(way.output(Learner::mean), way.output(Learner::good));
  EXPECT_LT(way.go(200, 1), 4 * good);
}

TEST(RealTimeLearner, KeepsNothingOfWhatTheWeightsThatItThrewAwayHadLearnt) {
  for (const char* cell : {"indrnn", "diagonal_gru"}) {
    const auto said = [&](double sign) {
      Way way(cell);
      way.go(400, 1);  // a multiple of `every`: the optimiser has just made a step
      way.learner().keep();
      way.go(5, sign);
      way.learner().roll_back();
      way.go(20, 1);
      return way.output(Learner::live);
    };
    EXPECT_EQ(said(1), said(-1)) << cell;
  }
}

TEST_P(LearnerOf, TellsWhenNumbersAreNotFinite) {
  Way way(GetParam());
  way.go(100, 1);
  way.go(40, std::numeric_limits<double>::quiet_NaN());  // aims that are missing do no harm
  EXPECT_TRUE(way.fine());
  EXPECT_TRUE(std::isfinite(way.output(Learner::live)));
  way.break_next_row();
  way.go(40, 1);
  EXPECT_FALSE(way.fine());
}

INSTANTIATE_TEST_SUITE_P(Cells, LearnerOf, ::testing::Values("gru", "lstm", "indrnn", "diagonal_gru"));

}  // namespace
}  // namespace rondo::online
