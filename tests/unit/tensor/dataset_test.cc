#include "rondo/dataset.h"

#include <gtest/gtest.h>

#include <string>

#include "rondo/error.h"

namespace rondo {
namespace {

TEST(ArrayDataset, GathersInputsTargetsAndWeightsTogether) {
  const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {3, 2}), y = Tensor::from({10, 20, 30}, {3, 1});
  const ArrayDataset data({Batch(x)}, {Batch(y)}, {Tensor::from({0.5, 1, 2}, {3})});
  EXPECT_EQ(data.size(), 3);
  const std::int64_t indices[] = {2, 0, 2};
  const Examples chosen = data.gather(indices, DType::float64);
  EXPECT_EQ(chosen.size(), 3);
  EXPECT_EQ(chosen.inputs[0].values().dtype(), DType::float64);
  EXPECT_EQ(chosen.inputs[0].values().at(0), 5);
  EXPECT_EQ(chosen.targets[0].values().at(1), 10);
  EXPECT_EQ(chosen.weights[0].at(2), 2);
}

TEST(ArrayDataset, NumbersOfSamplesMustAgree) {
  const Tensor three = Tensor({3, 1}), two = Tensor({2, 1});
  EXPECT_THROW(ArrayDataset(Batch(three), Batch(two)), Error);
  EXPECT_THROW(ArrayDataset({Batch(three)}, {Batch(three)}, {Tensor({2})}), Error);
  EXPECT_THROW(ArrayDataset({Batch(three)}, {Batch(three)}, {Tensor({3}), Tensor({3})}), Error);
  EXPECT_THROW(ArrayDataset(std::vector<Batch>{}, std::vector<Batch>{}), Error);
  try {
    ArrayDataset(Batch(three), Batch(two));
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("target 0"), std::string::npos) << text;
    EXPECT_NE(text.find("2 samples"), std::string::npos) << text;
  }
}

TEST(ArrayDataset, AnIndexOutsideIsAnError) {
  const ArrayDataset data(Batch(Tensor({3, 1})), Batch(Tensor({3, 1})));
  const std::int64_t outside[] = {3}, negative[] = {-1};
  EXPECT_THROW(data.gather(outside, DType::float32), Error);
  EXPECT_THROW(data.gather(negative, DType::float32), Error);
}

}  // namespace
}  // namespace rondo
