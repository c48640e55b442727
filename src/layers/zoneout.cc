#include "layers/zoneout.h"

#include <cmath>
#include <cstring>

#include "kernels/random_words.h"
#include "layers/parallel.h"

namespace rondo {
namespace {

constexpr std::int64_t kBlockWords = 8;  // a block of the generator is 128 bits

std::int64_t row_words(std::int64_t width) { return (width + kBlockWords - 1) / kBlockWords * kBlockWords; }

}  // namespace

std::int64_t zoneout_words(const Layout& layout, std::int64_t width) {
  return layout.total() * row_words(width) + 16;  // kernels read whole vectors of the last row
}

void draw_zoneout(const RandomStream& stream, const Layout& layout, std::int64_t width, Pool& pool,
                  std::uint64_t* firsts, std::uint16_t* words) {
  const std::int64_t blocks = row_words(width) / kBlockWords;
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    for (std::int64_t r = 0; r < layout.rows(t); ++r) {
      const auto sequence = static_cast<std::uint64_t>(layout.order()[static_cast<std::size_t>(r)]);
      firsts[layout.offset(t) + r] =
          (sequence << 32) + static_cast<std::uint64_t>(layout.position(t, r) * blocks);
    }
  }
  parallel_rows(pool, layout.total(), 4 * width, [&](std::int64_t begin, std::int64_t end) {
    kernels::fill_random_words(stream, {firsts + begin, static_cast<std::size_t>(end - begin)}, blocks,
                               reinterpret_cast<std::uint32_t*>(words + begin * blocks * kBlockWords));
  });
  std::memset(words + layout.total() * blocks * kBlockWords, 0, 16 * sizeof(std::uint16_t));
}

template <class T>
kernels::Zone<T> make_zone(double rate, std::int64_t width, const std::uint16_t* words) {
  return {words, row_words(width), static_cast<T>(std::round(rate * 0x1p16)), static_cast<T>(rate)};
}
template kernels::Zone<float> make_zone(double, std::int64_t, const std::uint16_t*);
template kernels::Zone<double> make_zone(double, std::int64_t, const std::uint16_t*);

}  // namespace rondo
