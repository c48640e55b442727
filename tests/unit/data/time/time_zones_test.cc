#include <gtest/gtest.h>

#include "rondo/data/calendar.h"
#include "rondo/data/timeline.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;

TEST(TimeZones, OffsetsGiveTheSameMoment) {
  const Timeline times = parse_times(TextList{"2024-06-01T12:00:00+02:00", "2024-06-01T11:00:00Z"});
  EXPECT_EQ(times.ticks()[1] - times.ticks()[0], kHour);
  EXPECT_EQ(times.fields(0).hour, 12);
}

TEST(TimeZones, HoursGoOnThroughTheStartOfSummerTime) {
  // On 2024-03-31 the clock in Berlin jumps from 02:00 to 03:00.
  const Timeline times =
      parse_times(TextList{"2024-03-31 00:00", "2024-03-31 01:00"}, {.zone = "Europe/Berlin"});
  const Timeline next = times.next(2);
  EXPECT_EQ(next.text(0), "2024-03-31 03:00");
  EXPECT_EQ(next.text(1), "2024-03-31 04:00");
  EXPECT_EQ(next.ticks()[0] - times.ticks()[1], kHour);
}

TEST(TimeZones, TheHourThatOccursTwiceIsToldApartByOrder) {
  const Timeline times =
      parse_times(TextList{"2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"},
                  {.zone = "Europe/Berlin"});
  EXPECT_TRUE(times.is_sorted());
  EXPECT_EQ(times.frequency().name(), "hourly");
  EXPECT_EQ(times.gaps(), 0);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(times.ticks()[i] - times.ticks()[i - 1], kHour);
  EXPECT_EQ(times.text(2), "2024-10-27 02:00");
}

TEST(TimeZones, AnHourThatTheClockLeavesOutIsAnError) {
  expect_error(ErrorKind::data, {"row 2", "'2024-03-31 02:30'", "Europe/Berlin", "summer time"}, [] {
    parse_times(TextList{"2024-03-31 01:30", "2024-03-31 02:30"}, {.zone = "Europe/Berlin"});
  });
  EXPECT_EQ(parse_times(TextList{"2024-03-31 01:30", "2024-03-31 02:30"}).size(), 2);  // no such hour in UTC
}

TEST(TimeZones, DaysGoByTheClockNotByTwentyFourHours) {
  const Timeline times =
      parse_times(TextList{"2024-03-29 06:00", "2024-03-30 06:00"}, {.zone = "Europe/Berlin"});
  EXPECT_EQ(times.frequency().name(), "daily");
  const Timeline next = times.next(2);
  EXPECT_EQ(next.text(0), "2024-03-31 06:00");
  EXPECT_EQ(next.ticks()[0] - times.ticks()[1], 23 * kHour);
  EXPECT_EQ(times.joined(next).gaps(), 0);
}

TEST(TimeZones, DailyOffsetsThatChangeAreStillDaily) {
  const Timeline times =
      parse_times(TextList{"2024-03-30T00:00+01:00", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00"});
  EXPECT_EQ(times.frequency().name(), "daily");
  EXPECT_EQ(times.next(1).text(0), "2024-04-02T00:00+02:00");
  EXPECT_EQ(times.text(0), "2024-03-30T00:00+01:00");
}

TEST(TimeZones, NamesInTheColumnAreUnderstood) {
  const Timeline times =
      parse_times(TextList{"2024-03-31T01:00[Europe/Berlin]", "2024-03-31T03:00[Europe/Berlin]"});
  EXPECT_EQ(times.ticks()[1] - times.ticks()[0], kHour);
  EXPECT_EQ(times.text(1), "2024-03-31T03:00[Europe/Berlin]");
}

TEST(TimeZones, UnknownOrMixedZonesAreErrors) {
  expect_error(ErrorKind::usage, {"Europe/Berlim", "did you mean 'Europe/Berlin'"},
               [] { parse_times(TextList{"2024-03-31 01:30"}, {.zone = "Europe/Berlim"}); });
  expect_error(ErrorKind::data, {"row 2", "zone"}, [] {
    parse_times(TextList{"2024-03-31T01:30Z", "2024-03-31T02:30"});
  });
  expect_error(ErrorKind::data, {"row 2"}, [] {
    parse_times(TextList{"2024-03-31 01:30 Europe/Berlin", "2024-03-31 02:30 Asia/Tokyo"});
  });
}

TEST(TimeZones, FeaturesFollowTheClockOfTheZone) {
  const Timeline epoch = parse_times(std::vector<double>{1717236000, 1717239600}, {.zone = "Asia/Tokyo"});
  EXPECT_EQ(epoch.fields(0).hour, 19);  // 10:00 UTC
  EXPECT_EQ(epoch.text(0), "1717236000");
}

}  // namespace
}  // namespace rondo
