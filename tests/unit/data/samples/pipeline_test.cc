#include "rondo/data/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

using Ints = std::vector<int>;

Pipeline<int> counting(int count) {
  return Pipeline<int>::from([next = 0, count]() mutable -> std::optional<int> {
    if (next == count) return std::nullopt;
    return next++;
  });
}

TEST(Pipeline, StepsFollowOneAnother) {
  auto words = counting(10)
                   .filter([](int v) { return v % 2 == 1; })
                   .map([](int v) { return std::to_string(v * v); })
                   .skip(1)
                   .take(3)
                   .concatenate(Pipeline<std::string>::from(std::vector<std::string>{"end"}));
  EXPECT_EQ(std::move(words).collect(), (std::vector<std::string>{"9", "25", "49", "end"}));
  EXPECT_TRUE(counting(3).skip(5).collect().empty());
}

TEST(Pipeline, BatchesKeepTheRestOrLeaveItOut) {
  EXPECT_EQ(counting(5).batch(2).collect(), (std::vector<Ints>{{0, 1}, {2, 3}, {4}}));
  EXPECT_EQ(counting(5).batch(2, true).collect(), (std::vector<Ints>{{0, 1}, {2, 3}}));
  expect_error(ErrorKind::usage, {"batch"}, [] { counting(1).batch(0); });
}

TEST(Pipeline, AShuffleDependsOnTheSeedAlone) {
  const Ints first = counting(100).shuffle(20, 1).collect();
  EXPECT_EQ(counting(100).shuffle(20, 1).collect(), first);
  EXPECT_NE(counting(100).shuffle(20, 2).collect(), first);
  Ints sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, counting(100).collect());
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_LT(first[i], static_cast<int>(i) + 20);  // not out of its buffer
}

TEST(Pipeline, PrefetchKeepsOrderAndRunsAhead) {
  std::atomic<int> made = 0;
  auto pipeline = counting(200)
                      .map([&](int v) {
                        ++made;
                        return v;
                      })
                      .prefetch(3);
  EXPECT_EQ(pipeline.next(), 0);
  for (int wait = 0; wait < 2000 && made < 4; ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE(made, 4);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LE(made, 5);  // one taken, three ready, one in hand
  Ints rest = std::move(pipeline).collect();
  EXPECT_EQ(rest.size(), 199U);
  EXPECT_TRUE(std::is_sorted(rest.begin(), rest.end()));
}

TEST(Pipeline, AnErrorInTheBackgroundComesOutInItsPlace) {
  auto pipeline = counting(10)
                      .map([](int v) {
                        if (v == 3) throw Error(ErrorKind::data, "broken");
                        return v;
                      })
                      .prefetch(2);
  for (int v = 0; v < 3; ++v) EXPECT_EQ(pipeline.next(), v);
  expect_error(ErrorKind::data, {"broken"}, [&] { pipeline.next(); });
}

TEST(Pipeline, DroppingAPipelineEndsItsThread) {
  for (int i = 0; i < 50; ++i) {
    auto pipeline = counting(1000000).prefetch(2);
    EXPECT_EQ(pipeline.next(), 0);
  }
}

std::shared_ptr<const Dataset> numbered(std::int64_t count, double first = 0) {
  Tensor values({count, 1}, DType::float64);
  for (std::int64_t i = 0; i < count; ++i) values.set(i, first + static_cast<double>(i));
  return std::make_shared<ArrayDataset>(Samples(values), Samples(values));
}

std::vector<double> all(const Dataset& data) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(data.size()));
  std::iota(indices.begin(), indices.end(), 0);
  const Batch examples = data.gather(indices, DType::float64);
  std::vector<double> out;
  for (std::int64_t i = 0; i < examples.size(); ++i) out.push_back(examples.inputs[0].values().at(i));
  return out;
}

TEST(DatasetSteps, TakeSkipSelectSplitAndConcatenate) {
  using Values = std::vector<double>;
  EXPECT_EQ(all(*take(numbered(5), 2)), (Values{0, 1}));
  EXPECT_EQ(all(*skip(numbered(5), 3)), (Values{3, 4}));
  EXPECT_EQ(all(*take(numbered(2), 9)), (Values{0, 1}));
  EXPECT_EQ(all(*select(numbered(5), {4, 0, 4})), (Values{4, 0, 4}));
  EXPECT_EQ(all(*concatenate({numbered(2), numbered(2, 10)})), (Values{0, 1, 10, 11}));
  const auto [train, validation] = split(numbered(10), 0.25);
  EXPECT_EQ(train->size(), 7);  // floor(10 · 0.75), as Keras
  EXPECT_EQ(all(*validation), (Values{7, 8, 9}));
  const auto both = concatenate({numbered(3), numbered(3, 10)});
  const std::vector<std::int64_t> mixed = {4, 0, 3};
  EXPECT_EQ(both->gather(mixed, DType::float64).inputs[0].values().at(0), 11);
  EXPECT_EQ(both->gather(mixed, DType::float64).targets[0].values().at(2), 10);
  expect_error(ErrorKind::usage, {"no such sample"}, [] { select(numbered(2), {2}); });
  expect_error(ErrorKind::usage, {"fraction"}, [] { split(numbered(2), 1.5); });
}

TEST(DatasetSteps, ShuffleIsAPermutationOfTheSeed) {
  std::vector<double> order = all(*shuffle(numbered(50), 3));
  EXPECT_EQ(order, all(*shuffle(numbered(50), 3)));
  EXPECT_NE(order, all(*shuffle(numbered(50), 4)));
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, all(*numbered(50)));
}

TEST(DatasetSteps, MapChangesBatchesButNotTheirSize) {
  const auto doubled = map(numbered(3), [](Batch e) {
    for (std::int64_t i = 0; i < e.size(); ++i) e.inputs[0].values().set(i, 2 * e.inputs[0].values().at(i));
    return e;
  });
  EXPECT_EQ(all(*doubled), (std::vector<double>{0, 2, 4}));
  const auto wrong = map(numbered(3), [](Batch) { return Batch{}; });
  expect_error(ErrorKind::usage, {"changed the number of samples"}, [&] { all(*wrong); });
}

TEST(DatasetSteps, BatchesDependOnSeedAndEpochAlone) {
  const auto order = [](std::uint64_t epoch) {
    std::vector<double> out;
    auto stream =
        batches(numbered(10), DType::float64, {.batch_size = 4, .shuffle = true, .seed = 1, .epoch = epoch});
    while (auto batch = stream.next()) {
      for (std::int64_t i = 0; i < batch->size(); ++i) out.push_back(batch->inputs[0].values().at(i));
    }
    return out;
  };
  EXPECT_EQ(order(0).size(), 10U);
  EXPECT_EQ(order(0), order(0));
  EXPECT_NE(order(0), order(1));
  EXPECT_EQ(batches(numbered(10), DType::float64, {.batch_size = 4, .drop_last = true}).collect().size(), 2U);
}

TEST(DatasetSteps, SequencesOfUnequalLengthCanBeMerged) {
  const Tensor first = Tensor::from({1, 2}, {2, 1}), second = Tensor::from({3}, {1, 1});
  const Batch a{{Samples::ragged(std::span(&first, 1))}, {}, {}},
      b{{Samples::ragged(std::span(&second, 1))}, {}, {}};
  const Batch both = merge({a, b});
  EXPECT_EQ(both.size(), 2);
  EXPECT_EQ(both.inputs[0].layout()->lengths()[0], 2);
  EXPECT_EQ(both.inputs[0].sample(1).at(0), 3);
  expect_error(ErrorKind::usage, {"different"}, [&] { merge({a, Batch{{Samples(first)}, {}, {}}}); });
}

TEST(DatasetSteps, AFileCanBeReadInTheBackgroundIntoADataSet) {
  const Scratch scratch;
  std::string text = "x,y\n";
  for (int i = 0; i < 30000; ++i) text += std::to_string(i) + "," + std::to_string(2 * i) + "\n";
  auto examples = csv_blocks(scratch.write("xy.csv", text), 5000).prefetch(2).map([](const Table& table) {
    const std::vector<std::string> x = {"x"}, y = {"y"};
    return Batch{{Samples(table.matrix(x))}, {Samples(table.matrix(y))}, {}};
  });
  const auto data = gather_all(std::move(examples));
  ASSERT_EQ(data->size(), 30000);
  EXPECT_EQ(data->all().targets[0].values().at(29999), 59998);
}

}  // namespace
}  // namespace rondo
