#pragma once

#include <cstdint>
#include <span>

#include "rondo/random.h"

namespace rondo::kernels {

/// For each of `firsts` the words of stream.block(first), block(first + 1), … one after another, `blocks` of them:
/// out [firsts][4·blocks]. The same numbers on every instruction set. The lower halves of the blocks' numbers must not run
/// over: first % 2^32 + blocks <= 2^32.
void fill_random_words(const RandomStream& stream, std::span<const std::uint64_t> firsts, std::int64_t blocks,
                       std::uint32_t* out);

}  // namespace rondo::kernels
