#include "tasks/online/time_order.h"

#include <algorithm>

#include "data/table/cell_text.h"
#include "rondo/base/error.h"
#include "rondo/data/timeline.h"

namespace rondo::online {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Written like 2020-01 or 2020-01-31 or 2020-01-31T12:00:00.5Z, for which the order of texts is that of
/// times.
bool year_comes_first(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-dd dd:dd:dd";
  if (text.size() < 7) return false;
  for (std::size_t i = 0; i < std::min(text.size(), kPattern.size()); ++i) {
    const char c = text[i], wanted = kPattern[i];
    const bool fits = wanted == 'd'   ? is_digit(c)
                      : wanted == '-' ? c == '-' || c == '/' || c == '.'
                      : wanted == ' ' ? c == ' ' || c == 'T'
                                      : c == ':';
    if (!fits) return false;
  }
  for (std::size_t i = kPattern.size(); i < text.size(); ++i) {
    const bool fits = is_digit(text[i]) || (text[i] == '.' && i == kPattern.size()) ||
                      (text[i] == 'Z' && i + 1 == text.size());
    if (!fits) return false;
  }
  const auto pair = [&](std::size_t at) {
    return at + 1 < text.size() ? 10 * (text[at] - '0') + (text[at + 1] - '0') : 1;
  };
  return pair(5) >= 1 && pair(5) <= 12 && pair(8) >= 1 && pair(8) <= 31 && pair(11) <= 23 && pair(14) <= 59 &&
         pair(17) <= 59;
}

/// The same marks at the same places.
bool same_pattern(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_digit(a[i]) != is_digit(b[i]) || (!is_digit(a[i]) && a[i] != b[i])) return false;
  }
  return true;
}

int compare_times(const std::string& before, std::string_view now) {
  double a = 0, b = 0;
  if (detail::read_cell(before, '.', {}, a) == detail::CellKind::number &&
      detail::read_cell(now, '.', {}, b) == detail::CellKind::number)
    return a < b ? -1 : a > b ? 1 : 0;
  if (same_pattern(before, now) && year_comes_first(before) && year_comes_first(now))
    return std::string_view(before).compare(now);
  const Timeline pair = parse_times(TextList({before, now}));
  const std::int64_t first = pair.ticks()[0], second = pair.ticks()[1];
  return first < second ? -1 : first > second ? 1 : 0;
}

}  // namespace

TimeOrder::Step TimeOrder::add(std::string_view text, const std::string& source, std::int64_t line) {
  const std::string where = source + ", line " + std::to_string(line);
  int order = -1;
  const bool first = last_.empty();
  try {
    if (first) {
      double ignored = 0;
      if (detail::read_cell(text, '.', {}, ignored) != detail::CellKind::number)
        parse_times(TextList({text}));
    } else {
      order = compare_times(last_, text);
    }
  } catch (const Error& error) {
    throw Error(ErrorKind::data, "a time cannot be understood: " + error.summary())
        .where(where)
        .seen(detail::shown(text))
        .expected(first ? "a date, a time or a number" : "a time like the one before, " + last_);
  }
  if (order > 0) {
    throw Error(ErrorKind::data, "time runs backwards")
        .where(where)
        .seen(detail::shown(text) + " after " + detail::shown(last_))
        .expected("rows in the order of their times")
        .fix("sort the rows first: a stream cannot be sorted later");
  }
  if (order == 0) return Step::same;
  last_.assign(text);
  return first ? Step::first : Step::forward;
}

}  // namespace rondo::online
