#include "layers/recurrent/drivers/lane_schedule.h"

#include <algorithm>
#include <numeric>

#include "kernels/lanes.h"

namespace rondo {
namespace {

using kernels::kLaneGroup;

/// Sequences with at least one step: the first places, as the longest come first.
std::int64_t busy_places(const TimeSlice& time) { return time.longest() == 0 ? 0 : time.rows(0); }

/// Gives each sequence, longest first, to the lane that is free first (Graham 1969); ties go to the lowest
/// lane. lane_of[place] and the lanes' lengths come out; returns the longest of these.
std::int64_t fill_lanes(const TimeSlice& time, std::int64_t lanes, std::int32_t* heap,
                        std::int32_t* lane_of) {
  // A heap of (steps · lanes + lane): the smallest is the lane that is free first.
  const std::int64_t places = busy_places(time);
  const auto later = [](std::int32_t a, std::int32_t b) { return a > b; };
  for (std::int64_t l = 0; l < lanes; ++l) heap[l] = static_cast<std::int32_t>(l);
  std::int64_t longest = 0;
  for (std::int64_t p = 0; p < places; ++p) {
    std::pop_heap(heap, heap + lanes, later);
    const std::int64_t entry = heap[lanes - 1];
    const std::int64_t steps = entry / lanes + time.length_at(p);
    longest = std::max(longest, steps);
    if (lane_of != nullptr) lane_of[p] = static_cast<std::int32_t>(entry % lanes);
    heap[lanes - 1] = static_cast<std::int32_t>(steps * lanes + entry % lanes);
    std::push_heap(heap, heap + lanes, later);
  }
  return longest;
}

}  // namespace

LaneSchedule LaneSchedule::outline(const TimeSlice& time, Workspace& workspace) {
  LaneSchedule best;
  const std::int64_t places = busy_places(time), longest = time.longest();
  constexpr std::int64_t kMaxCount = 1 << 28;  // rows and heap entries are 32-bit numbers
  if (places == 0 || (longest + 1) * (places + kLaneGroup) > kMaxCount) return best;
  const std::int64_t max_groups = (places + kLaneGroup - 1) / kLaneGroup;
  best.lanes = max_groups * kLaneGroup;
  best.steps = longest;
  best.aligned = true;
  if (time.total() == places * longest) return best;
  auto* heap = workspace.take<std::int32_t>(best.lanes);
  // Fewer lanes, several sequences in each: where that saves enough to give up lanes that threads could
  // share.
  constexpr double kWorthwhile = 0.94;
  for (std::int64_t groups = max_groups - 1; groups >= 1; --groups) {
    const std::int64_t lanes = groups * kLaneGroup;
    const auto limit = static_cast<std::int64_t>(kWorthwhile * static_cast<double>(best.lanes * best.steps));
    const std::int64_t shortest = std::max(longest, (time.total() + lanes - 1) / lanes);
    if (shortest * lanes > limit) continue;
    const std::int64_t steps = fill_lanes(time, lanes, heap, nullptr);
    if (steps * lanes > limit) continue;
    best.lanes = lanes;
    best.steps = steps;
    best.aligned = false;
  }
  return best;
}

LaneSchedule LaneSchedule::plan(const TimeSlice& time, Workspace& workspace) {
  LaneSchedule out = outline(time, workspace);
  const std::int64_t places = busy_places(time), lanes = out.lanes, steps = out.steps;
  const auto take = [&](std::int64_t count) { return workspace.take<std::int32_t>(count); };
  std::int32_t *lane_of = take(places), *filled = take(lanes);
  if (out.aligned) {
    std::iota(lane_of, lane_of + places, 0);
  } else {
    fill_lanes(time, lanes, filled, lane_of);
  }
  Run *by_begin = workspace.take<Run>(places), *by_end = workspace.take<Run>(places);
  std::int32_t *begins = take(steps + 1), *ends = take(steps + 1), *rows = take(steps * lanes);
  std::fill_n(filled, lanes, 0);  // steps that a lane holds so far
  std::fill_n(rows, steps * lanes, -1);
  for (std::int64_t p = 0; p < places; ++p) {
    const std::int32_t lane = lane_of[p];
    const auto begin = filled[lane], end = static_cast<std::int32_t>(begin + time.length_at(p));
    by_begin[p] = by_end[p] = {static_cast<std::int32_t>(p), lane, begin, end};
    filled[lane] = end;
    for (std::int64_t t = 0; t < end - begin; ++t)
      rows[(begin + t) * lanes + lane] = static_cast<std::int32_t>(time.offset(t) + p);
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
