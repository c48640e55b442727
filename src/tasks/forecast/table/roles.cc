#include "tasks/forecast/table/roles.h"

#include <map>

#include "rondo/base/error.h"

namespace rondo::forecasting {

namespace {

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

std::vector<std::string> comma_separated(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

[[noreturn]] void throw_two_roles(const std::string& column, const std::string& one,
                                  const std::string& other) {
  if (one == "target" && other != "target") {
    throw Error(ErrorKind::usage, "the target is named as a covariate too")
        .seen("--" + other + " " + column)
        .fix("leave it out: the target's own past is always used");
  }
  throw Error(ErrorKind::usage, "a column is named twice")
      .seen("'" + column + "' as --" + one + " and as --" + other)
      .fix("name it once");
}

/// Gives every column one role at most.
class RoleBook {
 public:
  explicit RoleBook(const Table& table) : table_(table) {}

  std::string take(const std::string& name, const std::string& role) {
    std::string column = table_.column(name).name();
    const auto [found, added] = roles_.try_emplace(column, role);
    if (!added) throw_two_roles(column, found->second, role);
    return column;
  }
  std::vector<std::string> take_all(const std::vector<std::string>& names, const std::string& role) {
    std::vector<std::string> columns;
    for (const std::string& name : names) columns.push_back(take(name, role));
    return columns;
  }
  bool is_free(const std::string& column) const { return !roles_.contains(column); }

 private:
  const Table& table_;
  std::map<std::string, std::string> roles_;
};

std::vector<std::string> all_free_numbers(const Table& table, const RoleBook& book) {
  std::vector<std::string> columns;
  for (const Column& column : table.columns()) {
    if (column.is_number() && book.is_free(column.name())) columns.push_back(column.name());
  }
  if (columns.empty()) {
    throw Error(ErrorKind::data, "the table has no column of numbers to forecast")
        .where(table.source())
        .seen(std::to_string(table.columns().size()) + " columns: text, times, ids and covariates")
        .fix("name the columns with --target; if another sign separates decimals, say which (--decimal)");
  }
  return columns;
}

void refuse_in_wide(bool given, const char* option) {
  if (!given) return;
  throw Error(ErrorKind::usage, std::string("a wide table has no --") + option)
      .expected("one series a row: its id, its --static columns, then its values in order of time")
      .fix(std::string("leave --") + option + " out, or bring the table into long form (--id COLUMN)");
}

Roles wide_roles(const Table& table, const ForecastOptions& options) {
  refuse_in_wide(!options.time.empty(), "time");
  refuse_in_wide(!options.known.empty(), "known");
  refuse_in_wide(!options.past.empty(), "past");
  refuse_in_wide(!options.holidays.empty(), "holidays");
  refuse_in_wide(!options.future.empty(), "future");
  refuse_in_wide(!options.target.empty() && options.target != "all" && table.has(options.target), "target");
  Roles roles;
  RoleBook book(table);
  book.take(wide_id(table, options), "id");
  roles.statics = book.take_all(options.statics, "static");
  roles.targets = {options.target.empty() || options.target == "all" ? "value" : options.target};
  return roles;
}

}  // namespace

std::vector<std::string> Roles::all() const {
  std::vector<std::string> names = targets;
  for (const auto* more : {&past, &known, &statics}) names.insert(names.end(), more->begin(), more->end());
  return names;
}

std::string wide_id(const Table& table, const ForecastOptions& options) {
  return options.id.empty() ? table.columns().front().name() : options.id;
}

Roles find_roles(const Table& table, const ForecastOptions& options) {
  if (options.wide) return wide_roles(table, options);
  Roles roles;
  RoleBook book(table);
  if (!options.time.empty()) book.take(options.time, "time");
  if (!options.id.empty()) book.take(options.id, "id");
  const bool all = options.target == "all" && !table.has("all");
  if (!all) {
    // A name with a comma inside counts as one where the table has such a column.
    roles.targets = table.has(options.target) ? book.take_all({options.target}, "target")
                                              : book.take_all(comma_separated(options.target), "target");
  }
  roles.past = book.take_all(options.past, "past");
  roles.known = book.take_all(options.known, "known");
  roles.statics = book.take_all(options.statics, "static");
  if (all) roles.targets = all_free_numbers(table, book);
  return roles;
}

}  // namespace rondo::forecasting
