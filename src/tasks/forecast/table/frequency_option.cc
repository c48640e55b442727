#include "tasks/forecast/table/frequency_option.h"

#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMinuteTicks = 60'000'000;

struct NamedFrequency {
  const char* name;
  Frequency frequency;
};

const std::array<NamedFrequency, 9>& known_frequencies() {
  static const std::array<NamedFrequency, 9> all{
      {{"minutely", {TimeUnit::microsecond, kMinuteTicks, 1}},
       {"half_hourly", {TimeUnit::microsecond, 30 * kMinuteTicks, 1}},
       {"hourly", {TimeUnit::microsecond, 60 * kMinuteTicks, 1}},
       {"daily", {TimeUnit::day, 1, 1}},
       {"business_days", {TimeUnit::business_day, 1, 1}},
       {"weekly", {TimeUnit::day, 7, 1}},
       {"monthly", {TimeUnit::month, 1, 1}},
       {"quarterly", {TimeUnit::month, 3, 1}},
       {"yearly", {TimeUnit::month, 12, 1}}}};
  return all;
}

/// Months fall on the day of the row, or on their last one.
Frequency beginning_at(Frequency frequency, const Timeline& times) {
  if (frequency.unit != TimeUnit::month || !times.format().is_calendar()) return frequency;
  constexpr int kLastDay = 31;
  const Timeline::Fields at = times.fields(0);
  const Timeline tomorrow =
      TimelineAccess::make({times.ticks()[0]}, {}, times.format(), Frequency{TimeUnit::day, 1, 1}).next(1);
  frequency.day_of_month = tomorrow.fields(0).month == at.month ? at.day : kLastDay;
  return frequency;
}

void take(const Frequency& frequency, Timeline& times) {
  times = TimelineAccess::make({times.ticks().begin(), times.ticks().end()}, TimelineAccess::offsets(times),
                               times.format(), beginning_at(frequency, times));
}

Frequency named_frequency(const Table& table, const ForecastOptions& options, const RawPanel& panel) {
  if (options.frequency == "auto") return {};
  std::vector<std::string> names{"auto"};
  for (const NamedFrequency& one : known_frequencies()) names.emplace_back(one.name);
  const std::size_t place =
      detail::place_among(names, options.frequency, "--frequency names no distance of rows");
  if (options.time.empty() || options.wide) {
    throw Error(ErrorKind::usage, "--frequency is about a column of times, and none is named")
        .seen("--frequency " + options.frequency)
        .fix("name the column with --time, or leave --frequency out");
  }
  const Frequency named = known_frequencies()[place - 1].frequency;
  for (const RawSeries& series : panel.series) {
    const Frequency& found = series.data.times.frequency();
    if (series.data.length() < 2 || !found.regular() || found.name() == named.name()) continue;
    throw Error(ErrorKind::data, "the rows do not stand at the distance that --frequency names")
        .where(table.source() + ", column '" + options.time + "'")
        .seen(found.name())
        .expected(named.name())
        .fix("leave --frequency out");
  }
  return named;
}

}  // namespace

void set_frequencies(const Table& table, const ForecastOptions& options, RawPanel& panel) {
  Frequency lent = named_frequency(table, options, panel);
  if (options.time.empty() || options.wide) return;
  for (const RawSeries& series : panel.series)
    if (!lent.regular()) lent = series.data.times.frequency();
  for (RawSeries& series : panel.series) {
    Timeline& times = series.data.times;
    if (times.size() != 1 || times.frequency().regular()) continue;
    if (!lent.regular()) {
      throw Error(ErrorKind::data, "one row does not say how far it is to the next")
          .where(table.source() + ", column '" + options.time + "'")
          .seen("'" + times.text(0) + "' alone")
          .expected("two rows or more, or their distance")
          .fix("name it with --frequency, such as --frequency monthly; without --time rows are just counted");
    }
    take(lent, times);
  }
}

}  // namespace rondo::forecasting
