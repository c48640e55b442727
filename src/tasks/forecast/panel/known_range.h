#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tasks/forecast/panel/panel.h"

namespace rondo::forecasting {

/// Between which values the known columns of a series were learnt. Lines and networks are no guides beyond:
/// a price of 12 after prices of 10.00 ± 0.01 multiplies the noise of a slope by 200.
struct KnownRange {
  std::vector<double> low, high;  ///< by known column; held to within
  std::vector<double> seen_low, seen_high;

  /// Of the rows before `rows`: what they hold, a tenth of that range and, for columns that go on climbing or
  /// falling, as much more as they have gone beyond what they were within one horizon (in the later half).
  static KnownRange of(const PanelSeries& series, std::size_t columns, std::int64_t rows,
                       std::int64_t horizon);

  /// What was brought back into the range.
  struct Held {
    std::size_t column = 0;
    std::int64_t rows = 0;
    double farthest = 0, seen_low = 0, seen_high = 0;  ///< of the series with the farthest value
  };
  /// From row `begin` on. Adds to `held`, one entry a column, and to the series' doubts.
  void hold(PanelSeries& series, std::int64_t begin, std::vector<Held>& held) const;
};

/// "column 'price' is 12 in 10 rows ahead …", a sentence for each entry.
std::vector<std::string> notes_of(const std::vector<KnownRange::Held>& held,
                                  const std::vector<std::string>& names);

}  // namespace rondo::forecasting
