#pragma once

#include <cstdint>
#include <span>

#include "layers/recurrent/common/time_slice.h"

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
  const std::int32_t* begins =
      nullptr;  ///< [steps + 1]: runs that begin at s are by_begin[begins[s]] … [begins[s + 1] - 1]
  const std::int32_t* ends = nullptr;  ///< [steps + 1]: those whose last step is s
  bool aligned = false;                ///< every run begins at step 0

  std::span<const Run> beginning(std::int64_t s) const {
    return {by_begin + begins[s], by_begin + begins[s + 1]};
  }
  std::span<const Run> ending(std::int64_t s) const { return {by_end + ends[s], by_end + ends[s + 1]}; }
  /// The share of the lanes' steps that do work.
  double use(const TimeSlice& layout) const {
    return lanes == 0 ? 0 : static_cast<double>(layout.total()) / static_cast<double>(lanes * steps);
  }

  /// The number of lanes and steps only (the arrays stay empty): cheap.
  static LaneSchedule outline(const TimeSlice& layout, std::int32_t* scratch);
  /// Elements of scratch memory that outline() and plan() need.
  static std::int64_t scratch_size(const TimeSlice& layout) { return 2 * layout.batch() + 64; }
  /// Elements of memory (of std::int32_t) that plan() needs.
  static std::int64_t memory_size(const LaneSchedule& outline, const TimeSlice& layout);
  static LaneSchedule plan(const LaneSchedule& outline, const TimeSlice& layout, std::int32_t* scratch,
                           std::int32_t* memory);
};

}  // namespace rondo
