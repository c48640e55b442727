#include <cmath>

#include "rondo/tasks/online.h"

namespace rondo {

Json online_json(const OnlineResult& result) {
  const auto score = [](const OnlineScore& one) {
    return Json::object({{"mse", one.loss}, {"rmse", std::sqrt(one.loss)}, {"mae", one.mae}});
  };
  Json progress = Json::array(), drifts = Json::array();
  for (const OnlineProgressLine& line : result.progress) {
    progress.push_back(Json::object({{"rows", line.rows},
                                     {"loss", line.since_last},
                                     {"loss_since_start", line.since_start},
                                     {"persistence", line.persistence},
                                     {"linear", line.linear},
                                     {"skill", line.skill}}));
  }
  for (const OnlineDrift& drift : result.drifts) {
    drifts.push_back(Json::object({{"row", drift.row},
                                   {"alarm", drift.alarm},
                                   {"error_before", drift.before},
                                   {"error_after", drift.after},
                                   {"rolled_back", drift.rolled_back},
                                   {"good_row", drift.good_row}}));
  }
  const char* kShares[] = {"persistence", "linear", "network", "network_mean"};
  Json shares = Json::object();
  for (std::size_t i = 0; i < result.shares.size(); ++i) shares.set(kShares[i], result.shares[i]);
  return Json::object({{"file", result.job.file},
                       {"targets", Json::list(result.job.targets)},
                       {"cell", result.job.options.cell},
                       {"units", result.job.options.units},
                       {"horizon", result.job.options.horizon},
                       {"seed", result.job.options.seed},
                       {"rows", result.rows},
                       {"scored", result.scored},
                       {"resumed_from", result.resumed_from},
                       {"same_times", result.same_times},
                       {"late_rows", result.late_rows},
                       {"outliers", result.outliers},
                       {"test", score(result.forecast)},
                       {"persistence", score(result.persistence)},
                       {"linear", score(result.linear)},
                       {"skill", result.skill},
                       {"skill_linear", result.skill_linear},
                       {"shares", std::move(shares)},
                       {"next", Json::list(result.next)},
                       {"progress", std::move(progress)},
                       {"drift_count", result.drift_count},
                       {"drifts", std::move(drifts)},
                       {"seconds", result.seconds},
                       {"rows_per_second", result.rows_per_second}});
}

}  // namespace rondo
