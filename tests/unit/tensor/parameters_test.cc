#include "rondo/tensor/parameters.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "rondo/base/error.h"

namespace rondo {
namespace {

TEST(ParameterStore, FindsItsArraysByName) {
  ParameterStore store;
  EXPECT_EQ(store.declare("lstm.kernel", {3, 8}), 0);
  EXPECT_EQ(store.declare("lstm.bias", {8}), 1);
  EXPECT_EQ(store.find("lstm.bias"), 1);
  EXPECT_EQ(store.find("lstm"), -1);
  try {
    store.declare("lstm.bias", {8});
    FAIL() << "two of one name";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("lstm.bias"), std::string::npos);
  }
}

TEST(ParameterStore, BeginsEveryArrayAtACacheLine) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    ParameterStore store(dtype);
    for (const std::int64_t n : {1, 3, 16, 17, 5}) store.declare("p" + std::to_string(n), {n});
    store.allocate();
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(store.value(i).data) % 64, 0U) << i;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(store.gradient(i).data) % 64, 0U) << i;
    }
  }
}

TEST(ParameterStore, CountsWithoutItsGaps) {
  ParameterStore store;
  store.declare("a", {3, 5});
  store.declare("frozen", {7}, false);
  store.allocate();
  EXPECT_EQ(store.total_count(), 22);
  EXPECT_EQ(store.trainable_count(), 15);
  EXPECT_GT(store.values().size(), 22);
  store.set(0, Tensor::full({3, 5}, 2));
  double sum = 0;
  for (std::int64_t i = 0; i < store.values().size(); ++i) sum += store.values().at(i);
  EXPECT_EQ(sum, 30) << "gaps are zero";
}

TEST(ParameterStore, GivesAVectorAsOneRowAndAMatrixAsItself) {
  ParameterStore store;
  store.declare("vector", {6});
  store.declare("matrix", {2, 3});
  store.declare("cube", {2, 3, 4});
  store.declare("number", {});
  store.allocate();
  const auto shape = [&](int i) { return std::pair(store.value(i).rows, store.value(i).cols); };
  EXPECT_EQ(shape(0), std::pair(std::int64_t{1}, std::int64_t{6}));
  EXPECT_EQ(shape(1), std::pair(std::int64_t{2}, std::int64_t{3}));
  EXPECT_EQ(shape(2), std::pair(std::int64_t{2}, std::int64_t{12}));
  EXPECT_EQ(shape(3), std::pair(std::int64_t{1}, std::int64_t{1}));
}

TEST(ParameterStore, KeepsItsValuesWhenItGrows) {
  ParameterStore store;
  store.declare("old", {20});
  store.allocate();
  store.set(0, Tensor::full({20}, 3));
  store.allocate();
  EXPECT_EQ(store.get(0).at(19), 3) << "allocating again changes nothing";
  store.declare("new", {4});
  store.allocate();
  EXPECT_EQ(store.get(0).at(19), 3);
  EXPECT_EQ(store.get(1).at(3), 0);
}

TEST(ParameterStore, ZeroesItsGradients) {
  ParameterStore store(DType::float64);
  store.declare("a", {2, 2});
  store.allocate();
  store.mutable_gradients().set(1, 5);
  EXPECT_EQ(store.get_gradient(0).at(1), 5);
  store.zero_gradients();
  EXPECT_EQ(store.get_gradient(0).at(1), 0);
  EXPECT_EQ(store.get_gradient(0).shape(), (Shape{2, 2}));
}

/// A store whose second array has five sparse rows of two columns.
ParameterStore with_sparse_rows() {
  ParameterStore store;
  store.declare("dense", {3});
  store.declare_sparse_rows(store.declare("table", {5, 2}));
  store.allocate();
  return store;
}

std::vector<std::pair<std::int64_t, std::int64_t>> touched_runs(const ParameterStore& store, int index) {
  std::vector<std::pair<std::int64_t, std::int64_t>> runs;
  store.each_touched_run(index,
                         [&](std::int64_t first, std::int64_t rows) { runs.emplace_back(first, rows); });
  return runs;
}
using Runs = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST(ParameterStore, ListsTouchedRowsOnceInAscendingRuns) {
  ParameterStore store = with_sparse_rows();
  EXPECT_EQ(touched_runs(store, 0), (Runs{{0, 1}})) << "a vector is one row, always written";
  EXPECT_TRUE(touched_runs(store, 1).empty());
  const std::int64_t first[] = {4, 1, 4}, second[] = {0};
  store.mutable_gradient(1, first);
  EXPECT_EQ(touched_runs(store, 1), (Runs{{1, 1}, {4, 1}}));
  store.mutable_gradient(1, second);
  EXPECT_EQ(touched_runs(store, 1), (Runs{{0, 2}, {4, 1}}));
  EXPECT_EQ(store.touched_rows(1), 3);
}

TEST(ParameterStore, ZeroesTheTouchedRowsAndVisitsNoOther) {
  ParameterStore store = with_sparse_rows();
  const std::int64_t rows[] = {1, 3};
  const View<float> table = store.mutable_gradient(1, rows).view<float>();
  for (std::int64_t r = 0; r < 5; ++r)
    table(r, 0) = 1;  // rows 0, 2 and 4 against the contract: they show a visit
  store.zero_gradients();
  const Tensor left = store.get_gradient(1);
  for (std::int64_t r = 0; r < 5; ++r) EXPECT_EQ(left.at(2 * r), r == 1 || r == 3 ? 0 : 1) << r;
  EXPECT_EQ(store.touched_rows(1), 0);
  store.mutable_gradient(1, rows);
  EXPECT_EQ(touched_runs(store, 1), (Runs{{1, 1}, {3, 1}})) << "listed again";
}

TEST(ParameterStore, CountsEveryRowAsTouchedWhenAllMayBeWritten) {
  const std::int64_t rows[] = {2};
  for (const bool everything : {false, true}) {
    ParameterStore store = with_sparse_rows();
    store.mutable_gradient(1, rows);
    if (everything)
      store.mutable_gradients().set(store.infos()[1].offset + 9, 1);
    else
      store.mutable_gradient(1).view<float>()(4, 1) = 1;
    EXPECT_EQ(touched_runs(store, 1), (Runs{{0, 5}}));
    store.mutable_gradient(1, rows);
    EXPECT_EQ(store.touched_rows(1), 5) << "still all";
    store.zero_gradients();
    EXPECT_EQ(store.get_gradient(1).at(9), 0);
    EXPECT_EQ(store.touched_rows(1), 0);
  }
}

TEST(ParameterStore, KeepsItsListOfRowsWhenItIsCopiedOrGrows) {
  ParameterStore store = with_sparse_rows();
  const std::int64_t rows[] = {2}, others[] = {3, 0, 1, 4};
  store.mutable_gradient(1, rows);
  ParameterStore copy = store;
  copy.mutable_gradient(1, others);
  EXPECT_EQ(copy.touched_rows(1), 5);
  EXPECT_EQ(store.touched_rows(1), 1);
  store.declare("new", {2});
  store.allocate();
  store.zero_gradients();
  store.mutable_gradient(1, others);
  EXPECT_EQ(touched_runs(store, 1), (Runs{{0, 2}, {3, 2}}));
}

TEST(ParameterStore, ConvertsWhatIsSetAndRefusesOtherShapes) {
  ParameterStore store(DType::float64);
  store.declare("lstm.kernel", {2, 2});
  store.allocate();
  store.set(0, Tensor::full({2, 2}, 0.5));
  EXPECT_EQ(store.get(0).at(0), 0.5);
  try {
    store.set(0, Tensor({4}));
    FAIL();
  } catch (const Error& error) {
    const std::string text = error.what();
    for (const char* piece : {"lstm.kernel", "(4,)", "(2, 2)"})
      EXPECT_NE(text.find(piece), std::string::npos) << text;
  }
}

TEST(ParameterStore, RefusesAccessBeforeItHasMemoryAndBeyondItsEnd) {
  ParameterStore store;
  store.declare("a", {2});
  EXPECT_THROW(static_cast<void>(store.get(0)), Error);
  EXPECT_THROW(store.set(0, Tensor({2})), Error);
  EXPECT_THROW(static_cast<void>(store.value(0)), Error);
  store.allocate();
  EXPECT_THROW(static_cast<void>(store.get(1)), Error);
  EXPECT_THROW(static_cast<void>(store.get(-1)), Error);
}

TEST(ParameterStore, IsAValue) {
  ParameterStore store;
  store.declare("a", {2});
  store.allocate();
  ParameterStore copy = store;
  copy.set(0, Tensor::full({2}, 1));
  EXPECT_EQ(store.get(0).at(0), 0);
}

TEST(ParameterStore, RefusesNegativeSizes) { EXPECT_THROW(ParameterStore().declare("a", {2, -1}), Error); }

TEST(ParameterStore, AdoptsAnArrayThatIsThereWithItsValues) {
  ParameterStore store;
  const int a = store.declare("a", {2});
  store.allocate();
  store.set(a, Tensor::from({3, 4}, {2}));
  EXPECT_EQ(store.adopt("a", {2}, false, 0.5, 0), a);
  const int b = store.adopt("b", {1});
  store.allocate();
  EXPECT_EQ(b, 1);
  EXPECT_EQ(store.get(a).at(1), 4);
  EXPECT_EQ(store.trainable_count(), 1);
  EXPECT_EQ(store.penalty(a).l1, 0.5);
  EXPECT_THROW(store.adopt("a", {3}), Error);
}

/// What is shared is the same array under another name; allocation is of both.
TEST(ParameterStore, SharesArraysWithOthers) {
  ParameterStore layer, network;
  layer.declare("dense.kernel", {2, 2});
  layer.declare("dense.bias", {2}, false);
  network.declare("own", {3});
  network.share_all(layer, std::string("dense.").size(), "encoder.");
  EXPECT_EQ(network.find("encoder.bias"), 2);
  EXPECT_EQ(network.find(layer, 1), 2);
  EXPECT_FALSE(layer.allocated());
  network.allocate();
  EXPECT_TRUE(layer.allocated());
  layer.set(0, Tensor::full({2, 2}, 3));
  EXPECT_EQ(network.get(1).at(3), 3);
  layer.mutable_gradient(0).view<float>()(1, 1) = 5;
  EXPECT_EQ(network.gradients().at(network.infos()[1].offset + 3), 5);
  network.zero_gradients();
  EXPECT_EQ(layer.get_gradient(0).at(3), 0);
  layer.set_frozen(true);
  EXPECT_EQ(network.trainable_count(), 3);
  layer.set_frozen(false);
  EXPECT_EQ(network.trainable_count(), 7) << "the bias was never trainable";
}

TEST(ParameterStore, ListsASharedArrayOnce) {
  ParameterStore layer, network;
  layer.declare("a", {2});
  network.share_all(layer, 0, "first.");
  network.share_all(layer, 0, "second.");
  EXPECT_EQ(network.infos().size(), 1U);
  EXPECT_EQ(network.infos()[0].name, "first.a");
}

TEST(ParameterStore, HasArraysThatGetTheirMemoryTogetherSideBySide) {
  ParameterStore layer, other, network;
  layer.declare("a", {17});
  other.declare("b", {3});
  network.share_all(layer);
  network.share_all(other);
  network.allocate();
  const auto* first = static_cast<const float*>(network.value(0).data);
  EXPECT_EQ(static_cast<const float*>(network.value(1).data), first + network.infos()[1].offset);
}

TEST(ParameterStore, RefusesToShareAnotherTypeOrTwoArraysOfOneName) {
  ParameterStore wide(DType::float64), narrow, network;
  wide.declare("a", {2});
  narrow.declare("b", {2});
  network.declare("b", {2});
  EXPECT_THROW(network.share_all(wide), Error);
  EXPECT_THROW(network.share_all(narrow), Error);
}

TEST(ParameterStore, CopiedHasArraysOfItsOwn) {
  ParameterStore layer, network;
  layer.declare("a", {2});
  network.share_all(layer);
  network.allocate();
  ParameterStore copy = network;
  copy.set(0, Tensor::full({2}, 1));
  EXPECT_EQ(layer.get(0).at(0), 0);
}

TEST(ParameterStore, ReadsAndWritesAllArraysAsOne) {
  ParameterStore store;
  store.declare("a", {3});
  store.declare("b", {2, 2});
  store.allocate();
  const std::int64_t second = store.infos()[1].offset;
  store.values().set(1, 4);
  store.values().set(second + 3, 5);
  store.values().set(3, 6);  // a gap
  EXPECT_EQ(store.get(0).at(1), 4);
  EXPECT_EQ(store.get(1).at(3), 5);
  EXPECT_EQ(store.values().at(3), 0);
  const Tensor all = store.values();
  EXPECT_EQ(all.size(), store.flat_size());
  EXPECT_EQ(all.at(second + 3), 5);
  store.set(1, Tensor({2, 2}));
  store.values() = all;
  EXPECT_EQ(store.get(1).at(3), 5);
  EXPECT_THROW(store.values() = Tensor({7}), Error);
  EXPECT_THROW(store.values().set(all.size(), 1), Error);
}

}  // namespace
}  // namespace rondo
