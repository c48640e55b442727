#include "rondo/tensor/dataset.h"

#include <gtest/gtest.h>

#include <string>

#include "rondo/base/error.h"

namespace rondo {
namespace {

TEST(ArrayDataset, GathersInputsTargetsAndWeightsTogether) {
  const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {3, 2}), y = Tensor::from({10, 20, 30}, {3, 1});
  const ArrayDataset data({Samples(x)}, {Samples(y)}, {Tensor::from({0.5, 1, 2}, {3})});
  EXPECT_EQ(data.size(), 3);
  const std::int64_t indices[] = {2, 0, 2};
  const Batch chosen = data.gather(indices, DType::float64);
  EXPECT_EQ(chosen.size(), 3);
  EXPECT_EQ(chosen.inputs[0].values().dtype(), DType::float64);
  EXPECT_EQ(chosen.inputs[0].values().at(0), 5);
  EXPECT_EQ(chosen.targets[0].values().at(1), 10);
  EXPECT_EQ(chosen.weights[0].at(2), 2);
}

TEST(ArrayDataset, KeepsIdsExactAmongNumbers) {
  const std::vector<std::int64_t> ids = {16'777'217, 16'777'219}, classes = {16'777'221, 1};
  const ArrayDataset data({Samples::tokens(Tensor::from(ids, {2, 1})), Samples(Tensor::from({1, 2}, {2, 1}))},
                          {Samples(Tensor::from(classes, {2, 1}))});
  const std::int64_t indices[] = {1, 0};
  const Batch chosen = data.gather(indices, DType::float32);
  EXPECT_EQ(chosen.inputs[0].values().dtype(), DType::int32);
  EXPECT_EQ(chosen.inputs[0].values().at(0), 16'777'219);
  EXPECT_EQ(chosen.inputs[1].values().dtype(), DType::float32);
  EXPECT_EQ(chosen.targets[0].values().at(1), 16'777'221);
}

TEST(ArrayDataset, NumbersOfSamplesMustAgree) {
  const Tensor three = Tensor({3, 1}), two = Tensor({2, 1});
  EXPECT_THROW(ArrayDataset(Samples(three), Samples(two)), Error);
  EXPECT_THROW(ArrayDataset({Samples(three)}, {Samples(three)}, {Tensor({2})}), Error);
  EXPECT_THROW(ArrayDataset({Samples(three)}, {Samples(three)}, {Tensor({3}), Tensor({3})}), Error);
  EXPECT_THROW(ArrayDataset(std::vector<Samples>{}, std::vector<Samples>{}), Error);
  try {
    ArrayDataset(Samples(three), Samples(two));
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("target 0"), std::string::npos) << text;
    EXPECT_NE(text.find("2 samples"), std::string::npos) << text;
  }
}

TEST(ArrayDataset, AnIndexOutsideIsAnError) {
  const ArrayDataset data(Samples(Tensor({3, 1})), Samples(Tensor({3, 1})));
  const std::int64_t outside[] = {3}, negative[] = {-1};
  EXPECT_THROW(data.gather(outside, DType::float32), Error);
  EXPECT_THROW(data.gather(negative, DType::float32), Error);
}

TEST(ArrayDataset, TheHashOfItsContentTellsOneFromAnother) {
  const auto hash = [](Samples x, Samples y, std::vector<Tensor> weights = {}) {
    return content_hash(ArrayDataset({std::move(x)}, {std::move(y)}, std::move(weights)), 0, 100);
  };
  const Tensor x = Tensor::full({100, 4, 2}, 1), y({100, 1});
  const std::vector<std::uint8_t> all(400, 1);
  std::vector<std::uint8_t> without_one = all;
  without_one[399] = 0;
  Tensor last = y;
  last.set(99, 1e-30);
  const std::vector<std::uint64_t> hashes = {hash(Samples(x), Samples(y)), hash(Samples(x), Samples(last)),
                                             hash(Samples::masked(x, without_one), Samples(y)),
                                             hash(Samples(x), Samples(y), {Tensor::full({100}, 1)})};
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(hashes[i], hashes[k]) << i << " and " << k;
  }
  EXPECT_EQ(hash(Samples::masked(x, all), Samples(y)), hashes[0])
      << "the same steps, however they were given";
}

}  // namespace
}  // namespace rondo
