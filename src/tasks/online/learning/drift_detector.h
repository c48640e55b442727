#pragma once

#include "tasks/common/archive.h"

namespace rondo::online {

/// Tells when errors have become larger than they used to be: the Page-Hinkley test (Page, "Continuous
/// inspection schemes", Biometrika 41, 1954; Hinkley 1971; for streams Gama, Sebastião and Rodrigues, "On
/// evaluating stream learning algorithms", Machine Learning 90, 2013).
///
/// An error counts in units of the running mean error, which fades. What exceeds it by more than a tolerance
/// is added up, what falls short is taken off, never below 0; an alarm is a sum above `threshold`.
class DriftDetector {
 public:
  DriftDetector() = default;
  explicit DriftDetector(double threshold) : threshold_(threshold) {}

  /// The error of one row, not negative. True: errors have grown; the detector then starts a new
  /// mean.
  bool add(double error);
  double mean() const { return mean_; }      ///< mean error of the rows until the last alarm or since
  double recent() const { return recent_; }  ///< mean error of the last rows

  void archive(tasks::Archive& archive);

 private:
  double threshold_ = 30;
  double rows_ = 0, mean_ = 0, recent_ = 0, sum_ = 0;
};

}  // namespace rondo::online
