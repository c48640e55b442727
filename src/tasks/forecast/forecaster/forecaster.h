#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/pool.h"
#include "tasks/forecast/panel/panel.h"

namespace rondo::tasks {
class Archive;
}

namespace rondo::forecasting {

/// Forecasts of some origins, [origins, horizon], in the scale of ScaledPanel::targets.
struct Forecasts {
  Rows location;
  Rows spread;  ///< what errors are measured in; 1 for a forecaster that has no distribution
};

/// What a forecaster has to fit.
struct PanelShape {
  std::int64_t horizon = 1, series = 0;
  std::int64_t past = 0, known = 0, statics = 0;  ///< columns
};

/// Whatever makes forecasts of a panel at origins: it looks at rows up to the origin, and at what is known of
/// the horizon beforehand.
class Forecaster {
 public:
  virtual ~Forecaster() = default;

  /// Its name in results, reports and model files: "linear", "residual" …
  virtual std::string name() const = 0;
  /// Rows of history that a forecast needs; one more where they are differenced.
  virtual std::int64_t rows_needed(bool difference) const = 0;
  virtual Forecasts forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) = 0;
  /// Whether its locations correct those of the linear model: they are to be added.
  virtual bool is_correction() const { return false; }
  /// Whether its spreads say, row by row, how far the truth may lie from the location.
  virtual bool has_distribution() const { return false; }
  /// Whether forecasts are drawn path by path and so take long: evaluations ask for fewer of them.
  virtual bool is_sampled() const { return false; }
  /// Its part of a model file, in both directions.
  virtual void archive(tasks::Archive& archive) = 0;
  /// Whether it can forecast such a panel: what comes from a file is checked by it.
  virtual bool fits(const PanelShape& panel) const = 0;
};

/// Targets of origins, [origins, horizon].
Rows target_rows(const ScaledPanel& scaled, std::span<const Origin> origins);
/// The same with NaN where a value was missing and is the one before: nothing is evaluated there.
Rows observed_targets(const ScaledPanel& scaled, std::span<const Origin> origins);

/// Which origins may be learnt from.
using OriginFilter = std::function<bool(const Origin&)>;

/// Which origins have enough of a truth to learn from: half as many observed values in their horizon as the
/// training part of their series has on average, and one at least. In an outage there is nothing to learn.
class TaughtOrigins {
 public:
  explicit TaughtOrigins(const Panel& panel);
  /// Of origins whose horizon lies in the rows of the series.
  bool teaches(const Origin& origin) const;

 private:
  struct Counts {
    std::vector<std::int64_t> before;  ///< by row: observed values up to the row before; empty: all are
    double needed = 0;
  };
  std::int64_t horizon_;
  std::vector<Counts> series_;
};

/// Every how many origins one is used, so that about 20,000 are.
std::int64_t origin_stride(const Panel& panel);
/// One origin in `stride`, drawn without regard to the season (every 24th hour would know one hour of the
/// day).
bool is_drawn(const Origin& origin, std::int64_t stride);

}  // namespace rondo::forecasting
