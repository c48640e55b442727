#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rondo/data/events.h"

namespace rondo::detail {

/// One record on its steps.
struct RecordSteps {
  std::vector<double> times;   ///< of every step: where a bin begins, or the time of its readings
  std::vector<double> values;  ///< [steps, parameters], NaN where there was no reading
  std::int64_t early = 0;      ///< readings that lie before the first bin
};

/// The reading says that the value is not known.
bool says_unknown(const Reading& reading, const EventGridOptions& options);

/// `slot_of[p]` is the column of parameter p, or -1. Readings come in order of time.
RecordSteps steps_of(std::span<const Reading> readings, std::span<const std::int64_t> slot_of,
                     std::int64_t columns, const EventGridOptions& options);

/// Elapsed times of Che et al. 2018, eq. 1: [steps, columns]. 0 at the first step; then the time since the
/// step before, and what had elapsed there unless there was a reading.
std::vector<double> elapsed_times(const RecordSteps& steps, std::int64_t columns);

}  // namespace rondo::detail
