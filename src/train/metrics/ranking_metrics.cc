#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "train/metrics/row_metric.h"

// Metrics of the order that predictions put rows in.

namespace rondo::detail {
namespace {

/// The area under the ROC curve, exactly: the share of pairs of a positive and a negative row in which the
/// positive one has the higher score, ties counting half (Mann and Whitney's U over the number of pairs). All
/// columns together.
class RocAuc : public RowMetric {
 public:
  Direction direction() const override { return Direction::larger; }
  void reset() override { rows_.clear(); }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    check_metric_call(name(), prediction, target, prediction.cols, weights);
    for_each_weighted_row(prediction, target, weights, memory_, [&](auto p, auto t, double weight) {
      for (std::size_t c = 0; c < p.size(); ++c) {
        if (std::isnan(p[c])) {
          throw Error(ErrorKind::data, "a prediction is not a number")
              .where("metric " + name())
              .seen("NaN")
              .expected("scores that can be put in order");
        }
        rows_.push_back({p[c], t[c] != 0 ? weight : 0, t[c] != 0 ? 0 : weight});
      }
    });
  }
  double result() const override {
    if (rows_.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::vector<Row> sorted = rows_;
    // By all fields, so that the sums below do not depend on the order in which rows came.
    std::ranges::sort(sorted, {},
                      [](const Row& row) { return std::tuple(row.score, row.positive, row.negative); });
    double positives = 0, negatives = 0, pairs = 0;  // of the scores so far, lowest first
    for (std::size_t i = 0; i < sorted.size();) {
      double here_positive = 0, here_negative = 0;
      const double score = sorted[i].score;
      for (; i < sorted.size() && sorted[i].score == score; ++i) {
        here_positive += sorted[i].positive;
        here_negative += sorted[i].negative;
      }
      pairs += here_positive * (negatives + here_negative / 2);
      positives += here_positive;
      negatives += here_negative;
    }
    // One class alone cannot be ranked; 0 as `auc` says then.
    return positives == 0 || negatives == 0 ? 0 : pairs / (positives * negatives);
  }
  std::vector<double> gathered() const override {
    std::vector<double> numbers;
    numbers.reserve(3 * rows_.size());
    for (const Row& row : rows_) numbers.insert(numbers.end(), {row.score, row.positive, row.negative});
    return numbers;
  }
  void restore(std::span<const double> numbers) override {
    check_gathered(name(), numbers.size() % 3 == 0);
    rows_.clear();
    for (std::size_t i = 0; i < numbers.size(); i += 3)
      rows_.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  }

 private:
  struct Row {
    double score, positive, negative;  // weights
  };
  std::vector<Row> rows_;
  RowMemory memory_;
};

}  // namespace

std::vector<MetricEntry> ranking_metrics() {
  return {{"roc_auc", {"exact_auc"}, [](const Json& config) {
             metric_options<NoOptions>(config, "roc_auc");
             return std::make_shared<RocAuc>();
           }}};
}

}  // namespace rondo::detail
