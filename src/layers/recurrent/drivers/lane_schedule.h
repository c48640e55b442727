#pragma once

#include <cstdint>
#include <span>

#include "layers/recurrent/common/time_slice.h"
#include "tape/workspace.h"

namespace rondo {

/// Which sequence each SIMD lane works on at each step. Sequences of equal length take a lane each; ragged
/// ones follow one another in a lane, so that no lane idles for long. Depends on the lengths only, never on
/// threads or the machine.
struct LaneSchedule {
  struct Run {
    std::int32_t place, lane, begin,
        end;  ///< steps begin … end - 1 of the lane belong to the sequence at `place`
  };
  std::int64_t lanes = 0, steps = 0;  ///< lanes: a multiple of kernels::kLaneGroup; 0: no sequence has a step
  const std::int32_t* rows = nullptr;  ///< [steps][lanes]: packed row, -1 = the lane idles
  const Run* by_begin = nullptr;       ///< runs in order of their begin
  const Run* by_end = nullptr;         ///< in order of their end
  /// [steps + 1]: runs that begin at s are by_begin[begins[s]] … [begins[s + 1] - 1].
  const std::int32_t* begins = nullptr;
  const std::int32_t* ends = nullptr;  ///< [steps + 1]: those whose last step is s
  bool aligned = false;                ///< every run begins at step 0

  std::span<const Run> beginning(std::int64_t s) const {
    return {by_begin + begins[s], by_begin + begins[s + 1]};
  }
  std::span<const Run> ending(std::int64_t s) const { return {by_end + ends[s], by_end + ends[s + 1]}; }
  /// The share of the lanes' steps that do work.
  double use(const TimeSlice& time) const {
    return lanes == 0 ? 0 : static_cast<double>(time.total()) / static_cast<double>(lanes * steps);
  }

  /// The number of lanes and steps only (the arrays stay empty): cheap.
  static LaneSchedule outline(const TimeSlice& time, Workspace& workspace);
  /// All of it.
  static LaneSchedule plan(const TimeSlice& time, Workspace& workspace);
};

}  // namespace rondo
