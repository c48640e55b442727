#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::forecasting {

/// One forecaster's backtest: its root mean square error, and its loss at every origin (mean square over the
/// horizon, in the series' own step), in order of time.
struct Contender {
  std::string name;
  double rmse = 0;
  std::vector<double> losses;
};

enum class Verdict { better, no_better_than_ridge, no_better_than_naive };

struct Judgement {
  Verdict verdict = Verdict::no_better_than_naive;
  double skill = 0;      ///< 1 - rmse of the model / rmse of the best rival
  std::string best;      ///< name of the best rival
  double statistic = 0;  ///< of the gain over the rival that decided
  std::string sentence;  ///< the verdict in plain words, with the numbers
};

const char* verdict_name(Verdict verdict);

/// The model beats a rival when its RMSE is at least 1 % smaller and its gain is more than luck
/// (loss_gain_statistic above 2), or 10 % smaller and the statistic above 1 (with fewer than 8 origins, where
/// that says little, 10 % is enough). It has to beat the best of those without learning, else the verdict is
/// "no better than naive", and then the ridge. `overlap`: see loss_gain_statistic.
Judgement judge(const Contender& model, const std::vector<Contender>& naive_kinds, const Contender& ridge,
                std::int64_t overlap);

}  // namespace rondo::forecasting
