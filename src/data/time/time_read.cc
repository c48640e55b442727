#include "data/time/time_read.h"

#include "base/text.h"
#include "data/table/cell_text.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

void check(const TimeOptions& options) {
  detail::place_among(
      {"auto", "number", "epoch_seconds", "epoch_milliseconds", "epoch_microseconds", "epoch_nanoseconds"},
      options.format, "unknown value of option format");
  detail::place_among({"auto", "day_first", "month_first"}, options.day_order,
                      "unknown value of option day_order");
}

/// Numbers that were kept as text, such as years in a column of text.
bool all_numbers(const TextList& texts, std::vector<double>& numbers) {
  for (std::int64_t row = 0; row < texts.size(); ++row) {
    double value = 0;
    if (detail::read_cell(texts[row], '.', {}, value) != detail::CellKind::number) return false;
    numbers.push_back(value);
  }
  return !texts.empty();
}

Timeline read_texts(const TextList& texts, const TimeOptions& options, const detail::RowName& where) {
  // 31.01 is a number and 31.01.2020 is none; a column of numbers alone is read as numbers.
  std::vector<double> numbers;
  if (all_numbers(texts, numbers)) return detail::read_time_numbers(numbers, options, where);
  if (options.format != "auto") {
    throw Error(ErrorKind::data, "the times are no numbers")
        .where(where(0))
        .seen(detail::shown(texts.empty() ? "" : texts[0]))
        .expected("numbers, because the option format says '" + options.format + "'")
        .fix("leave the option format at 'auto'");
  }
  return detail::read_time_texts(texts, options, where);
}

std::string row_of_times(std::int64_t row) { return "row " + std::to_string(row + 1) + " of the times"; }

}  // namespace

Timeline read_times(const Table& table, std::string_view name, const TimeOptions& options) {
  check(options);
  const Column& column = table.column(name);
  const detail::RowName where = [&](std::int64_t row) { return table.where(row, column.name()); };
  if (column.is_number()) return detail::read_time_numbers(table.numbers(name), options, where);
  return read_texts(column.texts(), options, where);
}

Timeline parse_times(const TextList& texts, const TimeOptions& options) {
  check(options);
  return read_texts(texts, options, row_of_times);
}

Timeline parse_times(std::span<const double> numbers, const TimeOptions& options) {
  check(options);
  return detail::read_time_numbers(numbers, options, row_of_times);
}

}  // namespace rondo
