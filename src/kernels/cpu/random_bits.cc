#include "kernels/random_bits.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/random_bits.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<std::uint64_t>;
using V = hn::Vec<D>;
constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
constexpr int kRounds = 7;

/// The 64-bit products of the lanes' lower halves.
HWY_INLINE V MulLow(V a, V b) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(D(), (hn::GetLane(a) & 0xFFFFFFFFU) * (hn::GetLane(b) & 0xFFFFFFFFU));
#else
  const hn::RepartitionToNarrow<D> words;
  return hn::MulEven(hn::BitCast(words, a), hn::BitCast(words, b));
#endif
}

/// bytes[i] = the bits of lane i's eight words, of which `first` holds four and `second` four.
HWY_INLINE void Compare(V first, V second, std::uint16_t limit, std::uint8_t* bytes) {
#if HWY_TARGET == HWY_SCALAR
  const std::uint64_t halves[] = {hn::GetLane(first), hn::GetLane(second)};
  unsigned byte = 0;
  for (int i = 0; i < 8; ++i) byte |= ((halves[i / 4] >> (i % 4 * 16) & 0xFFFF) < limit ? 1U : 0U) << i;
  bytes[0] = static_cast<std::uint8_t>(byte);
#else
  const D d;
  const hn::Repartition<std::uint16_t, D> words;
  const auto bound = hn::Set(words, limit);
  HWY_ALIGN std::uint8_t even[8], odd[8];  // of the even and of the odd lanes
  hn::StoreMaskBits(words, hn::Lt(hn::BitCast(words, hn::InterleaveLower(d, first, second)), bound), even);
  hn::StoreMaskBits(words, hn::Lt(hn::BitCast(words, hn::InterleaveUpper(d, first, second)), bound), odd);
  for (std::int64_t i = 0; i < N / 2; ++i) {
    bytes[2 * i] = even[i];
    bytes[2 * i + 1] = odd[i];
  }
#endif
}

/// Philox as in src/base/random.cc, a block in every 64-bit lane. Each of a block's four words sits in the
/// lower half of a lane; what gathers in the upper halves is never read by a multiplication.
struct Generator {
  V keys0[kRounds], keys1[kRounds];
  V high2, high3;

  explicit Generator(const RandomStream& stream) {
    const D d;
    auto k0 = static_cast<std::uint32_t>(stream.key()), k1 = static_cast<std::uint32_t>(stream.key() >> 32);
    for (int round = 0; round < kRounds; ++round, k0 += 0x9E3779B9U, k1 += 0xBB67AE85U) {
      keys0[round] = hn::Set(d, k0);
      keys1[round] = hn::Set(d, k1);
    }
    high2 = hn::Set(d, stream.counter_high() & 0xFFFFFFFFU);
    high3 = hn::Set(d, stream.counter_high() >> 32);
  }

  /// Blocks low, low + 1, … low + kBlocks - 1 side by side: each alone would wait for its multiplications.
  template <int kBlocks>
  HWY_INLINE void draw(V low, V high, std::uint16_t limit, std::uint8_t (*bytes)[N < 8 ? 8 : N]) const {
    const D d;
    const V multiplier0 = hn::Set(d, 0xD2511F53U), multiplier1 = hn::Set(d, 0xCD9E8D57U),
            low_half = hn::Set(d, 0xFFFFFFFFU);
    V c0[kBlocks], c1[kBlocks], c2[kBlocks], c3[kBlocks];
    for (int b = 0; b < kBlocks; ++b) {
      c0[b] = hn::Add(low, hn::Set(d, static_cast<std::uint64_t>(b)));
      c1[b] = high;
      c2[b] = high2;
      c3[b] = high3;
    }
    for (int round = 0; round < kRounds; ++round) {
      for (int b = 0; b < kBlocks; ++b) {
        const V p0 = MulLow(c0[b], multiplier0), p1 = MulLow(c2[b], multiplier1);
        c0[b] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1[b]), keys0[round]);
        c2[b] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3[b]), keys1[round]);
        c1[b] = p1;
        c3[b] = p0;
      }
    }
    for (int b = 0; b < kBlocks; ++b) {
      Compare(hn::Or(hn::And(c0[b], low_half), hn::ShiftLeft<32>(c1[b])),
              hn::Or(hn::And(c2[b], low_half), hn::ShiftLeft<32>(c3[b])), limit, bytes[b]);
    }
  }
};

}  // namespace

void DrawBits(const RandomStream& stream, std::span<const std::uint64_t> firsts, std::int64_t blocks,
              std::uint16_t limit, std::uint8_t* HWY_RESTRICT out, std::int64_t stride) {
  const D d;
  const Generator generator(stream);
  const auto rows = static_cast<std::int64_t>(firsts.size());
  HWY_ALIGN std::uint64_t some[N];
  std::uint8_t bytes[2][N < 8 ? 8 : N];
  for (std::int64_t row = 0; row < rows; row += N, out += N * stride) {
    const std::int64_t count = std::min(rows - row, N);
    for (std::int64_t i = 0; i < N; ++i)
      some[i] = firsts[static_cast<std::size_t>(row + std::min(i, count - 1))];
    const V first = hn::Load(d, some), high = hn::ShiftRight<32>(first);
    V low = hn::And(first, hn::Set(d, 0xFFFFFFFFU));
    for (std::int64_t b = 0; b < blocks; b += 2, low = hn::Add(low, hn::Set(d, 2))) {
      const int many = b + 1 < blocks ? 2 : 1;
      if (many == 2) {
        generator.draw<2>(low, high, limit, bytes);
      } else {
        generator.draw<1>(low, high, limit, bytes);
      }
      for (std::int64_t i = 0; i < count; ++i) {
        for (int k = 0; k < many; ++k) out[i * stride + b + k] = bytes[k][i];
      }
    }
  }
}

}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace rondo::kernels {
namespace {
HWY_EXPORT(DrawBits);

/// Bit c of byte r becomes bit r of byte c (Warren, Hacker's Delight, 2nd edition, section 7-3).
std::uint64_t transpose_8_by_8(std::uint64_t x) {
  std::uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAULL;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCULL;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0ULL;
  return x ^ t ^ (t << 28);
}
}  // namespace

static_assert(std::endian::native == std::endian::little, "words are compared in pairs, the first one low");

std::uint16_t bit_limit(double probability) {
  return static_cast<std::uint16_t>(std::clamp(std::round(probability * 0x1p16), 0.0, 65535.0));
}

void draw_bits(const RandomStream& stream, std::span<const std::uint64_t> firsts, std::int64_t blocks,
               std::uint16_t limit, std::uint8_t* out, std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(DrawBits)(stream, firsts, blocks, limit, out, stride);
}

void transpose_bits(const std::uint8_t* bits, std::int64_t stride, std::int64_t blocks,
                    const std::int32_t* rows, std::int64_t lanes, std::uint8_t* out) {
  const std::int64_t width = lanes / 8;
  for (std::int64_t group = 0; group < width; ++group, rows += 8) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      std::uint64_t x = 0;
      for (int lane = 0; lane < 8; ++lane) {
        if (rows[lane] >= 0) x |= std::uint64_t{bits[rows[lane] * stride + b]} << (8 * lane);
      }
      x = transpose_8_by_8(x);
      std::uint8_t* to = out + b * 8 * width + group;
      for (int i = 0; i < 8; ++i) to[i * width] = static_cast<std::uint8_t>(x >> (8 * i));
    }
  }
}

}  // namespace rondo::kernels
#endif
