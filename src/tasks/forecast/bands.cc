#include "tasks/forecast/bands.h"

#include <algorithm>
#include <cmath>

namespace rondo::forecasting {

double conformal_half_width(std::span<const double> errors, double coverage) {
  const auto n = static_cast<double>(errors.size());
  const double wanted = std::ceil((n + 1) * coverage);
  if (wanted <= n) {
    std::vector<double> sizes(errors.size());
    std::transform(errors.begin(), errors.end(), sizes.begin(), [](double e) { return std::abs(e); });
    const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(wanted) - 1;
    std::nth_element(sizes.begin(), at, sizes.end());
    return *at;
  }
  if (errors.empty()) return 0;
  double square = 0;
  for (const double e : errors) square += e * e;
  const double z = coverage > 0.9 ? 1.959964 : 1.281552;
  const double student =
      z + (z * z * z + z) / (4 * n);  // first term of Student's quantile around the normal one
  return student * std::sqrt(square / n * (1 + 1 / n));
}

BandWidths conformal_bands(const Rows& errors) {
  BandWidths bands;
  std::vector<double> column(static_cast<std::size_t>(errors.count()));
  for (std::int64_t h = 0; h < errors.columns; ++h) {
    for (std::int64_t r = 0; r < errors.count(); ++r) {
      column[static_cast<std::size_t>(r)] = errors.row(r)[static_cast<std::size_t>(h)];
    }
    bands.half80.push_back(conformal_half_width(column, 0.80));
    bands.half95.push_back(std::max(conformal_half_width(column, 0.95), bands.half80.back()));
  }
  return bands;
}

}  // namespace rondo::forecasting
