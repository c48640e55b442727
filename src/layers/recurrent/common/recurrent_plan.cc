#include "layers/recurrent/common/recurrent_plan.h"

#include <algorithm>

namespace rondo {

std::int64_t RecurrentShape::sums_stride() const {
  const std::int64_t stride = (cell->info.sums * units + 15) / 16 * 16;
  return stride % 256 == 0 ? stride + 16 : stride;
}

template <class T>
int part_count(const RecurrentPlan<T>& plan, const Pool& pool) {
  // A hand-over costs a few µs: it does not repay below about 100,000 multiply-adds.
  const RecurrentShape& shape = plan.shape;
  const std::int64_t work =
      plan.time.total() * shape.units * plan.info().gates * (shape.inputs + shape.units / shape.blocks);
  if (work < 200'000) return 1;
  return static_cast<int>(std::clamp<std::int64_t>(plan.time.batch(), 1, pool.threads()));
}
template int part_count(const RecurrentPlan<float>&, const Pool&);
template int part_count(const RecurrentPlan<double>&, const Pool&);

std::int64_t first_place(const TimeSlice& time, int parts, int part) {
  if (part == parts) return time.batch();
  std::int64_t steps = 0, place = 0;
  while (steps * parts < time.total() * part) steps += time.length_at(place++);
  return place;
}

}  // namespace rondo
