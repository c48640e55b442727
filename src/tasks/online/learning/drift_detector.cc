#include "tasks/online/learning/drift_detector.h"

#include <algorithm>

namespace rondo::online {
namespace {

constexpr double kTolerance = 0.3;     // in mean errors
constexpr double kMaxError = 10;       // of one error: a single outlier is no drift
constexpr double kErrorMemory = 2000;  // rows of the mean error
constexpr double kRecent = 30;         // rows of what is recent
constexpr double kFirstRows = 100;     // before the mean error is known there is no alarm

}  // namespace

bool DriftDetector::add(double error) {
  if (mean_ == 0 && error == 0) return false;  // nothing has ever been forecast wrongly: no row to count
  rows_ = std::min(rows_ + 1, kErrorMemory);
  recent_ += (error - recent_) / std::min(rows_, kRecent);
  if (rows_ > kFirstRows && mean_ > 0)
    sum_ = std::max(0.0, sum_ + std::min(error / mean_, kMaxError) - 1 - kTolerance);
  mean_ += ((rows_ > kFirstRows ? std::min(error, kMaxError * mean_) : error) - mean_) / rows_;
  if (sum_ <= threshold_) return false;
  rows_ = sum_ = 0;
  return true;
}

void DriftDetector::archive(tasks::Archive& archive) {
  archive.field("rows", rows_);
  archive.field("mean", mean_);
  archive.field("recent", recent_);
  archive.field("sum", sum_);
}

}  // namespace rondo::online
