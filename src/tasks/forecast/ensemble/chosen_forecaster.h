#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/ensemble/ensemble.h"
#include "tasks/forecast/ensemble/selection.h"

namespace rondo::forecasting {

/// The last value is so old that a forecast is for as many steps more: errors grow with that power of the
/// step.
void scale_by_age(const ScaledPanel& scaled, const Origin& origin, double growth, std::span<double> spread);

/// The forecast that is handed over: for each series a blend of statistical methods, fitted to it up to the
/// origin, and of the learnt part.
class ChosenForecaster final : public Forecaster {
 public:
  std::vector<SeriesChoice> choices;  ///< by series
  double growth = 0;                  ///< of errors along the horizon, see scale_by_age
  std::optional<Blend> learnt;        ///< none: all series are short

  std::string name() const override { return "chosen"; }
  /// Of the learnt part; statistical methods take what they are given.
  std::int64_t rows_needed(bool difference) const override;
  Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) override;
  /// What the learnt part says, from the linear model's forecasts, [origins, horizon] (anything where the
  /// series has no learnt part).
  Forecasts forecast_learnt(const ScaledPanel& scaled, std::span<const Origin> origins, Rows of_linear,
                            Pool& pool);
  /// Blends it with what the pool's members say, at some places of the origins.
  void blend(const ScaledPanel& scaled, std::span<const Origin> origins, std::span<const std::size_t> places,
             std::span<const MemberForecasts> of_members, Forecasts& learnt_ones) const;
  /// What the linear model says of origins that it can look back from; of others the last value.
  Rows predict_linear(const ScaledPanel& scaled, std::span<const Origin> origins) const;
  /// The weights that follow from all that is known by now; spreads stay.
  void take(Selection& selection, Pool& pool);
  bool has_networks() const { return learnt && learnt->networks != nullptr; }
  bool has_distribution() const override { return has_networks() && learnt->has_distribution(); }
  bool is_sampled() const override { return has_networks() && learnt->is_sampled(); }
  void archive(tasks::Archive& archive) override;
  bool fits(const PanelShape& panel) const override;

 private:
  /// Places of the origins that the learnt part can forecast.
  std::vector<std::size_t> learnt_places(const ScaledPanel& scaled, std::span<const Origin> origins,
                                         std::int64_t rows_needed) const;
};

}  // namespace rondo::forecasting
