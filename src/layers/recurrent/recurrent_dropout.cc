#include "layers/recurrent/recurrent_dropout.h"

#include <algorithm>

#include "kernels/row_passes.h"
#include "layers/common/mask_bits.h"

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

template <class T>
void apply_step_mask(const Layout& layout, std::int64_t width, const T* from, const T* mask, T* to) {
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    const std::int64_t count = layout.rows(t) * width;
    for (std::int64_t i = 0; i < count; ++i) to[i] = from[i] * mask[i];
    from += count;
    to += count;
  }
}

template <class T>
void add_step_mask(const Layout& layout, std::int64_t width, const T* from, const T* mask, T* to) {
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    const std::int64_t count = layout.rows(t) * width;
    for (std::int64_t i = 0; i < count; ++i) to[i] += from[i] * mask[i];
    from += count;
    to += count;
  }
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
template void apply_step_mask(const Layout&, std::int64_t, const float*, const float*, float*);
template void apply_step_mask(const Layout&, std::int64_t, const double*, const double*, double*);
template void add_step_mask(const Layout&, std::int64_t, const float*, const float*, float*);
template void add_step_mask(const Layout&, std::int64_t, const double*, const double*, double*);

}  // namespace rondo
