#include "layers/recurrent_dropout.h"

#include "kernels/random_words.h"

namespace rondo {

template <class T>
void fill_dropout_masks(const RandomStream& stream, double rate, const Layout& layout, int rows,
                        std::int64_t width, std::uint32_t* words, T* mask) {
  const std::int64_t blocks = dropout_row_words(width) / 4;
  const T kept = static_cast<T>(1 / (1 - rate));
  // The rule of the dropout layer, u < rate for u = word / 2^24 of the upper 24 bits, in integers.
  const auto threshold = static_cast<std::uint32_t>(rate * 0x1p24);
  const bool exact = static_cast<double>(threshold) == rate * 0x1p24;
  const std::uint32_t limit = exact ? threshold : threshold + 1;
  for (int g = 0; g < rows; ++g) {
    for (std::int64_t r = 0; r < layout.batch(); ++r) {
      const auto sequence = static_cast<std::uint64_t>(layout.order()[static_cast<std::size_t>(r)]);
      const std::uint64_t first = (sequence << 32) + static_cast<std::uint64_t>(g * blocks);
      kernels::fill_random_words(stream, std::span(&first, 1), blocks, words);
      for (std::int64_t c = 0; c < width; ++c) mask[c] = (words[c] >> 8) < limit ? T{0} : kept;
      mask += width;
    }
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

template void fill_dropout_masks(const RandomStream&, double, const Layout&, int, std::int64_t,
                                 std::uint32_t*, float*);
template void fill_dropout_masks(const RandomStream&, double, const Layout&, int, std::int64_t,
                                 std::uint32_t*, double*);
template void apply_step_mask(const Layout&, std::int64_t, const float*, const float*, float*);
template void apply_step_mask(const Layout&, std::int64_t, const double*, const double*, double*);
template void add_step_mask(const Layout&, std::int64_t, const float*, const float*, float*);
template void add_step_mask(const Layout&, std::int64_t, const double*, const double*, double*);

}  // namespace rondo
