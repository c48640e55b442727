// The vector functions of formulas, in every instruction set, against double.

#include "kernels/targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "unit/kernels/cpu/simd_math_test.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// After highway.h, which it completes for each instruction set.
#include <hwy/contrib/math/math-inl.h>

#include <cmath>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace rondo::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;

#include "kernels/cpu/simd_math-inl.h"

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

using DoubleTag = hn::ScalableTag<double>;
using DoubleVec = hn::Vec<DoubleTag>;
using NarrowTag = hn::Rebind<float, DoubleTag>;

DoubleVec Within(DoubleVec v, double low, double high) {
  const DoubleTag d;
  return hn::Max(hn::Set(d, low), hn::Min(hn::Set(d, high), v));
}

/// The same in double, right to some 1e-15: fast enough for every float that there is.
void Exact(int function, const float* x, double* y, std::size_t count) {
  const DoubleTag d;
  const DoubleVec one = hn::Set(d, 1.0), two = hn::Set(d, 2.0), zero = hn::Zero(d);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const DoubleVec v = hn::PromoteTo(d, hn::LoadU(NarrowTag(), x + i));
    DoubleVec result = v;
    switch (function) {
      case 0: {
        const DoubleVec twice = hn::Mul(two, Within(v, -30, 30)), e = hn::Expm1(d, twice);
        result = hn::Div(e, hn::Add(e, two));
        break;
      }
      case 1: result = hn::Div(one, hn::Add(one, hn::Exp(d, hn::Neg(Within(v, -600, 600))))); break;
      case 2: result = hn::Exp(d, Within(v, -600, 600)); break;
      case 3: result = hn::Expm1(d, Within(v, -600, 0)); break;
      case 4: {
        const DoubleVec tail = hn::Log1p(d, hn::Exp(d, hn::Neg(hn::Abs(Within(v, -600, 600)))));
        result = hn::Add(hn::Max(v, zero), tail);
        break;
      }
      case 5: result = hn::Log1p(d, v); break;
      case 6: result = hn::Max(v, zero); break;
      default: result = Within(v, -1, 6); break;
    }
    hn::StoreU(result, d, y + i);
  }
}

/// The largest |y - exact| / (absolute + relative · |exact|), infinite where y is NaN.
double LargestShare(const float* y, const double* exact, std::size_t count, double absolute,
                    double relative) {
  const DoubleTag d;
  DoubleVec worst = hn::Zero(d);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const DoubleVec want = hn::LoadU(d, exact + i), got = hn::PromoteTo(d, hn::LoadU(NarrowTag(), y + i));
    const DoubleVec bound = hn::MulAdd(hn::Set(d, relative), hn::Abs(want), hn::Set(d, absolute));
    DoubleVec share = hn::Div(hn::Abs(hn::Sub(got, want)), bound);
    share = hn::IfThenElse(hn::Eq(share, share), share, hn::Set(d, 1e300));
    share = hn::IfThenElse(hn::Eq(got, want), hn::Zero(d), share);  // infinity is infinity
    worst = hn::Max(worst, share);
  }
  HWY_ALIGN double lanes[hn::MaxLanes(DoubleTag())];
  hn::Store(worst, d, lanes);
  double largest = 0;
  for (const double share : lanes) largest = share > largest ? share : largest;
  return largest;
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
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernels/instruction_sets.h"
#include "support/instrumented.h"
#include "support/thorough.h"

namespace rondo::kernels {
HWY_EXPORT(Apply);
HWY_EXPORT(Exact);
HWY_EXPORT(LargestShare);
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::size_t kBlock = 1 << 14;

struct Function {
  const char* name;
  int index;
  double (*exact)(double);
  float low, high;            // where the bounds hold
  double relative, absolute;  // |got - want| <= relative · |want| + absolute
  double step_back = 0;       // how much smaller f may get, relative to its value, when x grows
};

// The bounds are the ones that src/kernels/simd_math-inl.h states.
const Function kFunctions[] = {
    {"tanh", 0, [](double x) { return std::tanh(x); }, -kInfinity, kInfinity, 2.7e-7, 1e-45, 3e-7},
    {"tanh_absolute", 0, [](double x) { return std::tanh(x); }, -kInfinity, kInfinity, 0, 1.6e-7, 3e-7},
    {"sigmoid", 1, [](double x) { return 1 / (1 + std::exp(-x)); }, -kInfinity, kInfinity, 0, 1e-7, 3e-7},
    {"sigmoid_relative", 1, [](double x) { return 1 / (1 + std::exp(-x)); }, -87, kInfinity, 4e-6, 0, 3e-7},
    {"exp", 2, [](double x) { return std::exp(x); }, -87, 88.72F, 1.3e-7, 0, 3e-7},
    {"exp_tiny", 2, [](double x) { return std::exp(x); }, -kInfinity, -87, 0, 1.5e-45, 3e-7},
    {"expm1_negative", 3, [](double x) { return std::expm1(x); }, -kInfinity, 0, 1.9e-7, 1.5e-45, 3e-7},
    {"softplus", 4, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); },
     -kInfinity, kInfinity, 3e-7, 3e-45, 4e-7},
    {"log1p_unit", 5, [](double x) { return std::log1p(x); }, 0, 1, 2.4e-7, 1.5e-45, 4e-7},
    {"relu", 6, [](double x) { return std::max(x, 0.0); }, -kInfinity, kInfinity, 1e-30, 0},
    {"clamp", 7, [](double x) { return std::clamp(x, -1.0, 6.0); }, -kInfinity, kInfinity, 1e-30, 0},
};

void PrintTo(const Function& f, std::ostream* out) { *out << f.name; }

class VectorFunction : public ::testing::TestWithParam<Function> {
 protected:
  ~VectorFunction() override { use_instruction_set(""); }

  /// y = f(x) by one instruction set; `x` fills whole vectors.
  static void apply(const std::string& set, const std::vector<float>& x, std::vector<float>& y) {
    use_instruction_set(set);
    HWY_DYNAMIC_DISPATCH(Apply)(GetParam().index, x.data(), y.data(), x.size());
  }
  static void exact(const std::vector<float>& x, std::vector<double>& y) {
    use_instruction_set("");
    HWY_DYNAMIC_DISPATCH(Exact)(GetParam().index, x.data(), y.data(), x.size());
  }
  static bool covers(float x) { return x >= GetParam().low && x <= GetParam().high; }
  /// Something inside of the range, to fill vectors up with.
  static float inside() { return std::clamp(0.0F, GetParam().low, GetParam().high); }

  /// Calls visit(x, any) for blocks of all floats whose bits are a multiple of `stride`, by increasing bits;
  /// those outside of the range are replaced by one that is inside.
  template <class Visit>
  static void sweep(std::uint64_t stride, Visit visit) {
    std::vector<float> x(kBlock);
    constexpr std::uint64_t kEnd = std::uint64_t{1} << 32;
    for (std::uint64_t bits = 0; bits < kEnd;) {
      bool any = false;
      for (float& value : x) {
        value = bits < kEnd ? std::bit_cast<float>(static_cast<std::uint32_t>(bits)) : kNan;
        bits += stride;
        if (covers(value)) {
          any = true;
        } else {
          value = inside();
        }
      }
      if (any) visit(x);
    }
  }
};

bool is_fused(const std::string& set) { return set.starts_with("AVX") || set.starts_with("NEON"); }

TEST_P(VectorFunction, IsWithinItsBoundAndTheSameOnAllSetsWithFusedMultiplyAdd) {
  const Function& f = GetParam();
  const std::uint64_t stride = test_everything() ? 1
                               : kInstrumented   ? 40'009
                                                 : 257;  // primes: all low bits turn up
  const std::vector<std::string> sets = instruction_sets();
  std::vector<double> want(kBlock), worst(sets.size(), 0);
  std::vector<std::vector<float>> got(sets.size(), std::vector<float>(kBlock));
  sweep(stride, [&](const std::vector<float>& x) {
    exact(x, want);
    for (std::size_t s = 0; s < sets.size(); ++s) {
      apply(sets[s], x, got[s]);
      use_instruction_set("");
      const double share =
          HWY_DYNAMIC_DISPATCH(LargestShare)(got[s].data(), want.data(), kBlock, f.absolute, f.relative);
      if (share > 1 && worst[s] <= 1) {
        for (std::size_t i = 0; i < kBlock; ++i) {
          const double error = std::abs(static_cast<double>(got[s][i]) - want[i]);
          if (error <= f.relative * std::abs(want[i]) + f.absolute ||
              static_cast<double>(got[s][i]) == want[i])
            continue;
          ADD_FAILURE() << sets[s] << ": " << f.name << "(" << x[i] << ") = " << got[s][i] << ", exactly "
                        << want[i];
          break;
        }
      }
      worst[s] = std::max(worst[s], share);
      if (s > 0 && is_fused(sets[s]) && is_fused(sets[0])) {
        ASSERT_EQ(std::memcmp(got[s].data(), got[0].data(), kBlock * sizeof(float)), 0)
            << sets[s] << " and " << sets[0] << " differ between " << x.front() << " and " << x.back();
      }
    }
  });
  for (std::size_t s = 0; s < sets.size(); ++s)
    RecordProperty(sets[s], std::to_string(worst[s]) + " of the bound");
}

TEST_P(VectorFunction, NeverFallsBackByMoreThanRounding) {
  const Function& f = GetParam();
  // Runs of neighbours, strewn over all floats.
  const std::uint64_t apart = test_everything() ? kBlock : kInstrumented ? 100'000'007 : 10'000'019;
  for (const std::string& set : instruction_sets()) {
    double worst = 0;
    std::vector<float> x(kBlock), y(kBlock);
    for (std::uint64_t begin = 0; begin + kBlock <= (std::uint64_t{1} << 32); begin += apart) {
      for (std::size_t i = 0; i < kBlock; ++i)
        x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(begin + i));
      if (!covers(x.front()) || !covers(x.back())) continue;
      apply(set, x, y);
      const float up =
          x.front() < x.back() ? 1.0F : -1.0F;  // negative floats get smaller as their bits get larger
      for (std::size_t i = 1; i < kBlock; ++i) {
        const float gain = (y[i] - y[i - 1]) * up;
        if (gain < 0) worst = std::max(worst, static_cast<double>(-gain / std::abs(y[i])));
      }
    }
    EXPECT_LE(worst, f.step_back) << set;
    RecordProperty(set, std::to_string(worst));
  }
}

TEST_P(VectorFunction, KeepsNan) {
  for (const std::string& set : instruction_sets()) {
    std::vector<float> x(64, -1.0F), y(64);
    x[0] = kNan;
    x[1] = -kNan;
    apply(set, x, y);
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1])) << set;
    for (std::size_t i = 2; i < x.size(); ++i)
      ASSERT_FALSE(std::isnan(y[i])) << set << ": a neighbour of NaN";
  }
}

TEST_P(VectorFunction, IsComparedWithWhatTheStandardLibrarySays) {
  std::vector<double> want(kBlock);
  sweep(40'009, [&](const std::vector<float>& x) {
    exact(x, want);
    for (std::size_t i = 0; i < kBlock; ++i) {
      const double standard = GetParam().exact(static_cast<double>(x[i]));
      if (std::abs(want[i]) == static_cast<double>(kInfinity) || standard > 1e200) continue;
      ASSERT_LE(std::abs(want[i] - standard), 4e-15 * std::abs(standard) + 1e-200) << x[i];
    }
  });
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

TEST_F(VectorMath, IsSymmetricWithinRounding) {
  std::vector<float> x(kBlock), minus(kBlock), y(kBlock), z(kBlock);
  for (std::size_t i = 0; i < kBlock; ++i) {
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i * 130'363));
    if (!(x[i] <= kInfinity)) x[i] = 1;
    minus[i] = -x[i];
  }
  for (const std::string& set : instruction_sets()) {
    SCOPED_TRACE(set);
    use_instruction_set(set);
    for (const int function : {0, 1}) {
      HWY_DYNAMIC_DISPATCH(Apply)(function, x.data(), y.data(), kBlock);
      HWY_DYNAMIC_DISPATCH(Apply)(function, minus.data(), z.data(), kBlock);
      for (std::size_t i = 0; i < kBlock; ++i) {
        if (function == 0) {
          ASSERT_LE(std::abs(y[i] + z[i]), 4e-7F * y[i]) << "tanh(±" << x[i] << ")";
        } else {
          ASSERT_LE(std::abs(static_cast<double>(y[i]) + static_cast<double>(z[i]) - 1), 1e-7)
              << "sigmoid(±" << x[i] << ")";
        }
      }
    }
  }
}

}  // namespace
}  // namespace rondo::kernels
#endif
