#include "kernels/matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/instruction_sets.h"
#include "rondo/base/random.h"

// Products against their definition: every element is one chain of multiply-adds in the order k = 0, 1, 2 …,
// so the comparison is bit by bit. Instruction sets without fused multiply-add round the product first.

namespace rondo::kernels {
namespace {

constexpr float kGuard = 12345.0F;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
const std::int64_t kWidths[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  12, 15, 16,
                                17, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 70};

/// Rows of a wider array; everything outside of the view holds `outside`.
template <class T>
struct Strided {
  std::int64_t rows, cols, stride;
  std::vector<T> memory;
  T outside;

  Strided(std::int64_t r, std::int64_t c, std::int64_t gap, T around)
      : rows(r),
        cols(c),
        stride(c + gap),
        memory(static_cast<std::size_t>(r * stride + gap + 8), around),
        outside(around) {}
  View<T> view() { return {memory.data() + 5, rows, cols, stride}; }
  View<const T> view() const { return {memory.data() + 5, rows, cols, stride}; }
  void fill(const RandomStream& random) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) {
        view()(r, c) = static_cast<T>(random.uniform(static_cast<std::uint64_t>(r * cols + c)) * 2 - 1);
      }
    }
  }
  bool outside_is_whole() const {
    std::vector<bool> inside(memory.size(), false);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) inside[static_cast<std::size_t>(5 + r * stride + c)] = true;
    }
    for (std::size_t i = 0; i < memory.size(); ++i) {
      if (!inside[i] && memory[i] != outside) return false;
    }
    return true;
  }
};

template <class T>
T multiply_add(T a, T b, T c, bool fused) {
  return fused ? std::fma(a, b, c) : a * b + c;
}

bool is_fused(const std::string& set) {
  return !set.starts_with("SSE") && !set.starts_with("SSSE") && set != "EMU128" && set != "SCALAR";
}

template <class T>
struct Case {
  Strided<T> a, b, bias;
  std::int64_t m, k, n;
  Case(std::int64_t rows, std::int64_t inner, std::int64_t cols)
      : a(rows, inner, 2, T(kNan)),
        b(inner, cols, 3, T(kNan)),
        bias(1, cols, 0, T(kNan)),
        m(rows),
        k(inner),
        n(cols) {
    a.fill(RandomStream(1, static_cast<std::uint64_t>(m * 100 + k)));
    b.fill(RandomStream(2, static_cast<std::uint64_t>(k * 100 + n)));
    bias.fill(RandomStream(3));
  }
  std::vector<T> expected(Start start, T before, bool fused) const {
    std::vector<T> out(static_cast<std::size_t>(m * n));
    for (std::int64_t r = 0; r < m; ++r) {
      for (std::int64_t c = 0; c < n; ++c) {
        T sum = start == Start::zero ? T{0} : start == Start::bias ? bias.view()(0, c) : before;
        for (std::int64_t i = 0; i < k; ++i) sum = multiply_add(a.view()(r, i), b.view()(i, c), sum, fused);
        out[static_cast<std::size_t>(r * n + c)] = sum;
      }
    }
    return out;
  }
};

template <class T>
struct PackedMemory {
  std::vector<T> memory;
  std::size_t used;
  PackedMemory(std::int64_t k, std::int64_t n) : used(static_cast<std::size_t>(Packed<T>::size(k, n))) {
    memory.assign(used + 16, T(kGuard));
  }
  bool is_whole() const {
    for (std::size_t i = used; i < memory.size(); ++i) {
      if (memory[i] != T(kGuard)) return false;
    }
    return true;
  }
};

template <class T>
::testing::AssertionResult check_multiply(const Case<T>& given, Start start, bool fused,
                                          bool one_row = false) {
  const T before = T(0.375);
  PackedMemory<T> memory(given.k, given.n);
  const Packed<T> packed(given.b.view(), false, memory.memory.data(), one_row);
  if (!memory.is_whole()) return ::testing::AssertionFailure() << "packing wrote past its memory";
  Strided<T> c(given.m, given.n, 4, T(kGuard));
  for (std::int64_t r = 0; r < given.m; ++r) {
    for (std::int64_t j = 0; j < given.n; ++j) c.view()(r, j) = start == Start::accumulate ? before : T(kNan);
  }
  multiply<T>(given.a.view(), packed, start, start == Start::bias ? given.bias.view().data : nullptr,
              c.view());
  if (!c.outside_is_whole()) return ::testing::AssertionFailure() << "wrote outside of the result";
  const std::vector<T> want = given.expected(start, before, fused);
  for (std::int64_t r = 0; r < given.m; ++r) {
    for (std::int64_t j = 0; j < given.n; ++j) {
      const T got = c.view()(r, j), exact = want[static_cast<std::size_t>(r * given.n + j)];
      if (got != exact)
        return ::testing::AssertionFailure()
               << "element " << r << ", " << j << ": " << got << " for " << exact;
    }
  }
  return ::testing::AssertionSuccess();
}

class Products : public ::testing::TestWithParam<std::string> {
 protected:
  Products() { use_instruction_set(GetParam()); }
  ~Products() override { use_instruction_set(""); }
  static bool fused() { return is_fused(GetParam()); }
};

TEST_P(Products, EqualTheirDefinitionBitForBitAndWriteNothingElse) {
  for (std::int64_t m = 0; m <= 20; ++m) {
    for (const std::int64_t k : {0, 1, 2, 3, 7, 8, 20}) {
      for (const std::int64_t n : kWidths) {
        const Case<float> given(m, k, n);
        const Start start = static_cast<Start>((m + k + n) % 3);
        ASSERT_TRUE(check_multiply(given, start, fused())) << m << " x " << k << " x " << n;
      }
    }
  }
}

TEST_P(Products, OfOneRowPackedForItEqualTheirDefinitionToo) {
  for (std::int64_t n = 0; n <= 140; ++n) {
    for (const std::int64_t k : {0, 1, 2, 9}) {
      for (const Start start : {Start::zero, Start::bias, Start::accumulate})
        ASSERT_TRUE(check_multiply(Case<float>(1, k, n), start, fused(), true)) << k << " x " << n;
    }
  }
}

TEST_P(Products, EqualTheirDefinitionForManyRows) {
  for (const std::int64_t m : {191, 192, 193, 400}) {
    for (const Start start : {Start::zero, Start::bias, Start::accumulate}) {
      ASSERT_TRUE(check_multiply(Case<float>(m, 5, 37), start, fused())) << m;
    }
  }
}

TEST_P(Products, OfARowAreTheSameAloneAndInAnyBatch) {
  const Case<float> given(33, 19, 45);
  PackedMemory<float> memory(given.k, given.n);
  const Packed<float> packed(given.b.view(), false, memory.memory.data());
  Strided<float> all(33, 45, 0, 0), some(33, 45, 0, 0);
  multiply<float>(given.a.view(), packed, Start::zero, nullptr, all.view());
  for (std::int64_t size = 1; size < 33; ++size) {
    for (std::int64_t begin = 0; begin + size <= 33; begin += size) {
      multiply<float>(given.a.view().rows_from(begin, size), packed, Start::zero, nullptr,
                      some.view().rows_from(begin, size));
    }
    for (std::int64_t r = 0; r < 33 / size * size; ++r) {
      for (std::int64_t j = 0; j < 45; ++j) ASSERT_EQ(some.view()(r, j), all.view()(r, j)) << size;
    }
  }
}

TEST_P(Products, WithATransposedRightSideAreThoseOfTheTranspose) {
  for (const std::int64_t n : kWidths) {
    const Case<float> given(6, 9, n);
    Strided<float> turned(n, 9, 1, kNan);
    for (std::int64_t i = 0; i < 9; ++i) {
      for (std::int64_t j = 0; j < n; ++j) turned.view()(j, i) = given.b.view()(i, j);
    }
    PackedMemory<float> one(9, n), two(9, n);
    const Packed<float> plain(given.b.view(), false, one.memory.data());
    const Packed<float> other(std::as_const(turned).view(), true, two.memory.data());
    EXPECT_EQ(other.k(), 9);
    EXPECT_EQ(other.n(), n);
    EXPECT_EQ(one.memory, two.memory) << n;
    const Packed<float> plain_row(given.b.view(), false, one.memory.data(), true);
    const Packed<float> other_row(std::as_const(turned).view(), true, two.memory.data(), true);
    EXPECT_EQ(one.memory, two.memory) << n << ", for one row";
  }
}

TEST_P(Products, OfTransposesSumOverRowsFromTheLast) {
  for (const std::int64_t m : {0, 1, 2, 5, 127, 128, 129, 300}) {
    for (std::int64_t k = 0; k <= 20; ++k) {
      for (const std::int64_t n : kWidths) {
        if (m > 5 && (k % 5 != 1 || n % 3 != 1)) continue;
        Strided<float> a(m, k, 1, kNan), g(m, n, 2, kNan), c(k, n, 3, kGuard);
        a.fill(RandomStream(4));
        g.fill(RandomStream(5));
        c.fill(RandomStream(6));
        const Strided<float> before = c;
        add_transposed_product<float>(std::as_const(a).view(), std::as_const(g).view(), c.view());
        ASSERT_TRUE(c.outside_is_whole()) << m << " " << k << " " << n;
        for (std::int64_t i = 0; i < k; ++i) {
          for (std::int64_t j = 0; j < n; ++j) {
            float sum = before.view()(i, j);
            for (std::int64_t r = m; r-- > 0;)
              sum = multiply_add(a.view()(r, i), g.view()(r, j), sum, fused());
            ASSERT_EQ(c.view()(i, j), sum) << m << " " << k << " " << n << ": element " << i << ", " << j;
          }
        }
      }
    }
  }
}

TEST_P(Products, LetNanThrough) {  // a product of zero and NaN must not hide it
  Case<float> given(3, 4, 20);
  given.a.view()(1, 2) = kNan;
  for (std::int64_t j = 0; j < 20; ++j) given.b.view()(2, j) = 0;
  PackedMemory<float> memory(4, 20);
  const Packed<float> packed(std::as_const(given.b).view(), false, memory.memory.data());
  Strided<float> c(3, 20, 0, 0);
  multiply<float>(std::as_const(given.a).view(), packed, Start::zero, nullptr, c.view());
  for (std::int64_t j = 0; j < 20; ++j) {
    EXPECT_TRUE(std::isnan(c.view()(1, j)));
    EXPECT_FALSE(std::isnan(c.view()(0, j)) || std::isnan(c.view()(2, j)));
  }
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, Products, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& param) { return param.param; });

TEST(ProductsInDouble, EqualTheirDefinition) {
  for (const std::int64_t m : {0, 1, 5}) {
    for (const std::int64_t k : {0, 1, 7}) {
      for (const std::int64_t n : {0, 1, 9}) {
        for (const Start start : {Start::zero, Start::bias, Start::accumulate}) {
          EXPECT_TRUE(check_multiply(Case<double>(m, k, n), start, false)) << m << " x " << k << " x " << n;
        }
      }
    }
  }
}

template <class T>
void expect_column_sums_in_order(std::int64_t rows, std::int64_t cols) {
  Strided<T> g(rows, cols, 2, T(kNan));
  g.fill(RandomStream(7));
  std::vector<T> out(static_cast<std::size_t>(cols) + 1, T(0.25));
  add_column_sums<T>(std::as_const(g).view(), out.data());
  for (std::int64_t j = 0; j < cols; ++j) {
    T sum = T(0.25);
    for (std::int64_t r = rows; r-- > 0;) sum += g.view()(r, j);
    ASSERT_EQ(out[static_cast<std::size_t>(j)], sum) << rows << " x " << cols;
  }
  EXPECT_EQ(out.back(), T(0.25));
}

TEST_P(Products, AddColumnSumsFromTheLastRow) {
  for (const std::int64_t rows : {0, 1, 50}) {
    for (const std::int64_t cols : {0, 1, 7, 16, 50, 70, 150}) {
      expect_column_sums_in_order<float>(rows, cols);
      expect_column_sums_in_order<double>(rows, cols);
    }
  }
}

TEST(InstructionSets, AreChosenByNameAndAnUnknownOneIsRefused) {
  ASSERT_FALSE(instruction_sets().empty());
  EXPECT_ANY_THROW(use_instruction_set("AVX9000"));
  use_instruction_set("");
}

}  // namespace
}  // namespace rondo::kernels
