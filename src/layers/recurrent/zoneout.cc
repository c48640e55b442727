#include "layers/recurrent/zoneout.h"

#include "layers/common/mask_bits.h"
#include "tape/parallel.h"

namespace rondo {

std::int64_t zoneout_bytes(const Layout& layout, std::int64_t width) {
  return layout.total() * mask_row_bytes(width) + 1;  // kernels may read a byte beyond the last row
}

void draw_zoneout(const RandomStream& stream, double rate, const Layout& layout, std::int64_t width,
                  Pool& pool, std::uint64_t* firsts, std::uint8_t* bits) {
  const std::int64_t bytes = mask_row_bytes(width);
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    for (std::int64_t r = 0; r < layout.rows(t); ++r) {
      firsts[layout.offset(t) + r] =
          mask_row_first(layout.order()[static_cast<std::size_t>(r)], layout.position(t, r), width);
    }
  }
  parallel_rows(pool, layout.total(), 2 * width, [&](std::int64_t begin, std::int64_t end) {
    kernels::draw_bits(stream, {firsts + begin, static_cast<std::size_t>(end - begin)}, bytes,
                       kernels::bit_limit(rate), bits + begin * bytes, bytes);
  });
  bits[layout.total() * bytes] = 0;
}

template <class T>
kernels::Zone<T> make_zone(double rate, std::int64_t width, const std::uint8_t* bits) {
  return {bits, mask_row_bytes(width), static_cast<T>(rate)};
}
template kernels::Zone<float> make_zone(double, std::int64_t, const std::uint8_t*);
template kernels::Zone<double> make_zone(double, std::int64_t, const std::uint8_t*);

}  // namespace rondo
