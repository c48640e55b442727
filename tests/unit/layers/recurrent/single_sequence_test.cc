// One sequence alone takes a way of its own through small layers: with the bits that it has among others.

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "kernels/cells.h"
#include "rondo/model/testing.h"
#include "unit/layers/run_network.h"

namespace rondo {
namespace {

/// The numbers of sample `row` of `samples` ones, all equally long: packed rows are step by step.
std::vector<float> of_sample(const Samples& batch, std::int64_t row, std::int64_t samples) {
  const Tensor& values = batch.values();
  const std::int64_t width = values.dim(1);
  std::vector<float> out;
  for (std::int64_t at = row; at < values.dim(0); at += samples) {
    const auto begin = values.data<float>().begin() + at * width;
    out.insert(out.end(), begin, begin + width);
  }
  return out;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class SingleSequence : public ::testing::TestWithParam<std::string> {};

TEST_P(SingleSequence, HasTheBitsThatItHasInABatchAndInTraining) {
  constexpr std::int64_t kBatch = 3, kSteps = 40;
  for (const std::string& set : testing::instruction_sets()) {
    testing::use_instruction_set(set);
    for (const std::int64_t units : {1, 5, 16, 23, 50, 67, 100}) {
      for (const std::int64_t features : {1, 7}) {
        for (const bool whole : {true, false}) {
          SCOPED_TRACE(set + ", " + std::to_string(units) + " units, " + std::to_string(features) +
                       " inputs");
          RecurrentOptions options{.units = units, .return_sequences = whole, .return_state = true};
          LayerPtr layer = recurrent(GetParam(), options);
          const bool two_states = GetParam() == "lstm";
          std::vector<ValueShape> specs{{true, -1, {features}}, {false, -1, {units}}};
          std::vector<Tensor> inputs{normal({kBatch, kSteps, features}, 4), normal({kBatch, units}, 5)};
          if (two_states) {
            specs.push_back({false, -1, {units}});
            inputs.push_back(normal({kBatch, units}, 6));
          }
          Network network = network_of(std::move(layer), specs);
          const std::vector<Samples> together = run(network, {inputs.begin(), inputs.end()});
          for (std::int64_t row = 0; row < kBatch; ++row) {
            std::vector<Samples> one;
            for (const Tensor& input : inputs) one.emplace_back(input.slice(row, row + 1));
            const std::vector<Samples> by_itself = run(network, one);
            const std::vector<Samples> kept = run(network, one, {.training = true});
            for (std::size_t i = 0; i < together.size(); ++i) {
              const std::vector<float> said = of_sample(by_itself[i], 0, 1);
              EXPECT_TRUE(same_bits(said, of_sample(together[i], row, kBatch))) << i;
              EXPECT_TRUE(same_bits(said, of_sample(kept[i], 0, 1))) << i;
            }
          }
        }
      }
    }
  }
  testing::use_instruction_set("");
}

/// Gradients of the parameters when `d_output` [samples, units] is that of the last step.
std::vector<float> gradients(Network& network, const std::vector<Samples>& inputs, const Tensor& d_output) {
  network.parameters().zero_gradients();
  Tape tape(DType::float32);
  tape.reset({.training = true}, true);
  const std::vector<Var> out = network.run(tape, inputs);
  tape.backward(out, std::span<const Tensor>(&d_output, 1));
  const Tensor all = network.parameters().gradients();
  const auto values = all.data<float>();
  return {values.begin(), values.end()};
}

TEST_P(SingleSequence, HasTheGradientsThatItHasAmongOthersThatCountForNothing) {
  constexpr std::int64_t kBatch = 3, kSteps = 40;
  for (const std::string& set : testing::instruction_sets()) {
    testing::use_instruction_set(set);
    for (const std::int64_t units : {1, 2, 5, 16, 20, 23, 50, 67, 100}) {
      SCOPED_TRACE(set + ", " + std::to_string(units) + " units");
      Network network = network_of(recurrent(GetParam(), {.units = units}), {{true, -1, {7}}});
      const Tensor x = normal({kBatch, kSteps, 7}, 4), d = normal({1, units}, 8);
      for (std::int64_t row = 0; row < kBatch; ++row) {
        Tensor d_all({kBatch, units});
        for (std::int64_t u = 0; u < units; ++u) d_all.set(row * units + u, d.at(u));
        const std::vector<float> alone = gradients(network, {Samples(x.slice(row, row + 1))}, d);
        EXPECT_EQ(alone, gradients(network, {Samples(x)}, d_all)) << row;
        EXPECT_NE(alone, std::vector<float>(alone.size()));
      }
    }
  }
  testing::use_instruction_set("");
}

INSTANTIATE_TEST_SUITE_P(Cells, SingleSequence, ::testing::Values("lstm", "gru", "simple_rnn", "mgu"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace rondo
