#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kernels/instruction_sets.h"
#include "rondo/base/random.h"
#include "rondo/tensor/matrix.h"

// Every kernel against plain loops in double, for random shapes on every instruction set. A test is named
// kernel/set, so that a failure says which kernel is wrong and where:
// KernelEqualsReference.multiply_lanes/AVX2.

namespace rondo::kernels {

/// The same numbers in float, for the kernel, and in double, for the reference: rows of `cols`, `stride`
/// apart. What lies between and behind the rows is compared as well, so a kernel that writes there is found.
struct Rows {
  std::int64_t rows, cols, stride;
  std::vector<float> narrow;
  std::vector<double> wide;

  View<float> f() { return {narrow.data(), rows, cols, stride}; }
  View<double> d() { return {wide.data(), rows, cols, stride}; }
};

/// What one case of a test is made of.
class Draw {
 public:
  explicit Draw(std::uint64_t number) : stream_(number) {}
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(stream_.below(next_++, static_cast<std::uint64_t>(most - least + 1)));
  }
  bool coin() { return between(0, 1) == 1; }
  /// In (-1, 1), as floats have it.
  double number() { return static_cast<double>(static_cast<float>(2 * stream_.uniform(next_++) - 1)); }
  Rows rows(std::int64_t rows, std::int64_t cols, std::int64_t gap = 0) {
    Rows out{rows, cols, cols + gap, {}, {}};
    const std::int64_t count = rows * out.stride + 3;
    for (std::int64_t i = 0; i < count; ++i) {
      out.wide.push_back(number());
      out.narrow.push_back(static_cast<float>(out.wide.back()));
    }
    return out;
  }
  Rows vector(std::int64_t count) { return rows(1, count); }

 private:
  RandomStream stream_;
  std::uint64_t next_ = 0;
};

/// Float arithmetic on sums of a hundred numbers of size 1.
constexpr double kTolerance = 4e-5;

inline ::testing::AssertionResult equal(const Rows& rows, const char* what, double tolerance = kTolerance) {
  for (std::size_t i = 0; i < rows.narrow.size(); ++i) {
    const double got = static_cast<double>(rows.narrow[i]), want = rows.wide[i];
    if (got == want || std::abs(got - want) <= tolerance * std::max(1.0, std::abs(want))) continue;
    const auto at = static_cast<std::int64_t>(i);
    return ::testing::AssertionFailure()
           << what << ": row " << at / rows.stride << ", column " << at % rows.stride << " of " << rows.rows
           << " x " << rows.cols << " is " << got << " and not " << want;
  }
  return ::testing::AssertionSuccess();
}

/// Runs a kernel on one random case and its reference on the same numbers.
using KernelCheck = std::function<void(Draw&)>;

class KernelTest : public ::testing::Test {
 public:
  KernelTest(std::string kernel, std::string set, KernelCheck check)
      : kernel_(std::move(kernel)), set_(std::move(set)), check_(std::move(check)) {}
  void TestBody() override {
    use_instruction_set(set_);
    constexpr std::uint64_t kCases = 60;
    for (std::uint64_t i = 0; i < kCases && !HasFailure(); ++i) {
      SCOPED_TRACE("kernel " + kernel_ + " on " + set_ + ", case " + std::to_string(i));
      Draw draw(purpose_key(kernel_.c_str()) + i);
      check_(draw);
    }
    use_instruction_set("");
  }

 private:
  std::string kernel_, set_;
  KernelCheck check_;
};

/// Names of HWY_EXPORT that some test runs.
inline std::set<std::string>& kernels_with_a_test() {
  static std::set<std::string> names;
  return names;
}

/// Adds the tests of a kernel, one for each instruction set. `exports`: what it reaches by HWY_EXPORT.
inline bool test_kernel(const std::string& name, std::vector<std::string> exports, const KernelCheck& check) {
  kernels_with_a_test().insert(exports.begin(), exports.end());
  for (const std::string& set : instruction_sets()) {
    ::testing::RegisterTest("KernelEqualsReference", (name + "/" + set).c_str(), nullptr, nullptr, __FILE__,
                            __LINE__, [=]() -> ::testing::Test* { return new KernelTest(name, set, check); });
  }
  return true;
}

}  // namespace rondo::kernels
