#include "tasks/forecast/table/panel_series.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"
#include "tasks/forecast/table/encode.h"

namespace rondo::forecasting {

std::int64_t first_value(const RawSeries& series, std::size_t column, std::int64_t end) {
  std::int64_t row = 0;
  while (row < end && std::isnan(series.at(row, column))) ++row;
  return row;
}

void read_values(const RawSeries& series, std::size_t column, std::int64_t begin, std::int64_t end,
                 PanelSeries& out) {
  for (std::int64_t row = begin; row < end; ++row) {
    const double value = series.at(row, column);
    const bool read = !std::isnan(value);
    out.observed.push_back(read ? 1 : 0);
    out.values.push_back(read ? value : out.values.back());
  }
  const bool all = std::all_of(out.observed.begin(), out.observed.end(), [](auto seen) { return seen != 0; });
  if (all) out.observed.clear();
}

void require_known(const RawPanel& raw, const Table& table, const RawSeries& series, std::int64_t end,
                   std::int64_t horizon) {
  const std::size_t first_known = raw.roles.targets.size() + raw.roles.past.size();
  for (std::size_t e = 0; e < raw.roles.known.size(); ++e) {
    for (std::int64_t row = end; row < end + horizon; ++row) {
      if (row < series.data.length() && !std::isnan(series.at(row, first_known + e))) continue;
      throw Error(ErrorKind::data, "a known covariate is not known for the whole horizon")
          .where(series_name(table, series) + ", column '" + raw.roles.known[e] + "'")
          .seen(std::to_string(row - end) + " of " + std::to_string(horizon) +
                " values after the last target value")
          .expected(std::to_string(horizon) + ", one for every row of the horizon")
          .fix(
              "add rows with the target left empty, or give them in --future FILE; if the future is not "
              "known, name the column with --past");
    }
  }
}

std::vector<double> positions_of(const Timeline& times, std::int64_t horizon) {
  std::vector<double> out;
  if (times.format().is_calendar() && times.frequency().regular()) {
    for (const std::int64_t step : times.joined(times.next(horizon)).steps())
      out.push_back(static_cast<double>(step));
    return out;
  }
  for (std::int64_t row = 0; row < times.size() + horizon; ++row) out.push_back(static_cast<double>(row));
  return out;
}

}  // namespace rondo::forecasting
