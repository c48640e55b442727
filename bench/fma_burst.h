#pragma once

#include <immintrin.h>

#include <chrono>
#include <cstdint>

// How fast this core multiplies and adds right now: the yardstick that tells a disturbed moment from an
// undisturbed one, and the peak that kernels are measured against.

namespace rondo::bench {

/// Thirteen independent chains of fused multiply-adds hide a latency of four cycles on two units; `rounds` of
/// them.
__attribute__((target("avx512f"), noinline)) inline void fma_chains_512(std::int64_t rounds) {
  __m512 a[13];
  __m512 factor = _mm512_set1_ps(0.99F);
  for (auto& chain : a) chain = factor;
  for (std::int64_t k = 0; k < rounds; ++k) {
#pragma GCC unroll 13
    for (auto& chain : a) chain = _mm512_fmadd_ps(chain, factor, factor);
    asm volatile("" : "+v"(factor));
  }
  for (auto& chain : a) asm volatile("" ::"v"(chain));
}

__attribute__((target("avx2,fma"), noinline)) inline void fma_chains_256(std::int64_t rounds) {
  __m256 a[13];
  __m256 factor = _mm256_set1_ps(0.99F);
  for (auto& chain : a) chain = factor;
  for (std::int64_t k = 0; k < rounds; ++k) {
#pragma GCC unroll 13
    for (auto& chain : a) chain = _mm256_fmadd_ps(chain, factor, factor);
    asm volatile("" : "+x"(factor));
  }
  for (auto& chain : a) asm volatile("" ::"x"(chain));
}

/// GFLOP/s of one burst on this thread (float32, the widest registers). 20,000 rounds last about 0.15 ms at 4
/// GHz.
inline double fma_burst(std::int64_t rounds = 20000) {
  const bool wide = __builtin_cpu_supports("avx512f");
  const auto begin = std::chrono::steady_clock::now();
  wide ? fma_chains_512(rounds) : fma_chains_256(rounds);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double flops = 13.0 * 2 * (wide ? 16 : 8) * static_cast<double>(rounds);
  return flops / took.count() / 1e9;
}

}  // namespace rondo::bench
