#include "rondo/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <vector>

namespace rondo {
namespace {

using Words = std::array<std::uint32_t, 4>;

// A stream mixes its seed and purpose into Philox's key with a one-to-one function (the finaliser of
// SplitMix64), so for every seed there is one purpose that gives a chosen key.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}
std::uint64_t unmix(std::uint64_t z) {
  z = (z ^ (z >> 31) ^ (z >> 62)) * 0x319642B2D24D8EC3ULL;
  z = (z ^ (z >> 27) ^ (z >> 54)) * 0x96DE1B173F119089ULL;
  return z ^ (z >> 30) ^ (z >> 60);
}

Words philox(std::uint64_t key, std::uint64_t low, std::uint64_t high, int rounds = 10) {
  const std::uint64_t seed = 7;
  return RandomStream(seed, mix(seed + 0x9E3779B97F4A7C15ULL) ^ unmix(key), high).block(low, rounds);
}

TEST(RandomStream, IsPhilox4x32WithTenRounds) {  // the known answers that the authors publish with Random123
  EXPECT_EQ(philox(0, 0, 0), (Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(philox(~0ULL, ~0ULL, ~0ULL), (Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(philox(0x299F31D0A4093822ULL, 0x85A308D3243F6A88ULL, 0x0370734413198A2EULL),
            (Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(RandomStream, HasSevenRoundsWhereAskedTo) {  // likewise
  EXPECT_EQ(philox(0, 0, 0, 7), (Words{0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48}));
  EXPECT_EQ(philox(~0ULL, ~0ULL, ~0ULL, 7), (Words{0x5207DDC2, 0x45165E59, 0x4D8EE751, 0x8C52F662}));
}

TEST(RandomStream, IsAFunctionOfSeedPurposeStepAndPosition) {
  const RandomStream stream(1, 2, 3);
  EXPECT_EQ(stream.block(9), RandomStream(1, 2, 3).block(9));
  std::set<Words> seen;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    for (std::uint64_t purpose = 0; purpose < 6; ++purpose) {
      for (std::uint64_t step = 0; step < 6; ++step) {
        for (std::uint64_t block = 0; block < 6; ++block)
          seen.insert(RandomStream(seed, purpose, step).block(block));
      }
    }
  }
  EXPECT_EQ(seen.size(), 6U * 6 * 6 * 6);
}

TEST(RandomStream, DrawsUniformlyFromZeroToOne) {
  const RandomStream stream(11);
  constexpr int kDraws = 200'000, kBins = 20;
  std::vector<int> bins(kBins, 0);
  double sum = 0, neighbours = 0, before = 0.5;
  for (int i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(static_cast<std::uint64_t>(i));
    ASSERT_TRUE(u >= 0 && u < 1) << u;
    ASSERT_EQ(static_cast<double>(static_cast<float>(u)), u) << "float and double must see the same number";
    ++bins[static_cast<std::size_t>(u * kBins)];
    sum += u;
    neighbours += (u - 0.5) * (before - 0.5);
    before = u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(neighbours / kDraws, 0, 5 * (1.0 / 12) / std::sqrt(kDraws));
  double chi = 0;
  for (const int n : bins) chi += std::pow(n - kDraws / kBins, 2) / (kDraws / kBins);
  EXPECT_LT(chi, 19 + 5 * std::sqrt(2.0 * 19));
}

TEST(RandomStream, DrawsStandardNormals) {
  const RandomStream stream(12);
  constexpr int kDraws = 200'000;
  std::array<double, 5> moments{};
  int within_one = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.normal(static_cast<std::uint64_t>(i));
    ASSERT_TRUE(std::isfinite(x));
    for (std::size_t p = 1; p < 5; ++p) moments[p] += std::pow(x, static_cast<double>(p)) / kDraws;
    within_one += std::abs(x) < 1 ? 1 : 0;
  }
  const double unit = 1 / std::sqrt(kDraws);
  EXPECT_NEAR(moments[1], 0, 5 * unit);
  EXPECT_NEAR(moments[2], 1, 5 * std::sqrt(2.0) * unit);
  EXPECT_NEAR(moments[3], 0, 5 * std::sqrt(15.0) * unit);
  EXPECT_NEAR(moments[4], 3, 5 * std::sqrt(96.0) * unit);
  EXPECT_NEAR(static_cast<double>(within_one) / kDraws, 0.682689492, 5 * 0.47 * unit);
}

TEST(RandomStream, DrawsIntegersBelowALimit) {
  const RandomStream stream(13);
  for (const std::uint64_t n : {1ULL, 2ULL, 7ULL, 1ULL << 40, ~0ULL}) {
    double sum = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      const std::uint64_t x = stream.below(i, n);
      ASSERT_LT(x, n);
      sum += static_cast<double>(x) / static_cast<double>(n);
    }
    const double mean = 0.5 - 0.5 / static_cast<double>(n);
    EXPECT_NEAR(sum / 20'000, mean, 5 * 0.29 / std::sqrt(20'000.0)) << n;
  }
  std::array<int, 7> counts{};
  for (std::uint64_t i = 0; i < 70'000; ++i) ++counts[stream.below(i, 7)];
  for (const int n : counts) EXPECT_NEAR(n, 10'000, 5 * 100);
}

TEST(Shuffle, GivesEveryPermutationAlike) {
  std::vector<int> counts(24, 0);
  for (std::uint64_t step = 0; step < 24'000; ++step) {
    std::vector<std::int64_t> p = {0, 1, 2, 3};
    shuffle_indices(RandomStream(5, 6, step), p);
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      std::int64_t smaller = 0;
      for (std::size_t j = i + 1; j < 4; ++j) smaller += p[j] < p[i] ? 1 : 0;
      rank = rank * static_cast<std::int64_t>(4 - i) + smaller;
    }
    ASSERT_LT(rank, 24);
    ++counts[static_cast<std::size_t>(rank)];
  }
  for (const int n : counts) EXPECT_NEAR(n, 1000, 5 * std::sqrt(1000.0));
}

TEST(Shuffle, LosesNothing) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    std::vector<std::int64_t> order(size), sorted(size);
    std::iota(sorted.begin(), sorted.end(), 0);
    order = sorted;
    shuffle_indices(RandomStream(1), order);
    EXPECT_EQ(order != sorted, size > 2);
    std::ranges::sort(order);
    EXPECT_EQ(order, sorted);
  }
}

TEST(PurposeKey, IsFnv1aAndTellsNamesApart) {
  EXPECT_EQ(purpose_key(""), 0xCBF29CE484222325ULL);
  EXPECT_EQ(purpose_key("a"), 0xAF63DC4C8601EC8CULL);
  EXPECT_NE(purpose_key("lstm.kernel"), purpose_key("lstm.recurrent_kernel"));
}

}  // namespace
}  // namespace rondo
