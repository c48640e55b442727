#include "tasks/forecast/panel/known_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace rondo::forecasting {

namespace {

/// By how much the column (times `sign`) rose beyond all before within a horizon, at most, in the later half.
double climbed(const PanelSeries& series, std::size_t columns, std::size_t column, std::size_t rows,
               std::size_t horizon, double sign) {
  double before = -std::numeric_limits<double>::infinity(), most = 0;
  for (std::size_t row = 0; row + 1 < rows; ++row) {
    before = std::max(before, sign * series.known[row * columns + column]);
    if (2 * row < rows) continue;
    for (const std::size_t next : {row + 1, std::min(row + horizon, rows - 1)})
      most = std::max(most, sign * series.known[next * columns + column] - before);
  }
  return most;
}

}  // namespace

KnownRange KnownRange::of(const PanelSeries& series, std::size_t columns, std::int64_t rows,
                          std::int64_t horizon) {
  constexpr double kSlack = 0.1;
  KnownRange out;
  const auto count = static_cast<std::size_t>(rows);
  for (std::size_t column = 0; column < columns && count > 0; ++column) {
    double low = series.known[column], high = low;
    for (std::size_t row = 0; row < count; ++row) {
      low = std::min(low, series.known[row * columns + column]);
      high = std::max(high, series.known[row * columns + column]);
    }
    const double slack = kSlack * (high - low);
    const auto reach = static_cast<std::size_t>(horizon);
    out.low.push_back(low - std::max(slack, climbed(series, columns, column, count, reach, -1)));
    out.high.push_back(high + std::max(slack, climbed(series, columns, column, count, reach, 1)));
    out.seen_low.push_back(low);
    out.seen_high.push_back(high);
  }
  return out;
}

void KnownRange::hold(PanelSeries& series, std::int64_t begin, std::vector<Held>& held) const {
  const std::size_t columns = low.size();
  for (std::size_t i = static_cast<std::size_t>(begin) * columns; i < series.known.size(); ++i) {
    const std::size_t column = i % columns;
    double& value = series.known[i];
    if (value >= low[column] && value <= high[column]) continue;
    auto entry =
        std::find_if(held.begin(), held.end(), [&](const Held& one) { return one.column == column; });
    if (entry == held.end())
      entry = held.insert(held.end(), {column, 0, value, seen_low[column], seen_high[column]});
    const auto distance = [](const Held& one, double v) {
      return std::max(one.seen_low - v, v - one.seen_high);
    };
    const Held here{column, 0, value, seen_low[column], seen_high[column]};
    if (distance(here, value) > distance(*entry, entry->farthest))
      *entry = {column, entry->rows, value, here.seen_low, here.seen_high};
    ++entry->rows;
    series.doubts.push_back(
        {static_cast<std::int64_t>(i / columns), column, 1, seen_low[column], seen_high[column]});
    value = value < low[column] ? seen_low[column] : seen_high[column];
  }
}

std::vector<std::string> notes_of(const std::vector<KnownRange::Held>& held,
                                  const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const KnownRange::Held& one : held) {
    const double end = one.farthest < one.seen_low ? one.seen_low : one.seen_high;
    out.push_back("column '" + names[one.column] + "' leaves what was learnt in " +
                  detail::count_of(one.rows, "row") + " ahead (" + detail::print("%.6g", one.farthest) +
                  " after values from " + detail::print("%.6g", one.seen_low) + " to " +
                  detail::print("%.6g", one.seen_high) + "): it is held at " + detail::print("%.6g", end));
  }
  return out;
}

}  // namespace rondo::forecasting
