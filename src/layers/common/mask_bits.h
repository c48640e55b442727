#pragma once

#include <cstdint>

#include "kernels/random_bits.h"

// The random bit of an element, for every layer that drops or keeps: a function of its stream, the sequence's
// index in the batch, the step's position in the padded array (or another number of a row) and the element's
// place in the row. Packing, batch mates, threads and drivers have no say in it.

namespace rondo {

/// Bytes of a row of bits: bit i is bit i % 8 of byte i / 8.
constexpr std::int64_t mask_row_bytes(std::int64_t width) {
  return (width + kernels::kBitsOfBlock - 1) / kernels::kBitsOfBlock;
}

/// Where the blocks of a row begin (kernels::draw_bits); it has one a byte.
constexpr std::uint64_t mask_row_first(std::int64_t sequence, std::int64_t position, std::int64_t width) {
  return (static_cast<std::uint64_t>(sequence) << 32) +
         static_cast<std::uint64_t>(position * mask_row_bytes(width));
}

}  // namespace rondo
