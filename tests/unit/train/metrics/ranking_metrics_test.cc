#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/tensor/tensor.h"
#include "rondo/train/metrics.h"

namespace rondo {
namespace {

struct Scored {
  std::vector<double> scores, targets, weights;
};

/// Scores from few different values, so that there are ties within and between the classes.
Scored random_scores(std::uint64_t seed, std::int64_t rows, std::uint64_t levels) {
  const RandomStream random(seed);
  Scored out;
  std::uint64_t draw = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double target = random.uniform(++draw) < 0.3 ? 1 : 0;
    out.targets.push_back(target);
    out.scores.push_back(static_cast<double>(random.below(++draw, levels)) - 5 + target);
    out.weights.push_back(static_cast<double>(random.below(++draw, 4)));
  }
  return out;
}

double measure(const Scored& s, bool weighted, std::size_t begin = 0, RowMetric* metric = nullptr) {
  const auto own = make_row_metric("roc_auc");
  RowMetric& used = metric == nullptr ? *own : *metric;
  const auto rows = static_cast<std::int64_t>(s.scores.size() - begin);
  const Tensor p = Tensor::from(std::span(s.scores).subspan(begin), {rows, 1}),
               t = Tensor::from(std::span(s.targets).subspan(begin), {rows, 1});
  used.update_rows(as_matrix(p), as_matrix(t),
                   weighted ? std::span(s.weights).subspan(begin) : std::span<const double>());
  return used.result();
}

/// Every pair of a positive and a negative row.
double by_pairs(const Scored& s, bool weighted) {
  double won = 0, all = 0;
  for (std::size_t i = 0; i < s.scores.size(); ++i) {
    for (std::size_t j = 0; j < s.scores.size(); ++j) {
      if (s.targets[i] == 0 || s.targets[j] != 0) continue;
      const double weight = weighted ? s.weights[i] * s.weights[j] : 1;
      all += weight;
      won += s.scores[i] > s.scores[j] ? weight : s.scores[i] == s.scores[j] ? weight / 2 : 0;
    }
  }
  return won / all;
}

TEST(RocAuc, IsTheShareOfPairsInTheRightOrder) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Scored s = random_scores(seed, 20 + static_cast<std::int64_t>(seed) * 11, seed % 2 == 0 ? 4 : 1000);
    EXPECT_NEAR(measure(s, false), by_pairs(s, false), 1e-14) << seed;
    EXPECT_NEAR(measure(s, true), by_pairs(s, true), 1e-14) << seed;
  }
}

TEST(RocAuc, KnowsTheEasyCases) {
  EXPECT_EQ(measure({{-3, 2, 9}, {0, 1, 1}, {}}, false), 1);
  EXPECT_EQ(measure({{-3, 2, 9}, {1, 0, 0}, {}}, false), 0);
  EXPECT_EQ(measure({{1, 1, 1, 1}, {1, 0, 1, 0}, {}}, false), 0.5);
  EXPECT_EQ(measure({{1, 2}, {1, 1}, {}}, false), 0);  // one class alone, as `auc`
  EXPECT_TRUE(std::isnan(make_row_metric("roc_auc")->result()));
}

TEST(RocAuc, SeesTheOrderOnly) {
  Scored s = random_scores(3, 200, 50);
  const double before = measure(s, true);
  for (double& score : s.scores) score = std::exp(score) - 1e3;
  EXPECT_EQ(measure(s, true), before);
}

TEST(RocAuc, HasTheSameBitsInAnyOrderOfRows) {
  const Scored s = random_scores(4, 300, 20);
  Scored back = s;
  for (auto* list : {&back.scores, &back.targets, &back.weights}) std::reverse(list->begin(), list->end());
  EXPECT_EQ(measure(back, true), measure(s, true));
}

TEST(RocAuc, GoesOnFromWhatWasGathered) {
  const Scored s = random_scores(5, 100, 30);
  const auto first = make_row_metric("roc_auc"), second = make_row_metric("roc_auc");
  Scored head{{s.scores.begin(), s.scores.begin() + 40}, {s.targets.begin(), s.targets.begin() + 40}, {}};
  measure(head, false, 0, first.get());
  second->restore(first->gathered());
  EXPECT_EQ(measure(s, false, 40, second.get()), measure(s, false));
}

TEST(RocAuc, RefusesScoresThatHaveNoOrder) {
  try {
    measure({{std::numeric_limits<double>::quiet_NaN(), 1}, {0, 1}, {}}, false);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("a prediction is not a number"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(make_row_metric("roc_auc")->direction(), Direction::larger);
}

}  // namespace
}  // namespace rondo
