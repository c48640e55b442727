#include "layers/recurrent/recurrent_dropout.h"

#include <algorithm>

#include "kernels/row_passes.h"
#include "layers/common/mask_bits.h"
#include "tape/parallel.h"

namespace rondo {

template <class T>
std::int64_t dropout_scratch(std::int64_t rows, std::int64_t width) {
  const auto bytes = static_cast<std::int64_t>(sizeof(T)) * width + rows * 8 + rows * mask_row_bytes(width);
  return bytes / 8 + 2;
}

template <class T>
void draw_dropout(const RandomStream& stream, double rate, std::span<const std::uint64_t> firsts,
                  std::int64_t width, std::uint64_t* scratch, T* scale) {
  const auto rows = static_cast<std::int64_t>(firsts.size());
  T* zeros = reinterpret_cast<T*>(scratch);
  auto* bits = reinterpret_cast<std::uint8_t*>(zeros + width);
  std::fill_n(zeros, width, T{0});
  kernels::draw_bits(stream, firsts, mask_row_bytes(width), kernels::bit_limit(rate), bits,
                     mask_row_bytes(width));
  std::fill_n(scale, rows * width, static_cast<T>(1 / (1 - rate)));
  kernels::zone_rows<T>({bits, mask_row_bytes(width), T{0}}, {zeros, rows, width, 0},
                        {scale, rows, width, width});
}

template <class T>
void fill_dropout_masks(const RandomStream& stream, double rate, const Layout& layout, int rows,
                        std::int64_t width, std::uint64_t* scratch, T* mask) {
  std::uint64_t* firsts = scratch;
  const auto batch = static_cast<std::size_t>(layout.batch());
  for (int g = 0; g < rows; ++g) {
    for (std::size_t r = 0; r < batch; ++r) firsts[r] = mask_row_first(layout.order()[r], g, width);
    draw_dropout(stream, rate, {firsts, batch}, width, scratch + batch, mask + g * layout.batch() * width);
  }
}

void draw_zoneout(const RandomStream& stream, double rate, const Layout& layout, std::int64_t width,
                  Pool& pool, std::uint64_t* firsts, std::uint8_t* bits) {
  const std::int64_t bytes = mask_row_bytes(width);
  layout.each_row([&](std::int64_t row, std::int64_t sequence, std::int64_t position) {
    firsts[row] = mask_row_first(sequence, position, width);
  });
  parallel_rows(pool, layout.total(), 2 * width, [&](std::int64_t begin, std::int64_t end) {
    kernels::draw_bits(stream, {firsts + begin, static_cast<std::size_t>(end - begin)}, bytes,
                       kernels::bit_limit(rate), bits + begin * bytes, bytes);
  });
  bits[layout.total() * bytes] = 0;
}

template std::int64_t dropout_scratch<float>(std::int64_t, std::int64_t);
template void draw_dropout(const RandomStream&, double, std::span<const std::uint64_t>, std::int64_t,
                           std::uint64_t*, float*);
template void fill_dropout_masks(const RandomStream&, double, const Layout&, int, std::int64_t,
                                 std::uint64_t*, float*);
template std::int64_t dropout_scratch<double>(std::int64_t, std::int64_t);
template void draw_dropout(const RandomStream&, double, std::span<const std::uint64_t>, std::int64_t,
                           std::uint64_t*, double*);
template void fill_dropout_masks(const RandomStream&, double, const Layout&, int, std::int64_t,
                                 std::uint64_t*, double*);

}  // namespace rondo
