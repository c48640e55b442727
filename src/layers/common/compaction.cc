#include "layers/common/compaction.h"

#include <algorithm>

namespace rondo {

Compaction compact(Call& call, const Layout& from, const std::uint8_t* keep) {
  const std::int64_t places = from.batch() * from.steps();
  auto* mask = call.scratch<std::uint8_t>(places);
  auto* row_at = call.scratch<std::int64_t>(places);
  std::fill_n(mask, places, std::uint8_t{0});
  for (std::int64_t t = 0; t < from.longest(); ++t) {
    for (std::int64_t r = 0; r < from.rows(t); ++r) {
      const std::int64_t row = from.offset(t) + r;
      const std::int64_t at = from.order()[static_cast<std::size_t>(r)] * from.steps() + from.position(t, r);
      mask[at] = keep[row];
      row_at[at] = row;
    }
  }
  Compaction out{
      call.layouts().from_mask({mask, static_cast<std::size_t>(places)}, from.batch(), from.steps()), {}};
  auto* rows = call.scratch<std::int64_t>(out.layout->total());
  for (std::int64_t t = 0; t < out.layout->longest(); ++t) {
    for (std::int64_t r = 0; r < out.layout->rows(t); ++r) {
      const std::int64_t b = out.layout->order()[static_cast<std::size_t>(r)];
      rows[out.layout->offset(t) + r] = row_at[b * from.steps() + out.layout->position(t, r)];
    }
  }
  out.rows = {rows, static_cast<std::size_t>(out.layout->total())};
  return out;
}

}  // namespace rondo
