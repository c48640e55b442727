#include <gtest/gtest.h>

#include "conformance/every_cell.h"
#include "support/dense_twin.h"
#include "unit/layers/run_network.h"

// A block-diagonal recurrence is a dense one whose weights between blocks are zero, without these weights.

namespace rondo {
namespace {

const ValueShape kThreeFeatures{true, -1, {3}};

std::vector<std::string> cells_with_blocks() {
  std::vector<std::string> cells = cell_names();
  std::erase_if(cells, [](const std::string& cell) { return !allows(cell, {.recurrent_blocks = 2}); });
  return cells;
}

using Numbers = std::vector<std::vector<double>>;

/// A network of one cell with all of its states.
Network network_of_cell(const std::string& cell, RecurrentOptions options, DType dtype = DType::float32) {
  options.return_sequences = true;
  options.return_state = true;
  options.name = "layer";
  std::vector<ValueShape> inputs(1 + static_cast<std::size_t>(state_count(cell)),
                                 {false, -1, {options.units}});
  inputs[0] = kThreeFeatures;
  return network_of(make_cell(cell, options), inputs, dtype);
}

/// Sequences and initial states.
std::vector<Samples> inputs_of(const Network& network, const std::vector<std::int64_t>& lengths) {
  const DType dtype = network.parameters().dtype();
  std::vector<Tensor> sequences;
  for (const std::int64_t length : lengths)
    sequences.push_back(normal({length, 3}, 20 + sequences.size(), dtype));
  std::vector<Samples> inputs{Samples::ragged(sequences)};
  for (std::size_t j = 1; j < network.input_count(); ++j)
    inputs.emplace_back(normal({std::ssize(lengths), network.input_spec(j).width()}, 90 + j, dtype));
  return inputs;
}

/// Outputs and gradients of inputs in a training step. Gradients of weights stay in the network.
Numbers train_step(Network& network, const std::vector<Samples>& inputs) {
  Tape tape(network.parameters().dtype());
  tape.reset({.training = true, .seed = 5});
  std::vector<Var> given;
  for (const Samples& input : inputs) given.push_back(tape.input(input, true));
  Numbers all;
  std::vector<Tensor> gradients;
  const std::vector<Var> outputs = network.run(tape, given);
  for (const Var output : outputs) {
    const Tensor values = tape.get(output).values();
    all.push_back(numbers(values));
    gradients.push_back(normal(values.shape(), 40 + all.size(), values.dtype()));
  }
  network.parameters().zero_gradients();
  tape.backward(outputs, gradients);
  for (const Var input : given) all.push_back(numbers(tape.gradient(input)));
  return all;
}

/// The gradients between blocks are those of weights that are not there.
Tensor only_blocks(const Tensor& dense, const Shape& shape, std::int64_t units) {
  Tensor blocks(shape, dense.dtype());
  const std::int64_t width = shape[0], columns = shape[1];
  for (std::int64_t k = 0; k < width; ++k) {
    for (std::int64_t c = 0; c < columns; ++c)
      blocks.set(k * columns + c, dense.at((c % units / width * width + k) * columns + c));
  }
  return blocks;
}

void expect_equal_to_dense(const std::string& cell, RecurrentOptions options,
                           const std::vector<std::int64_t>& lengths, DType dtype) {
  Network blocks = network_of_cell(cell, options, dtype);
  options.recurrent_blocks = 1;
  Network dense = network_of_cell(cell, options, dtype);
  copy_blocks(blocks, dense);
  const std::vector<Samples> inputs = inputs_of(blocks, lengths);
  EXPECT_EQ(train_step(blocks, inputs), train_step(dense, inputs));
  for (const ParameterInfo& info : blocks.parameters().infos()) {
    Tensor expected = dense.parameters().get_gradient(dense.parameters().find(info.name));
    if (expected.shape() != info.shape) expected = only_blocks(expected, info.shape, options.units);
    EXPECT_EQ(numbers(blocks.parameters().get_gradient(blocks.parameters().find(info.name))),
              numbers(expected))
        << info.name;
  }
}

class BlockDiagonal : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Cells, BlockDiagonal, ::testing::ValuesIn(cells_with_blocks()),
                         [](const auto& param) { return param.param; });

TEST_P(BlockDiagonal, EqualsADenseLayerWithZerosBetweenBlocks) {
  // Dense layers of these go to each driver; a sum keeps its order, so that zeros change no number.
  const std::vector<std::vector<std::int64_t>> batches = {
      std::vector<std::int64_t>(20, 6), {4, 9, 0, 1}, {30}};
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const auto& lengths : batches) {
      for (const auto& [units, count] : {std::pair{6, 2}, {6, 6}, {40, 4}, {51, 3}}) {
        SCOPED_TRACE(std::to_string(units) + " units, " + std::to_string(count) + " blocks");
        expect_equal_to_dense(GetParam(), {.units = units, .recurrent_blocks = count}, lengths, dtype);
      }
    }
  }
}

TEST_P(BlockDiagonal, EqualsThatWithEveryOption) {
  std::vector<RecurrentOptions> all = {{.use_bias = false, .dropout = 0.3, .recurrent_dropout = 0.3},
                                       {.clip = 0.4, .zoneout = 0.2, .go_backwards = true},
                                       {.layer_norm = true},
                                       {.layer_norm = true, .recurrent_dropout = 0.3, .zoneout = 0.2},
                                       {.zoneout = 0.2, .zoneout_cell = 0.3}};
  for (RecurrentOptions& options : all) {
    options.units = 12;
    options.recurrent_blocks = 3;
    if (!allows(GetParam(), options)) continue;
    SCOPED_TRACE(to_json(to_config(options)));
    for (const DType dtype : {DType::float32, DType::float64})
      expect_equal_to_dense(GetParam(), options, {4, 9, 0, 7, 2}, dtype);
  }
}

TEST_P(BlockDiagonal, HasNoWeightsBetweenBlocks) {
  for (const std::int64_t blocks : {1, 2, 4, 8}) {
    const Network network = network_of_cell(GetParam(), {.units = 8, .recurrent_blocks = blocks});
    const ParameterStore& store = network.parameters();
    const std::int64_t columns = kernels::find_cell(GetParam())->info.gates * 8;
    EXPECT_EQ(store.infos()[static_cast<std::size_t>(store.find("layer.recurrent_kernel"))].shape,
              (Shape{8 / blocks, columns}));
  }
}

TEST_P(BlockDiagonal, BeginsEachBlockAsALayerOfItsSize) {
  const auto weights = [&](std::int64_t units, std::int64_t blocks) {
    const Network network = network_of_cell(GetParam(), {.units = units, .recurrent_blocks = blocks});
    return network.parameters().get(network.parameters().find("layer.recurrent_kernel"));
  };
  const std::int64_t gates = kernels::find_cell(GetParam())->info.gates;
  const Tensor all = weights(12, 3), small = weights(4, 1);
  const auto of_block = [&](std::int64_t block) {
    std::vector<double> out;
    for (std::int64_t k = 0; k < 4; ++k) {
      for (std::int64_t g = 0; g < gates; ++g) {
        for (std::int64_t u = 0; u < 4; ++u) out.push_back(all.at((k * gates + g) * 12 + block * 4 + u));
      }
    }
    return out;
  };
  EXPECT_EQ(of_block(0), numbers(small)) << "drawn with the same name and seed";
  EXPECT_NE(of_block(1), of_block(0));
  EXPECT_NE(of_block(2), of_block(1));
  for (std::int64_t block = 0; block < 3; ++block) {
    const std::vector<double> w = of_block(block);
    const std::size_t columns = w.size() / 4;
    for (std::size_t a = 0; a < 4; ++a) {
      for (std::size_t b = 0; b < 4; ++b) {
        double dot = 0;
        for (std::size_t c = 0; c < columns; ++c) dot += w[a * columns + c] * w[b * columns + c];
        EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-6) << "orthogonal rows in block " << block;
      }
    }
  }
}

TEST(BlockDiagonalLayer, SaysWhichBlocksThereCanBe) {
  expect_usage_error({"'lstm'", "'recurrent_blocks' must divide 'units'", "3 blocks of 8 units"},
                     [] { lstm({.units = 8, .recurrent_blocks = 3}); });
  expect_usage_error({"0 blocks of 8 units"}, [] { gru({.units = 8, .recurrent_blocks = 0}); });
  expect_usage_error({"16 blocks of 8 units"}, [] { gru({.units = 8, .recurrent_blocks = 16}); });
  expect_usage_error({"recurrent_blocks = 2", "proj_size = 4"},
                     [] { lstm({.units = 8, .recurrent_blocks = 2, .proj_size = 4}); });
  expect_usage_error({"'indrnn'", "'recurrent_blocks'"},
                     [] { recurrent("indrnn", {.units = 8, .recurrent_blocks = 2}); });
}

TEST(BlockDiagonalLayer, IsASpecOfItsOwnWithWeightsThatFitNoDenseOne) {
  Network network = network_of_cell("gru", {.units = 6, .recurrent_blocks = 3});
  Network again = Network::from_spec(network.spec());
  again.build(99);
  for (const ParameterInfo& info : network.parameters().infos())
    again.parameters().set(again.parameters().find(info.name),
                           network.parameters().get(network.parameters().find(info.name)));
  const std::vector<Samples> inputs = inputs_of(network, {4, 6});
  EXPECT_EQ(train_step(again, inputs), train_step(network, inputs));
  Network dense = network_of_cell("gru", {.units = 6});
  const int index = network.parameters().find("layer.recurrent_kernel");
  expect_usage_error({"layer.recurrent_kernel"},
                     [&] { dense.parameters().set(index, network.parameters().get(index)); });
  EXPECT_NE(network.summary("blocks").find(std::to_string(3 * 18 + 2 * 18 + 2 * 18)), std::string::npos)
      << network.summary("blocks");
}

TEST(BlockDiagonalLayer, UnitsSeeNothingOfOtherBlocks) {
  Network network = network_of_cell("lstm", {.units = 6, .recurrent_blocks = 2});
  std::vector<Samples> inputs = inputs_of(network, {5});
  const Tensor before = run(network, inputs)[0].values();
  Tensor h = inputs[1].values();
  h.set(1, h.at(1) + 1);  // in the first block
  inputs[1] = Samples(h);
  const Tensor after = run(network, inputs)[0].values();
  for (std::int64_t t = 0; t < 5; ++t) {
    for (std::int64_t u = 0; u < 6; ++u) {
      if (u < 3)
        EXPECT_NE(after.at(t * 6 + u), before.at(t * 6 + u));
      else
        EXPECT_EQ(after.at(t * 6 + u), before.at(t * 6 + u));
    }
  }
}

}  // namespace
}  // namespace rondo
