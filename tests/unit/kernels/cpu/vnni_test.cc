// A file is compiled for AVX-512 with VNNI by one line. Highway 1.0 asks compilers for the VNNI of AVX there:
// a function that uses that of AVX-512 says so itself.

#define RONDO_WANT_VNNI
#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unit/kernels/cpu/vnni_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

const char* Name() { return hwy::TargetName(HWY_TARGET); }

/// Σ a[i]·b[i] of 64 numbers.
#if HWY_TARGET == HWY_AVX3_DL
[[gnu::target("avx512vnni")]]
#endif
std::int32_t
Dot(const std::uint8_t* a, const std::int8_t* b) {
#if HWY_TARGET == HWY_AVX3_DL
  return _mm512_reduce_add_epi32(
      _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_loadu_si512(a), _mm512_loadu_si512(b)));
#else
  std::int32_t sum = 0;
  for (int i = 0; i < 64; ++i) sum += a[i] * b[i];
  return sum;
#endif
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "kernels/instruction_sets.h"
#include "kernels/row_passes.h"

namespace rondo::kernels {
namespace {
HWY_EXPORT(Name);
HWY_EXPORT(Dot);

TEST(InstructionSetWithVnni, RunsInFilesThatWantItAndTheNextBestInOthers) {
  std::array<std::uint8_t, 64> a{};
  std::array<std::int8_t, 64> b{};
  std::int32_t exact = 0;
  for (int i = 0; i < 64; ++i) {
    const auto at = static_cast<std::size_t>(i);
    a[at] = static_cast<std::uint8_t>(i * 37);
    b[at] = static_cast<std::int8_t>(i * 91 - 128);
    exact += a[at] * b[at];
  }
  std::vector<float> sums;
  for (const std::string& set : instruction_sets()) {
    use_instruction_set(set);
    EXPECT_EQ(HWY_DYNAMIC_DISPATCH(Name)(), set);
    EXPECT_EQ(instruction_set(), set);
    EXPECT_EQ(HWY_DYNAMIC_DISPATCH(Dot)(a.data(), b.data()), exact) << set;
    // (1 + 2^-12)² - 1 - 2^-11 is 2^-24 where multiply and add are fused, and 0 where they are not.
    const float x = 1 + 0x1p-12F;
    float sum = -1 - 0x1p-11F;
    const std::array<const float*, 1> factor = {&x};
    sum_products<float>(factor, factor, 1, true, &sum);
    EXPECT_EQ(sum, set.starts_with("AVX") || set.starts_with("NEON") ? 0x1p-24F : 0.0F) << set;
  }
  use_instruction_set("");
}

TEST(InstructionSetWithVnni, IsListedBeforeTheOneWithout) {
  const auto& sets = instruction_sets();
  const auto with = std::ranges::find(sets, "AVX3_DL");
  if (with == sets.end()) GTEST_SKIP() << "this machine has no AVX-512 with VNNI";
  EXPECT_EQ(*(with + 1), "AVX3");
}

}  // namespace
}  // namespace rondo::kernels
#endif
