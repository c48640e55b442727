#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting::statistical {

enum class SeasonKind { additive, multiplicative };

/// How high each place of a season stands: mean 0 where it is added, mean 1 where it multiplies. Place 0 is
/// that of the first row.
struct SeasonalFigure {
  SeasonKind kind = SeasonKind::additive;
  std::vector<double> places;

  double at(std::int64_t row) const { return places[static_cast<std::size_t>(row) % places.size()]; }
  double remove(double value, std::int64_t row) const {
    return kind == SeasonKind::additive ? value - at(row) : value / at(row);
  }
  double restore(double value, std::int64_t row) const {
    return kind == SeasonKind::additive ? value + at(row) : value * at(row);
  }
};

/// The test of the M3 and M4 competitions: whether the autocorrelation at lag `period` stands out at 90 %
/// (Bartlett's limits). False below two seasons. Pairs with a missing row are left out.
bool is_seasonal(std::span<const double> values, std::int64_t period);

/// Classical decomposition: means by place of what centred averages of a season leave. Multiplicative only
/// where every value and every place is positive (a place below 0.01 counts as not), else additive.
SeasonalFigure seasonal_figure(std::span<const double> values, std::int64_t period, SeasonKind kind);

}  // namespace rondo::forecasting::statistical
