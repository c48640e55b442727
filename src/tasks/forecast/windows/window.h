#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tasks/forecast/forecaster/forecaster.h"
#include "tasks/forecast/panel/calendar_waves.h"

namespace rondo::forecasting {

/// The scale that every window is put on.
enum class Normalization {
  automatic,  ///< minus the mean of its last `base_rows` rows, over its own deviation or a fixed spread
  last,       ///< minus the last value, over a fixed spread
  standard,   ///< minus the mean, over the standard deviation
  revin,      ///< the same, then a learnt gain and offset of each member (Kim et al. 2022, "RevIN")
  mean_abs,   ///< divided by the mean size of the values, before any transform
};

/// Throws Error(usage) with the nearest name.
Normalization parse_normalization(const std::string& name);

/// What a network sees of an origin, and in which numbers it answers. The look-back is cut into
/// `steps` segments (one season each where the horizon is long, single rows where it is short), the horizon
/// into `out_steps` of the same size: a handful of recurrent steps instead of hundreds, so gradients reach
/// the oldest row (Lin et al. 2023, "SegRNN"). Every window is put on a scale of its own (see Normalization;
/// left alone: minus the mean of its last `base_rows` rows, divided by its standard deviation), so that one
/// network serves series of any level.
struct Window {
  std::int64_t segment = 1;
  std::int64_t steps = 1;      ///< segments of the look-back
  std::int64_t out_steps = 1;  ///< segments of the horizon; the last one may reach beyond it
  std::int64_t base_rows = 1;
  bool base_first = false;  ///< the base is the mean of the first base_rows rows, not of the last
  CalendarWaves waves;
  std::int64_t past = 0, known = 0, statics = 0;
  std::int64_t codes = 0;  ///< one-hot positions that tell series apart; 0: none
  bool levels = false;     ///< each step also has the level itself, not only its place in the window
  bool masked = false;     ///< each row also says whether it was observed
  /// Counts: minus nothing, divided by 1 + the mean size of the look-back's values (Salinas et al. 2020,
  /// "DeepAR").
  bool counts = false;
  Normalization normalization = Normalization::automatic;

  std::int64_t rows() const { return steps * segment; }          ///< look-back
  std::int64_t out_rows() const { return out_steps * segment; }  ///< >= horizon
  std::int64_t step_features() const;                            ///< of the encoder, per segment
  std::int64_t decoder_features() const;                         ///< of the decoder, per segment
  std::int64_t linear_features() const;  ///< of the linear path; the window's values come first
  /// Features from one of the window's values to the next in a segment of the encoder; the first feature is
  /// one.
  std::int64_t value_stride() const { return 1 + past + known + (masked ? 1 : 0); }
  /// The first origin whose look-back lies in the series.
  std::int64_t first_origin() const { return rows() - 1; }

  /// By series: what takes the place of the windows' deviations; empty: nothing does.
  std::vector<double> spreads;
  /// Sets them to the root mean square change over a horizon in the training part. For short horizons: calm
  /// windows then do not count more than wild ones, and squared errors stay squared errors of the series.
  void fix_spreads(const ScaledPanel& scaled);
  /// Whether the normalisation asks for that.
  bool wants_fixed_spreads() const;

  /// The window's own scale: number = base + spread · normalised, both in ScaledPanel::level's numbers.
  struct Scale {
    double base = 0, spread = 1;
  };
  Scale scale(const ScaledPanel& scaled, const Origin& origin) const;
  /// The window's spread in units of the series (where these are not transformed): the exposure of counts.
  double size(const ScaledPanel& scaled, const Origin& origin) const {
    return scale(scaled, origin).spread * scaled.scales[static_cast<std::size_t>(origin.series)].scale;
  }

  /// Inputs of one origin: encoder [steps, step_features], decoder [out_steps, decoder_features], linear
  /// [linear_features].
  void fill(const ScaledPanel& scaled, const Origin& origin, std::span<float> encoder,
            std::span<float> decoder, std::span<float> linear) const;
  /// Truth on the window's scale: [out_rows]. Rows past the end of the series are NaN.
  void targets(const ScaledPanel& scaled, const Origin& origin, std::span<double> out) const;

  void archive(tasks::Archive& archive);
  /// Whether a network that sees it can forecast such a panel.
  bool fits(const PanelShape& panel) const;
};

/// Segments of a season where the horizon is at least half of one, and a look-back of two of the longest
/// season that fits; single rows, or segments of the horizon, and a look-back of one season otherwise.
/// `look_back` > 0 fixes the number of rows (rounded up to whole segments; at most 11/20 of the shortest
/// training part, else there is little left to learn from). `calendar`: positions mean the same in all
/// series.
Window choose_window(const Panel& panel, std::int64_t look_back, bool calendar);

}  // namespace rondo::forecasting
