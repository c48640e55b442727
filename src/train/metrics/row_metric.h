#pragma once

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/train/metrics.h"
#include "train/metrics/metric_entry.h"

namespace rondo::detail {

/// Throws Error(usage) unless prediction, target (`target_columns` wide) and weights fit together.
void check_metric_call(const std::string& name, ConstMatrix prediction, ConstMatrix target,
                       std::int64_t target_columns, std::span<const double> weights);

/// Room for one row of a prediction and of a target, which a metric keeps from batch to batch.
struct RowMemory {
  std::vector<double> prediction, target;
};

/// Calls f(row prediction, row target, weight) for every row with a weight; numbers arrive as double.
template <class F>
void for_each_weighted_row(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights,
                           RowMemory& memory, F&& f) {
  std::vector<double>&p = memory.prediction, &t = memory.target;
  p.resize(static_cast<std::size_t>(prediction.cols));
  t.resize(static_cast<std::size_t>(target.cols));
  const auto read_row = [](ConstMatrix m, std::int64_t r, std::vector<double>& out) {
    with_dtype(m.dtype, [&](auto zero) {
      const auto* source = m.view<const decltype(zero)>().row(r);
      for (std::size_t c = 0; c < out.size(); ++c) out[c] = static_cast<double>(source[c]);
    });
  };
  for (std::int64_t r = 0; r < prediction.rows; ++r) {
    const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(r)];
    if (weight == 0) continue;
    read_row(prediction, r, p);
    read_row(target, r, t);
    f(std::span<const double>(p), std::span<const double>(t), weight);
  }
}

/// A sum over rows with the sum of their weights.
class WeightedMean : public RowMetric {
 public:
  void reset() override { sum_ = weight_ = 0; }
  std::vector<double> gathered() const override { return {sum_, weight_}; }
  void restore(std::span<const double> numbers) override {
    check_gathered(name(), numbers.size() == 2);
    sum_ = numbers[0], weight_ = numbers[1];
  }

 protected:
  double mean() const { return weight_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / weight_; }
  double sum_ = 0, weight_ = 0;
};

/// Weighted mean over rows of a value of one row, then `finish` of that mean.
class MeanMetric : public WeightedMean {
 public:
  using RowValue = std::function<double(std::span<const double> prediction, std::span<const double> target)>;
  struct Traits {
    bool larger_is_better = false;
    bool one_target_column = false;  ///< class numbers; else as many as the prediction has
    double (*finish)(double mean) = nullptr;
  };
  MeanMetric(RowValue value, Traits traits) : value_(std::move(value)), traits_(traits) {}

  Direction direction() const override {
    return traits_.larger_is_better ? Direction::larger : Direction::smaller;
  }
  void update_rows(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights) override {
    check_metric_call(name(), prediction, target, traits_.one_target_column ? 1 : prediction.cols, weights);
    for_each_weighted_row(prediction, target, weights, memory_, [&](auto p, auto t, double weight) {
      sum_ += weight * value_(p, t);
      weight_ += weight;
    });
  }
  double result() const override {
    return weight_ == 0 || traits_.finish == nullptr ? mean() : traits_.finish(mean());
  }

 private:
  RowValue value_;
  Traits traits_;
  RowMemory memory_;
};

}  // namespace rondo::detail
