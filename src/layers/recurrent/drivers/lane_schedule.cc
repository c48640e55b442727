#include "layers/recurrent/drivers/lane_schedule.h"

#include <algorithm>

#include "kernels/lanes.h"

namespace rondo {
namespace {

using kernels::kLaneGroup;

/// Sequences with at least one step: the first places, as the longest come first.
std::int64_t busy_places(const TimeSlice& layout) { return layout.longest() == 0 ? 0 : layout.rows(0); }

/// Gives each sequence, longest first, to the lane that is free first (Graham 1969); ties go to the lowest
/// lane. lane_of[place] and the lanes' lengths come out; returns the longest of these.
std::int64_t fill_lanes(const TimeSlice& layout, std::int64_t lanes, std::int32_t* heap,
                        std::int32_t* lane_of) {
  // A heap of (steps · lanes + lane): the smallest is the lane that is free first.
  const std::int64_t places = busy_places(layout);
  const auto later = [](std::int32_t a, std::int32_t b) { return a > b; };
  for (std::int64_t l = 0; l < lanes; ++l) heap[l] = static_cast<std::int32_t>(l);
  std::int64_t longest = 0;
  for (std::int64_t p = 0; p < places; ++p) {
    std::pop_heap(heap, heap + lanes, later);
    const std::int64_t entry = heap[lanes - 1];
    const std::int64_t steps = entry / lanes + layout.length_at(p);
    longest = std::max(longest, steps);
    if (lane_of != nullptr) lane_of[p] = static_cast<std::int32_t>(entry % lanes);
    heap[lanes - 1] = static_cast<std::int32_t>(steps * lanes + entry % lanes);
    std::push_heap(heap, heap + lanes, later);
  }
  return longest;
}

}  // namespace

LaneSchedule LaneSchedule::outline(const TimeSlice& layout, std::int32_t* scratch) {
  LaneSchedule best;
  const std::int64_t places = busy_places(layout), longest = layout.longest();
  constexpr std::int64_t kMaxCount = 1 << 28;  // rows and heap entries are 32-bit numbers
  if (places == 0 || (longest + 1) * (places + kLaneGroup) > kMaxCount) return best;
  const std::int64_t most = (places + kLaneGroup - 1) / kLaneGroup;
  best.lanes = most * kLaneGroup;
  best.steps = longest;
  best.aligned = true;
  if (layout.total() == places * longest) return best;
  // Fewer lanes, several sequences in each: where that saves enough to give up lanes that threads could
  // share.
  constexpr double kWorthwhile = 0.94;
  for (std::int64_t groups = most - 1; groups >= 1; --groups) {
    const std::int64_t lanes = groups * kLaneGroup;
    const auto limit = static_cast<std::int64_t>(kWorthwhile * static_cast<double>(best.lanes * best.steps));
    const std::int64_t least = std::max(longest, (layout.total() + lanes - 1) / lanes);
    if (least * lanes > limit) continue;
    const std::int64_t steps = fill_lanes(layout, lanes, scratch, nullptr);
    if (steps * lanes > limit) continue;
    best.lanes = lanes;
    best.steps = steps;
    best.aligned = false;
  }
  return best;
}

std::int64_t LaneSchedule::memory_size(const LaneSchedule& outline, const TimeSlice& layout) {
  return outline.steps * outline.lanes + 2 * (outline.steps + 1) + 8 * busy_places(layout);
}

LaneSchedule LaneSchedule::plan(const LaneSchedule& outline, const TimeSlice& layout, std::int32_t* scratch,
                                std::int32_t* memory) {
  LaneSchedule out = outline;
  const std::int64_t places = busy_places(layout), lanes = out.lanes, steps = out.steps;
  std::int32_t* lane_of = scratch + lanes;
  if (out.aligned) {
    for (std::int64_t p = 0; p < places; ++p) lane_of[p] = static_cast<std::int32_t>(p);
  } else {
    fill_lanes(layout, lanes, scratch, lane_of);
  }
  static_assert(sizeof(Run) == 4 * sizeof(std::int32_t));
  Run* by_begin = reinterpret_cast<Run*>(memory);
  Run* by_end = by_begin + places;
  std::int32_t* begins = reinterpret_cast<std::int32_t*>(by_end + places);
  std::int32_t* ends = begins + steps + 1;
  std::int32_t* rows = ends + steps + 1;
  std::fill_n(scratch, lanes, 0);  // steps that a lane holds so far
  std::fill_n(rows, steps * lanes, -1);
  for (std::int64_t p = 0; p < places; ++p) {
    const std::int32_t lane = lane_of[p];
    const auto begin = scratch[lane], end = static_cast<std::int32_t>(begin + layout.length_at(p));
    by_begin[p] = by_end[p] = {static_cast<std::int32_t>(p), lane, begin, end};
    scratch[lane] = end;
    for (std::int64_t t = 0; t < end - begin; ++t)
      rows[(begin + t) * lanes + lane] = static_cast<std::int32_t>(layout.offset(t) + p);
  }
  std::sort(by_begin, by_begin + places, [](const Run& a, const Run& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.lane < b.lane;
  });
  std::sort(by_end, by_end + places,
            [](const Run& a, const Run& b) { return a.end != b.end ? a.end < b.end : a.lane < b.lane; });
  std::int64_t b = 0, e = 0;
  for (std::int64_t s = 0; s < steps; ++s) {
    begins[s] = static_cast<std::int32_t>(b);
    ends[s] = static_cast<std::int32_t>(e);
    while (b < places && by_begin[b].begin == s) ++b;
    while (e < places && by_end[e].end == s + 1) ++e;
  }
  begins[steps] = ends[steps] = static_cast<std::int32_t>(places);
  out.rows = rows;
  out.by_begin = by_begin;
  out.by_end = by_end;
  out.begins = begins;
  out.ends = ends;
  return out;
}

}  // namespace rondo
