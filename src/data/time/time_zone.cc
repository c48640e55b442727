#include "data/time/time_zone.h"

#include <date/tz.h>

#include <algorithm>

#include "base/text.h"
#include "data/time/civil_time.h"
#include "rondo/base/error.h"

namespace rondo::detail {

struct ZoneClock::Zone {
  const date::time_zone* zone;
};

namespace {

const date::tzdb& database(const std::string& wanted) {
  try {
    return date::get_tzdb();
  } catch (const std::exception& problem) {
    throw Error(ErrorKind::resources, "the database of time zones cannot be read")
        .where("zone '" + wanted + "'")
        .seen(problem.what())
        .fix("install the package tzdata, or give times in UTC");
  }
}

const date::time_zone* find_zone(const std::string& name) {
  const date::tzdb& zones = database(name);
  try {
    return date::locate_zone(name);  // tzdb::locate_zone is not in every build of the library
  } catch (const std::exception&) {
    std::vector<std::string> known;
    for (const auto& zone : zones.zones) known.push_back(zone.name());
    throw Error(ErrorKind::usage, "there is no time zone '" + name + "'")
        .expected("an IANA name such as Europe/Berlin, America/New_York or UTC")
        .fix(detail::did_you_mean(name, known));
  }
}

}  // namespace

ZoneClock::ZoneClock(const std::string& name) {
  if (name != "UTC" && name != "Z" && name != "GMT" && name != "Etc/UTC") {
    zone_ = std::make_unique<Zone>(Zone{find_zone(name)});
  }
}
ZoneClock::~ZoneClock() = default;

std::int64_t ZoneClock::offset(std::int64_t tick) {
  if (is_utc()) return 0;
  const std::int64_t second = floor_div(tick, kSecond);
  if (second < begin_ || second >= end_) {
    const date::sys_info info = zone_->zone->get_info(date::sys_seconds(std::chrono::seconds(second)));
    begin_ = info.begin.time_since_epoch().count();
    end_ = info.end.time_since_epoch().count();
    offset_ = info.offset.count();
  }
  return offset_;
}

ZoneClock::Local ZoneClock::resolve(std::int64_t wall) const {
  if (is_utc()) return {true, wall, {}};
  const date::local_seconds local(std::chrono::seconds(floor_div(wall, kSecond)));
  const date::local_info info = zone_->zone->get_info(local);
  const std::int64_t first = wall - info.first.offset.count() * kSecond;
  switch (info.result) {
    case date::local_info::unique: return {true, first, {}};
    case date::local_info::ambiguous: {
      const std::int64_t second = wall - info.second.offset.count() * kSecond;
      return {true, std::min(first, second), std::max(first, second)};
    }
    default: return {false, first, {}};
  }
}

}  // namespace rondo::detail
