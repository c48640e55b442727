#include "tasks/online/time_order.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "data/table/cell_text.h"
#include "data/time/civil_time.h"
#include "data/time/time_zone.h"
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

}  // namespace

TimeOrder::TimeOrder(std::string zone) : zone_(std::move(zone)) { detail::ZoneClock{zone_}; }

/// Below 0: `text` is later than the last time. `repeated`: it is in an hour that the clock shows twice, for
/// the second time.
int TimeOrder::compare(std::string_view text, bool& repeated) const {
  double a = 0, b = 0;
  if (detail::read_cell(last_, '.', {}, a) == detail::CellKind::number &&
      detail::read_cell(text, '.', {}, b) == detail::CellKind::number)
    return a < b ? -1 : a > b ? 1 : 0;
  const bool by_text = same_pattern(last_, text) && year_comes_first(last_) && year_comes_first(text);
  const int order = by_text ? std::string_view(last_).compare(text) : 0;
  if (by_text && (zone_ == "UTC" || (order < 0 && !repeated_))) return order;
  if (repeated_ && text == last_) return 0;
  // Of equal or falling times in the hour that comes twice, the later one is the second.
  std::vector<std::string> texts(repeated_ ? 2 : 1, last_);
  texts.emplace_back(text);
  const TimeOptions options{.zone = zone_};
  const Timeline times = parse_times(TextList(texts), options);
  const std::int64_t before = times.ticks()[texts.size() - 2], now = times.ticks().back();
  if (zone_ != "UTC") {
    texts = {last_, std::string(text)};  // day and month are told as before
    texts.insert(texts.begin(), texts.back());
    repeated = parse_times(TextList(texts), options).ticks()[0] != now;
  }
  return before < now ? -1 : before > now ? 1 : 0;
}

TimeOrder::Step TimeOrder::add(std::string_view text, const std::string& source, std::int64_t line) {
  const bool first = last_.empty();
  bool repeated = false;
  int order = -1;
  try {
    if (first) {
      double ignored = 0;
      if (detail::read_cell(text, '.', {}, ignored) != detail::CellKind::number)
        parse_times(TextList({text}), {.zone = zone_});
    } else {
      order = compare(text, repeated);
    }
  } catch (const Error& error) {
    throw Error(ErrorKind::data, "a time cannot be understood: " + error.summary())
        .where(source + ", line " + std::to_string(line))
        .seen(detail::shown(text))
        .expected(first ? "a date, a time or a number" : "a time like the one before, " + last_);
  }
  if (order > 0) return Step::late;
  if (order == 0) return Step::same;
  last_.assign(text);
  repeated_ = repeated;
  return first ? Step::first : Step::forward;
}

Error TimeOrder::late(std::string_view text, const std::string& source, std::int64_t line) const {
  double ignored = 0;
  bool set_back = false;  // by an hour or less, as clocks are in autumn
  if (zone_ == "UTC" && detail::read_cell(text, '.', {}, ignored) != detail::CellKind::number) {
    const Timeline pair = parse_times(TextList({std::string_view(last_), text}));
    set_back = pair.format().style == TimeFormat::Style::date_time &&
               pair.ticks()[0] - pair.ticks()[1] <= detail::kHour;
  }
  return Error(ErrorKind::data, "time runs backwards")
      .where(source + ", line " + std::to_string(line))
      .seen(detail::shown(text) + " after " + detail::shown(last_))
      .expected("rows in the order of their times")
      .fix(
          set_back
              ? "where clocks were set back, name their zone (--zone Europe/Berlin); --late-rows skip leaves "
                "late rows out"
              : "sort the rows first, or leave late ones out with --late-rows skip");
}

void TimeOrder::archive(tasks::Archive& archive) {
  archive.field("last", last_);
  archive.field("repeated", repeated_);
}

}  // namespace rondo::online
