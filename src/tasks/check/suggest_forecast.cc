// What the columns of a table are to a forecast, by their names and cells.

#include "rondo/tasks/forecast_suggestion.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/tasks/check.h"
#include "tasks/check/subject.h"
#include "tasks/common/table_findings.h"

namespace rondo {
namespace {

using checking::count_of;
using tasks::SeriesRows;

constexpr std::array kTargetNames{"y",    "target", "value", "values", "sales", "demand",  "units",
                                  "load", "close",  "count", "volume", "qty",   "quantity"};
constexpr std::array kTimeNames{"ds", "date", "time", "datetime", "timestamp", "day", "week", "month"};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_named(const Column& column, const auto& names) {
  return std::ranges::find(names, lower(column.name())) != names.end();
}

bool is_missing(const Column& column, std::int64_t row) {
  return column.is_number() ? std::isnan(column.numbers()[static_cast<std::size_t>(row)])
                            : column.texts()[row].empty();
}

/// Everything that is looked at, and what was found.
class Suggestion {
 public:
  Suggestion(const Table& table, const ForecastOptions& given) : table_(table) { out_.options = given; }

  ForecastSuggestion make() {
    if (table_.rows() == 0) {
      throw Error(ErrorKind::data, "the table has no rows").where(table_.source());
    }
    find_time();
    if (!out_.options.wide && looks_wide()) {
      describe_wide();
    } else {
      find_id();
      series_ = tasks::series_rows(table_, out_.options.id, times_ ? &*times_ : nullptr);
      find_target();
      for (const Column& column : table_.columns()) find_role(column);
    }
    choose_horizon();
    for (const Column& column : table_.columns()) {
      const auto found = roles_.find(column.name());
      if (found != roles_.end()) out_.columns.push_back(found->second);
    }
    return std::move(out_);
  }

 private:
  void say(const std::string& column, ColumnRole role, std::string reason) {
    roles_[column] = {column, role, std::move(reason)};
  }

  bool has_role(const Column& column) const { return roles_.contains(column.name()); }

  void find_time() {
    std::string name = out_.options.time;
    const bool given = !name.empty();
    if (!given) name = tasks::guess_time(table_);
    const auto readable = [&](const std::string& column) {
      try {
        times_ = read_times(table_, column, out_.options.times);
        return given || times_->format().is_calendar();
      } catch (const Error&) {
        if (given) throw;
        times_.reset();
        return false;
      }
    };
    if (!name.empty() && !readable(name)) name.clear();
    for (const Column& column : table_.columns()) {  // also where it is not among the first
      if (name.empty() && is_named(column, kTimeNames) && readable(column.name())) name = column.name();
    }
    if (name.empty()) {
      times_.reset();
      return;
    }
    out_.options.time = table_.column(name).name();
    say(out_.options.time, ColumnRole::time, "its cells are times");
  }

  /// One series a row: names in the first column, numbers in all others, no times.
  bool looks_wide() const {
    constexpr std::size_t kManyColumns = 8;
    const auto columns = table_.columns();
    if (times_ || columns.size() <= kManyColumns || columns.front().is_number()) return false;
    std::set<std::string> names;
    for (std::int64_t row = 0; row < table_.rows(); ++row) names.insert(columns.front().text(row));
    return std::ssize(names) == table_.rows() &&
           std::ranges::all_of(columns.subspan(1), [](const Column& column) { return column.is_number(); });
  }

  void describe_wide() {
    out_.options.wide = true;
    const auto columns = table_.columns();
    say(columns.front().name(), ColumnRole::id, "names the series, one a row");
    for (const Column& column : columns.subspan(1)) say(column.name(), ColumnRole::target, "a step of time");
    std::int64_t shortest = std::ssize(columns) - 1;
    series_.push_back({"", {}});
    for (std::int64_t step = 0; step < shortest; ++step) series_.front().rows.push_back(step);
  }

  bool tells_apart(const Column& column) const {
    std::set<std::pair<std::int64_t, std::string>> seen;
    std::set<std::string> words;
    for (std::int64_t row = 0; row < column.size(); ++row) {
      std::string word = column.text(row);
      if (word.empty()) return false;
      words.insert(word);
      if (!seen.emplace(times_->ticks()[static_cast<std::size_t>(row)], std::move(word)).second) return false;
    }
    return 2 * std::ssize(words) <= column.size();
  }

  void find_id() {
    if (!out_.options.id.empty()) {
      out_.options.id = table_.column(out_.options.id).name();
      say(out_.options.id, ColumnRole::id, "named on the command line");
      return;
    }
    if (!times_) return;
    const std::set<std::int64_t> distinct(times_->ticks().begin(), times_->ticks().end());
    if (std::ssize(distinct) == table_.rows()) return;
    for (const bool texts : {true, false}) {
      for (const Column& column : table_.columns()) {
        if (has_role(column) || column.is_number() == texts || !tells_apart(column)) continue;
        out_.options.id = column.name();
        say(column.name(), ColumnRole::id, "times occur more than once, and it tells their rows apart");
        return;
      }
    }
  }

  /// Rows of a series behind the last value of a column.
  std::int64_t rows_behind(const Column& column, const SeriesRows& series) const {
    std::int64_t rows = 0;
    for (auto row = series.rows.rbegin(); row != series.rows.rend() && is_missing(column, *row); ++row)
      ++rows;
    return rows == std::ssize(series.rows) ? 0 : rows;
  }

  bool varies(const Column& column) const {
    const auto values = column.numbers();
    double first = NAN;
    for (const double value : values) {
      if (std::isnan(value)) continue;
      if (std::isnan(first)) first = value;
      if (value != first) return true;
    }
    return false;
  }

  bool is_flag(const Column& column) const {
    return std::ranges::all_of(column.numbers(), [](double v) { return std::isnan(v) || v == 0 || v == 1; });
  }

  void find_target() {
    std::vector<std::string> targets;
    if (!out_.options.target.empty()) {
      for (const std::string& name : forecast_targets()) {
        say(name, ColumnRole::target, "named on the command line");
      }
      return;
    }
    std::vector<const Column*> numbers;
    for (const Column& column : table_.columns()) {
      if (column.is_number() && !has_role(column) && column.missing() < column.size())
        numbers.push_back(&column);
    }
    const auto take = [&](const Column& column, const char* reason) {
      out_.options.target = column.name();
      say(column.name(), ColumnRole::target, reason);
    };
    const auto ends_early = [&](const Column* column) { return ahead_of(*column) > 0; };
    const auto early = std::ranges::find_if(numbers, ends_early);
    if (early != numbers.end() && std::ranges::count_if(numbers, ends_early) == 1 && numbers.size() > 1)
      return take(**early, "it ends before the other columns do");
    for (const char* name : kTargetNames) {
      for (const Column* column : numbers)
        if (lower(column->name()) == name) return take(*column, "by its name");
    }
    for (auto column = numbers.rbegin(); column != numbers.rend(); ++column)
      if (varies(**column) && !is_flag(**column)) return take(**column, "the last column of numbers");
    if (!numbers.empty()) return take(*numbers.back(), "the last column of numbers");
    throw Error(ErrorKind::data, "no column can be forecast")
        .where(table_.source())
        .seen("no column of numbers")
        .fix("name one with --target");
  }

  std::vector<std::string> forecast_targets() const {
    if (table_.has(out_.options.target)) return {table_.column(out_.options.target).name()};
    std::vector<std::string> names;
    std::string_view rest = out_.options.target;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      names.push_back(table_.column(rest.substr(0, end)).name());
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return names;
  }

  /// Rows behind the last value of a column, in the series that has most.
  std::int64_t ahead_of(const Column& column) const {
    std::int64_t most = 0;
    for (const SeriesRows& one : series_) most = std::max(most, rows_behind(column, one));
    return most;
  }

  const Column& target() const { return table_.column(forecast_targets().front()); }

  bool is_known_ahead(const Column& column) const {
    if (ahead_of(target()) == 0) return false;
    return std::ranges::all_of(series_, [&](const SeriesRows& one) {
      const std::int64_t ahead = rows_behind(target(), one);
      return ahead == 0 || rows_behind(column, one) == 0;
    });
  }

  bool is_fixed(const Column& column) const {
    return series_.size() > 1 && std::ranges::all_of(series_, [&](const SeriesRows& one) {
             return std::ranges::all_of(one.rows, [&](std::int64_t row) {
               return column.text(row) == column.text(one.rows.front());
             });
           });
  }

  bool counts_rows(const Column& column) const {
    if (!column.is_number() || column.size() < 3) return false;
    for (const SeriesRows& one : series_) {
      for (std::size_t i = 1; i < one.rows.size(); ++i) {
        const auto at = [&](std::size_t k) {
          return column.numbers()[static_cast<std::size_t>(one.rows[k])];
        };
        if (at(i) - at(i - 1) != 1) return false;
      }
    }
    return true;
  }

  /// A column that is a function of the month, the weekday or the hour.
  bool repeats_calendar(const Column& column) const {
    if (!times_ || !times_->format().is_calendar() || table_.rows() < 20) return false;
    using Fields = Timeline::Fields;
    constexpr std::array<int Fields::*, 4> kParts{&Fields::month, &Fields::weekday, &Fields::hour,
                                                  &Fields::year};
    return std::ranges::any_of(kParts, [&](int Fields::*part) {
      std::map<int, std::string> says;
      std::set<std::string> different;
      for (std::int64_t row = 0; row < table_.rows(); ++row) {
        const std::string text = column.text(row);
        if (says.try_emplace(times_->fields(row).*part, text).first->second != text) return false;
        different.insert(text);
      }
      return different.size() > 1 && 4 * std::ssize(says) < table_.rows();
    });
  }

  void find_role(const Column& column) {
    if (has_role(column)) return;
    const std::string& name = column.name();
    std::set<std::string> words;
    for (std::int64_t row = 0; row < column.size() && words.size() <= kManyWords; ++row)
      words.insert(column.text(row));
    if (column.missing() == column.size()) return say(name, ColumnRole::ignored, "it is empty");
    if (words.size() == 1) return say(name, ColumnRole::ignored, "it is constant");
    if (counts_rows(column)) return say(name, ColumnRole::ignored, "it counts the rows");
    if (!column.is_number() && words.size() > kManyWords)
      return say(name, ColumnRole::ignored, "it holds too many different texts");
    if (is_fixed(column)) {
      out_.options.statics.push_back(name);
      return say(name, ColumnRole::fixed, "it never changes within a series");
    }
    if (is_known_ahead(column)) {
      out_.options.known.push_back(name);
      return say(name, ColumnRole::known, "it goes on where the target has ended");
    }
    if (repeats_calendar(column))
      return say(name, ColumnRole::ignored, "the calendar says the same: seasons are found by themselves");
    if (const std::string leak = leak_of(name); !leak.empty())
      return say(name, ColumnRole::ignored,
                 leak + "; if it really is known that early, name it with --known");
    if (out_.options.past.size() == kMostPast)
      return say(name, ColumnRole::ignored,
                 "there are " + std::to_string(kMostPast) + " such columns already");
    out_.options.past.push_back(name);
    say(name, ColumnRole::past,
        "its past may help; if its future is known, give it in --future FILE and name it with --known");
  }

  /// What says that a column knows the target's future; "" where nothing does.
  std::string leak_of(const std::string& name) {
    if (!leaks_) {
      leaks_.emplace();
      try {
        for (const ColumnLeak& leak :
             find_column_leaks(table_, target().name(), {}, out_.options.time, out_.options.id))
          leaks_->emplace(leak.column, leak.what());
      } catch (const Error&) {
        // Too little to look at.
      }
    }
    const auto found = leaks_->find(name);
    return found == leaks_->end() ? "" : found->second;
  }

  void choose_horizon() {
    ForecastOptions& options = out_.options;
    std::string frequency;
    if (times_ && !options.wide && !series_.empty()) {
      const Frequency found = times_->gather(distinct_rows()).frequency();
      frequency = found.name();
      out_.frequency = frequency;
    }
    if (options.horizon > 1) {
      out_.horizon_reason = "named on the command line";
      return;
    }
    if (!options.known.empty()) {
      options.horizon = ahead_of(target());
      out_.horizon_reason = "so many rows follow the last value of the target";
      return;
    }
    struct Usual {
      const char* frequency;
      std::int64_t rows;
      const char* reason;
    };
    constexpr std::array kUsual{
        Usual{"yearly", 3, "three years"},        Usual{"quarterly", 4, "a year of quarters"},
        Usual{"monthly", 12, "a year of months"}, Usual{"weekly", 13, "a quarter of weeks"},
        Usual{"daily", 14, "two weeks of days"},  Usual{"business days", 10, "two weeks of business days"},
        Usual{"hourly", 24, "a day of hours"},    Usual{"half-hourly", 48, "a day"},
        Usual{"every 15 minutes", 96, "a day"},   Usual{"every 10 minutes", 144, "a day"},
        Usual{"every 5 minutes", 288, "a day"}};
    const auto found =
        std::ranges::find_if(kUsual, [&](const Usual& one) { return frequency == one.frequency; });
    options.horizon = found == kUsual.end() ? 10 : found->rows;
    out_.horizon_reason =
        found == kUsual.end() ? "no season of the calendar suggests another" : found->reason;
    std::int64_t longest = 0;
    for (const SeriesRows& one : series_) longest = std::max(longest, std::ssize(one.rows));
    constexpr std::int64_t kParts = 5;  // of the rows, one for the test part
    if (options.horizon <= std::max<std::int64_t>(1, longest / kParts)) return;
    options.horizon = std::max<std::int64_t>(1, longest / kParts);
    out_.horizon_reason = "a fifth of the " + count_of(longest, "row");
  }

  /// Of the longest series, each time once.
  std::vector<std::int64_t> distinct_rows() const {
    const auto longest =
        std::ranges::max_element(series_, {}, [](const SeriesRows& one) { return one.rows.size(); });
    std::vector<std::int64_t> rows;
    for (const std::int64_t row : longest->rows) {
      const auto tick = [&](std::int64_t at) { return times_->ticks()[static_cast<std::size_t>(at)]; };
      if (rows.empty() || tick(rows.back()) != tick(row)) rows.push_back(row);
    }
    return rows;
  }

  static constexpr std::size_t kManyWords = 200, kMostPast = 20;

  const Table& table_;
  std::optional<Timeline> times_;
  std::vector<SeriesRows> series_;
  std::map<std::string, SuggestedRole> roles_;
  std::optional<std::map<std::string, std::string>> leaks_;
  ForecastSuggestion out_;
};

}  // namespace

const char* column_role_name(ColumnRole role) {
  constexpr std::array kNames{"target", "time", "id", "known", "past", "static", "ignore"};
  return kNames[static_cast<std::size_t>(role)];
}

ForecastSuggestion suggest_forecast(const Table& table, const ForecastOptions& given) {
  return Suggestion(table, given).make();
}

}  // namespace rondo
