#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/common/archive.h"

namespace rondo::online {

/// Linear regression of several targets on the same features, one row at a time: recursive least squares with
/// exponential forgetting (Plackett 1950; Haykin, "Adaptive Filter Theory", chapter 10), starting from a
/// ridge. The work for a row is features².
///
/// Where features stop varying, forgetting would let the inverse covariance grow without end ("wind-up"): it
/// has a bound.
class RecursiveLeastSquares {
 public:
  RecursiveLeastSquares() = default;
  RecursiveLeastSquares(std::int64_t features, std::int64_t targets, double forgetting);

  double predict(std::size_t target, std::span<const double> features) const;
  /// Learns target values [targets] of a row of features; a target that is NaN keeps its weights. An error is
  /// cut off at `largest_error` of its target.
  void learn(std::span<const double> features, std::span<const double> values,
             std::span<const double> largest_error);
  /// Weights stay, but all that was learnt so far counts `share` of what it did against new rows.
  void forget(double share);
  /// What is known of a target is forgotten, and the weights of the others count no more than the ridge of
  /// the start.
  void restart(std::size_t target);

  void archive(tasks::Archive& archive);

 private:
  void restart();

  std::int64_t features_ = 0;
  double forgetting_ = 1;
  std::vector<double> weights_;     // [targets, features]
  std::vector<double> covariance_;  // [features, features]: the inverse one, symmetric
  std::vector<double> gain_;        // [features], scratch
};

}  // namespace rondo::online
