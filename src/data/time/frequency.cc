#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "data/time/civil_time.h"
#include "data/time/timeline_access.h"

namespace rondo {

namespace {

using Style = TimeFormat::Style;

/// The distance that occurs most often; of several, the smallest.
std::int64_t most_frequent(const std::vector<std::int64_t>& differences) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t d : differences) ++counts[d];
  const auto best = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  return best->first;
}

/// Differences of neighbours of `positions`.
std::vector<std::int64_t> differences(const std::vector<std::int64_t>& positions) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 1; i < positions.size(); ++i) out.push_back(positions[i] - positions[i - 1]);
  return out;
}

/// The most frequent step if every distance is a multiple of it, else 0.
std::int64_t common_step(const std::vector<std::int64_t>& positions) {
  const std::vector<std::int64_t> all = differences(positions);
  if (std::any_of(all.begin(), all.end(), [](std::int64_t d) { return d <= 0; })) return 0;
  const std::int64_t step = most_frequent(all);
  const bool multiples = std::all_of(all.begin(), all.end(), [&](std::int64_t d) { return d % step == 0; });
  return multiples ? step : 0;
}

template <class F>
std::vector<std::int64_t> mapped(const std::vector<std::int64_t>& values, F&& f) {
  std::vector<std::int64_t> out;
  out.reserve(values.size());
  for (const std::int64_t v : values) out.push_back(f(v));
  return out;
}

std::int64_t months_of_wall(std::int64_t wall) {
  return detail::months_of(detail::date_of_days(detail::days_of(wall)));
}

int day_of_wall(std::int64_t wall) {
  return static_cast<int>(static_cast<unsigned>(detail::date_of_days(detail::days_of(wall)).day()));
}

bool same_time_of_day(const std::vector<std::int64_t>& walls) {
  return std::all_of(walls.begin(), walls.end(),
                     [&](std::int64_t w) { return detail::time_of_day(w) == detail::time_of_day(walls[0]); });
}

/// Whether rows fall on the last Monday to Friday of a month, but for a few that holidays bring forward.
bool at_last_business_days(const std::vector<std::int64_t>& walls) {
  constexpr std::int64_t kMaxHolidays = 3;
  std::size_t exact = 0;
  for (const std::int64_t wall : walls) {
    const std::int64_t days = detail::days_of(wall),
                       early = detail::last_business_day_of_month(months_of_wall(wall)) - days;
    if (early < 0 || early > kMaxHolidays || detail::weekday_of(days) > 4) return false;
    exact += early == 0 ? 1 : 0;
  }
  return walls.size() >= 3 && exact * 2 >= walls.size();
}

Frequency monthly(const std::vector<std::int64_t>& walls) {
  int day = 0;
  bool all_last = true;
  for (const std::int64_t wall : walls) {
    day = std::max(day, day_of_wall(wall));
    all_last = all_last && day_of_wall(wall) == detail::last_day_of_month(months_of_wall(wall));
  }
  if (all_last) day = 31;
  if (!all_last && at_last_business_days(walls)) {
    const std::int64_t step = common_step(mapped(walls, months_of_wall));
    if (step > 0) return {TimeUnit::month, step, Frequency::kLastBusinessDay};
  }
  for (const std::int64_t wall : walls) {
    if (day_of_wall(wall) != std::min(day, detail::last_day_of_month(months_of_wall(wall)))) return {};
  }
  const std::int64_t step = common_step(mapped(walls, months_of_wall));
  return step > 0 ? Frequency{TimeUnit::month, step, day} : Frequency{};
}

/// Whether days are Mondays to Fridays without holes in their count (holidays apart): some step leads from
/// Friday to Monday; a few days within one week are just days. Returns how many such steps there are.
std::int64_t weekends_left_out(const std::vector<std::int64_t>& days) {
  std::int64_t weekends = 0;
  for (std::size_t i = 1; i < days.size(); ++i)
    weekends += detail::weekday_of(days[i - 1]) == 4 && days[i] - days[i - 1] == 3 ? 1 : 0;
  return common_step(mapped(days, detail::business_days_of)) == 1 ? weekends : 0;
}

Frequency daily(const std::vector<std::int64_t>& walls) {
  constexpr std::int64_t kWeekendsPerStray = 10;
  const std::vector<std::int64_t> days = mapped(walls, detail::days_of);
  std::vector<std::int64_t> weekdays;
  std::copy_if(days.begin(), days.end(), std::back_inserter(weekdays),
               [](std::int64_t d) { return detail::weekday_of(d) <= 4; });
  const auto strays = static_cast<std::int64_t>(days.size() - weekdays.size());
  if (weekdays.size() >= 2 && weekends_left_out(weekdays) > kWeekendsPerStray * strays)
    return {TimeUnit::business_day, 1, 1};
  const std::int64_t step = common_step(days);
  return step > 0 ? Frequency{TimeUnit::day, step, 1} : Frequency{};
}

/// Plain numbers may be rounded (1749.042, 1749.125 …), so steps need only be alike.
Frequency numbered(const std::vector<std::int64_t>& ticks) {
  if (const std::int64_t exact = common_step(ticks); exact > 0) return {TimeUnit::number, exact, 1};
  const std::vector<std::int64_t> all = differences(ticks);
  const std::int64_t step = most_frequent(all);
  const bool alike = step > 0 && std::all_of(all.begin(), all.end(), [&](std::int64_t d) {
                       const double steps = static_cast<double>(d) / static_cast<double>(step);
                       return steps > 0.5 && std::abs(steps - std::round(steps)) < 0.05;
                     });
  return alike ? Frequency{TimeUnit::number, step, 1} : Frequency{};
}

std::string every(std::int64_t n, const char* unit) {
  return n == 1 ? std::string("every ") + unit : "every " + std::to_string(n) + " " + unit + "s";
}

std::string name_of_microseconds(std::int64_t step) {
  if (step == detail::kHour) return "hourly";
  if (step == detail::kHour / 2) return "half-hourly";
  if (step % detail::kDay == 0) return every(step / detail::kDay, "day");
  if (step % detail::kHour == 0) return every(step / detail::kHour, "hour");
  if (step % detail::kMinute == 0) return every(step / detail::kMinute, "minute");
  if (step % detail::kSecond == 0) return every(step / detail::kSecond, "second");
  if (step % 1000 == 0) return every(step / 1000, "millisecond");
  return every(step, "microsecond");
}

}  // namespace

std::string Frequency::name() const {
  switch (unit) {
    case TimeUnit::none: return "irregular";
    case TimeUnit::number: return "numbered";
    case TimeUnit::microsecond: return name_of_microseconds(step);
    case TimeUnit::day: return step == 1 ? "daily" : step == 7 ? "weekly" : every(step, "day");
    case TimeUnit::business_day: return step == 1 ? "business days" : every(step, "business day");
    case TimeUnit::month:
      return step == 1 ? "monthly" : step == 3 ? "quarterly" : step == 12 ? "yearly" : every(step, "month");
  }
  return "irregular";
}

namespace detail {

Frequency infer_frequency(const std::vector<std::int64_t>& ticks, const std::vector<std::int64_t>& walls,
                          const TimeFormat& format) {
  if (ticks.size() < 2) return {};
  if (!format.is_calendar()) return numbered(ticks);
  if (same_time_of_day(walls)) {
    if (const Frequency found = monthly(walls); found.regular()) return found;
    if (const Frequency found = daily(walls); found.regular()) return found;
  }
  const std::int64_t step = common_step(ticks);
  return step > 0 ? Frequency{TimeUnit::microsecond, step, 1} : Frequency{};
}

}  // namespace detail

}  // namespace rondo
