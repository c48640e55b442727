#include "kernels/random_words.h"

#include <bit>
#include <cstring>

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random_words.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<std::uint64_t>;
using V = hn::Vec<D>;

/// The 64-bit products of the lanes' lower halves.
HWY_INLINE V MulLow(V a, V b) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(D(), (hn::GetLane(a) & 0xFFFFFFFFU) * (hn::GetLane(b) & 0xFFFFFFFFU));
#else
  const hn::RepartitionToNarrow<D> words;
  return hn::MulEven(hn::BitCast(words, a), hn::BitCast(words, b));
#endif
}

/// Philox4x32-10 as in src/base/random.cc, a block in every 64-bit lane. Each of a block's four words sits in the lower half
/// of a lane; what gathers in the upper halves is never read by a multiplication, and cut off at the end.
void FillRandomWords(const RandomStream& stream, std::span<const std::uint64_t> firsts, std::int64_t blocks,
                     std::uint32_t* HWY_RESTRICT out) {
  constexpr int kRounds = 10;
  const D d;
  constexpr auto N = static_cast<std::int64_t>(hn::MaxLanes(D()));
  const V multiplier0 = hn::Set(d, 0xD2511F53U), multiplier1 = hn::Set(d, 0xCD9E8D57U);
  const V low_half = hn::Set(d, 0xFFFFFFFFU);
  V keys0[kRounds], keys1[kRounds];
  auto k0 = static_cast<std::uint32_t>(stream.key()), k1 = static_cast<std::uint32_t>(stream.key() >> 32);
  for (int round = 0; round < kRounds; ++round, k0 += 0x9E3779B9U, k1 += 0xBB67AE85U) {
    keys0[round] = hn::Set(d, k0);
    keys1[round] = hn::Set(d, k1);
  }
  const V high2 = hn::Set(d, stream.counter_high() & 0xFFFFFFFFU),
          high3 = hn::Set(d, stream.counter_high() >> 32);
  HWY_ALIGN std::uint64_t words[2 * N];
  for (const std::uint64_t first : firsts) {
    const V high1 = hn::Set(d, first >> 32);
    for (std::int64_t i = 0; i < blocks; i += N) {
      V c0 = hn::Iota(d, (first & 0xFFFFFFFFU) + static_cast<std::uint64_t>(i)), c1 = high1, c2 = high2,
        c3 = high3;
      for (int round = 0; round < kRounds; ++round) {
        const V p0 = MulLow(c0, multiplier0), p1 = MulLow(c2, multiplier1);
        c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), keys0[round]);
        c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), keys1[round]);
        c1 = p1;
        c3 = p0;
      }
      const V first_pair = hn::Or(hn::And(c0, low_half), hn::ShiftLeft<32>(c1)),
              second_pair = hn::Or(hn::And(c2, low_half), hn::ShiftLeft<32>(c3));
      const std::int64_t count = blocks - i < N ? blocks - i : N;
      hn::StoreInterleaved2(first_pair, second_pair, d, words);
      std::memcpy(out + 4 * i, words, static_cast<std::size_t>(count) * 16);
    }
    out += 4 * blocks;
  }
}

}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace rondo::kernels {
namespace {
HWY_EXPORT(FillRandomWords);
}  // namespace

static_assert(std::endian::native == std::endian::little, "words are stored in pairs, the first one low");

void fill_random_words(const RandomStream& stream, std::span<const std::uint64_t> firsts, std::int64_t blocks,
                       std::uint32_t* out) {
  HWY_DYNAMIC_DISPATCH(FillRandomWords)(stream, firsts, blocks, out);
}

}  // namespace rondo::kernels
#endif
