#include "rondo/data/events.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "rondo/base/error.h"
#include "rondo/data/timeline.h"

namespace rondo {
namespace {

/// A column of names as numbers into a sorted list of the different ones.
struct Names {
  std::vector<std::string> names;
  std::vector<std::int64_t> of_row;  ///< -1: empty
};

/// `order` sorts what the names were made of: numbers by size, texts by their bytes.
template <class Key, class KeyOfRow, class TextOf>
Names number_names(std::int64_t rows, KeyOfRow key_of_row, TextOf text_of) {
  std::map<Key, std::int64_t> first;  // key to the order of appearance
  std::vector<std::int64_t> appearance(static_cast<std::size_t>(rows));
  std::unordered_map<Key, std::int64_t> seen;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::optional<Key> key = key_of_row(r);
    if (!key) {
      appearance[static_cast<std::size_t>(r)] = -1;
      continue;
    }
    const auto [at, is_new] = seen.try_emplace(*key, static_cast<std::int64_t>(seen.size()));
    if (is_new) first.emplace(*key, at->second);
    appearance[static_cast<std::size_t>(r)] = at->second;
  }
  Names out;
  std::vector<std::int64_t> place(seen.size());
  for (const auto& [key, number] : first) {
    place[static_cast<std::size_t>(number)] = static_cast<std::int64_t>(out.names.size());
    out.names.push_back(text_of(key));
  }
  out.of_row = std::move(appearance);
  for (std::int64_t& number : out.of_row) {
    if (number >= 0) number = place[static_cast<std::size_t>(number)];
  }
  return out;
}

Names number_names(const Table& table, const std::string& name) {
  const Column& column = table.column(name);
  const std::int64_t rows = column.size();
  if (!column.is_number()) {
    const TextList& texts = column.texts();
    return number_names<std::string_view>(
        rows,
        [&](std::int64_t r) {
          return texts[r].empty() ? std::nullopt : std::optional<std::string_view>(texts[r]);
        },
        [](std::string_view text) { return std::string(text); });
  }
  const std::span<const double> numbers = table.numbers(name);  // complains about late texts
  return number_names<double>(
      rows,
      [&](std::int64_t r) {
        const double v = numbers[static_cast<std::size_t>(r)];
        return std::isnan(v) ? std::nullopt : std::optional<double>(v);
      },
      [](double v) { return Column("name", std::vector<double>{v}).text(0); });
}

[[noreturn]] void missing_cell(const Table& table, std::int64_t row, const std::string& column,
                               const std::string& what) {
  throw Error(ErrorKind::data, "a row of the table of events has no " + what)
      .where(table.where(row, column))
      .seen("an empty cell")
      .fix("fill it in or take the row out");
}

struct Times {
  std::vector<double> of_row;
  bool calendar = false;  ///< in seconds since 1970
};

Times read_event_times(const Table& table, const std::string& name) {
  const Column& column = table.column(name);
  Times times;
  if (column.is_number()) {
    const std::span<const double> numbers = table.numbers(name);
    times.of_row.assign(numbers.begin(), numbers.end());
    return times;
  }
  const Timeline timeline = read_times(table, name);
  if (!timeline.format().is_calendar()) {
    throw Error(ErrorKind::data, "times of events are numbers or dates with a time of day")
        .where(table.where(0, name));
  }
  times.calendar = true;
  constexpr double kTicksPerSecond = 1e6;
  for (const std::int64_t tick : timeline.ticks())
    times.of_row.push_back(static_cast<double>(tick) / kTicksPerSecond);
  return times;
}

}  // namespace

Events::Events(const Table& table, const EventColumns& columns) {
  // Every column that is not there is named before any is read.
  for (const std::string* name : {&columns.record, &columns.time, &columns.parameter, &columns.value}) {
    static_cast<void>(table.column(*name));
  }
  const std::span<const double> values = table.numbers(columns.value);
  const Times times = read_event_times(table, columns.time);
  Names records = number_names(table, columns.record), parameters = number_names(table, columns.parameter);

  struct Row {
    std::int64_t record;
    Reading reading;
  };
  std::vector<Row> rows;
  rows.reserve(values.size());
  for (std::size_t r = 0; r < values.size(); ++r) {
    const auto row = static_cast<std::int64_t>(r);
    if (records.of_row[r] < 0) missing_cell(table, row, columns.record, "record");
    if (parameters.of_row[r] < 0) missing_cell(table, row, columns.parameter, "parameter");
    if (std::isnan(times.of_row[r])) missing_cell(table, row, columns.time, "time");
    if (std::isnan(values[r])) {
      ++without_value_;
      continue;
    }
    rows.push_back(
        {records.of_row[r], {times.of_row[r], values[r], static_cast<std::int32_t>(parameters.of_row[r])}});
  }
  if (rows.empty()) {
    throw Error(ErrorKind::data, "a table of events has no reading")
        .where(table.source())
        .seen(std::to_string(values.size()) + " rows, none with a value")
        .expected("rows of " + columns.record + ", " + columns.time + ", " + columns.parameter + ", " +
                  columns.value);
  }
  const auto key = [](const Row& row) {
    return std::tuple(row.record, row.reading.time, row.reading.parameter, row.reading.value);
  };
  std::ranges::sort(rows, std::less(), key);

  records_ = std::move(records.names);
  parameters_ = std::move(parameters.names);
  begins_.assign(records_.size() + 1, 0);
  readings_.reserve(rows.size());
  for (const Row& row : rows) {
    ++begins_[static_cast<std::size_t>(row.record) + 1];
    readings_.push_back(row.reading);
  }
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  if (!times.calendar && !columns.from_first) return;
  for (std::int64_t i = 0; i < size(); ++i) {
    const auto begin = readings_.begin() + begins_[static_cast<std::size_t>(i)];
    const auto end = readings_.begin() + begins_[static_cast<std::size_t>(i) + 1];
    if (begin == end) continue;
    const double first = begin->time;
    std::for_each(begin, end, [first](Reading& reading) { reading.time -= first; });
  }
}

std::int64_t Events::find(std::string_view record) const {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i] == record) return static_cast<std::int64_t>(i);
  }
  return -1;
}

std::span<const Reading> Events::readings(std::int64_t record) const {
  const auto at = static_cast<std::size_t>(record);
  return std::span(readings_).subspan(static_cast<std::size_t>(begins_[at]),
                                      static_cast<std::size_t>(begins_[at + 1] - begins_[at]));
}

Events read_events(const std::filesystem::path& path, const EventColumns& columns, CsvOptions csv) {
  if (csv.columns.empty() && csv.header != "no") {
    // Only these are kept in memory; a name that is not there is reported by the reader's list of all
    // columns.
    const Table head = CsvReader(path, csv).read(1);
    bool all = head.has_header();
    for (const std::string* name : {&columns.record, &columns.time, &columns.parameter, &columns.value})
      all = all && head.has(*name);
    if (all) csv.columns = {columns.record, columns.time, columns.parameter, columns.value};
  }
  return Events(read_csv(path, csv), columns);
}

EventLabels read_event_labels(const Table& table, const Events& events, const std::string& record,
                              const std::string& label) {
  const std::span<const double> numbers = table.numbers(label);
  const Names names = number_names(table, record);
  std::unordered_map<std::string_view, std::int64_t> place;
  for (std::int64_t i = 0; i < events.size(); ++i)
    place.emplace(events.records()[static_cast<std::size_t>(i)], i);

  EventLabels out;
  out.values.assign(static_cast<std::size_t>(events.size()), 0);
  std::vector<std::int64_t> row_of(out.values.size(), -1);
  for (std::size_t r = 0; r < numbers.size(); ++r) {
    const auto row = static_cast<std::int64_t>(r);
    if (names.of_row[r] < 0) missing_cell(table, row, record, "record");
    const std::string& name = names.names[static_cast<std::size_t>(names.of_row[r])];
    const auto found = place.find(name);
    if (found == place.end()) {
      ++out.unused;
      continue;
    }
    if (std::isnan(numbers[r])) {
      throw Error(ErrorKind::data, "record '" + name + "' has no outcome")
          .where(table.where(row, label))
          .seen("an empty cell")
          .fix("take the record out of both tables");
    }
    const auto at = static_cast<std::size_t>(found->second);
    if (row_of[at] >= 0 && out.values[at] != numbers[r]) {
      throw Error(ErrorKind::data, "record '" + name + "' has two different outcomes")
          .where(table.where(row_of[at], label) + " and " + table.where(row, label))
          .fix("leave one of them");
    }
    row_of[at] = row;
    out.values[at] = numbers[r];
  }
  const auto none = std::ranges::find(row_of, -1);
  if (none != row_of.end()) {
    const auto count = std::ranges::count(row_of, -1);
    throw Error(ErrorKind::data, "records of the table of events have no outcome")
        .where(table.source() + ", column '" + record + "'")
        .seen(std::to_string(count) + " of " + std::to_string(events.size()) + " records, such as '" +
              std::string(events.records()[static_cast<std::size_t>(none - row_of.begin())]) + "'")
        .expected("a row for every record")
        .fix("add their rows, or take the records out of the table of events");
  }
  return out;
}

}  // namespace rondo
