#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "conformance/every_cell.h"
#include "rondo/base/random.h"
#include "rondo/kernels/instruction_set.h"
#include "rondo/model/testing.h"
#include "rondo/train/model.h"

// AVX2 and AVX-512 give the same bits: of outputs, of every gradient and of whole trainings. SSE4 and the
// plain target have no fused multiply-add; they agree with the others within rounding.

namespace rondo {
namespace {

using testing::InvarianceCase;
using testing::Padding;

class EverywhereTheSame : public ::testing::TestWithParam<std::string> {
 protected:
  ~EverywhereTheSame() override { testing::use_instruction_set(""); }
};
INSTANTIATE_TEST_SUITE_P(Cells, EverywhereTheSame, ::testing::ValuesIn(cell_names()),
                         [](const auto& param) { return param.param; });

TEST_P(EverywhereTheSame, AreOutputsAndGradients) {
  InvarianceCase batch;
  for (int b = 0; b < 19; ++b) batch.lengths.push_back(b * 5 % 8);
  batch.padding = Padding::left;
  const RecurrentOptions variants[] = {
      {}, {.activation = "softplus", .recurrent_activation = "hard_sigmoid"}, {.activation = "selu"}};
  for (const std::int64_t units : {1, 7, 16, 37, 64, 130}) {
    for (RecurrentOptions options : variants) {
      options.units = units;
      options.return_sequences = options.return_state = true;
      Network network;
      const int x = network.add_input("x", {true, -1, {5}});
      network.set_outputs(network.add(make_cell(GetParam(), options), {x}));
      network.build(static_cast<std::uint64_t>(units));
      EXPECT_EQ(testing::check_instruction_sets(network, batch), "")
          << units << " units " << options.activation;
    }
  }
}

Tensor random_tensor(Shape shape, std::uint64_t seed) {
  Tensor t(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return t;
}

/// Parameters after three epochs over ragged batches: shuffled, dropped out, normalised, clipped, by Adam.
std::vector<float> train(const std::string& cell, const std::string& set) {
  testing::use_instruction_set(set);
  Sequential model({true, -1, {3}},
                   {make_cell(cell, {.units = 21, .return_sequences = true}), layer_normalization(),
                    dropout({.rate = 0.2}), bidirectional(make_cell(cell, {.units = 9})),
                    dense({.units = 8, .activation = "tanh"}), dense({.units = 3, .activation = "softmax"})});
  model.set_seed(5);
  model.compile(
      {.optimizer = Json::object({{"name", "adam"}, {"clipnorm", 1.0}}), .loss = "categorical_crossentropy"});
  std::vector<std::int64_t> lengths;
  for (int b = 0; b < 50; ++b) lengths.push_back(b * 7 % 12);
  Tensor y({50, 3});
  for (std::int64_t b = 0; b < 50; ++b) y.set(b * 3 + b % 3, 1);
  model.fit(Samples::padded(random_tensor({50, 12, 3}, 1), lengths), Samples(y),
            {.batch_size = 16, .epochs = 3, .seed = 2, .run = {.verbose = 0}});
  const Tensor all = model.network().parameters().values();
  const auto values = all.data<float>();
  return {values.begin(), values.end()};
}

TEST_P(EverywhereTheSame, AreTrainedParameters) {
  const std::vector<float> best = train(GetParam(), instruction_sets().front());
  for (const std::string& set : instruction_sets()) {
    const std::vector<float> other = train(GetParam(), set);
    if (set.starts_with("AVX")) {
      EXPECT_EQ(other, best) << set;
      continue;
    }
    double worst = 0;
    for (std::size_t i = 0; i < best.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(best[i]) - static_cast<double>(other[i])));
    // Adam divides by the gradient's size, so rounding grows with every step.
    EXPECT_LT(worst, 2e-5) << set;
    RecordProperty(set, std::to_string(worst));
  }
}

}  // namespace
}  // namespace rondo
