#include "kernels/random_bits.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "kernels/instruction_sets.h"

namespace rondo::kernels {
namespace {

bool expected_bit(const RandomStream& stream, std::uint64_t first, std::size_t i, std::uint16_t limit) {
  const std::uint32_t word = stream.block(first + i / 8, 7)[i % 8 / 2];
  return ((i % 2 == 0 ? word : word >> 16) & 0xFFFF) < limit;
}

bool bit(const std::uint8_t* row, std::size_t i) { return (row[i / 8] >> (i % 8) & 1) != 0; }

TEST(RandomBits, CompareTheHalfWordsOfTheStreamOnEveryInstructionSet) {
  const RandomStream stream(5, 77, 0xABCDEF0123456789ULL);
  std::vector<std::uint64_t> all = {0, 5, (7ULL << 32) + 0xFFFFFF00ULL};
  for (std::uint64_t r = 0; r < 20; ++r) all.push_back((r << 32) + 1000 * r);
  for (const std::string& set : instruction_sets()) {
    use_instruction_set(set);
    for (const std::size_t rows : {0, 1, 3, 8, 23}) {
      for (const std::size_t blocks : {0, 1, 2, 7, 16}) {
        for (const std::uint16_t limit : {0, 1, 20000, 65535}) {
          const std::size_t stride = blocks + 2;
          std::vector<std::uint8_t> bits(rows * stride + 1, 42);
          draw_bits(stream, {all.data(), rows}, static_cast<std::int64_t>(blocks), limit, bits.data(),
                    static_cast<std::int64_t>(stride));
          EXPECT_EQ(bits.back(), 42U) << "writes beyond its end";
          for (std::size_t r = 0; r < rows; ++r) {
            const std::uint8_t* row = bits.data() + r * stride;
            EXPECT_EQ(row[blocks], 42U) << "writes beyond a row";
            for (std::size_t i = 0; i < 8 * blocks; ++i)
              ASSERT_EQ(bit(row, i), expected_bit(stream, all[r], i, limit)) << set << ", row " << r;
          }
        }
      }
    }
  }
  use_instruction_set("");
}

TEST(RandomBits, AreSetAsOftenAsTheirProbabilitySays) {
  const RandomStream stream(1);
  constexpr std::size_t kRows = 1000, kBlocks = 64;
  std::vector<std::uint64_t> firsts(kRows);
  for (std::size_t r = 0; r < kRows; ++r) firsts[r] = r << 32;
  std::vector<std::uint8_t> bits(kRows * kBlocks);
  for (const double p : {0.001, 0.1, 0.5, 0.9}) {
    draw_bits(stream, firsts, kBlocks, bit_limit(p), bits.data(), kBlocks);
    std::array<double, 8> set{};  // by place in the byte
    for (const std::uint8_t byte : bits) {
      for (std::size_t i = 0; i < 8; ++i) set[i] += byte >> i & 1;
    }
    const auto n = static_cast<double>(bits.size());
    for (const double count : set) EXPECT_NEAR(count / n, p, 5 * std::sqrt(p * (1 - p) / n)) << p;
  }
}

TEST(RandomBits, LeaveSomethingAtAnyRateBelowOne) {
  EXPECT_EQ(bit_limit(0), 0);
  EXPECT_EQ(bit_limit(0.5), 32768);
  EXPECT_EQ(bit_limit(0.9999999), 65535);
}

TEST(RandomBits, TransposeToBitsOfLanes) {
  constexpr std::size_t kBlocks = 3, kStride = 4, kLanes = 24;
  std::vector<std::uint8_t> bits(10 * kStride), out(kBlocks * kLanes);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint8_t>(i * 73 + 5);
  std::array<std::int32_t, kLanes> rows{};
  for (std::size_t l = 0; l < kLanes; ++l) rows[l] = static_cast<std::int32_t>(l * 7 % 11) - 1;
  transpose_bits(bits.data(), kStride, kBlocks, rows.data(), kLanes, out.data());
  for (std::size_t i = 0; i < 8 * kBlocks; ++i) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      const bool expected = rows[l] >= 0 && bit(bits.data() + static_cast<std::size_t>(rows[l]) * kStride, i);
      EXPECT_EQ(bit(out.data() + i * kLanes / 8, l), expected) << "element " << i << ", lane " << l;
    }
  }
}

}  // namespace
}  // namespace rondo::kernels
