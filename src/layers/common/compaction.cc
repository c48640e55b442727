#include "layers/common/compaction.h"

#include <algorithm>

namespace rondo {

Compaction compact(Call& call, const Layout& from, const std::uint8_t* keep) {
  const std::int64_t places = from.batch() * from.steps();
  auto* mask = call.scratch<std::uint8_t>(places);
  auto* row_at = call.scratch<std::int64_t>(places);
  std::fill_n(mask, places, std::uint8_t{0});
  from.each_row([&](std::int64_t row, std::int64_t b, std::int64_t position) {
    mask[b * from.steps() + position] = keep[row];
    row_at[b * from.steps() + position] = row;
  });
  Compaction out{
      call.layouts().from_mask({mask, static_cast<std::size_t>(places)}, from.batch(), from.steps()), {}};
  auto* rows = call.scratch<std::int64_t>(out.layout->total());
  out.layout->each_row([&](std::int64_t row, std::int64_t b, std::int64_t position) {
    rows[row] = row_at[b * from.steps() + position];
  });
  out.rows = {rows, static_cast<std::size_t>(out.layout->total())};
  return out;
}

}  // namespace rondo
