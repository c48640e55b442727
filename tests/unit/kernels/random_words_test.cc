#include "kernels/random_words.h"

#include <gtest/gtest.h>

#include <vector>

#include "kernels/instruction_sets.h"

namespace rondo::kernels {
namespace {

TEST(RandomWords, AreTheBlocksOfTheStreamOnEveryInstructionSet) {
  const RandomStream stream(5, 77, 0xABCDEF0123456789ULL);
  for (const std::string& set : instruction_sets()) {
    use_instruction_set(set);
    const std::uint64_t firsts[] = {0, 5, (7ULL << 32) + 0xFFFFFF00ULL};
    for (const std::size_t blocks : {0, 1, 3, 8, 19, 64}) {
      std::vector<std::uint32_t> words(3 * 4 * blocks + 1, 42);
      fill_random_words(stream, firsts, static_cast<std::int64_t>(blocks), words.data());
      EXPECT_EQ(words.back(), 42U) << "writes beyond its end";
      for (std::size_t row = 0; row < 3; ++row) {
        for (std::size_t i = 0; i < blocks; ++i) {
          const auto expected = stream.block(firsts[row] + i);
          for (std::size_t w = 0; w < 4; ++w)
            ASSERT_EQ(words[4 * (row * blocks + i) + w], expected[w])
                << set << ", row " << row << ", block " << i;
        }
      }
    }
  }
  use_instruction_set("");
}

}  // namespace
}  // namespace rondo::kernels
