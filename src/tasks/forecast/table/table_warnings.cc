#include "tasks/forecast/table/table_warnings.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "rondo/base/error.h"
#include "tasks/common/table_findings.h"

namespace rondo::forecasting {

namespace {

/// The times of a column that no option names; nothing where it is none of times.
std::optional<Timeline> unnamed_times(const Table& table, const ForecastOptions& options,
                                      const std::string& column) {
  if (column.empty()) return std::nullopt;
  std::vector<std::string> taken{options.target, options.id};
  for (const auto* list : {&options.known, &options.past, &options.statics})
    taken.insert(taken.end(), list->begin(), list->end());
  if (std::find(taken.begin(), taken.end(), column) != taken.end()) return std::nullopt;
  try {
    return read_times(table, column, options.times);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Neighbouring rows of a series of which the second is later, and earlier.
struct Order {
  std::int64_t later = 0, earlier = 0;
};

Order order_of(const Timeline& times, const std::vector<tasks::SeriesRows>& series) {
  Order out;
  for (const tasks::SeriesRows& one : series) {
    for (std::size_t i = 1; i < one.rows.size(); ++i) {
      const auto before = times.ticks()[static_cast<std::size_t>(one.rows[i - 1])],
                 here = times.ticks()[static_cast<std::size_t>(one.rows[i])];
      out.later += here > before ? 1 : 0;
      out.earlier += here < before ? 1 : 0;
    }
  }
  return out;
}

}  // namespace

ForecastOptions with_times(const Table& table, const ForecastOptions& options,
                           std::vector<std::string>& notes) {
  constexpr std::int64_t kNearlyAll = 10;
  ForecastOptions out = options;
  if (!options.time.empty() || options.wide) return out;
  const std::string column = tasks::guess_time(table);
  const std::optional<Timeline> times = unnamed_times(table, options, column);
  if (!times) return out;
  const Order order = order_of(*times, tasks::series_rows(table, options.id, nullptr));
  if (order.earlier > kNearlyAll * order.later) {
    out.time = column;
    notes.push_back("the rows run from new to old by column '" + column +
                    "': it is taken as the column of times, as --time " + column + " says");
  } else if (order.earlier > 0) {
    notes.push_back("the rows are not in order of column '" + column +
                    "' and are taken as they stand; --time " + column + " puts them in order");
  }
  return out;
}

void warn_of_table(const Table& table, const Roles& roles, const ForecastOptions& options,
                   std::vector<std::string>& notes) {
  if (options.wide) return;
  const std::vector<tasks::SeriesRows> series = tasks::series_rows(table, options.id, nullptr);
  for (const std::string& name : roles.all()) {
    const Column& column = table.column(name);
    if (!column.is_number()) continue;
    const tasks::MissingCode found = tasks::find_missing_code(column.numbers(), series);
    if (found.count == 0) continue;
    const std::string code = detail::print("%.9g", found.code);
    notes.push_back(detail::print(
        "column '%s' is %s in %s, far from all else: that is probably a code for 'missing'; "
        "--missing-words=%s reads it so",
        name.c_str(), code.c_str(), detail::count_of(found.count, "row").c_str(), code.c_str()));
  }
}

}  // namespace rondo::forecasting
