#include "tasks/forecast/table/panel_series.h"

#include <algorithm>
#include <cmath>

#include "data/time/timeline_access.h"
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

namespace {

/// "'2021-03-04' (line 12)": rows of the table and those that follow its end.
std::string names_of(const Table& table, const RawSeries& series, const std::vector<std::int64_t>& rows) {
  constexpr std::size_t kNamed = 5;
  const Timeline& times = series.data.times;
  const std::int64_t ahead = rows.back() + 1 - times.size();
  const Timeline all = ahead > 0 && times.size() > 1 ? times.joined(times.next(ahead)) : times;
  std::string out;
  for (std::size_t i = 0; i < rows.size() && i < kNamed; ++i) {
    const std::int64_t row = rows[i];
    const std::int64_t source = row < times.size() && !series.data.source.empty()
                                    ? series.data.source[static_cast<std::size_t>(row)]
                                    : -1;
    const std::int64_t line = source >= 0 ? table.line_of(source) : 0;
    const std::string time = row < all.size() ? all.text(row) : std::to_string(row + 1);
    const bool dated = times.format().is_calendar();
    out += i > 0 ? ", " : "";
    out += dated ? "'" + time + "'" : "row " + std::to_string(row + 1);
    if (line > 0) out += " (line " + std::to_string(line) + ")";
  }
  return out + (rows.size() > kNamed ? " …" : "");
}

}  // namespace

void require_known(const RawPanel& raw, const Table& table, const Encodings& encodings,
                   const RawSeries& series, std::int64_t end, std::int64_t horizon) {
  const std::size_t first_known = raw.roles.targets.size() + raw.roles.past.size();
  for (std::size_t e = 0; e < raw.roles.known.size(); ++e) {
    std::vector<std::int64_t> without;
    for (std::int64_t row = end; row < end + horizon; ++row) {
      const bool empty = row >= series.data.length() || std::isnan(series.at(row, first_known + e));
      const bool says_so = row < series.named && encodings.known_may_be_empty(e);
      if (empty && !says_so) without.push_back(row);
    }
    if (without.empty()) continue;
    throw Error(ErrorKind::data, "a known covariate is not known for the whole horizon")
        .where(series_name(table, series) + ", column '" + raw.roles.known[e] + "'")
        .seen(std::to_string(horizon - static_cast<std::int64_t>(without.size())) + " of " +
              std::to_string(horizon) + " values after the last target value; none for " +
              names_of(table, series, without))
        .expected(std::to_string(horizon) + ", one for every row of the horizon")
        .fix(
            "add rows with the target left empty, fill those that are there, or give them in --future FILE; "
            "if the future is not known, name the column with --past");
  }
}

std::vector<double> steps_by_clock(const Timeline& times) {
  std::vector<double> out;
  if (times.frequency().unit == TimeUnit::microsecond) {
    const std::vector<std::int64_t> walls = detail::walls_of(times);
    for (const std::int64_t wall : walls)
      out.push_back(static_cast<double>(wall - walls.front()) / static_cast<double>(times.frequency().step));
  } else {
    for (const std::int64_t step : times.steps()) out.push_back(static_cast<double>(step));
  }
  return out;
}

std::vector<double> positions_of(const Timeline& times, std::int64_t horizon) {
  if (times.format().is_calendar() && times.frequency().regular())
    return steps_by_clock(times.joined(times.next(horizon)));
  std::vector<double> out;
  for (std::int64_t row = 0; row < times.size() + horizon; ++row) out.push_back(static_cast<double>(row));
  return out;
}

ClockRows clock_rows_of(const Timeline& times, std::int64_t horizon) {
  if (!times.format().is_calendar() || times.frequency().unit != TimeUnit::microsecond) return {};
  ClockRows out;
  bool as_rows = true;
  for (const double step : steps_by_clock(times.joined(times.next(horizon)))) {
    if (step != std::floor(step)) return {};
    as_rows = as_rows && step == static_cast<double>(out.steps.size());
    out.steps.push_back(static_cast<std::int64_t>(step));
  }
  if (as_rows) return {};
  for (std::size_t row = 0; row < out.steps.size(); ++row) {
    const auto step = static_cast<std::size_t>(std::max<std::int64_t>(0, out.steps[row]));
    if (step < out.rows.size()) continue;
    out.rows.resize(step + 1, out.rows.empty() ? 0 : out.rows.back());
    out.rows.back() = static_cast<std::int64_t>(row);
  }
  return out;
}

}  // namespace rondo::forecasting
