#include "tasks/forecast/intervals/bands.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "rondo/base/error.h"
#include "train/losses/probability_functions.h"

namespace rondo::forecasting {

namespace {

/// Known errors of one step of the horizon.
std::vector<double> known_column(const Rows& errors, std::int64_t step) {
  std::vector<double> out;
  for (std::int64_t r = 0; r < errors.count(); ++r) {
    const double error = errors.row(r)[static_cast<std::size_t>(step)];
    if (!std::isnan(error)) out.push_back(error);
  }
  return out;
}

std::vector<double> sizes(std::span<const double> errors) {
  std::vector<double> out;
  for (const double error : errors) {
    if (!std::isnan(error)) out.push_back(std::abs(error));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

double conformal_quantile(std::span<const double> sorted, double probability) {
  if (sorted.empty()) return 0;
  const auto n = static_cast<double>(sorted.size());
  const double wanted = std::ceil((n + 1) * probability - 1e-9);  // 0.95 · 20 is 19, whatever the bits say
  if (wanted <= n) return sorted[static_cast<std::size_t>(std::max(wanted, 1.0)) - 1];
  double square = 0;
  for (const double e : sorted) square += e * e;
  return std::max(sorted.back(),
                  detail::student_t_quantile(probability, n) * std::sqrt(square / n * (1 + 1 / n)));
}

double conformal_half_width(std::span<const double> errors, double coverage) {
  const std::vector<double> sorted = sizes(errors);
  // Where Student's quantile has to help, both tails lie beyond it.
  const auto n = static_cast<double>(sorted.size());
  if (std::ceil((n + 1) * coverage - 1e-9) <= n) return conformal_quantile(sorted, coverage);
  return conformal_quantile(sorted, 0.5 + 0.5 * coverage);
}

BandOffsets BandOffsets::make(std::int64_t horizon, std::vector<double> levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] > (i == 0 ? 0 : levels[i - 1]) && levels[i] < 1) continue;
    throw Error(ErrorKind::usage, "levels of bands lie between 0 and 1 and ascend")
        .where("level " + std::to_string(i))
        .seen(std::to_string(levels[i]))
        .fix("give them as 0.80, 0.95");
  }
  if (levels.empty()) throw Error(ErrorKind::usage, "bands need a level").fix("give 0.80, 0.95");
  BandOffsets out;
  const std::size_t count = static_cast<std::size_t>(horizon) * levels.size();
  out.levels = std::move(levels);
  out.low.assign(count, 0.0);
  out.high.assign(count, 0.0);
  return out;
}

void BandOffsets::nest(std::int64_t step) {
  for (std::size_t level = 0; level < levels.size(); ++level) {
    const std::size_t at = index(step, static_cast<std::int64_t>(level));
    if (low[at] > high[at]) low[at] = high[at] = 0.5 * (low[at] + high[at]);
    if (level == 0) continue;
    low[at] = std::min(low[at], low[at - 1]);
    high[at] = std::max(high[at], high[at - 1]);
  }
}

BandOffsets split_conformal(const Rows& errors, std::vector<double> levels, BandShape shape) {
  BandOffsets out = BandOffsets::make(errors.columns, std::move(levels));
  for (std::int64_t step = 0; step < errors.columns; ++step) {
    std::vector<double> above = known_column(errors, step), below = above;
    for (double& error : below) error = -error;
    std::sort(above.begin(), above.end());
    std::sort(below.begin(), below.end());
    for (std::size_t level = 0; level < out.levels.size(); ++level) {
      const std::size_t at = out.index(step, static_cast<std::int64_t>(level));
      if (shape == BandShape::symmetric) {
        out.high[at] = conformal_half_width(above, out.levels[level]);
        out.low[at] = -out.high[at];
      } else {
        const double side = 0.5 + 0.5 * out.levels[level];
        out.high[at] = conformal_quantile(above, side);
        out.low[at] = -conformal_quantile(below, side);
      }
    }
    out.nest(step);
  }
  return out;
}

}  // namespace rondo::forecasting
