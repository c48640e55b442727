#pragma once

#include <cstdint>
#include <span>

#include "rondo/base/random.h"

// Random choices of one bit each, what dropout and zoneout are made of, for they are drawn anew in every
// training step. So an element has 16 bits of a block instead of 32: a probability is resolved to 1 / 65,536,
// off by less than 8e-6, which a sample shows only beyond some 10^9 elements. And Philox4x32 runs 7 rounds
// instead of RandomStream's 10: the fewest with which it passes BigCrush (Salmon et al., SC'11, table 2).

namespace rondo::kernels {

/// Elements that one block of the generator, and one byte of bits, holds.
constexpr std::int64_t kBitsOfBlock = 8;

/// The probability in units of 2^-16, below 2^16: something is left at any rate below 1.
std::uint16_t bit_limit(double probability);

/// Row r of `out` begins at byte r · stride and has `blocks` bytes. Its bit i is 1 where word i of the 16-bit
/// words of stream.block(firsts[r], 7), block(firsts[r] + 1, 7), … (low halves first) is below `limit`. The
/// same on every instruction set. The lower halves of the blocks' numbers must not run over: first % 2^32 +
/// blocks <= 2^32.
void draw_bits(const RandomStream& stream, std::span<const std::uint64_t> firsts, std::int64_t blocks,
               std::uint16_t limit, std::uint8_t* out, std::int64_t stride);

/// The bits of rows[lane] as bits of a lane: bit `lane` of row i of `out` (lanes / 8 bytes) is bit i of row
/// rows[lane] of `bits`; 0 where rows[lane] < 0. `lanes` is a multiple of 8, and `out` has 8 · blocks rows.
void transpose_bits(const std::uint8_t* bits, std::int64_t stride, std::int64_t blocks,
                    const std::int32_t* rows, std::int64_t lanes, std::uint8_t* out);

}  // namespace rondo::kernels
