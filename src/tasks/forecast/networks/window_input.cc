#include "tasks/forecast/networks/window_input.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMinRows = 8;
constexpr std::int64_t kMaxSteps = 48;

}  // namespace

std::int64_t WindowInput::features() const {
  std::int64_t waves = 0;
  for (const std::int64_t order : wave_orders) waves += 2 * order;
  return segment * (1 + covariates + (masked ? 1 : 0)) + waves;
}

void WindowInput::fill(const Panel& panel, const ScaledPanel& scaled, const Origin& origin,
                       std::span<float> out) const {
  const auto s = static_cast<std::size_t>(origin.series);
  const PanelSeries& series = panel.series[s];
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
    for (std::size_t season = 0; season < wave_orders.size(); ++season) {
      const double angle = 2 * std::numbers::pi * series.position[row - 1] / seasons[season];
      for (std::int64_t k = 1; k <= wave_orders[season]; ++k) {
        out[next++] = static_cast<float>(std::sin(static_cast<double>(k) * angle));
        out[next++] = static_cast<float>(std::cos(static_cast<double>(k) * angle));
      }
    }
  }
}

WindowInput choose_window_input(const Panel& panel, const LineCandidate& line, std::int64_t longest_lag,
                                std::int64_t window) {
  WindowInput input;
  input.covariates = static_cast<std::int64_t>(panel.past.size());
  input.masked = panel.training_has_holes();
  input.seasons = panel.seasons;
  input.wave_orders = line.wave_orders;
  std::int64_t rows = window;
  if (rows <= 0) {
    rows = std::max(longest_lag, kMinRows);
    rows = std::max<std::int64_t>(1, std::min(rows, panel.shortest_training() / 4));
  }
  if (rows > kMaxSteps) {
    input.segment = (rows + kMaxSteps - 1) / kMaxSteps;
    for (const double season : panel.seasons) {
      const auto period = static_cast<std::int64_t>(std::llround(season));
      if (period >= input.segment && 2 * period <= rows) {
        input.segment = period;
        break;
      }
    }
  }
  input.steps = std::max<std::int64_t>(1, rows / input.segment);
  return input;
}

}  // namespace rondo::forecasting
