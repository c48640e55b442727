#include "tensor/number_format.h"

#include <bit>
#include <cstring>

#include "base/text.h"

namespace rondo {
namespace {

template <class Stored>
Stored load(std::span<const std::byte> raw, std::size_t index) {
  Stored value{};
  std::memcpy(&value, raw.data() + index * sizeof(Stored), sizeof(Stored));
  return value;
}

template <class Stored, class Result, auto convert_one>
bool convert(std::span<const std::byte> raw, Tensor& out) {
  const std::span<Result> values = out.data<Result>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = convert_one(load<Stored>(raw, i));
  return true;
}

template <class Stored, class Result>
constexpr auto kExactly = [](Stored value) { return static_cast<Result>(value); };

/// Whole numbers beyond 2^53 have no exact float64: they are refused rather than changed.
bool convert_int64(std::span<const std::byte> raw, Tensor& out) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 53;
  const std::span<double> values = out.data<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = load<std::int64_t>(raw, i);
    if (value > kLargest || value < -kLargest) return false;
    values[i] = static_cast<double>(value);
  }
  return true;
}

template <class Stored, class Result>
constexpr NumberFormat whole(std::string_view name) {
  return {name, sizeof(Stored), dtype_of<Result>(), convert<Stored, Result, kExactly<Stored, Result>>};
}

constexpr NumberFormat kFormats[] = {
    {"F64", 8, DType::float64, nullptr},
    {"F32", 4, DType::float32, nullptr},
    {"F16", 2, DType::float32, convert<std::uint16_t, float, float_from_half>},
    {"BF16", 2, DType::float32, convert<std::uint16_t, float, float_from_bfloat16>},
    {"I64", 8, DType::float64, convert_int64},
    {"I32", 4, DType::int32, nullptr},
    whole<std::uint32_t, double>("U32"),
    whole<std::int16_t, float>("I16"),
    whole<std::uint16_t, float>("U16"),
    whole<std::int8_t, float>("I8"),
    whole<std::uint8_t, float>("U8"),
};

}  // namespace

float float_from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1Fu, fraction = bits & 0x3FFu;
  if (exponent == 0) {  // zero and the subnormals: fraction · 2^-24
    const float size = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(size) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255u : exponent + 112u;  // biases 127 and 15
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

float float_from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

const NumberFormat* find_number_format(std::string_view name) {
  for (const NumberFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::string number_format_names() {
  std::string out;
  for (const NumberFormat& format : kFormats) out += (out.empty() ? "" : ", ") + std::string(format.name);
  return out;
}

std::string quoted_byte(char byte) {
  return detail::print("byte 0x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
}

}  // namespace rondo
