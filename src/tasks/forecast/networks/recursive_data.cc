#include "tasks/forecast/networks/recursive_data.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMaxSteps = 96;
constexpr double kClip = 8;

}  // namespace

float recursive_input(double value) { return static_cast<float>(std::clamp(value, -kClip, kClip)); }

Window recursive_window(Window window, std::int64_t horizon, std::int64_t given) {
  window.steps = given > 0 ? window.rows() : std::min(window.rows(), kMaxSteps);
  window.segment = 1;
  window.base_rows = (window.steps + 1) / 2;
  window.base_first = true;
  window.out_steps = horizon;
  window.past = 0;
  window.levels = false;
  window.spreads.clear();
  return window;
}

std::int64_t recursive_features(const Window& window) {
  return 1 + (window.masked ? 1 : 0) + window.known + window.waves.count() + window.statics + window.codes +
         2;
}

void fill_recursive_row(const ScaledPanel& scaled, const Window& window, const Origin& origin,
                        const Window::Scale& own, std::int64_t row, std::span<float> out) {
  const auto s = static_cast<std::size_t>(origin.series);
  const auto at = static_cast<std::size_t>(row), known = static_cast<std::size_t>(window.known);
  std::size_t next = 0;
  out[next++] = 0;
  if (window.masked) out[next++] = 1;
  for (std::size_t c = 0; c < known; ++c) out[next++] = recursive_input(scaled.known[s][at * known + c]);
  next += window.waves.write(scaled.panel().series[s].position[at], out.subspan(next));
  for (const double v : scaled.statics[s]) out[next++] = recursive_input(v);
  for (std::int64_t k = 0; k < window.codes; ++k) out[next++] = k == origin.series ? 1.0F : 0.0F;
  out[next++] = recursive_input(own.base);
  out[next++] = recursive_input(std::log(own.spread));
}

Tensor recursive_inputs(const ScaledPanel& scaled, const Window& window, std::span<const Origin> origins,
                        std::int64_t ahead) {
  const std::int64_t rows = window.steps + ahead;
  const auto width = static_cast<std::size_t>(recursive_features(window));
  Tensor out({static_cast<std::int64_t>(origins.size()), rows, recursive_features(window)});
  const std::span<float> numbers = out.data<float>();
  std::size_t next = 0;
  for (const Origin& origin : origins) {
    const Window::Scale own = window.scale(scaled, origin);
    const PanelSeries& series = scaled.panel().series[static_cast<std::size_t>(origin.series)];
    const std::vector<double>& level = scaled.level[static_cast<std::size_t>(origin.series)];
    for (std::int64_t row = origin.row - window.steps + 2; row < origin.row + 2 + ahead;
         ++row, next += width) {
      const std::span<float> to = numbers.subspan(next, width);
      fill_recursive_row(scaled, window, origin, own, row, to);
      to[0] = recursive_input((level[static_cast<std::size_t>(row - 1)] - own.base) / own.spread);
      if (window.masked) to[1] = series.is_observed(row - 1) ? 1.0F : 0.0F;
    }
  }
  return out;
}

std::vector<Samples> RecursiveSamples::inputs(std::span<const Origin> origins, DType dtype) const {
  Tensor rows = recursive_inputs(scaled_, window_, origins, window_.out_steps - 1);
  std::vector<Samples> out;
  out.emplace_back(dtype == DType::float32 ? std::move(rows) : rows.cast(dtype));
  return out;
}

Tensor RecursiveSamples::target(int, std::span<const Origin> origins, DType dtype) const {
  const std::int64_t width = window_.counts ? 2 : 1;
  Tensor out({static_cast<std::int64_t>(origins.size()), rows(), width}, dtype);
  std::int64_t next = 0;
  for (const Origin& origin : origins) {
    const auto s = static_cast<std::size_t>(origin.series);
    const Window::Scale own = window_.scale(scaled_, origin);
    const double size = window_.counts ? window_.size(scaled_, origin) : 1;
    for (std::int64_t i = 0; i < rows(); ++i) {
      const auto row = static_cast<std::size_t>(first_row(origin) + i);
      if (window_.counts) {
        out.set(next++, scaled_.panel().series[s].values[row]);
        out.set(next++, size);
      } else {
        out.set(next++, (scaled_.level[s][row] - own.base) / own.spread);
      }
    }
  }
  return out;
}

Tensor RecursiveSamples::weight(int member, std::span<const Origin> origins, DType dtype) const {
  Tensor out({static_cast<std::int64_t>(origins.size()), rows()}, dtype);
  std::int64_t next = 0;
  for (const Origin& origin : origins) {
    const bool used = folds_.role(member, origin) == role_;
    for (std::int64_t i = 0; i < rows(); ++i) {
      const std::int64_t row = first_row(origin) + i;
      const bool forecast = row > origin.row;
      const bool learnt = row > origin.row - window_.steps + window_.base_rows &&
                          !folds_.holds_out(member, origin.series, row);
      const bool counted = role_ == Role::train ? learnt : forecast;
      out.set(next++, used && counted ? 1 : 0);
    }
  }
  return out;
}

}  // namespace rondo::forecasting
