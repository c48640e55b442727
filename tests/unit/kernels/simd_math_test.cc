// The vector functions of formulas, in every instruction set, against double.

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unit/kernels/simd_math_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

#include "kernels/simd_math-inl.h"

template <class F>
void Map(const float* x, float* y, std::size_t count, F f) {
  const FloatTag d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) hn::StoreU(f(Lanes(hn::LoadU(d, x + i))).v, d, y + i);
}

/// y = f(x); `count` is a multiple of every vector's size.
void Apply(int function, const float* x, float* y, std::size_t count) {
  switch (function) {
    case 0: return Map(x, y, count, [](Lanes v) { return tanh(v); });
    case 1: return Map(x, y, count, [](Lanes v) { return sigmoid(v); });
    case 2: return Map(x, y, count, [](Lanes v) { return exp(v); });
    case 3: return Map(x, y, count, [](Lanes v) { return expm1_negative(v); });
    case 4: return Map(x, y, count, [](Lanes v) { return softplus(v); });
    case 5: return Map(x, y, count, [](Lanes v) { return log1p_unit(v); });
    case 6: return Map(x, y, count, [](Lanes v) { return max(v, Lanes(0.0)); });
    default: return Map(x, y, count, [](Lanes v) { return clamp(v, -1.0, 6.0); });
  }
}

}  // namespace
}  // namespace rondo::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernels/instruction_sets.h"

namespace rondo::kernels {
HWY_EXPORT(Apply);
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Function {
  const char* name;
  int index;
  double (*exact)(double);
  float low, high;            // where the bound holds
  double relative, absolute;  // |got - want| <= relative · |want| + absolute
};

// The bounds are the ones that src/kernels/simd_math-inl.h states.
const Function kFunctions[] = {
    {"tanh", 0, [](double x) { return std::tanh(x); }, -kInfinity, kInfinity, 3e-7, 1e-44},
    {"sigmoid", 1, [](double x) { return 1 / (1 + std::exp(-x)); }, -kInfinity, kInfinity, 0, 1.5e-7},
    {"exp", 2, [](double x) { return std::exp(x); }, -87, 88, 2e-7, 0},
    {"exp_tiny", 2, [](double x) { return std::exp(x); }, -kInfinity, -87, 2e-7, 1.5e-45},
    {"expm1_negative", 3, [](double x) { return std::expm1(x); }, -kInfinity, 0, 3e-7, 1e-44},
    {"softplus", 4, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); },
     -kInfinity, kInfinity, 1e-7, 1.5e-7},
    {"relu", 6, [](double x) { return std::max(x, 0.0); }, -kInfinity, kInfinity, 1e-30, 0},
    {"clamp", 7, [](double x) { return std::clamp(x, -1.0, 6.0); }, -kInfinity, kInfinity, 1e-30, 0},
    {"log1p_unit", 5, [](double x) { return std::log1p(x); }, 0, 1, 0, 1.5e-7},
};

void PrintTo(const Function& f, std::ostream* out) { *out << f.name; }

class VectorFunction : public ::testing::TestWithParam<Function> {
 protected:
  ~VectorFunction() override { use_instruction_set(""); }

  static std::vector<float> apply(const std::vector<float>& x) {
    std::vector<float> padded = x, y((x.size() + 63) / 64 * 64);
    padded.resize(y.size(), 0.0F);
    HWY_DYNAMIC_DISPATCH(Apply)(GetParam().index, padded.data(), y.data(), y.size());
    y.resize(x.size());
    return y;
  }
};

TEST_P(VectorFunction, IsWithinItsBoundOverItsWholeRange) {
  constexpr std::uint32_t kStride = 509;  // prime: every pattern of low bits turns up
  const Function& f = GetParam();
  std::vector<float> x = {f.low, f.high, 0.0F, -0.0F};
  for (std::uint64_t bits = 0; bits <= 0xFFFFFFFFU; bits += kStride) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (value >= f.low && value <= f.high) x.push_back(value);
  }
  std::erase_if(x, [&](float v) { return v < f.low || v > f.high; });
  std::vector<double> exact(x.size());
  std::ranges::transform(x, exact.begin(), [&](float v) { return f.exact(static_cast<double>(v)); });

  for (const std::string& set : instruction_sets()) {
    use_instruction_set(set);
    const std::vector<float> y = apply(x);
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error =
          static_cast<double>(y[i]) == exact[i] ? 0.0 : std::abs(static_cast<double>(y[i]) - exact[i]);
      const double share = error / (f.relative * std::abs(exact[i]) + f.absolute);
      if (error != 0 && !(share <= worst)) worst = share, at = i;
    }
    EXPECT_LE(worst, 1.0) << set << ": " << f.name << "(" << x[at] << ") = " << y[at] << ", exactly "
                          << exact[at];
    RecordProperty(set, std::to_string(worst) + " of the bound");
  }
}

TEST_P(VectorFunction, KeepsNan) {
  for (const std::string& set : instruction_sets()) {
    use_instruction_set(set);
    const std::vector<float> y = apply({kNan, -kNan, -1.0F});
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1])) << set;
    EXPECT_FALSE(std::isnan(y[2])) << set << ": a neighbour of NaN";
  }
}

INSTANTIATE_TEST_SUITE_P(Functions, VectorFunction, ::testing::ValuesIn(kFunctions),
                         [](const auto& param) { return param.param.name; });

class VectorMath : public ::testing::Test {
 protected:
  ~VectorMath() override { use_instruction_set(""); }
  static float one(int function, float x) {
    const std::vector<float> in(64, x);
    std::vector<float> out(64);
    HWY_DYNAMIC_DISPATCH(Apply)(function, in.data(), out.data(), in.size());
    return out[0];
  }
};

TEST_F(VectorMath, HasItsLimitsExactly) {
  for (const std::string& set : instruction_sets()) {
    SCOPED_TRACE(set);
    use_instruction_set(set);
    EXPECT_EQ(one(0, kInfinity), 1.0F);
    EXPECT_EQ(one(0, -kInfinity), -1.0F);
    EXPECT_EQ(one(0, 20.0F), 1.0F);
    EXPECT_EQ(one(0, 0.0F), 0.0F);
    EXPECT_EQ(one(1, kInfinity), 1.0F);
    EXPECT_EQ(one(1, 0.0F), 0.5F);
    EXPECT_EQ(one(2, kInfinity), kInfinity);
    EXPECT_EQ(one(2, 88.8F), kInfinity);
    EXPECT_EQ(one(2, -kInfinity), 0.0F);
    EXPECT_EQ(one(2, -104.0F), 0.0F);
    EXPECT_EQ(one(2, 0.0F), 1.0F);
    EXPECT_EQ(one(3, 0.0F), 0.0F);
    EXPECT_EQ(one(3, -kInfinity), -1.0F);
    EXPECT_TRUE(std::isfinite(one(3, kInfinity)));
    EXPECT_EQ(one(4, kInfinity), kInfinity);
    EXPECT_EQ(one(4, -kInfinity), 0.0F);
    EXPECT_EQ(one(4, 3e38F), 3e38F);
  }
}

TEST_F(VectorMath, SquashesIntoItsRange) {
  for (const std::string& set : instruction_sets()) {
    SCOPED_TRACE(set);
    use_instruction_set(set);
    for (float x = -30; x <= 30; x += 0.01F) {
      ASSERT_LE(std::abs(one(0, x)), 1.0F) << x;
      ASSERT_LE(one(1, x), 1.0F) << x;
      ASSERT_GE(one(1, x), 0.0F) << x;
      ASSERT_GE(one(4, x), 0.0F) << x;
    }
  }
}

}  // namespace
}  // namespace rondo::kernels
#endif
