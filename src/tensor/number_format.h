#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// A number as files store it, and what it becomes in memory.
struct NumberFormat {
  std::string_view name;  ///< "F32", "BF16" …
  std::uint64_t bytes;
  DType becomes;
  /// Fills `out` from little-endian `raw`; false when a number does not fit. nullptr: the bytes are used as
  /// they are.
  bool (*convert)(std::span<const std::byte> raw, Tensor& out);
};

/// nullptr for a type that is not known.
const NumberFormat* find_number_format(std::string_view name);
/// "F64, F32, …": for messages.
std::string number_format_names();
/// "byte 0x1f": for messages.
std::string quoted_byte(char byte);

/// The value of 16 bits as IEEE 754 binary16, and as the upper half of a binary32.
float float_from_half(std::uint16_t bits);
float float_from_bfloat16(std::uint16_t bits);

}  // namespace rondo
