#include "rondo/base/random.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace rondo {
namespace {

// Constants of Philox4x32 (Salmon et al. 2011, table 2 and section 3.3).
constexpr std::uint32_t kMultiplier0 = 0xD2511F53U, kMultiplier1 = 0xCD9E8D57U;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9U, kWeyl1 = 0xBB67AE85U;

__extension__ using Wide = unsigned __int128;  // both compilers have it on 64-bit targets

std::uint64_t mix(std::uint64_t z) {  // finaliser of SplitMix64: spreads small keys over all bits
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::uint64_t purpose, std::uint64_t step)
    : key_(mix(mix(seed + 0x9E3779B97F4A7C15ULL) ^ purpose)), counter_high_(step) {}

std::array<std::uint32_t, 4> RandomStream::block(std::uint64_t block, int rounds) const {
  std::array<std::uint32_t, 4> c = {
      static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
      static_cast<std::uint32_t>(counter_high_), static_cast<std::uint32_t>(counter_high_ >> 32)};
  auto k0 = static_cast<std::uint32_t>(key_);
  auto k1 = static_cast<std::uint32_t>(key_ >> 32);
  for (int round = 0; round < rounds; ++round, k0 += kWeyl0, k1 += kWeyl1) {
    const std::uint64_t p0 = std::uint64_t{kMultiplier0} * c[0];
    const std::uint64_t p1 = std::uint64_t{kMultiplier1} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
  }
  return c;
}

double RandomStream::uniform(std::uint64_t element) const {
  return static_cast<double>(block(element / 4)[element % 4] >> 8) * 0x1p-24;
}

double RandomStream::normal(std::uint64_t element) const {
  const auto words = block(element / 2);
  const std::size_t pair = (element % 2) * 2;
  const double u = (static_cast<double>(words[pair]) + 1.0) * 0x1p-32;  // in (0, 1]: the logarithm is finite
  const double v = static_cast<double>(words[pair + 1]) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

std::uint64_t RandomStream::below(std::uint64_t element, std::uint64_t n) const {
  const auto words = block(element / 2);
  const std::size_t pair = (element % 2) * 2;
  const std::uint64_t x = (std::uint64_t{words[pair]} << 32) | words[pair + 1];
  return static_cast<std::uint64_t>((static_cast<Wide>(x) * n) >> 64);
}

void shuffle_indices(const RandomStream& stream, std::span<std::int64_t> indices) {
  for (std::size_t i = indices.size(); i > 1; --i) {
    std::swap(indices[i - 1], indices[stream.below(i, i)]);
  }
}

std::uint64_t purpose_key(const char* name) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (; *name != '\0'; ++name) hash = (hash ^ static_cast<unsigned char>(*name)) * 0x100000001B3ULL;
  return hash;
}

}  // namespace rondo
