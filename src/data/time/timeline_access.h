#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "rondo/data/timeline.h"

namespace rondo {

/// Lets the files of this room put timelines together.
struct TimelineAccess {
  /// The frequency is found from the ticks.
  static Timeline make(std::vector<std::int64_t> ticks, std::vector<std::int32_t> offsets,
                       TimeFormat format) {
    Timeline times;
    times.ticks_ = std::move(ticks);
    times.offsets_ = std::move(offsets);
    times.format_ = std::move(format);
    times.infer();
    return times;
  }
  static Timeline make(std::vector<std::int64_t> ticks, std::vector<std::int32_t> offsets, TimeFormat format,
                       const Frequency& frequency) {
    Timeline times;
    times.ticks_ = std::move(ticks);
    times.offsets_ = std::move(offsets);
    times.format_ = std::move(format);
    times.frequency_ = frequency;
    return times;
  }
  static const std::vector<std::int32_t>& offsets(const Timeline& times) { return times.offsets_; }
};

namespace detail {

/// Frequency of moments in order. `walls` are the same moments on the clock of the zone (calendar styles).
Frequency infer_frequency(const std::vector<std::int64_t>& ticks, const std::vector<std::int64_t>& walls,
                          const TimeFormat& format);

/// Wall times of all rows: what the clock of the zone showed. For plain numbers the ticks themselves.
std::vector<std::int64_t> walls_of(const Timeline& times);

/// `count` times from row `row` on at steps 1, 2 … count of the frequency, with their offsets from UTC.
void append_steps(const Timeline& times, std::int64_t row, std::int64_t count,
                  std::vector<std::int64_t>& ticks, std::vector<std::int32_t>& offsets);

}  // namespace detail
}  // namespace rondo
