#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/train/metrics.h"

namespace rondo::examples {

/// Edits (insertions, deletions, substitutions: Levenshtein 1966) that turn the decoded predictions of the
/// whole corpus into its labels, divided by the number of labels: the error rate of characters or words.
/// Predictions are logits of CTC, decoded greedily: the best class of every step, repeats merged, blanks
/// removed.
class TokenErrorRate : public Metric {
 public:
  explicit TokenErrorRate(std::int64_t blank = 0) : blank_(blank) { set_name("token_error_rate"); }

  void reset() override { edits_ = labels_ = 0; }
  void update(std::span<const Value> predictions, const Target& target) override {
    const Samples& labels = target.samples();
    for (std::int64_t b = 0; b < labels.size(); ++b) {
      const double weight = target.weight(b);
      if (weight == 0) continue;
      decode(predictions[0], b);
      const Layout& layout = *labels.layout();
      const std::int64_t length = layout.lengths()[static_cast<std::size_t>(b)];
      expected_.clear();
      for (std::int64_t i = 0; i < length; ++i) {
        const std::int64_t row = layout.offset(i) + layout.place()[static_cast<std::size_t>(b)];
        expected_.push_back(std::lround(labels.values().at(row)));
      }
      edits_ += weight * static_cast<double>(distance());
      labels_ += weight * static_cast<double>(length);
    }
  }
  double result() const override {
    return labels_ == 0 ? std::numeric_limits<double>::quiet_NaN() : edits_ / labels_;
  }
  std::vector<double> gathered() const override { return {edits_, labels_}; }
  void restore(std::span<const double> numbers) override {
    if (numbers.size() != 2) throw Error(ErrorKind::model_file, "these are numbers of another metric");
    edits_ = numbers[0];
    labels_ = numbers[1];
  }

 private:
  void decode(const Value& logits, std::int64_t b) {
    decoded_.clear();
    const Layout& layout = *logits.layout;
    std::int64_t previous = blank_;
    for (std::int64_t t = 0; t < layout.lengths()[static_cast<std::size_t>(b)]; ++t) {
      const std::int64_t row = layout.offset(t) + layout.place()[static_cast<std::size_t>(b)];
      const std::int64_t best = with_dtype(logits.data.dtype, [&]<class T>(T) {
        const T* at = logits.data.view<const T>().row(row);
        return static_cast<std::int64_t>(std::max_element(at, at + logits.data.cols) - at);
      });
      if (best != previous && best != blank_) decoded_.push_back(best);
      previous = best;
    }
  }

  std::int64_t distance() {
    row_.resize(expected_.size() + 1);
    for (std::size_t j = 0; j < row_.size(); ++j) row_[j] = static_cast<std::int64_t>(j);
    for (std::size_t i = 0; i < decoded_.size(); ++i) {
      std::int64_t diagonal = row_[0];
      row_[0] = static_cast<std::int64_t>(i) + 1;
      for (std::size_t j = 0; j < expected_.size(); ++j) {
        const std::int64_t replaced = diagonal + (decoded_[i] == expected_[j] ? 0 : 1);
        diagonal = row_[j + 1];
        row_[j + 1] = std::min({replaced, row_[j] + 1, diagonal + 1});
      }
    }
    return row_.back();
  }

  std::int64_t blank_;
  double edits_ = 0, labels_ = 0;
  std::vector<std::int64_t> decoded_, expected_, row_;
};

}  // namespace rondo::examples
