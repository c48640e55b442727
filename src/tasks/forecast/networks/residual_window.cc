#include "tasks/forecast/networks/residual_window.h"

#include <algorithm>
#include <cmath>

#include "tasks/common/archive.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMinRows = 8;
constexpr std::int64_t kMaxSegments = 48;

}  // namespace

std::int64_t ResidualWindow::features() const {
  return segment * (1 + covariates + (masked ? 1 : 0)) + waves.count();
}

void ResidualWindow::fill(const ScaledPanel& scaled, const Origin& origin, std::span<float> out) const {
  const auto s = static_cast<std::size_t>(origin.series);
  const PanelSeries& series = scaled.panel().series[s];
  auto row = static_cast<std::size_t>(origin.row - rows() + 1);
  const auto width = static_cast<std::size_t>(covariates);
  std::size_t next = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::int64_t i = 0; i < segment; ++i, ++row) {
      out[next++] = static_cast<float>(scaled.movement[s][row]);
      for (std::size_t c = 0; c < width; ++c) {
        out[next++] = static_cast<float>(scaled.past[s][row * width + c]);
      }
      if (masked) out[next++] = series.is_observed(static_cast<std::int64_t>(row)) ? 1.0F : 0.0F;
    }
    next += waves.write(series.position[row - 1], out.subspan(next));
  }
}

void ResidualWindow::archive(tasks::Archive& archive) {
  archive.field("steps", steps, std::int64_t{1}, kMaxCount);
  archive.field("segment", segment, std::int64_t{1}, kMaxCount);
  archive.field("covariates", covariates, std::int64_t{0}, kMaxCount);
  archive.field("masked", masked);
  archive.field("waves", waves);
}

ResidualWindow choose_residual_window(const Panel& panel, const LinearCandidate& linear,
                                      std::int64_t longest_lag, std::int64_t window) {
  ResidualWindow out;
  out.covariates = static_cast<std::int64_t>(panel.past.size());
  out.masked = panel.training_has_holes();
  out.waves = {panel.seasons, linear.wave_orders};
  std::int64_t rows = window;
  if (rows <= 0) {
    rows = std::max(longest_lag, kMinRows);
    rows = std::max<std::int64_t>(1, std::min(rows, panel.shortest_training() / 4));
  }
  if (rows > kMaxSegments) {
    out.segment = (rows + kMaxSegments - 1) / kMaxSegments;
    for (const double season : panel.seasons) {
      const auto period = static_cast<std::int64_t>(std::llround(season));
      if (period >= out.segment && 2 * period <= rows) {
        out.segment = period;
        break;
      }
    }
  }
  out.steps = std::max<std::int64_t>(1, rows / out.segment);
  return out;
}

}  // namespace rondo::forecasting
