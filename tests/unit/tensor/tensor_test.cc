#include "rondo/tensor/tensor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "rondo/base/error.h"

namespace rondo {
namespace {

Tensor counting(Shape shape, DType dtype = DType::float32) {
  Tensor t(std::move(shape), dtype);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, static_cast<double>(i));
  return t;
}

std::vector<double> values_of(const Tensor& t) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < t.size(); ++i) out.push_back(t.at(i));
  return out;
}

TEST(Tensor, BeginsAsZerosAtAnAlignedPlace) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor t({3, 5}, dtype);
    EXPECT_EQ(t.size(), 15);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.bytes()) % 64, 0U);
    EXPECT_EQ(values_of(t), std::vector<double>(15, 0.0));
  }
  EXPECT_EQ(Tensor::full({2}, 0.5, DType::float64).at(1), 0.5);
  EXPECT_EQ(Tensor::full({}, 3).size(), 1) << "no axis, one number";
  EXPECT_TRUE(Tensor().empty());
}

TEST(Tensor, IsAValue) {
  Tensor a = counting({2, 3});
  Tensor copy = a;
  copy.set(0, 9);
  EXPECT_EQ(a.at(0), 0) << "a copy is apart from its original";
  a = copy;
  EXPECT_EQ(a.at(0), 9);
  const std::byte* place = a.bytes();
  a = counting({3, 2});
  a = counting({3, 2});
  Tensor other = counting({3, 2});
  place = a.bytes();
  a = other;
  EXPECT_EQ(a.bytes(), place) << "assignment of the same size keeps the memory";
  a = *&a;
  EXPECT_EQ(values_of(a), values_of(other));
}

TEST(Tensor, LeavesAnEmptyTensorWhenMovedFrom) {
  Tensor a = counting({4});
  const std::byte* place = a.bytes();
  const Tensor b = std::move(a);
  EXPECT_EQ(b.bytes(), place);
  const Tensor copy = a;  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_TRUE(a.empty() && copy.empty());
  EXPECT_TRUE(a.data<float>().empty());
  a = counting({2});
  EXPECT_EQ(a.at(1), 1);
  Tensor c;
  c = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(c.at(1), 1);
}

TEST(Tensor, TakesItsValuesFromSpans) {
  const std::vector<float> singles = {1, 2, 3};
  EXPECT_EQ(Tensor::from(singles, {3}).dtype(), DType::float32);
  const std::vector<double> doubles = {1, 2, 3};
  EXPECT_EQ(Tensor::from(doubles, {3, 1}).dtype(), DType::float64);
  EXPECT_EQ(Tensor::from({1, 2}, {2}).dtype(), DType::float32);
  EXPECT_THROW(Tensor::from(singles, {4}), Error);
  EXPECT_THROW(Tensor::from({1, 2}, {3}), Error);
}

TEST(Tensor, KnowsItsAxes) {
  const Tensor t({2, 3, 4});
  EXPECT_EQ(t.dim(0), 2);
  EXPECT_EQ(t.dim(-1), 4);
  EXPECT_EQ(t.dim(-3), 2);
  EXPECT_THROW(static_cast<void>(t.dim(3)), Error);
  EXPECT_THROW(static_cast<void>(t.dim(-4)), Error);
}

TEST(Tensor, TakesAnotherShapeOfTheSameSize) {
  const Tensor t = counting({2, 6});
  EXPECT_EQ(t.reshaped({3, 4}).shape(), (Shape{3, 4}));
  EXPECT_EQ(t.reshaped({-1, 4}).shape(), (Shape{3, 4}));
  EXPECT_EQ(t.reshaped({2, 2, -1}).shape(), (Shape{2, 2, 3}));
  EXPECT_EQ(values_of(t.reshaped({12})), values_of(t));
  EXPECT_EQ(counting({0, 3}).reshaped({-1, 5}).shape(), (Shape{0, 5}));
  EXPECT_THROW(t.reshaped({5, -1}), Error);
  EXPECT_THROW(t.reshaped({-1, -1}), Error);
  EXPECT_THROW(t.reshaped({13}), Error);
  EXPECT_THROW(t.reshaped({0, -1}), Error);
  EXPECT_THROW(counting({0, 3}).reshaped({0, -1}), Error) << "any size would do: none can be told";
  Tensor moved = counting({4});
  const std::byte* place = moved.bytes();
  EXPECT_EQ(std::move(moved).reshaped({2, 2}).bytes(), place) << "a temporary gives its memory";
}

TEST(Tensor, GathersRowsInAnyOrder) {
  const Tensor t = counting({3, 2});
  const std::int64_t rows[] = {2, 0, 2};
  EXPECT_EQ(values_of(t.gather(rows)), (std::vector<double>{4, 5, 0, 1, 4, 5}));
  EXPECT_EQ(t.gather({}).shape(), (Shape{0, 2}));
  for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{3}}) {
    EXPECT_THROW(t.gather(std::span<const std::int64_t>(&bad, 1)), Error);
  }
}

TEST(Tensor, SlicesRows) {
  const Tensor t = counting({4, 2});
  EXPECT_EQ(values_of(t.slice(1, 3)), (std::vector<double>{2, 3, 4, 5}));
  EXPECT_EQ(t.slice(2, 2).shape(), (Shape{0, 2}));
  EXPECT_THROW(t.slice(-1, 2), Error);
  EXPECT_THROW(t.slice(3, 2), Error);
  EXPECT_THROW(t.slice(0, 5), Error);
  EXPECT_THROW(Tensor::full({}, 1).slice(0, 1), Error);
}

TEST(Tensor, ConvertsItsTypeAndRefusesToBeReadAsAnother) {
  const Tensor t = Tensor::from({0.1, 2}, {2}, DType::float64);
  EXPECT_EQ(t.cast(DType::float32).at(0), static_cast<double>(0.1F));
  EXPECT_EQ(t.cast(DType::float64).at(0), 0.1);
  EXPECT_THROW(static_cast<void>(t.data<float>()), Error);
  EXPECT_EQ(t.data<double>().size(), 2U);
}

/// 2^24 + 1 has no float32.
constexpr std::int64_t kBeyondFloat = 16'777'217;

TEST(Tensor, OfIdsKeepsThemExact) {
  const std::vector<std::int64_t> ids = {kBeyondFloat, 3, -2'147'483'648};
  const Tensor t = Tensor::from(ids, {3});
  EXPECT_EQ(t.dtype(), DType::int32);
  EXPECT_EQ(t.data<std::int32_t>()[0], kBeyondFloat);
  EXPECT_EQ(t.at(2), -2'147'483'648.0);
  Tensor gathered;
  const std::int64_t rows[] = {2, 0};
  t.gather_into(rows, DType::float32, gathered);
  EXPECT_EQ(gathered.dtype(), DType::int32) << "ids are not turned into numbers on the way";
  EXPECT_EQ(gathered.at(1), kBeyondFloat);
  EXPECT_EQ(t.slice(0, 1).reshaped({1, 1}).at(0), kBeyondFloat);
  EXPECT_EQ(t.cast(DType::float64).cast(DType::int32).at(0), kBeyondFloat);
  EXPECT_EQ(Tensor::full({2}, 7, DType::int32).at(1), 7);
  EXPECT_EQ(parse_dtype(dtype_name(DType::int32)), DType::int32);
}

TEST(Tensor, OfIdsRefusesWhatIsNoId) {
  for (const double bad : {0.5, 2'147'483'648.0, -2'147'483'649.0, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(Tensor::full({1}, bad, DType::float64).cast(DType::int32), Error) << bad;
    EXPECT_THROW(Tensor({1}, DType::int32).set(0, bad), Error) << bad;
  }
  const std::vector<std::int64_t> wide = {std::int64_t{1} << 32};
  EXPECT_THROW(Tensor::from(wide, {1}), Error);
}

TEST(Tensor, OfIdsIsNotComputedWith) {
  EXPECT_THROW(with_dtype(DType::int32, [](auto) {}), Error);
  EXPECT_THROW(static_cast<void>(Tensor({1}, DType::int32).data<float>()), Error);
}

TEST(Tensor, IsConvertedIntoMemoryThatIsUsedAgain) {
  Tensor out({3}, DType::float64);
  const std::byte* memory = out.bytes();
  Tensor::from({1, 2, 3}, {3}).cast_into(DType::float64, out);
  EXPECT_EQ(values_of(out), (std::vector<double>{1, 2, 3}));
  Tensor::from({4, 5}, {2}, DType::float64).cast_into(DType::float64, out);
  EXPECT_EQ(values_of(out), (std::vector<double>{4, 5}));
  EXPECT_EQ(out.bytes(), memory);
}

TEST(Tensor, ChecksIndices) {
  Tensor t({2});
  EXPECT_THROW(static_cast<void>(t.at(2)), Error);
  EXPECT_THROW(static_cast<void>(t.at(-1)), Error);
  EXPECT_THROW(t.set(2, 0), Error);
}

TEST(Tensor, RefusesShapesThatCannotBe) {
  EXPECT_THROW(Tensor({2, -1}), Error);
  EXPECT_THROW(Tensor({std::int64_t{1} << 40, std::int64_t{1} << 40}), Error);
}

TEST(Shapes, ArePrintedAsKerasPrintsThem) {
  EXPECT_EQ(to_string(Shape{-1, 10, 3}), "(None, 10, 3)");
  EXPECT_EQ(to_string(Shape{5}), "(5,)");
  EXPECT_EQ(to_string(Shape{}), "()");
}

TEST(DTypes, HaveNames) {
  EXPECT_EQ(parse_dtype(dtype_name(DType::float32)), DType::float32);
  EXPECT_EQ(parse_dtype(dtype_name(DType::float64)), DType::float64);
  EXPECT_THROW(parse_dtype("float16"), Error);
}

TEST(Shape, HoldsUpToEightAxesAndRefusesMore) {
  Shape shape = {2, 3};
  shape.insert(shape.begin(), 1);
  shape.push_back(4);
  EXPECT_EQ(shape, (Shape{1, 2, 3, 4}));
  shape.insert(shape.begin() + 1, shape.begin(), shape.begin() + 1);
  EXPECT_EQ(shape, (Shape{1, 1, 2, 3, 4}));
  shape.pop_back();
  EXPECT_NE(shape, (Shape{1, 1, 2, 3, 4}));
  EXPECT_EQ(shape.size(), 4);
  EXPECT_EQ(Shape({1, 1, 1, 1, 1, 1, 1, 1}).size(), Shape::kMaxAxes);
  EXPECT_THROW(Shape({1, 1, 1, 1, 1, 1, 1, 1, 1}), Error);
}

TEST(Tensor, KeepsItsMemoryWhenItBecomesSmaller) {
  Tensor tensor({4, 3});
  const std::byte* const memory = tensor.bytes();
  tensor.resize({2, 2}, DType::float64);
  EXPECT_EQ(tensor.bytes(), memory);
  EXPECT_EQ(tensor.data<double>().size(), 4);
  tensor.resize({5, 3}, DType::float32);
  EXPECT_EQ(tensor.size(), 15);
}

}  // namespace
}  // namespace rondo
