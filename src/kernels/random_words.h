#pragma once

#include <cstdint>

#include "rondo/random.h"

namespace rondo::kernels {

/// The words of stream.block(first), block(first + 1), … one after another: out[4·i + w] is word w of block first + i, for
/// every instruction set. The lower halves of the blocks' numbers must not run over (first % 2^32 + blocks <= 2^32).
void fill_random_words(const RandomStream& stream, std::uint64_t first, std::int64_t blocks,
                       std::uint32_t* out);

}  // namespace rondo::kernels
