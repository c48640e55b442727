#include "tasks/forecast/windows/window.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "tasks/common/archive.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxSteps = 64;
constexpr std::int64_t kLongestLookBack = 720;
constexpr std::int64_t kMinRows = 16;
constexpr std::int64_t kSeasonsBack = 8;
/// More series than this are told apart by their windows alone.
constexpr std::size_t kMaxCodes = 32;
/// Share of the series' own deviation (1) under a window's: a flat window must not blow up its next row.
constexpr double kSpreadFloor = 0.02;
/// Rows of covariates at the end of the look-back that the linear path sees.
constexpr std::size_t kLinearPastRows = 2;
/// Known covariates of the horizon that the linear path sees, at most.
constexpr std::int64_t kMaxLinearKnown = 256;
constexpr double kClip = 8;
constexpr std::array kNormalizations{"auto", "last", "standard", "revin", "mean_abs"};

float clipped(double v) { return static_cast<float>(std::clamp(v, -kClip, kClip)); }

/// Mean of |values| in the series' own units.
double mean_size(const SeriesScale& units, std::span<const double> window) {
  double size = 0;
  for (const double v : window) size += std::abs(units.backward(v));
  return size / static_cast<double>(window.size());
}

/// The scale on which v reads transform(v / m), m the mean size: log(v) - log(m), sqrt(v) / sqrt(m) or v / m.
Window::Scale scale_by_size(const SeriesScale& units, std::span<const double> window) {
  const double size = mean_size(units, window);
  if (units.transform == Transform::log) return {units.forward(size), 1 / units.scale};
  const double zero = -units.center / units.scale;
  return {zero, std::max(apply(units.transform, size) / units.scale, kSpreadFloor)};
}

bool linear_sees_known(const Window& window) { return window.known * window.out_rows() <= kMaxLinearKnown; }

}  // namespace

Normalization parse_normalization(const std::string& name) {
  return static_cast<Normalization>(detail::place_among({kNormalizations.begin(), kNormalizations.end()},
                                                        name, "there is no such normalisation of windows"));
}

std::int64_t Window::step_features() const {
  return segment * value_stride() + (levels ? 2 : 0) + waves.count();
}

std::int64_t Window::decoder_features() const {
  return out_steps + segment * known + waves.count() + statics + codes + 2;
}

std::int64_t Window::linear_features() const {
  return rows() + static_cast<std::int64_t>(kLinearPastRows) * past +
         (linear_sees_known(*this) ? known * out_rows() : 0) + waves.count() + 1;
}

Window::Scale Window::scale(const ScaledPanel& scaled, const Origin& origin) const {
  const std::vector<double>& level = scaled.level[static_cast<std::size_t>(origin.series)];
  const std::span<const double> window(level.data() + origin.row - rows() + 1,
                                       static_cast<std::size_t>(rows()));
  if (counts) {
    const SeriesScale& units = scaled.scales[static_cast<std::size_t>(origin.series)];
    return {units.forward(0), (1 + mean_size(units, window)) / units.scale};
  }
  if (normalization == Normalization::mean_abs) {
    return scale_by_size(scaled.scales[static_cast<std::size_t>(origin.series)], window);
  }
  double mean = 0, square = 0;
  for (const double v : window) mean += v;
  mean /= static_cast<double>(rows());
  for (const double v : window) square += (v - mean) * (v - mean);
  double base = 0;
  const auto based = static_cast<std::size_t>(base_rows);
  for (const double v : base_first ? window.first(based) : window.last(based)) base += v;
  base /= static_cast<double>(base_rows);
  if (normalization == Normalization::last) base = window.back();
  if (normalization == Normalization::standard || normalization == Normalization::revin) base = mean;
  if (!spreads.empty()) return {base, spreads[static_cast<std::size_t>(origin.series)]};
  // `level` has about unit deviation over the training part, so the floor is relative to the series itself.
  return {base, std::sqrt(square / static_cast<double>(rows()) + kSpreadFloor * kSpreadFloor)};
}

bool Window::wants_fixed_spreads() const {
  if (counts) return false;
  return normalization == Normalization::last || (normalization == Normalization::automatic && levels);
}

void Window::fix_spreads(const ScaledPanel& scaled) {
  const Panel& panel = scaled.panel();
  spreads.clear();
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const std::vector<double>& level = scaled.level[s];
    const auto ahead = static_cast<std::size_t>(panel.horizon);
    double square = 0, count = 0;
    for (std::size_t row = 0; row + ahead < static_cast<std::size_t>(panel.series[s].train_rows); ++row) {
      const double change = level[row + ahead] - level[row];
      square += change * change;
      ++count;
    }
    spreads.push_back(square > 0 ? std::sqrt(square / count) : 1);
  }
}

void Window::fill(const ScaledPanel& scaled, const Origin& origin, std::span<float> encoder,
                  std::span<float> decoder, std::span<float> linear) const {
  const Panel& panel = scaled.panel();
  const auto s = static_cast<std::size_t>(origin.series);
  const PanelSeries& series = panel.series[s];
  const Scale own = scale(scaled, origin);
  const double factor = 1 / own.spread;
  const auto first = static_cast<std::size_t>(origin.row - rows() + 1);
  const auto segment_rows = static_cast<std::size_t>(segment);
  const auto past_width = static_cast<std::size_t>(past), known_width = static_cast<std::size_t>(known);
  const std::vector<double>& level = scaled.level[s];

  const auto by_clock = [&](std::size_t row) {
    return static_cast<std::size_t>(
        series.clock.back(origin.row, origin.row - static_cast<std::int64_t>(row)));
  };
  std::size_t next = 0;
  for (std::size_t step = 0; step < static_cast<std::size_t>(steps); ++step) {
    const std::size_t begin = first + step * segment_rows, last = begin + segment_rows - 1;
    for (std::size_t place = begin; place <= last; ++place) {
      const std::size_t row = by_clock(place);
      encoder[next++] = clipped((level[row] - own.base) * factor);
      for (std::size_t c = 0; c < past_width; ++c)
        encoder[next++] = clipped(scaled.past[s][row * past_width + c]);
      for (std::size_t c = 0; c < known_width; ++c) {
        encoder[next++] = clipped(scaled.known[s][row * known_width + c]);
      }
      if (masked) encoder[next++] = series.observed.empty() || series.observed[row] != 0 ? 1.0F : 0.0F;
    }
    if (levels) {
      encoder[next++] = clipped(level[by_clock(last)]);
      encoder[next++] = clipped(scaled.compressed[s][by_clock(last)]);
    }
    next += waves.write(series.position[by_clock(last)], encoder.subspan(next));
  }

  next = 0;
  const auto now = static_cast<std::size_t>(origin.row);
  // Segments may reach beyond the horizon, up to which covariates are known: the last row stands for those
  // after it.
  const std::size_t last_known = now + static_cast<std::size_t>(panel.horizon);
  for (std::size_t step = 0; step < static_cast<std::size_t>(out_steps); ++step) {
    for (std::int64_t k = 0; k < out_steps; ++k)
      decoder[next++] = k == static_cast<std::int64_t>(step) ? 1.0F : 0.0F;
    const std::size_t begin = now + 1 + step * segment_rows;
    for (std::size_t row = begin; known_width > 0 && row < begin + segment_rows; ++row) {
      const std::size_t at = std::min(row, last_known) * known_width;
      for (std::size_t c = 0; c < known_width; ++c) decoder[next++] = clipped(scaled.known[s][at + c]);
    }
    next += waves.write(series.position[std::min(begin, series.position.size() - 1)], decoder.subspan(next));
    for (const double v : scaled.statics[s]) decoder[next++] = clipped(v);
    for (std::int64_t k = 0; k < codes; ++k) decoder[next++] = k == origin.series ? 1.0F : 0.0F;
    decoder[next++] = clipped(own.base);
    decoder[next++] = clipped(std::log(own.spread));
  }

  next = 0;
  for (std::size_t row = first; row <= now; ++row)
    linear[next++] = clipped((level[by_clock(row)] - own.base) * factor);
  for (std::size_t back = kLinearPastRows; back-- > 0;) {
    const std::size_t row = now - std::min(back, now);  // the first row stands for those before it
    for (std::size_t c = 0; c < past_width; ++c)
      linear[next++] = clipped(scaled.past[s][row * past_width + c]);
  }
  if (known_width > 0 && linear_sees_known(*this)) {
    for (std::size_t row = now + 1; row < now + 1 + static_cast<std::size_t>(out_rows()); ++row) {
      const std::size_t at = std::min(row, last_known) * known_width;
      for (std::size_t c = 0; c < known_width; ++c) linear[next++] = clipped(scaled.known[s][at + c]);
    }
  }
  next += waves.write(series.position[now], linear.subspan(next));
  linear[next] = clipped(own.base);
}

void Window::targets(const ScaledPanel& scaled, const Origin& origin, std::span<double> out) const {
  const std::vector<double>& level = scaled.level[static_cast<std::size_t>(origin.series)];
  const Scale own = scale(scaled, origin);
  for (std::size_t h = 0; h < out.size(); ++h) {
    const std::size_t row = static_cast<std::size_t>(origin.row) + 1 + h;
    out[h] =
        row < level.size() ? (level[row] - own.base) / own.spread : std::numeric_limits<double>::quiet_NaN();
  }
}

void Window::archive(tasks::Archive& archive) {
  const std::int64_t none = 0, one = 1;
  archive.field("segment", segment, one, kMaxCount);
  archive.field("steps", steps, one, kMaxCount);
  archive.field("out_steps", out_steps, one, kMaxCount);
  archive.field("base_rows", base_rows, one, rows());
  archive.field("base_first", base_first);
  archive.field("waves", waves);
  archive.field("past", past, none, kMaxCount);
  archive.field("known", known, none, kMaxCount);
  archive.field("statics", statics, none, kMaxCount);
  archive.field("codes", codes, none, kMaxCount);
  archive.field("levels", levels);
  archive.field("masked", masked);
  archive.field("counts", counts);
  archive.choice("normalization", normalization, kNormalizations);
  archive.field("spreads", spreads);
  if (!std::ranges::all_of(spreads, [](double spread) { return spread >= 1e-300 && spread <= 1e300; }))
    archive.refuse("spreads", "is out of range");
}

bool Window::fits(const PanelShape& panel) const {
  return past == panel.past && known == panel.known && statics == panel.statics &&
         out_rows() >= panel.horizon &&
         (spreads.empty() || static_cast<std::int64_t>(spreads.size()) == panel.series) &&
         (codes == 0 || codes == panel.series);
}

Window choose_window(const Panel& panel, std::int64_t look_back, bool calendar) {
  Window window;
  window.past = static_cast<std::int64_t>(panel.past.size());
  window.known = static_cast<std::int64_t>(panel.known.size());
  window.statics = static_cast<std::int64_t>(panel.statics.size());
  if (panel.series.size() > 1 && panel.series.size() <= kMaxCodes) {
    window.codes = static_cast<std::int64_t>(panel.series.size());
  }
  // Of the training part: what never changes there teaches nothing, and holes after it must not change what
  // is learnt.
  window.masked = panel.training_has_holes();

  // Seasons of whole rows that the training parts hold several times.
  const std::int64_t room = panel.shortest_training() - panel.horizon;
  std::vector<std::int64_t> seasons;
  for (const double season : panel.seasons) {
    const auto rows = static_cast<std::int64_t>(std::llround(season));
    if (rows >= 2 && rows <= kLongestLookBack / 2 && 3 * rows <= room) seasons.push_back(rows);
  }
  const std::int64_t season = seasons.empty() ? 0 : seasons.front();
  const bool long_horizon = season > 0 && 2 * panel.horizon >= season;
  std::int64_t rows = look_back;
  if (long_horizon) {
    window.segment = season;
    window.base_rows = season;
    if (rows <= 0) rows = std::max({2 * seasons.back(), kSeasonsBack * season, 3 * panel.horizon});
  } else {
    window.segment =
        std::max<std::int64_t>(1, season > 0 ? std::min(panel.horizon, season / 2) : panel.horizon);
    if (rows <= 0) rows = std::max({season, kMinRows, 4 * window.segment});
  }
  if (look_back <= 0) rows = std::min(rows, kLongestLookBack);
  rows = std::min(rows, std::max<std::int64_t>(1, room * 11 / 20));
  window.segment = std::min(window.segment, rows);
  window.base_rows = std::min(window.base_rows, rows);
  if ((rows + window.segment - 1) / window.segment > kMaxSteps) {
    window.segment = (rows + kMaxSteps - 1) / kMaxSteps;
  }
  window.steps = std::max<std::int64_t>(1, (rows + window.segment - 1) / window.segment);
  while (window.steps > 1 && window.rows() > room * 11 / 20) --window.steps;
  window.out_steps = (panel.horizon + window.segment - 1) / window.segment;
  window.levels = window.segment == 1;

  window.waves.seasons = panel.seasons;
  for (const double s : panel.seasons) {
    const bool seen_often = static_cast<double>(panel.shortest_training()) >= 3 * s;
    std::int64_t order = calendar && seen_often ? 2 : 0;
    while (order > 0 && 2 * static_cast<double>(order) >= s) --order;
    window.waves.orders.push_back(order);
  }
  return window;
}

}  // namespace rondo::forecasting
