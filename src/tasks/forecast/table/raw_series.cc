#include "tasks/forecast/table/raw_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "base/order_statistics.h"
#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/data/csv.h"
#include "tasks/forecast/table/frequency_option.h"

namespace rondo::forecasting {

namespace {

/// More duplicate timestamps than this share of the rows, with different values, are several series in one
/// table.
constexpr std::int64_t kDoubledShare = 5;

/// The column of codes that stands for a column of texts.
std::string code_name(const std::string& column) { return column + " (text)"; }

/// The table with a column of codes for every column of texts.
Table with_codes(const Table& table, const std::vector<std::string>& columns,
                 std::map<std::string, TextCodes>& texts) {
  Table out = table;
  for (const std::string& name : columns) {
    out.add(Column(code_name(name), texts[name].codes(table.column(name))));
  }
  return out;
}

std::vector<std::string> text_columns(const Table& table, const Roles& roles) {
  std::vector<std::string> columns;
  for (const auto* list : {&roles.past, &roles.known, &roles.statics}) {
    for (const std::string& name : *list) {
      if (holds_texts(table.column(name))) columns.push_back(name);
    }
  }
  return columns;
}

SeriesSet long_series(const Table& table, const std::vector<std::string>& columns,
                      const std::map<std::string, TextCodes>& texts, const ForecastOptions& options,
                      SeriesReport& report) {
  SeriesOptions how{.time = options.time, .id = options.id};
  for (const std::string& name : columns) {
    how.columns.push_back(texts.contains(name) ? code_name(name) : name);
  }
  how.missing = "mask";
  how.common_frequency = options.missing == "zero";
  how.times = options.times;
  how.arrange = options.arrange;
  if (options.strict) how.arrange.unsorted = how.arrange.duplicates = "error";
  return make_series(table, how, &report);
}

/// One series a row: [rows, 1 + statics]. Rows without a value stay empty.
SeriesSet wide_series(const Table& table, const std::vector<std::string>& statics,
                      const std::map<std::string, TextCodes>& texts, const ForecastOptions& options) {
  const Column& ids = table.column(wide_id(table, options));
  std::vector<std::span<const double>> constants, columns;
  std::set<std::string> used{ids.name()};
  for (const std::string& name : statics) {
    constants.push_back(table.numbers(texts.contains(name) ? code_name(name) : name));
    used.insert(name);
    if (texts.contains(name)) used.insert(code_name(name));
  }
  for (const Column& column : table.columns()) {
    if (!used.contains(column.name())) columns.push_back(table.numbers(column.name()));
  }
  SeriesSet set;
  std::set<std::string> seen;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows()); ++row) {
    std::string id = ids.text(static_cast<std::int64_t>(row));
    if (id.empty() || !seen.insert(id).second) {
      throw Error(ErrorKind::data,
                  id.empty() ? "a series has no id" : "two rows of a wide table have the same id")
          .where(table.where(static_cast<std::int64_t>(row), ids.name()))
          .seen(id.empty() ? "an empty cell" : "'" + id + "' again")
          .expected("one series a row, its id first")
          .fix("correct the ids, name their column with --id, or, if rows are times, leave --wide out");
    }
    std::size_t length = columns.size();
    while (length > 0 && std::isnan(columns[length - 1][row])) --length;
    Tensor values({static_cast<std::int64_t>(length), static_cast<std::int64_t>(1 + constants.size())},
                  DType::float64);
    const std::span<double> numbers = values.data<double>();
    for (std::size_t t = 0, at = 0; t < length; ++t) {
      numbers[at++] = columns[t][row];
      for (const auto& constant : constants) numbers[at++] = constant[row];
    }
    set.series.push_back(
        {std::move(id), Timeline::rows(static_cast<std::int64_t>(length)), std::move(values)});
  }
  return set;
}

/// Rows with the same time and different targets: a few are corrections, many are series without an id.
void refuse_merged_series(const Table& table, const Roles& roles, const ForecastOptions& options) {
  const Timeline times = read_times(table, options.time, options.times);
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> last;
  std::int64_t conflicts = 0, first = -1;
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    std::string id = options.id.empty() ? std::string() : table.column(options.id).text(row);
    const auto [found, added] =
        last.try_emplace({std::move(id), times.ticks()[static_cast<std::size_t>(row)]}, row);
    if (added) continue;
    const std::int64_t before = found->second;
    const bool same = std::all_of(roles.targets.begin(), roles.targets.end(), [&](const std::string& target) {
      const auto numbers = table.numbers(target);
      const double a = numbers[static_cast<std::size_t>(before)];
      const double b = numbers[static_cast<std::size_t>(row)];
      return a == b || (std::isnan(a) && std::isnan(b));
    });
    if (!same && first < 0) first = row;
    conflicts += same ? 0 : 1;
    found->second = row;
  }
  if (conflicts * kDoubledShare < table.rows()) return;
  throw Error(ErrorKind::data, "many times occur twice with different values")
      .where(table.where(first, options.time))
      .seen(std::to_string(conflicts) + " such rows of " + std::to_string(table.rows()) + ", the first at '" +
            times.text(first) + "'")
      .expected("one row for every time and series")
      .fix("if the rows belong to several series, name the column that tells them apart: --id COLUMN");
}

SeriesSet read_series(const Table& given, const Roles& roles, const std::vector<std::string>& columns,
                      const ForecastOptions& options, std::map<std::string, TextCodes>& texts,
                      SeriesReport& report) {
  std::vector<std::string> coded;
  for (const std::string& name : options.wide ? roles.statics : columns) {
    if (texts.contains(name) && given.has(name)) coded.push_back(name);
  }
  std::optional<Table> extended;
  if (!coded.empty()) extended = with_codes(given, coded, texts);
  const Table& table = extended ? *extended : given;
  if (options.wide) {
    std::vector<std::string> statics;
    for (const std::string& name : roles.statics) {
      if (table.has(name)) statics.push_back(name);
    }
    return wide_series(table, statics, texts, options);
  }
  SeriesSet set = long_series(table, columns, texts, options, report);
  if (report.rows_dropped * kDoubledShare >= table.rows()) refuse_merged_series(given, roles, options);
  return set;
}

std::int64_t history_rows(const Series& series, std::size_t targets) {
  const auto width = static_cast<std::size_t>(series.values.dim(1));
  const auto numbers = series.values.data<double>();
  for (std::int64_t row = series.length(); row > 0; --row) {
    for (std::size_t c = 0; c < targets; ++c) {
      if (!std::isnan(numbers[static_cast<std::size_t>(row - 1) * width + c])) return row;
    }
  }
  return 0;
}

/// The row from which on the times leave the distance that nearly all have; -1 where there is no such
/// distance.
std::int64_t first_off_the_grid(const Timeline& times) {
  const std::span<const std::int64_t> ticks = times.ticks();
  std::vector<std::int64_t> distances;
  for (std::size_t i = 1; i < ticks.size(); ++i) distances.push_back(ticks[i] - ticks[i - 1]);
  const std::int64_t step = detail::median_of(distances);
  if (step <= 0) return -1;
  std::int64_t first = -1;
  std::size_t off = 0;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (distances[i] % step == 0) continue;
    if (first < 0) first = static_cast<std::int64_t>(i) + 1;
    ++off;
  }
  return off * 10 <= distances.size() ? first : -1;
}

/// Rows have to be steps of time. A few irregular series among many are taken by rows.
void check_frequency(const Table& table, const ForecastOptions& options, RawPanel& panel) {
  if (options.time.empty() || options.wide) return;
  std::int64_t irregular = 0, regular = 0;
  const Series* example = nullptr;
  for (const RawSeries& series : panel.series) {
    if (series.data.length() < 3) continue;
    const bool found = series.data.times.frequency().regular();
    (found ? regular : irregular) += 1;
    if (!found && example == nullptr) example = &series.data;
  }
  panel.regular = irregular == 0;
  if (example == nullptr) return;
  const auto& times = example->times;
  if (regular == 0 && options.arrange.gaps != "keep") {
    if (const std::int64_t row = first_off_the_grid(times); row >= 0) {
      throw Error(ErrorKind::data, "a time is off the distance at which nearly all others stand")
          .where(table.source() + ", column '" + options.time + "'" +
                 (example->id.empty() ? "" : ", series '" + example->id + "'"))
          .seen("'" + times.text(row) + "' behind '" + times.text(row - 1) + "'")
          .expected("one distance of time; rows may be missing")
          .fix("correct that time or take its row out");
    }
    throw Error(ErrorKind::data, "the times are at no regular distance, so there is no next one to forecast")
        .where(table.source() + ", column '" + options.time + "'" +
               (example->id.empty() ? "" : ", series '" + example->id + "'"))
        .seen("'" + times.text(0) + "', '" + times.text(1) + "', '" + times.text(2) + "' …")
        .expected("one distance of time (rows may be missing): seconds, hours, days, business days, months …")
        .fix("bring the rows to a common frequency, or count rows instead of time with --gaps keep");
  }
  panel.notes.push_back(
      irregular == 1 && regular == 0
          ? "the times are at no regular distance: rows are taken as steps of time"
          : std::to_string(irregular) + " of " + std::to_string(irregular + regular) +
                " series have times at no regular distance: their rows are taken as steps of time");
}

void refuse_missing(const Table& table, const RawPanel& panel, const ForecastOptions& options) {
  if (options.missing != "error") return;
  const std::vector<std::string> columns = panel.roles.all();
  for (const RawSeries& series : panel.series) {
    for (std::int64_t row = 0; row < series.history; ++row) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        if (!std::isnan(series.at(row, c))) continue;
        const std::int64_t source =
            series.data.source.empty() ? -1 : series.data.source[static_cast<std::size_t>(row)];
        throw Error(ErrorKind::data, "a value is missing")
            .where(source >= 0 ? table.where(source, columns[c])
                               : table.source() + ", column '" + columns[c] + "', time " +
                                     series.data.times.text(row))
            .seen(source >= 0 ? "no number" : "no row")
            .expected("a number in every row, because of --missing error")
            .fix("fill it in, or let the value before stand for it: --missing previous");
      }
    }
  }
}

/// Whether a column of texts is empty in a row that has a value of a target: then that is a text like others.
bool has_empty_cells(const Table& table, const Column& column, const Roles& roles) {
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    if (!column.texts()[row].empty()) continue;
    const bool past = std::any_of(roles.targets.begin(), roles.targets.end(), [&](const std::string& name) {
      return table.has(name) && !table.column(name).text(row).empty();
    });
    if (past) return true;
  }
  return false;
}

/// No row and no value mean 0, up to the last time at which the table has a value of any series.
void fill_with_zeros(RawPanel& panel) {
  std::int64_t end = std::numeric_limits<std::int64_t>::min(), filled = 0;
  for (const RawSeries& series : panel.series) {
    if (series.history > 0)
      end = std::max(end, series.data.times.ticks()[static_cast<std::size_t>(series.history) - 1]);
  }
  const std::size_t targets = panel.roles.targets.size();
  for (RawSeries& series : panel.series) {
    if (series.history == 0) continue;
    const Timeline& times = series.data.times;
    if (panel.series.size() > 1 && times.frequency().regular()) {
      std::int64_t more = 1;
      while (times.next(more).ticks().back() < end) more *= 2;
      const Timeline ahead = times.next(more);
      const auto up_to_end = [&](const Timeline& some) {
        return std::upper_bound(some.ticks().begin(), some.ticks().end(), end) - some.ticks().begin();
      };
      lengthen(series.data, series.data.length() + up_to_end(ahead));
      series.history = up_to_end(series.data.times);
      series.named = std::max(series.named, series.history);
    }
    const auto width = static_cast<std::size_t>(series.data.values.dim(1));
    const std::span<double> numbers = series.data.values.data<double>();
    for (std::size_t row = 0; row < static_cast<std::size_t>(series.history); ++row) {
      for (std::size_t c = 0; c < targets; ++c) {
        double& value = numbers[row * width + c];
        filled += std::isnan(value) ? 1 : 0;
        if (std::isnan(value)) value = 0;
      }
    }
  }
  if (filled > 0) {
    panel.notes.push_back(detail::count_of(filled, "value") +
                          " that the table does not have taken as 0, because of --missing zero");
  }
}

/// Counts of which many rows are left out are often 0 there.
void suggest_zeros(const SeriesReport& report, RawPanel& panel) {
  constexpr std::int64_t kShare = 5;
  std::int64_t rows = 0;
  for (const RawSeries& series : panel.series) {
    rows += series.history;
    for (std::int64_t row = 0; row < series.history; ++row) {
      for (std::size_t c = 0; c < panel.roles.targets.size(); ++c) {
        const double value = series.at(row, c);
        if (!std::isnan(value) && (value < 0 || value != std::floor(value))) return;
      }
    }
  }
  if (report.rows_inserted * kShare < rows) return;
  panel.notes.push_back(std::to_string(report.rows_inserted) + " of " + detail::count_of(rows, "row") +
                        " are not in the table and its values are counts: if no row means that there was "
                        "nothing to count, say --missing zero");
}

}  // namespace

std::string day_order_of(const Timeline& times, const std::string& otherwise) {
  const TimeFormat& format = times.format();
  if (format.style < TimeFormat::Style::date || format.order == TimeFormat::Order::year_first)
    return otherwise;
  return format.order == TimeFormat::Order::day_first ? "day_first" : "month_first";
}

RawPanel read_raw_panel(const ForecastTables& tables, const ForecastOptions& options) {
  Roles roles = find_roles(tables.table, options);
  std::map<std::string, TextCodes> texts;
  for (const std::string& name : text_columns(tables.table, roles)) {
    const bool empty = has_empty_cells(tables.table, tables.table.column(name), roles);
    texts.emplace(name, empty ? TextCodes({""}) : TextCodes());
  }
  return read_raw_panel(tables, options, std::move(roles), std::move(texts));
}

RawPanel read_raw_panel(const ForecastTables& tables, const ForecastOptions& given, Roles roles,
                        std::map<std::string, TextCodes> texts) {
  const Table& table = tables.table;
  ForecastOptions options = given;
  RawPanel panel;
  panel.roles = std::move(roles);
  panel.texts = std::move(texts);
  SeriesReport report;
  SeriesSet set = read_series(table, panel.roles, panel.roles.all(), options, panel.texts, report);
  if (set.series.empty()) throw Error(ErrorKind::data, "the table has no rows").where(table.source());
  panel.notes = report.notes();
  options.times.day_order = day_order_of(set.series.front().times, options.times.day_order);
  std::int64_t after = 0;
  for (Series& series : set.series) {
    const std::int64_t history = history_rows(series, panel.roles.targets.size());
    if (panel.roles.known.empty() && history > 0) after += series.length() - history;
    const std::int64_t rows = series.length();
    panel.series.push_back({std::move(series), history, 0, rows});
  }
  if (after > 0) {
    panel.notes.push_back(std::to_string(after) + (after == 1
                                                       ? " row at the end without a target value left out"
                                                       : " rows at the end without a target value left out"));
  }
  set_frequencies(table, options, panel);
  check_frequency(table, options, panel);
  if (options.missing == "zero") fill_with_zeros(panel);
  if (options.missing == "previous") suggest_zeros(report, panel);
  refuse_missing(table, panel, options);

  const auto continue_with = [&](const Table* given, const std::string& file, bool truth) {
    if (given == nullptr && file.empty()) return;
    std::optional<Table> read;
    if (given == nullptr) read = read_csv(file);
    const Table& more = given != nullptr ? *given : *read;
    std::vector<std::string> columns = truth ? panel.roles.targets : panel.roles.known;
    if (truth && !options.wide) {
      for (const auto* list : {&panel.roles.past, &panel.roles.known}) {
        columns.insert(columns.end(), list->begin(), list->end());
      }
    }
    SeriesReport ignored;
    const SeriesSet rows = read_series(more, panel.roles, columns, options, panel.texts, ignored);
    continue_series(panel, columns, rows, more.source(), options, truth);
  };
  continue_with(tables.future, options.future, false);
  continue_with(tables.test, options.test_file, true);
  return panel;
}

}  // namespace rondo::forecasting
