#include "kernels/row_passes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/instruction_sets.h"
#include "rondo/base/random.h"

namespace rondo::kernels {
namespace {

std::vector<float> noise(std::size_t n, std::uint64_t seed) {
  const RandomStream random(seed);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(random.normal(i));
  return out;
}

/// The documented order: 16 partial sums, element i in the i % 16-th; then j and j + 8, j + 4, j + 2, j + 1.
template <class Term>
float sum_in_order(std::size_t n, Term add) {
  float part[16] = {};
  for (std::size_t i = 0; i < n; ++i) part[i % 16] = add(i, part[i % 16]);
  for (std::size_t half = 8; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) part[j] += part[j + half];
  }
  return part[0];
}

bool multiplies_and_adds_at_once(const std::string& set) { return set.find("AVX") != std::string::npos; }

TEST(RowPasses, NormaliseWithSumsOfOneOrderWhateverTheLanes) {
  constexpr float kEpsilon = 1e-3F;
  for (const std::string& set : instruction_sets()) {
    if (!multiplies_and_adds_at_once(set)) continue;
    use_instruction_set(set);
    for (const std::size_t width : {1, 5, 16, 19, 50, 129}) {
      constexpr std::size_t kRows = 11;
      const std::vector<float> x = noise(kRows * width, 1), gain = noise(width, 2), bias = noise(width, 3);
      std::vector<float> normal(kRows * width), inverse(kRows), y(kRows * width);
      const auto w = static_cast<std::int64_t>(width);
      normalize_rows<float>({x.data(), kRows, w, w}, kEpsilon, {normal.data(), kRows, w, w}, inverse.data(),
                            {gain.data(), bias.data()}, {y.data(), kRows, w, w});
      const float share = 1.0F / static_cast<float>(width);
      for (std::size_t r = 0; r < kRows; ++r) {
        const float* row = x.data() + r * width;
        const float mean = sum_in_order(width, [&](std::size_t i, float s) { return s + row[i]; }) * share;
        const float squares = sum_in_order(
            width, [&](std::size_t i, float s) { return std::fma(row[i] - mean, row[i] - mean, s); });
        const float scale = 1.0F / std::sqrt(squares * share + kEpsilon);
        EXPECT_EQ(inverse[r], scale) << set << ", width " << width;
        for (std::size_t i = 0; i < width; ++i) {
          EXPECT_EQ(normal[r * width + i], (row[i] - mean) * scale) << set;
          EXPECT_EQ(y[r * width + i], std::fma(gain[i], (row[i] - mean) * scale, bias[i])) << set;
        }
      }
    }
  }
  use_instruction_set("");
}

TEST(RowPasses, ZoneWhereBitsAreSet) {
  for (const std::string& set : instruction_sets()) {
    use_instruction_set(set);
    constexpr std::int64_t kWidth = 19, kStride = 4;
    std::vector<std::uint8_t> bits(2 * kStride + 1);
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint8_t>(i * 99 + 13);
    const std::vector<float> old = noise(2 * kWidth, 1), next = noise(2 * kWidth, 2),
                             dy = noise(2 * kWidth, 3);
    std::vector<float> y = next, d = dy, d_old(2 * kWidth);
    const Zone<float> zone{bits.data(), kStride, 0};
    const auto rows_of = [](auto& values) {
      return View<std::remove_pointer_t<decltype(values.data())>>{values.data(), 2, kWidth, kWidth};
    };
    zone_rows<float>(zone, rows_of(old), rows_of(y));
    zone_rows_backward<float>(zone, rows_of(d), rows_of(dy), rows_of(d_old));
    for (std::size_t r = 0; r < 2; ++r) {
      for (std::size_t i = 0; i < kWidth; ++i) {
        const std::size_t at = r * kWidth + i;
        const bool kept = (bits[r * kStride + i / 8] >> (i % 8) & 1) != 0;
        EXPECT_EQ(y[at], kept ? old[at] : next[at]) << set;
        EXPECT_EQ(d_old[at], kept ? 2 * dy[at] : 0) << set;
        EXPECT_EQ(d[at], kept ? 0 : 2 * dy[at]) << set;
      }
    }
  }
  use_instruction_set("");
}

}  // namespace
}  // namespace rondo::kernels
