#include "layers/compaction.h"

namespace rondo {

Compaction compact(const Layout& from, const std::vector<std::uint8_t>& keep) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(from.batch() * from.steps()), 0);
  std::vector<std::int64_t> row_at(mask.size(), -1);
  for (std::int64_t t = 0; t < from.longest(); ++t) {
    for (std::int64_t r = 0; r < from.rows(t); ++r) {
      const std::int64_t row = from.offset(t) + r;
      const auto at = static_cast<std::size_t>(from.order()[static_cast<std::size_t>(r)] * from.steps() +
                                               from.position(t, r));
      mask[at] = keep[static_cast<std::size_t>(row)];
      row_at[at] = row;
    }
  }
  Compaction out{Layout::from_mask(mask, from.batch(), from.steps()), {}};
  out.rows.reserve(static_cast<std::size_t>(out.layout->total()));
  for (std::int64_t t = 0; t < out.layout->longest(); ++t) {
    for (std::int64_t r = 0; r < out.layout->rows(t); ++r) {
      const std::int64_t b = out.layout->order()[static_cast<std::size_t>(r)];
      out.rows.push_back(row_at[static_cast<std::size_t>(b * from.steps() + out.layout->position(t, r))]);
    }
  }
  return out;
}

}  // namespace rondo
