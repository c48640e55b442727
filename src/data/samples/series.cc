#include "rondo/data/series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/text.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

/// The rows of every id, in order of first appearance.
struct Groups {
  std::vector<std::string> ids;
  std::vector<std::vector<std::int64_t>> rows;
};

Groups group(const Table& table, const std::string& id) {
  Groups groups;
  if (id.empty()) {
    groups.ids.emplace_back();
    groups.rows.emplace_back(static_cast<std::size_t>(table.rows()));
    for (std::size_t r = 0; r < groups.rows[0].size(); ++r) groups.rows[0][r] = static_cast<std::int64_t>(r);
    return groups;
  }
  const Column& column = table.column(id);
  std::map<std::string, std::size_t, std::less<>> place;
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    std::string name = column.text(row);
    if (name.empty()) {
      throw Error(ErrorKind::data, "a row does not say to which series it belongs")
          .where(table.where(row, id))
          .seen("an empty cell")
          .fix("fill in the id or take the row out");
    }
    const auto [found, added] = place.try_emplace(name, groups.ids.size());
    if (added) {
      groups.ids.push_back(std::move(name));
      groups.rows.emplace_back();
    }
    groups.rows[found->second].push_back(row);
  }
  return groups;
}

std::vector<std::string> value_columns(const Table& table, const SeriesOptions& options) {
  if (!options.columns.empty()) {
    for (const std::string& name : options.columns) table.column(name);
    return options.columns;
  }
  std::vector<std::string> names;
  const auto same = [&](const std::string& option, const Column& column) {
    return !option.empty() && &table.column(option) == &column;
  };
  for (const Column& column : table.columns()) {
    if (column.is_number() && !same(options.time, column) && !same(options.id, column))
      names.push_back(column.name());
  }
  if (names.empty()) {
    throw Error(ErrorKind::data, "the table has no column of numbers to make a series of")
        .where(table.source())
        .seen(std::to_string(table.columns().size()) + " columns, of text, times or ids")
        .fix("name the column; if another sign separates decimals, say which");
  }
  return names;
}

Tensor gather_rows(const std::vector<std::span<const double>>& columns,
                   const std::vector<std::int64_t>& rows) {
  Tensor values({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns.size())},
                DType::float64);
  std::span<double> out = values.data<double>();
  std::size_t at = 0;
  for (const std::int64_t row : rows) {
    for (const auto& column : columns)
      out[at++] = row < 0 ? std::numeric_limits<double>::quiet_NaN() : column[static_cast<std::size_t>(row)];
  }
  return values;
}

std::int64_t count_missing(const Tensor& values) {
  const auto numbers = values.data<double>();
  return std::count_if(numbers.begin(), numbers.end(), [](double v) { return std::isnan(v); });
}

/// A NaN that no policy may fill: named by file and line where it has one.
void refuse_missing(const Table& table, const std::vector<std::string>& columns, const Tensor& values,
                    const std::vector<std::int64_t>& source, const Timeline& times) {
  const auto numbers = values.data<double>();
  const auto hole = std::find_if(numbers.begin(), numbers.end(), [](double v) { return std::isnan(v); });
  if (hole == numbers.end()) return;
  const auto at = static_cast<std::size_t>(hole - numbers.begin());
  const std::size_t row = at / columns.size();
  const std::string& column = columns[at % columns.size()];
  const std::string count = std::to_string(count_missing(values)) + " missing in all";
  if (source[row] < 0) {
    throw Error(ErrorKind::data, "rows are missing between two times")
        .where(table.source() + ", column '" + column + "'")
        .seen("no row for '" + times.text(static_cast<std::int64_t>(row)) + "' in a series that is " +
              times.frequency().name() + "; " + count)
        .expected("a row for every step of time")
        .fix("fill the gaps: missing = previous or linear; or cut the series there: gaps = keep");
  }
  throw Error(ErrorKind::data, "a value is missing")
      .where(table.where(source[row], column))
      .seen("no number; " + count)
      .expected("a number in every row")
      .fix(
          "fill them: missing = previous (last value before), linear (between neighbours) or mask (leave "
          "out)");
}

Timeline with_frequency(const Timeline& times, const Frequency& frequency) {
  return TimelineAccess::make({times.ticks().begin(), times.ticks().end()}, TimelineAccess::offsets(times),
                              times.format(), frequency);
}

void trim_start(Series& series, std::int64_t rows) {
  if (rows == 0) return;
  series.times = series.times.slice(rows, series.times.size());
  series.values = series.values.slice(rows, series.values.dim(0));
  if (!series.source.empty()) series.source.erase(series.source.begin(), series.source.begin() + rows);
}

}  // namespace

std::int64_t SeriesSet::column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found != columns.end()) return found - columns.begin();
  throw Error(ErrorKind::data, "the series have no column '" + std::string(name) + "'")
      .seen("columns " + detail::listed(columns))
      .fix(detail::did_you_mean(name, columns));
}

std::vector<std::string> SeriesReport::notes() const {
  const auto some = [](std::int64_t n, const char* one, const char* many) {
    return std::to_string(n) + " " + (n == 1 ? one : many);
  };
  std::vector<std::string> notes;
  if (sorted) {
    notes.push_back("the rows were put in order of time: " + some(rows_unsorted, "row", "rows") +
                    " came after a later one");
  }
  if (rows_dropped > 0)
    notes.push_back(some(rows_dropped, "row", "rows") + " of duplicate timestamps left out");
  if (rows_on_weekends > 0) {
    notes.push_back("the rows are business days: " + some(rows_on_weekends, "row", "rows") +
                    " on a Saturday or Sunday left out with " + (rows_on_weekends == 1 ? "its" : "their") +
                    " values, the first of " + first_on_weekend);
  }
  if (rows_inserted > 0)
    notes.push_back(some(rows_inserted, "missing row", "missing rows") + " inserted without values");
  if (cells_filled > 0) notes.push_back(some(cells_filled, "missing value", "missing values") + " filled");
  if (rows_trimmed > 0) {
    notes.push_back(some(rows_trimmed, "row", "rows") +
                    " at the start left out, before every column has a value");
  }
  if (day_order_guessed) {
    notes.emplace_back("no date tells day and month apart; the order was guessed (day_order says it)");
  }
  return notes;
}

SeriesSet make_series(const Table& table, const SeriesOptions& options, SeriesReport* report) {
  const MissingPolicy policy = parse_missing_policy(options.missing);
  SeriesReport ignored;
  SeriesReport& seen = report != nullptr ? *report : ignored;
  seen = {};
  SeriesSet set;
  set.columns = value_columns(table, options);
  std::vector<std::span<const double>> columns;
  for (const std::string& name : set.columns) columns.push_back(table.numbers(name));
  const Timeline all_times =
      options.time.empty() ? Timeline::rows(table.rows()) : read_times(table, options.time, options.times);
  seen.day_order_guessed = all_times.format().day_order_guessed;
  Groups groups = group(table, options.id);
  for (std::size_t g = 0; g < groups.ids.size(); ++g) {
    const std::vector<std::int64_t>& rows = groups.rows[g];
    const Timeline times = options.time.empty()     ? Timeline::rows(static_cast<std::int64_t>(rows.size()))
                           : groups.ids.size() == 1 ? all_times
                           : options.common_frequency && all_times.frequency().regular()
                               ? with_frequency(all_times.gather(rows), all_times.frequency())
                               : all_times.gather(rows);
    Arrangement order = arrange(times, options.arrange, &table, options.time, rows);
    std::vector<std::int64_t> source;
    source.reserve(order.source.size());
    for (const std::int64_t r : order.source)
      source.push_back(r < 0 ? -1 : rows[static_cast<std::size_t>(r)]);
    Series series{groups.ids[g], std::move(order.times), gather_rows(columns, source), source};
    seen.rows_inserted += order.inserted;
    seen.rows_dropped += order.dropped;
    if (seen.rows_on_weekends == 0) seen.first_on_weekend = order.first_weekend;
    seen.rows_on_weekends += order.weekend_rows;
    seen.sorted = seen.sorted || order.sorted;
    seen.rows_unsorted += order.unsorted;
    if (policy == MissingPolicy::error)
      refuse_missing(table, set.columns, series.values, source, series.times);
    const std::string where = table.source() + (series.id.empty() ? "" : ", series '" + series.id + "'");
    if (!options.column_is_series) {
      FilledValues filled = fill_missing(series.values, policy, set.columns, where);
      series.values = std::move(filled.values);
      seen.cells_filled += filled.filled;
      seen.rows_trimmed += filled.leading;
      trim_start(series, filled.leading);
      set.series.push_back(std::move(series));
      continue;
    }
    for (std::size_t c = 0; c < set.columns.size(); ++c) {
      Tensor one = gather_rows({columns[c]}, source);
      FilledValues filled = fill_missing(one, policy, {set.columns[c]}, where);
      Series part{series.id.empty() ? set.columns[c] : series.id + "/" + set.columns[c], series.times,
                  std::move(filled.values), source};
      seen.cells_filled += filled.filled;
      seen.rows_trimmed += filled.leading;
      trim_start(part, filled.leading);
      set.series.push_back(std::move(part));
    }
  }
  if (options.column_is_series) set.columns = {"value"};
  return set;
}

SeriesSet series_from_rows(const Table& table, std::string_view id) {
  SeriesSet set;
  set.columns = {"value"};
  const Column* names = id.empty() ? nullptr : &table.column(id);
  std::vector<std::span<const double>> columns;
  for (const Column& column : table.columns()) {
    if (&column != names) columns.push_back(table.numbers(column.name()));
  }
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    const auto r = static_cast<std::size_t>(row);
    std::size_t length = columns.size();
    while (length > 0 && std::isnan(columns[length - 1][r])) --length;
    if (length == 0) {
      throw Error(ErrorKind::data, "a series has no values")
          .where(table.source() + ", line " + std::to_string(table.line_of(row)))
          .fix("take the row out");
    }
    Tensor values({static_cast<std::int64_t>(length), 1}, DType::float64);
    for (std::size_t t = 0; t < length; ++t) values.data<double>()[t] = columns[t][r];
    set.series.push_back({names != nullptr ? names->text(row) : std::to_string(row + 1),
                          Timeline::rows(static_cast<std::int64_t>(length)), std::move(values)});
  }
  return set;
}

void append_columns(SeriesSet& set, const std::vector<NamedColumns>& of_each_series) {
  if (static_cast<std::int64_t>(of_each_series.size()) != set.count()) {
    throw Error(ErrorKind::usage, "new columns must be given for every series")
        .seen(std::to_string(of_each_series.size()))
        .expected(std::to_string(set.count()));
  }
  if (of_each_series.empty()) return;
  const std::vector<std::string>& names = of_each_series.front().names;
  for (const std::string& name : names) {
    if (std::find(set.columns.begin(), set.columns.end(), name) != set.columns.end()) {
      throw Error(ErrorKind::usage, "the series have a column '" + name + "' already");
    }
  }
  const std::int64_t old_width = static_cast<std::int64_t>(set.columns.size());
  const std::int64_t added = static_cast<std::int64_t>(names.size());
  for (std::size_t s = 0; s < of_each_series.size(); ++s) {
    Series& series = set.series[s];
    const NamedColumns& more = of_each_series[s];
    if (more.names != names || more.values.shape() != Shape{series.length(), added}) {
      throw Error(ErrorKind::usage, "new columns do not fit a series")
          .where("series " + std::to_string(s))
          .seen("shape " + to_string(more.values.shape()))
          .expected("shape " + to_string(Shape{series.length(), added}));
    }
    Tensor wide({series.length(), old_width + added}, DType::float64);
    for (std::int64_t t = 0; t < series.length(); ++t) {
      for (std::int64_t c = 0; c < old_width; ++c) {
        wide.set(t * (old_width + added) + c, series.values.at(t * old_width + c));
      }
      for (std::int64_t c = 0; c < added; ++c) {
        wide.set(t * (old_width + added) + old_width + c, more.values.at(t * added + c));
      }
    }
    series.values = std::move(wide);
  }
  set.columns.insert(set.columns.end(), names.begin(), names.end());
}

}  // namespace rondo
