#include "tasks/forecast/intervals/bands.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "rondo/base/error.h"
#include "train/losses/probability_functions.h"

namespace rondo::forecasting {

double conformal_quantile(std::span<const double> sorted, double probability, double worth) {
  if (sorted.empty()) return 0;
  const auto count = static_cast<double>(sorted.size()), n = std::min(count, worth);
  // Of n values; 0.95 · 20 is 19, whatever the bits say.
  const double wanted = n == count ? (n + 1) * probability : (n + 1) * probability * count / n;
  const double place = std::ceil(wanted - 1e-9);
  if (place <= count) return sorted[static_cast<std::size_t>(std::max(place, 1.0)) - 1];
  double square = 0;
  for (const double e : sorted) square += e * e;
  return std::max(sorted.back(),
                  detail::student_t_quantile(probability, n) * std::sqrt(square / count * (1 + 1 / n)));
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

}  // namespace rondo::forecasting
