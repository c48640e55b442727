#include "kernels/activations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/instruction_sets.h"
#include "rondo/base/random.h"

// Activations of whole rows: float against double on every instruction set, and what infinities and NaN do to
// them.

namespace rondo::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <class T>
View<T> as_rows(std::vector<T>& v, std::int64_t rows) {
  const auto cols = static_cast<std::int64_t>(v.size()) / rows;
  return {v.data(), rows, cols, cols};
}
template <class T>
View<const T> as_rows(const std::vector<T>& v, std::int64_t rows) {
  const auto cols = static_cast<std::int64_t>(v.size()) / rows;
  return {v.data(), rows, cols, cols};
}

template <class T>
std::vector<T> activated(ActivationKind kind, const std::vector<T>& x, std::int64_t rows = 1) {
  std::vector<T> y(x.size());
  activate_rows<T>(kind, as_rows(x, rows), as_rows(y, rows));
  return y;
}

std::vector<float> normals(std::size_t count, double scale, std::uint64_t seed) {
  const RandomStream random(seed);
  std::vector<float> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<float>(scale * random.normal(i));
  return x;
}
std::vector<double> wide(const std::vector<float>& x) { return {x.begin(), x.end()}; }

class EverySet : public ::testing::TestWithParam<std::string> {
 protected:
  EverySet() { use_instruction_set(GetParam()); }
  ~EverySet() override { use_instruction_set(""); }
};
using Softmax = EverySet;
INSTANTIATE_TEST_SUITE_P(InstructionSets, Softmax, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& param) { return param.param; });

TEST_P(Softmax, IsWithinItsBoundForRowsOfEveryLength) {
  for (const std::size_t n :
       {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1000, 30'011}) {
    for (const double scale : {0.1, 1.0, 10.0, 40.0}) {
      const std::vector<float> x = normals(n, scale, n);
      const double top = *std::ranges::max_element(x);
      const double sixteenth = static_cast<double>(n) / 16;
      const std::vector<float> p = activated(ActivationKind::softmax, x),
                               l = activated(ActivationKind::log_softmax, x);
      const std::vector<double> exact = activated(ActivationKind::softmax, wide(x)),
                                exact_log = activated(ActivationKind::log_softmax, wide(x));
      for (std::size_t i = 0; i < n; ++i) {
        const double below = top - static_cast<double>(x[i]);
        const double bound = 3e-7 + 6e-8 * (below + sixteenth);
        ASSERT_LE(std::abs(static_cast<double>(p[i]) - exact[i]), exact[i] * bound + 1.5e-45)
            << n << " " << scale;
        ASSERT_LE(std::abs(static_cast<double>(l[i]) - exact_log[i]), bound + 6e-8 * below)
            << n << " " << scale;
      }
      const double sum = std::accumulate(p.begin(), p.end(), 0.0);
      ASSERT_LE(std::abs(sum - 1), 2e-7 + 6e-8 * sixteenth) << n << " " << scale;
    }
  }
}

TEST_P(Softmax, OfHugeValuesIsFinite) {
  for (const float big : {110.0F, 1e4F, 2e38F}) {
    EXPECT_EQ(activated<float>(ActivationKind::softmax, {big, big, -big, 0.0F}),
              (std::vector<float>{0.5F, 0.5F, 0.0F, 0.0F}));
    const std::vector<float> l = activated<float>(ActivationKind::log_softmax, {big, -big / 2, 0.0F});
    EXPECT_EQ(l[0], 0.0F);
    EXPECT_TRUE(std::isfinite(l[1]) && l[1] < -80.0F);
  }
}

TEST_P(Softmax, GivesNothingToMinusInfinityAndNanToARowThatHasIt) {
  for (std::size_t n = 1; n <= 40; ++n) {
    for (std::size_t at = 0; at < n; ++at) {
      std::vector<float> x(n, 0.5F);
      x[at] = -kInfinity;
      const std::vector<float> p = activated(ActivationKind::softmax, x);
      if (n > 1) {
        ASSERT_EQ(p[at], 0.0F);
        ASSERT_NEAR(p[at == 0 ? 1 : 0], 1.0 / static_cast<double>(n - 1), 1e-7);
      } else {
        ASSERT_TRUE(std::isnan(p[0]));  // 0 / 0: there is nothing to choose from
      }
      for (const float bad : {kNan, kInfinity}) {
        x[at] = bad;
        for (const ActivationKind kind : {ActivationKind::softmax, ActivationKind::log_softmax}) {
          std::vector<float> two = x;  // the row after it is unharmed
          two.resize(2 * n, 0.25F);
          const std::vector<float> q = activated(kind, two, 2);
          for (std::size_t i = 0; i < n; ++i) {
            ASSERT_TRUE(std::isnan(q[i]) || (kind == ActivationKind::log_softmax && q[i] == -kInfinity));
            ASSERT_TRUE(std::isfinite(q[n + i]));
          }
        }
      }
    }
  }
}

TEST_P(Softmax, InPlaceHasTheBitsOfElsewhere) {
  for (const ActivationKind kind :
       {ActivationKind::softmax, ActivationKind::log_softmax, ActivationKind::tanh}) {
    std::vector<float> x = normals(3 * 37, 2, 5);
    const std::vector<float> y = activated(kind, x, 3);
    activate_rows<float>(kind, as_rows(std::as_const(x), 3), as_rows(x, 3));
    EXPECT_EQ(x, y) << activations()[static_cast<std::size_t>(kind)].name;
  }
}

using Activations = EverySet;
INSTANTIATE_TEST_SUITE_P(InstructionSets, Activations, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& param) { return param.param; });

TEST_P(Activations, AndTheirDerivativesAreThoseOfDouble) {
  std::vector<float> x = normals(1001, 3, 1);
  for (const float extreme :
       {0.0F, -0.0F, 1e-40F, -1e-40F, 1e-20F, 30.0F, -30.0F, 90.0F, -90.0F, 1e4F, -1e4F})
    x.push_back(extreme);
  const std::vector<float> dy = normals(x.size(), 1, 2);
  for (const std::string& name : activation_names()) {
    const ActivationKind kind = parse_activation(name, "test");
    std::vector<float> values = x;
    if (kind == ActivationKind::exponential) {
      for (float& v : values) v = std::min(v, 80.0F);
    }
    const std::vector<float> y = activated(kind, values);
    const std::vector<double> exact = activated(kind, wide(values));
    std::vector<float> dx(x.size(), 0.5F);
    std::vector<double> exact_dx(x.size(), 0.5);
    activate_rows_backward<float>(kind, as_rows(std::as_const(values), 1), as_rows(y, 1), as_rows(dy, 1),
                                  as_rows(dx, 1));
    const std::vector<double> wide_x = wide(values), wide_dy = wide(dy);
    activate_rows_backward<double>(kind, as_rows(wide_x, 1), as_rows(exact, 1), as_rows(wide_dy, 1),
                                   as_rows(exact_dx, 1));
    for (std::size_t i = 0; i < x.size(); ++i) {
      ASSERT_NEAR(y[i], exact[i], 4e-7 * std::max(1.0, std::abs(exact[i])))
          << name << "(" << values[i] << ")";
      ASSERT_NEAR(dx[i], exact_dx[i], 2e-6 * std::max(1.0, std::abs(exact_dx[i])))
          << name << "'(" << values[i] << ")";
    }
  }
}

TEST_P(Activations, HaveTheirLimitsAtInfinityAndKeepNan) {
  struct Limit {
    const char* name;
    float below, above;
  };
  for (const Limit& limit : {Limit{"tanh", -1, 1},
                             {"sigmoid", 0, 1},
                             {"relu", 0, kInfinity},
                             {"hard_sigmoid", 0, 1},
                             {"hard_tanh", -1, 1},
                             {"relu6", 0, 6},
                             {"elu", -1, kInfinity},
                             {"softplus", 0, kInfinity},
                             {"exponential", 0, kInfinity},
                             {"silu", 0, kInfinity},
                             {"gelu_tanh", 0, kInfinity},
                             {"mish", 0, kInfinity},
                             {"log_sigmoid", -kInfinity, 0}}) {
    const ActivationKind kind = parse_activation(limit.name, "test");
    for (const float big : {kInfinity, 3e38F}) {
      const std::vector<float> y = activated<float>(kind, {-big, big, kNan});
      EXPECT_NEAR(std::max(y[0], -1e38F), std::max(limit.below, -1e38F), 1e-30) << limit.name;
      EXPECT_NEAR(std::min(y[1], 1e38F), std::min(limit.above, 1e38F), 1e-30) << limit.name;
      EXPECT_TRUE(std::isnan(y[2])) << limit.name << " hides NaN";
    }
  }
}

TEST_P(Activations, OfARowAreTheSameInEveryPlaceOfAnArray) {
  const std::vector<float> row = normals(23, 2, 3), up = normals(23, 1, 4);
  for (const std::string& name : activation_names()) {
    const ActivationKind kind = parse_activation(name, "test");
    const std::vector<float> alone = activated(kind, row);
    std::vector<float> alone_dx(23, 0.0F);
    activate_rows_backward<float>(kind, as_rows(row, 1), as_rows(alone, 1), as_rows(up, 1),
                                  as_rows(alone_dx, 1));
    for (const std::int64_t stride : {23, 24, 31}) {
      std::vector<float> x(static_cast<std::size_t>(9 * stride), kNan), dy = x, y = x, dx(x.size(), 0.0F);
      for (std::size_t r = 0; r < 9; ++r) {
        std::ranges::copy(row, x.begin() + static_cast<std::ptrdiff_t>(r) * stride);
        std::ranges::copy(up, dy.begin() + static_cast<std::ptrdiff_t>(r) * stride);
      }
      activate_rows<float>(kind, {x.data(), 9, 23, stride}, {y.data(), 9, 23, stride});
      activate_rows_backward<float>(kind, {x.data(), 9, 23, stride}, {y.data(), 9, 23, stride},
                                    {dy.data(), 9, 23, stride}, {dx.data(), 9, 23, stride});
      for (std::int64_t r = 0; r < 9; ++r) {
        EXPECT_EQ(std::memcmp(y.data() + r * stride, alone.data(), 23 * sizeof(float)), 0) << name;
        EXPECT_EQ(std::memcmp(dx.data() + r * stride, alone_dx.data(), 23 * sizeof(float)), 0) << name;
      }
    }
  }
}

TEST(FusedSets, GiveTheSameBitsOfEveryActivation) {
  const std::vector<float> x = normals(7 * 53, 4, 6), dy = normals(7 * 53, 1, 7);
  for (const std::string& name : activation_names()) {
    const ActivationKind kind = parse_activation(name, "test");
    std::vector<float> first_y, first_dx;
    for (const std::string& set : instruction_sets()) {
      if (!set.starts_with("AVX")) continue;
      use_instruction_set(set);
      const std::vector<float> y = activated(kind, x, 7);
      std::vector<float> dx(x.size(), 0.25F);
      activate_rows_backward<float>(kind, as_rows(x, 7), as_rows(y, 7), as_rows(dy, 7), as_rows(dx, 7));
      use_instruction_set("");
      if (first_y.empty()) {
        first_y = y;
        first_dx = dx;
      }
      EXPECT_EQ(std::memcmp(y.data(), first_y.data(), y.size() * sizeof(float)), 0) << name << " " << set;
      EXPECT_EQ(std::memcmp(dx.data(), first_dx.data(), dx.size() * sizeof(float)), 0) << name << " " << set;
    }
  }
}

}  // namespace
}  // namespace rondo::kernels
