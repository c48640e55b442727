#include "kernels/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/instruction_sets.h"
#include "rondo/base/random.h"

namespace rondo {
namespace {

using kernels::MomentStep;

template <class T>
std::vector<T> numbers(std::size_t count, std::uint64_t seed, bool positive = false) {
  const RandomStream random(seed);
  std::vector<T> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto x = static_cast<T>(random.normal(i));
    out.push_back(positive ? x * x : x);
  }
  return out;
}

/// Number by number, each operation rounded on its own.
template <class T>
void plainly(const MomentStep<T>& step, T& w, T g, T& m, T& v, T* largest) {
  g = g * step.prelude.scale;
  if (g < -step.prelude.limit) g = -step.prelude.limit;
  if (g > step.prelude.limit) g = step.prelude.limit;
  g = g + step.prelude.l2 * w;
  w = w - w * step.prelude.shrink;
  m = m + (g - m) * step.rest_1;
  v = v + (g * g - v) * step.rest_2;
  T size = v;
  if (largest != nullptr) size = *largest = std::max(*largest, v);
  w = w - (step.a * m + step.b * g) / (std::sqrt(size) * step.s + step.epsilon);
}

template <class T>
void expect_the_plain_bits(bool amsgrad, bool clipped) {
  MomentStep<T> step{{}, T(0.1), T(0.001), T(0.01), T(0.002), T(1.5), T(1e-7)};
  if (clipped) step.prelude = {T(0.7), T(0.4), T(0.01), T(0.003)};
  for (const std::string& set : kernels::instruction_sets()) {
    kernels::use_instruction_set(set);
    for (const std::size_t count : {0UL, 1UL, 3UL, 15UL, 16UL, 100UL, 1000UL}) {
      auto w = numbers<T>(count, 1), g = numbers<T>(count, 2), m = numbers<T>(count, 3),
           v = numbers<T>(count, 4, true), largest = numbers<T>(count, 5, true);
      if (count > 3) g[3] = std::numeric_limits<T>::quiet_NaN();
      auto w2 = w, m2 = m, v2 = v, largest2 = largest;
      kernels::update_moments(step, w.data(), g.data(), m.data(), v.data(),
                              amsgrad ? largest.data() : nullptr, static_cast<std::int64_t>(count));
      for (std::size_t i = 0; i < count; ++i)
        plainly(step, w2[i], g[i], m2[i], v2[i], amsgrad ? &largest2[i] : nullptr);
      for (const auto& [got, wanted] : {std::pair{&w, &w2}, {&m, &m2}, {&v, &v2}, {&largest, &largest2}}) {
        for (std::size_t i = 0; i < count; ++i) {
          const bool both_nan = std::isnan((*got)[i]) && std::isnan((*wanted)[i]);
          EXPECT_TRUE(both_nan || std::memcmp(&(*got)[i], &(*wanted)[i], sizeof(T)) == 0)
              << set << ", element " << i << " of " << count << ": " << (*got)[i] << " and not "
              << (*wanted)[i];
        }
      }
    }
  }
  kernels::use_instruction_set("");
}

TEST(MomentsTest, HaveThePlainBitsOnEveryInstructionSet) {
  for (const bool amsgrad : {false, true}) {
    for (const bool clipped : {false, true}) {
      expect_the_plain_bits<float>(amsgrad, clipped);
      expect_the_plain_bits<double>(amsgrad, clipped);
    }
  }
}

}  // namespace
}  // namespace rondo
