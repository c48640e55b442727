#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/forecast/ensemble/panel_pool.h"
#include "tasks/forecast/networks/network_plan.h"
#include "tasks/forecast/panel/rows.h"

namespace rondo::tasks {
class Archive;
}

namespace rondo::forecasting {

/// What the forecast of one series is made of.
struct SeriesChoice {
  std::vector<pool::Member> members;  ///< of the pool
  std::vector<double> weights;        ///< theirs; with `learnt` their sum is 1
  double learnt = 1;                  ///< weight of what all series taught: linear model and networks
  double spread = 0;  ///< what errors are measured in, scale of targets; 0: what the learnt part says

  void archive(tasks::Archive& archive);
};

/// What ways to forecast did at origins of the training part that they had not seen, and what follows for
/// each series: weights of a blend, see pool::choose_weights.
class Selection {
 public:
  /// Runs the members of the pool on short series, and on the others unless `only_short`, where the clock
  /// changes, or where it would take longer than suits one of them, see pool_is_affordable.
  /// `backtest_origins`: of each series. Refers to `scaled`.
  Selection(const ScaledPanel& scaled, const PanelPool& panel_pool,
            std::span<const std::int64_t> backtest_origins, bool only_short, Pool& pool,
            const tasks::Advanced& advanced = {});

  bool uses_pool(std::size_t series) const { return place_[series] >= 0; }
  /// Why members were not run on series that are not short, in a sentence; empty: they were, or nobody wants
  /// them.
  const std::string& left_out() const { return left_out_; }
  /// Held-out origins of the series that a learnt model can forecast, too, by series, the latest first.
  const std::vector<Origin>& learnt_origins() const { return learnt_origins_; }
  /// The linear model's forecasts of them, [origins, horizon] in the scale of targets, fitted on the rows
  /// before each.
  Rows linear_forecasts(const TrainingTask& task, Pool& pool) const;
  /// Weights of all, given what the learnt part says at learnt_origins(). Where that is NaN it has not held
  /// the origin out, which then is no evidence; where it is nowhere known, the choice before stays.
  void choose(const Rows& learnt, Pool& pool);
  /// The truth behind a later origin has become known: what was said there counts, too, at the next
  /// choose_again(). `learnt`: in the scale of targets.
  void observe(const Origin& origin, const MemberForecasts& said, std::span<const double> learnt);
  void choose_again(Pool& pool);

  const std::vector<SeriesChoice>& choices() const { return choices_; }
  /// Mean weight of the learnt part over the series that it can forecast.
  double learnt_share() const;
  /// Of the blends at held-out origins, by series, the latest first: in the scale of targets, with weights
  /// that the other origins teach, as those of the forecast come from others than its own.
  std::vector<std::vector<OriginErrors>> errors(Pool& pool) const;
  /// All members that apply to a series.
  std::vector<pool::Member> members(std::size_t series) const;

 private:
  OriginErrors errors_at(const Origin& origin, std::span<const double> actual,
                         std::span<const double> forecast) const;
  std::vector<std::vector<double>> learnt_in_units(std::size_t series, const Rows& learnt) const;

  const ScaledPanel& scaled_;
  pool::PoolRun run_;                ///< of the members
  pool::PoolRun joined_;             ///< of all
  std::vector<std::int64_t> place_;  ///< by series: in run_.series; -1: the pool is not tried
  std::vector<std::size_t> series_;  ///< by place in run_.series
  std::vector<Origin> learnt_origins_;
  std::vector<std::int64_t> first_learnt_;  ///< by series: in learnt_origins_; -1: none
  std::vector<SeriesChoice> choices_;
  std::string left_out_;
};

}  // namespace rondo::forecasting
