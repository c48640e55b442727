#pragma once

#include <span>
#include <vector>

#include "tasks/common/archive.h"

namespace rondo::online {

/// Shares of several forecasters by their errors so far: fixed share (Herbster and Warmuth, "Tracking the
/// best expert", Machine Learning 32, 1998) with the loss of a Gaussian whose variance is that of the best
/// one's recent errors. Over any stretch of rows the mixture is nearly as good as the forecaster that is best
/// there.
class Mixture {
 public:
  Mixture() = default;
  /// `rate`: what a squared error of one variance costs, in logarithms of a share; 0.5 is the Gaussian's own.
  Mixture(std::size_t experts, double rate);

  std::span<const double> shares() const { return shares_; }
  double combine(std::span<const double> forecasts) const;
  /// The squared errors of one row.
  void learn(std::span<const double> squared_errors);

  /// How large errors usually are is to be learnt again; the shares stay.
  void forget_errors() { rows_ = 0; }

  void archive(tasks::Archive& archive);

 private:
  double rate_ = 0.5;
  double rows_ = 0;
  std::vector<double> shares_, recent_;  // recent_: mean squared errors, fading
};

}  // namespace rondo::online
