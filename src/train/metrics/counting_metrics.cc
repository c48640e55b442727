#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "train/metrics/row_metric.h"

// Metrics that count hits and misses, or need more than a mean.

namespace rondo::detail {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct DecisionOptions {
  double threshold = 0.5;
  std::optional<std::int64_t> class_id;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("threshold", self.threshold, "predictions above it count as positive");
    option("class_id", self.class_id, "column to look at; null: all columns together");
  }
};

enum class Decision { precision, recall, f1 };

/// Precision, recall and their harmonic mean from the weights of true and false positives and negatives. 0
/// when there is nothing to divide by, as in Keras.
class DecisionMetric : public RowMetric {
 public:
  DecisionMetric(Decision kind, DecisionOptions options) : kind_(kind), options_(options) {}
  Direction direction() const override { return Direction::larger; }
  void reset() override { true_positives_ = false_positives_ = false_negatives_ = 0; }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    check_metric_call(name(), prediction, target, prediction.cols, weights);
    const std::int64_t first = options_.class_id.value_or(0);
    const std::int64_t last = options_.class_id ? first + 1 : prediction.cols;
    if (first < 0 || last > prediction.cols) {
      throw Error(ErrorKind::usage, "class_id names no column of the prediction")
          .where("metric " + name())
          .seen(std::to_string(first))
          .expected("0 to " + std::to_string(prediction.cols - 1));
    }
    for_each_weighted_row(prediction, target, weights, memory_, [&](auto p, auto t, double weight) {
      for (auto c = static_cast<std::size_t>(first); c < static_cast<std::size_t>(last); ++c) {
        const bool said = p[c] > options_.threshold, is = t[c] != 0;
        true_positives_ += said && is ? weight : 0;
        false_positives_ += said && !is ? weight : 0;
        false_negatives_ += !said && is ? weight : 0;
      }
    });
  }
  double result() const override {
    const auto share = [](double part, double whole) { return whole == 0 ? 0 : part / whole; };
    switch (kind_) {
      case Decision::precision: return share(true_positives_, true_positives_ + false_positives_);
      case Decision::recall: return share(true_positives_, true_positives_ + false_negatives_);
      case Decision::f1: break;
    }
    return share(2 * true_positives_, 2 * true_positives_ + false_positives_ + false_negatives_);
  }
  std::vector<double> gathered() const override {
    return {true_positives_, false_positives_, false_negatives_};
  }
  void restore(std::span<const double> numbers) override {
    check_gathered(name(), numbers.size() == 3);
    true_positives_ = numbers[0], false_positives_ = numbers[1], false_negatives_ = numbers[2];
  }

 private:
  Decision kind_;
  DecisionOptions options_;
  RowMemory memory_;
  double true_positives_ = 0, false_positives_ = 0, false_negatives_ = 0;
};

struct AucOptions {
  std::int64_t num_thresholds = 200;
  bool from_logits = false;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("num_thresholds", self.num_thresholds, "points of the curve");
    option("from_logits", self.from_logits, "predictions are logits, not probabilities");
  }
};

/// Area under the ROC curve. Threshold i is i / (n − 1); the outermost two lie just outside [0, 1]. A
/// prediction passes thresholds 0 … ⌈p·(n−1)⌉ − 1, so counting each prediction once, at the last it passes,
/// is enough.
class Auc : public RowMetric {
 public:
  explicit Auc(AucOptions options) : options_(options) {
    if (options_.num_thresholds < 2) {
      throw Error(ErrorKind::usage, "auc.num_thresholds must be at least 2")
          .seen(std::to_string(options_.num_thresholds));
    }
    reset();
  }
  Direction direction() const override { return Direction::larger; }
  void reset() override {
    positives_.assign(static_cast<std::size_t>(options_.num_thresholds), 0);
    negatives_ = positives_;
  }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    check_metric_call(name(), prediction, target, prediction.cols, weights);
    const double intervals = static_cast<double>(options_.num_thresholds - 1);
    for_each_weighted_row(prediction, target, weights, memory_, [&](auto p, auto t, double weight) {
      for (std::size_t c = 0; c < p.size(); ++c) {
        const double probability = options_.from_logits ? 1 / (1 + std::exp(-p[c])) : p[c];
        if (!(probability >= 0 && probability <= 1)) {
          throw Error(ErrorKind::data, "a prediction is no probability")
              .where("metric " + name())
              .seen(std::to_string(probability))
              .expected("numbers from 0 to 1")
              .fix("set from_logits, or end the model in a sigmoid");
        }
        const auto place = static_cast<std::size_t>(std::max(0.0, std::ceil(probability * intervals) - 1));
        (t[c] != 0 ? positives_ : negatives_)[place] += weight;
      }
    });
  }
  double result() const override {
    double all_positives = 0, all_negatives = 0;
    for (std::size_t i = 0; i < positives_.size(); ++i) {
      all_positives += positives_[i];
      all_negatives += negatives_[i];
    }
    if (all_positives == 0 && all_negatives == 0) return kNaN;
    if (all_positives == 0 || all_negatives == 0) return 0;  // as in Keras
    double area = 0, true_rate = 0, false_rate = 0;
    for (std::size_t i = positives_.size(); i-- > 0;) {  // from the strictest threshold to the loosest
      const double next_true = true_rate + positives_[i] / all_positives;
      const double next_false = false_rate + negatives_[i] / all_negatives;
      area += (next_false - false_rate) * (next_true + true_rate) / 2;
      true_rate = next_true;
      false_rate = next_false;
    }
    return area;
  }
  std::vector<double> gathered() const override {
    std::vector<double> numbers = positives_;
    numbers.insert(numbers.end(), negatives_.begin(), negatives_.end());
    return numbers;
  }
  void restore(std::span<const double> numbers) override {
    check_gathered(name(), numbers.size() == 2 * positives_.size());
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(positives_.size());
    positives_.assign(numbers.begin(), middle);
    negatives_.assign(middle, numbers.end());
  }

 private:
  AucOptions options_;
  std::vector<double> positives_, negatives_;
  RowMemory memory_;
};

/// 1 − Σw(t−p)² / Σw(t−t̄)² of every column, mean over columns.
class R2Score : public RowMetric {
 public:
  Direction direction() const override { return Direction::larger; }
  void reset() override { columns_.clear(), weight_ = 0; }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    check_metric_call(name(), prediction, target, prediction.cols, weights);
    columns_.resize(static_cast<std::size_t>(prediction.cols));
    for_each_weighted_row(prediction, target, weights, memory_, [&](auto p, auto t, double weight) {
      weight_ += weight;
      for (std::size_t c = 0; c < p.size(); ++c) {
        Column& column = columns_[c];
        column.error += weight * (t[c] - p[c]) * (t[c] - p[c]);
        const double before = t[c] - column.mean;  // Welford: no difference of large sums
        column.mean += before * weight / weight_;
        column.spread += weight * before * (t[c] - column.mean);
      }
    });
  }
  double result() const override {
    if (columns_.empty() || weight_ == 0) return kNaN;
    double sum = 0;
    for (const Column& c : columns_) sum += c.spread == 0 ? 0 : 1 - c.error / c.spread;
    return sum / static_cast<double>(columns_.size());
  }
  std::vector<double> gathered() const override {
    std::vector<double> numbers = {weight_};
    for (const Column& c : columns_) numbers.insert(numbers.end(), {c.mean, c.spread, c.error});
    return numbers;
  }
  void restore(std::span<const double> numbers) override {
    check_gathered(name(), numbers.size() % 3 == 1);
    weight_ = numbers[0];
    columns_.clear();
    for (std::size_t i = 1; i < numbers.size(); i += 3)
      columns_.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  }

 private:
  struct Column {
    double mean = 0, spread = 0, error = 0;
  };
  std::vector<Column> columns_;
  RowMemory memory_;
  double weight_ = 0;
};

MetricEntry decision(std::string name, std::vector<std::string> aliases, Decision kind) {
  return {name, std::move(aliases), [name, kind](const Json& config) {
            return std::make_shared<DecisionMetric>(kind, metric_options<DecisionOptions>(config, name));
          }};
}

}  // namespace

std::vector<MetricEntry> counting_metrics() {
  return {decision("precision", {"binary_precision"}, Decision::precision),
          decision("recall", {"binary_recall"}, Decision::recall),
          decision("f1_score", {"f1"}, Decision::f1),
          {"auc",
           {"binary_auc"},
           [](const Json& c) { return std::make_shared<Auc>(metric_options<AucOptions>(c, "auc")); }},
          {"r2_score", {"r2"}, [](const Json& c) {
             metric_options<NoOptions>(c, "r2_score");
             return std::make_shared<R2Score>();
           }}};
}

}  // namespace rondo::detail
