#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rondo::tasks {

/// Whether smaller losses are so by more than luck: the statistic of Diebold and Mariano (1995) with the
/// correction for small samples of Harvey, Leybourne and Newbold (1997). `gains` are losses of the rival
/// minus losses of the model, in order of time; `overlap` is the number of neighbours (less one) that share
/// rows. Large is good; 0 where nothing can be concluded.
double loss_gain_statistic(std::span<const double> gains, std::int64_t overlap);

/// A model or a simple rule on the test part: its error, and its loss at every test case, in order.
struct Contender {
  std::string name;
  double error = 0;
  std::vector<double> losses;
};

/// A model against one rival.
struct Comparison {
  double skill = 0;      ///< 1 - error of the model / error of the rival
  double statistic = 0;  ///< loss_gain_statistic
  bool better = false;   ///< beyond luck, see compare
};

/// The model is better when its error is at least 1 % smaller and the statistic above 2, or 10 % smaller and
/// the statistic above 1 (with fewer than 8 cases, where it says little, 10 % is enough). `overlap`: see
/// loss_gain_statistic.
Comparison compare(const Contender& model, const Contender& rival, std::int64_t overlap);

}  // namespace rondo::tasks
