#include "tasks/online/learning/mixture.h"

#include <algorithm>
#include <cmath>

namespace rondo::online {
namespace {

/// What every row gives away of the shares, to be dealt out evenly: how soon one that was bad can come back.
constexpr double kDealtOut = 1e-3;
/// Rows over which errors are averaged to know how large they usually are.
constexpr double kMemory = 500;
/// One row can cost no more than this many variances.
constexpr double kLargestLoss = 16;

}  // namespace

Mixture::Mixture(std::size_t experts, double rate) : rate_(rate) {
  shares_.assign(experts, 1.0 / static_cast<double>(experts));
  recent_.assign(experts, 0);
}

double Mixture::combine(std::span<const double> forecasts) const {
  double sum = 0;
  for (std::size_t e = 0; e < shares_.size(); ++e) sum += shares_[e] * forecasts[e];
  return sum;
}

void Mixture::learn(std::span<const double> squared_errors) {
  rows_ = std::min(rows_ + 1, kMemory);
  for (std::size_t e = 0; e < recent_.size(); ++e) recent_[e] += (squared_errors[e] - recent_[e]) / rows_;
  const double least_error = *std::min_element(recent_.begin(), recent_.end());
  const double variance = std::max(least_error, 1e-300);
  const double best = *std::min_element(squared_errors.begin(), squared_errors.end());
  double total = 0;
  for (std::size_t e = 0; e < shares_.size(); ++e) {
    const double loss = std::min((squared_errors[e] - best) / variance, kLargestLoss);
    shares_[e] *= std::exp(-rate_ * loss);
    total += shares_[e];
  }
  const double even = kDealtOut / static_cast<double>(shares_.size());
  for (double& share : shares_) share = (1 - kDealtOut) * share / total + even;
}

void Mixture::archive(tasks::Archive& archive) {
  archive.field("rows", rows_);
  archive.array("shares", shares_);
  archive.array("recent", recent_);
}

}  // namespace rondo::online
