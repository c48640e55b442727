#include "rondo/data/timeline.h"

#include <algorithm>
#include <cmath>

#include "base/order_statistics.h"
#include "base/text.h"
#include "data/time/civil_time.h"
#include "data/time/time_cell.h"
#include "data/time/time_zone.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

using Style = TimeFormat::Style;

std::int64_t month_of_wall(std::int64_t wall) {
  return detail::months_of(detail::date_of_days(detail::days_of(wall)));
}

/// Steps of a regular frequency from wall time (or number) `a` to `b`; `ticks` is the distance on the clock
/// of the world.
std::int64_t steps_between(const Frequency& f, std::int64_t a, std::int64_t b, std::int64_t ticks) {
  switch (f.unit) {
    case TimeUnit::month: return (month_of_wall(b) - month_of_wall(a)) / f.step;
    case TimeUnit::day: return (detail::days_of(b) - detail::days_of(a)) / f.step;
    case TimeUnit::business_day:
      return (detail::business_days_of(detail::days_of(b)) - detail::business_days_of(detail::days_of(a))) /
             f.step;
    case TimeUnit::number: return std::llround(static_cast<double>(ticks) / static_cast<double>(f.step));
    default: return ticks / f.step;
  }
}

/// The wall time `count` steps after `wall`, for frequencies that follow the calendar.
std::int64_t advance_wall(const Frequency& f, std::int64_t wall, std::int64_t count) {
  const std::int64_t rest = detail::time_of_day(wall), days = detail::days_of(wall);
  switch (f.unit) {
    case TimeUnit::month: {
      const std::int64_t month = month_of_wall(wall) + count * f.step;
      return (f.day_of_month == Frequency::kLastBusinessDay ? detail::last_business_day_of_month(month)
                                                            : detail::day_in_month(month, f.day_of_month)) *
                 detail::kDay +
             rest;
    }
    case TimeUnit::business_day:
      return detail::day_of_business_days(detail::business_days_of(days) + count * f.step) * detail::kDay +
             rest;
    default: return (days + count * f.step) * detail::kDay + rest;
  }
}

bool by_calendar(const Frequency& f) {
  return f.unit == TimeUnit::month || f.unit == TimeUnit::day || f.unit == TimeUnit::business_day;
}

std::int64_t median_step(std::span<const std::int64_t> ticks) {
  std::vector<std::int64_t> differences;
  for (std::size_t i = 1; i < ticks.size(); ++i) differences.push_back(ticks[i] - ticks[i - 1]);
  return std::max<std::int64_t>(detail::median_of(std::move(differences)), 1);
}

}  // namespace

namespace detail {

std::vector<std::int64_t> walls_of(const Timeline& times) {
  std::vector<std::int64_t> walls(times.ticks().begin(), times.ticks().end());
  const std::vector<std::int32_t>& offsets = TimelineAccess::offsets(times);
  if (!times.format().is_calendar()) return walls;
  if (!offsets.empty()) {
    for (std::size_t i = 0; i < walls.size(); ++i) walls[i] += offsets[i] * kSecond;
  } else if (ZoneClock clock(times.format().zone); !clock.is_utc()) {
    for (std::int64_t& wall : walls) wall += clock.offset(wall) * kSecond;
  }
  return walls;
}

void append_steps(const Timeline& times, std::int64_t row, std::int64_t count,
                  std::vector<std::int64_t>& ticks, std::vector<std::int32_t>& offsets) {
  const Frequency& f = times.frequency();
  const std::int64_t start = times.ticks()[static_cast<std::size_t>(row)];
  const std::vector<std::int32_t>& given = TimelineAccess::offsets(times);
  const std::int64_t offset = given.empty() ? 0 : given[static_cast<std::size_t>(row)];
  if (!given.empty())
    offsets.insert(offsets.end(), static_cast<std::size_t>(count), static_cast<std::int32_t>(offset));
  if (!by_calendar(f)) {
    const std::int64_t step = f.regular() ? f.step : median_step(times.ticks());
    for (std::int64_t k = 1; k <= count; ++k) ticks.push_back(start + k * step);
    return;
  }
  ZoneClock clock(times.format().zone);
  const std::int64_t wall = start + (given.empty() ? clock.offset(start) : offset) * kSecond;
  for (std::int64_t k = 1; k <= count; ++k) {
    const std::int64_t next = advance_wall(f, wall, k);
    ticks.push_back(given.empty() ? clock.resolve(next).tick : next - offset * kSecond);
  }
}

}  // namespace detail

Timeline Timeline::rows(std::int64_t count, std::int64_t first) {
  std::vector<std::int64_t> ticks(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  for (std::size_t i = 0; i < ticks.size(); ++i) ticks[i] = first + static_cast<std::int64_t>(i);
  return TimelineAccess::make(std::move(ticks), {}, TimeFormat{}, Frequency{TimeUnit::number, 1, 1});
}

void Timeline::infer() {
  std::vector<std::int64_t> ticks = ticks_, walls = detail::walls_of(*this);
  const auto tidy = [](std::vector<std::int64_t>& values) {
    if (!std::is_sorted(values.begin(), values.end())) std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  tidy(ticks);
  tidy(walls);
  frequency_ = detail::infer_frequency(ticks, walls, format_);
}

std::int64_t Timeline::wall(std::int64_t row) const {
  const auto i = static_cast<std::size_t>(row);
  if (!format_.is_calendar()) return ticks_[i];
  if (!offsets_.empty()) return ticks_[i] + offsets_[i] * detail::kSecond;
  if (format_.zone == "UTC") return ticks_[i];
  return ticks_[i] + detail::ZoneClock(format_.zone).offset(ticks_[i]) * detail::kSecond;
}

std::string Timeline::text(std::int64_t row) const {
  detail::check_index(row, size(), "a timeline has no such row");
  const auto i = static_cast<std::size_t>(row);
  if (detail::is_epoch(format_.style) || format_.zone_style == TimeFormat::Zone::z)
    return detail::write_time(format_, ticks_[i], 0);
  const std::int64_t shown = wall(row);
  return detail::write_time(format_, shown, (shown - ticks_[i]) / detail::kSecond);
}

Timeline Timeline::next(std::int64_t count) const {
  if (count < 0) throw Error(ErrorKind::usage, "a negative number of times").seen(std::to_string(count));
  if (size() == 0 || (size() == 1 && !frequency_.regular())) {
    throw Error(ErrorKind::data, "too few times to continue from")
        .seen(std::to_string(size()))
        .expected("at least two, to know the distance of rows");
  }
  std::vector<std::int64_t> ticks;
  std::vector<std::int32_t> offsets;
  detail::append_steps(*this, size() - 1, count, ticks, offsets);
  return TimelineAccess::make(std::move(ticks), std::move(offsets), format_, frequency_);
}

Timeline Timeline::slice(std::int64_t begin, std::int64_t end) const {
  if (begin < 0 || end < begin || end > size()) {
    throw Error(ErrorKind::usage, "a slice lies outside the timeline")
        .seen(std::to_string(begin) + " to " + std::to_string(end))
        .expected("within 0 to " + std::to_string(size()));
  }
  const auto cut = [&](const auto& values) {
    return std::decay_t<decltype(values)>(values.begin() + begin, values.begin() + end);
  };
  return TimelineAccess::make(cut(ticks_), offsets_.empty() ? offsets_ : cut(offsets_), format_, frequency_);
}

Timeline Timeline::gather(std::span<const std::int64_t> rows) const {
  std::vector<std::int64_t> ticks;
  std::vector<std::int32_t> offsets;
  ticks.reserve(rows.size());
  for (const std::int64_t row : rows) {
    ticks.push_back(ticks_.at(static_cast<std::size_t>(row)));
    if (!offsets_.empty()) offsets.push_back(offsets_[static_cast<std::size_t>(row)]);
  }
  return TimelineAccess::make(std::move(ticks), std::move(offsets), format_);
}

Timeline Timeline::joined(const Timeline& other) const {
  if (empty()) return other;
  if (other.format_.style != format_.style || other.format_.decimals != format_.decimals ||
      other.offsets_.empty() != offsets_.empty()) {
    throw Error(ErrorKind::usage, "timelines of different kinds cannot be joined");
  }
  Timeline out = *this;
  out.ticks_.insert(out.ticks_.end(), other.ticks_.begin(), other.ticks_.end());
  out.offsets_.insert(out.offsets_.end(), other.offsets_.begin(), other.offsets_.end());
  return out;
}

bool Timeline::is_sorted() const {
  return std::adjacent_find(ticks_.begin(), ticks_.end(), std::greater_equal<>()) == ticks_.end();
}

std::vector<std::int64_t> Timeline::steps() const {
  std::vector<std::int64_t> steps(ticks_.size());
  const bool regular = frequency_.regular();
  const std::vector<std::int64_t> walls = regular ? detail::walls_of(*this) : std::vector<std::int64_t>();
  for (std::size_t i = 1; i < ticks_.size(); ++i) {
    steps[i] = steps[i - 1] +
               (regular ? steps_between(frequency_, walls[i - 1], walls[i], ticks_[i] - ticks_[i - 1]) : 1);
  }
  return steps;
}

std::int64_t Timeline::gaps() const { return empty() ? 0 : steps().back() - size() + 1; }

Timeline::Fields Timeline::fields(std::int64_t row) const {
  if (!format_.is_calendar()) throw Error(ErrorKind::data, "plain numbers have no date");
  return detail::fields_of(wall(row));
}

}  // namespace rondo
