#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace rondo {

/// Counter-based random numbers (Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
/// as 1, 2, 3", SC'11). A stream is a value keyed by (seed, purpose, step); element n of it is a pure
/// function, so results do not depend on threads, on order of evaluation or on what else was drawn.
class RandomStream {
 public:
  explicit RandomStream(std::uint64_t seed, std::uint64_t purpose = 0, std::uint64_t step = 0);

  /// Four 32-bit words at position `block`. Seven rounds are the fewest that pass BigCrush; numbers that cost
  /// time in every training step are made of so many.
  std::array<std::uint32_t, 4> block(std::uint64_t block, int rounds = 10) const;

  /// What a kernel that makes many blocks at once needs to know: the key of Philox and the upper half of its
  /// counter.
  std::uint64_t key() const { return key_; }
  std::uint64_t counter_high() const { return counter_high_; }

  /// Uniform in [0, 1) with 24 bits: exact in float and double alike.
  double uniform(std::uint64_t element) const;
  /// Standard normal (Box-Muller on two words with 32 bits each).
  double normal(std::uint64_t element) const;
  /// Uniform integer in [0, n), n > 0 (multiply-shift on 64 bits; bias below n / 2^64).
  std::uint64_t below(std::uint64_t element, std::uint64_t n) const;

 private:
  std::uint64_t key_;
  std::uint64_t counter_high_;
};

/// A permutation of 0 … n-1 (Fisher-Yates on `stream`).
void shuffle_indices(const RandomStream& stream, std::span<std::int64_t> indices);

/// A stable 64-bit key of a name, to key a stream by (FNV-1a).
std::uint64_t purpose_key(const char* name);

}  // namespace rondo
