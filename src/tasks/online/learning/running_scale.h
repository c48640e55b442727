#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tasks/common/archive.h"

namespace rondo::online {

/// Mean and variance of the past of some columns. Until `memory` rows they are those of all rows (Welford
/// 1962); after that old rows fade, each new one counting 1 / memory.
class RunningScale {
 public:
  RunningScale() = default;
  RunningScale(std::int64_t columns, std::int64_t memory);

  /// One row; NaN: nothing is learnt of that column.
  void add(std::span<const double> row);
  void add(std::size_t column, double value);
  double mean(std::size_t column) const { return mean_[column]; }
  /// Never 0: 1 where nothing has varied yet.
  double deviation(std::size_t column) const;
  /// For columns whose last rows lie elsewhere, or are spread otherwise, than all before: from now on the
  /// past counts as `rows` rows at most, so that new rows soon outweigh it. Other columns keep their scale: a
  /// network would have to learn every change of it.
  void forget_shifted(double rows);
  /// The mean moves along with the level of its column, the variance stays.
  void shift(std::size_t column, double by);
  /// What was learnt of a column is forgotten.
  void restart(std::size_t column);

  void archive(tasks::Archive& archive);

 private:
  bool shifted(std::size_t column) const;

  double memory_ = 1;
  std::vector<double> count_, mean_, variance_;
  std::vector<double> last_mean_, last_variance_;  // of the last rows
};

}  // namespace rondo::online
