#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iostream>
#include <iterator>
#include <optional>

#include "conformance/every_cell.h"
#include "conformance/grid.h"
#include "rondo/kernels/instruction_set.h"
#include "rondo/model/testing.h"
#include "support/instrumented.h"
#include "support/thorough.h"

// The contract of bit invariance: a sequence's outputs and its own gradient contribution have the same bits
// alone, in any batch, with any padding, at any place, on any number of threads. Kernels choose their path by
// units, inputs, rows and instruction set, so the sizes here lie on both sides of every vector, tile and lane
// boundary. A run tries combinations that a seed chooses; RONDO_TEST_SEED chooses others, RONDO_TEST_FULL=1
// tries every one.

namespace rondo {
namespace {

using testing::InvarianceCase;
using testing::Padding;
using testing::Subject;

const std::vector<std::int64_t> kUnits = {1, 3, 7, 16, 17, 50, 64, 130, 257};
const std::vector<std::int64_t> kInputs = {1, 5, 33};
const std::vector<std::int64_t> kBatches = {1, 2, 11, 12, 15, 16, 17, 32, 33, 48, 70};
const std::vector<std::int64_t> kLongest = {1, 2, 6, 13, 24};
const std::vector<Padding> kPaddings = {Padding::right, Padding::left, Padding::scattered};
const std::vector<int> kThreads = {1, 2, 3};

enum class Lengths { equal, ragged, with_empty, one_long, almost_equal };
const std::vector<Lengths> kLengths = {Lengths::equal, Lengths::ragged, Lengths::with_empty,
                                       Lengths::one_long, Lengths::almost_equal};

std::vector<std::int64_t> make_lengths(Lengths kind, std::int64_t batch, std::int64_t longest,
                                       std::uint64_t seed) {
  const RandomStream random(seed, purpose_key("lengths"));
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(batch), longest);
  for (std::size_t b = 0; b < lengths.size(); ++b) {
    const auto draw = [&](std::int64_t n) {
      return static_cast<std::int64_t>(random.below(b, static_cast<std::uint64_t>(n)));
    };
    switch (kind) {
      case Lengths::equal: break;
      case Lengths::ragged: lengths[b] = 1 + draw(longest); break;
      case Lengths::with_empty: lengths[b] = draw(4) == 0 ? 0 : draw(longest + 1); break;
      case Lengths::one_long: lengths[b] = 1; break;
      case Lengths::almost_equal: lengths[b] = std::max<std::int64_t>(0, longest - draw(2)); break;
    }
  }
  if (kind == Lengths::one_long)
    lengths[static_cast<std::size_t>(random.below(9999, static_cast<std::uint64_t>(batch)))] = longest;
  return lengths;
}

/// A batch, and the instruction set to run it on.
struct Try {
  InvarianceCase batch;
  std::string set;
  std::uint64_t seed = 0;

  std::string describe() const {
    std::string text = set + ", lengths";
    for (const std::int64_t length : batch.lengths) text += " " + std::to_string(length);
    return text;
  }
};

/// Sequential arithmetic is slow and long: fewer steps where a pass would take more than some milliseconds.
std::int64_t affordable_steps(std::int64_t wanted, std::int64_t multiply_adds_per_step,
                              const std::string& set) {
  const bool wide = set == instruction_sets().front() || set == "AVX2";
  const std::int64_t budget = (wide ? 30'000'000 : 4'000'000) / (kInstrumented ? 20 : 1);
  return std::min(wanted,
                  std::max<std::int64_t>(2, budget / std::max<std::int64_t>(1, multiply_adds_per_step)));
}

Try make_try(Grid& grid, std::int64_t index, std::int64_t batch, std::int64_t multiply_adds_per_row) {
  Try out;
  out.seed = test_seed() * 1'000'003 + static_cast<std::uint64_t>(index);
  out.set = grid.pick(instruction_sets(), index);
  const std::int64_t longest =
      affordable_steps(grid.pick(kLongest, index), batch * multiply_adds_per_row, out.set);
  out.batch.lengths = make_lengths(grid.pick(kLengths, index), batch, longest, out.seed);
  out.batch.padding = grid.pick(kPaddings, index);
  out.batch.threads = grid.pick(kThreads, index);
  return out;
}

class BitInvariance : public ::testing::TestWithParam<std::string> {
 protected:
  BitInvariance() { std::cout << "RONDO_TEST_SEED=" << test_seed() << '\n'; }
  ~BitInvariance() override { testing::use_instruction_set(""); }
};

// -- every cell
// --------------------------------------------------------------------------------------------------------

/// Ways to use a cell that take different paths through the layer and its formulas.
struct Use {
  const char* name;
  /// proj_size: at most, for there must be fewer than units. recurrent_blocks: at most, for they divide them.
  RecurrentOptions options;
  bool initial_states = false;
  bool both_directions = false;
};
const std::vector<Use> kUses = {
    {"sequences and states", {.return_sequences = true, .return_state = true}, true},
    {"last step", {}},
    {"last step from given states", {.return_state = true}, true},
    {"sequences", {.return_sequences = true}},
    {"backwards", {.return_sequences = true, .return_state = true, .go_backwards = true}, true},
    {"without bias", {.use_bias = false, .return_sequences = true}},
    {"other activations",
     {.activation = "softsign", .recurrent_activation = "hard_sigmoid", .return_sequences = true}},
    {"both directions", {.return_sequences = true}, false, true},
    {"zoneout", {.zoneout = 0.2, .return_sequences = true, .return_state = true}, true},
    {"clip", {.clip = 0.5, .return_sequences = true}},
    {"normalised", {.layer_norm = true, .return_sequences = true, .return_state = true}, true},
    {"normalised, last step", {.layer_norm = true}},
    {"projected", {.proj_size = 20, .return_sequences = true, .return_state = true}, true},
    {"projected, last step", {.proj_size = 20}},
    {"projected and normalised", {.proj_size = 20, .layer_norm = true, .return_sequences = true}},
    {"in blocks", {.recurrent_blocks = 8, .return_sequences = true, .return_state = true}, true},
    {"in two blocks, last step", {.recurrent_blocks = 2}},
    {"in blocks, both directions", {.recurrent_blocks = 5, .return_sequences = true}, false, true},
    {"in blocks, zoneout and clip",
     {.recurrent_blocks = 8, .clip = 0.5, .zoneout = 0.2, .return_sequences = true, .go_backwards = true}},
    {"in blocks, normalised",
     {.recurrent_blocks = 4, .layer_norm = true, .return_sequences = true, .return_state = true},
     true},
};

std::vector<Use> uses_of(const std::string& cell) {
  std::vector<Use> uses;
  std::ranges::copy_if(kUses, std::back_inserter(uses),
                       [&](const Use& use) { return allows(cell, use.options); });
  return uses;
}

Subject subject_of_use(const std::string& cell, const Use& use, std::int64_t units, std::int64_t inputs) {
  RecurrentOptions options = use.options;
  options.units = units;
  options.proj_size = std::min(options.proj_size, units - 1);
  while (units % options.recurrent_blocks != 0) --options.recurrent_blocks;
  Subject subject;
  subject.name = cell + " " + std::to_string(inputs) + " -> " + std::to_string(units) + ", " + use.name;
  subject.make = [cell, options, twice = use.both_directions] {
    const LayerPtr one = make_cell(cell, options);
    return twice ? bidirectional(one) : one;
  };
  subject.inputs = {{true, -1, {inputs}}};
  if (use.initial_states) {
    for (int j = 0; j < state_count(cell); ++j) {
      const bool projected = j == 0 && options.proj_size > 0;
      subject.inputs.push_back(ValueShape{false, -1, {projected ? options.proj_size : units}});
    }
  }
  // Not so large that every gate is shut: then nothing would depend on the sums.
  subject.magnitude = std::min(1.0, std::sqrt(8.0 / static_cast<double>(units + inputs)));
  return subject;
}

std::string check_cell(const std::string& cell, Grid& grid, std::int64_t index, std::int64_t units,
                       std::int64_t inputs, std::int64_t batch) {
  const std::int64_t gates = kernels::find_cell(cell)->info.gates;
  const Try attempt = make_try(grid, index, batch, gates * units * (units + inputs));
  const std::vector<Use> uses = uses_of(cell);
  const Subject subject = subject_of_use(cell, grid.pick(uses, index), units, inputs);
  grid.next();
  testing::use_instruction_set(attempt.set);
  const std::string report = testing::check_invariance(subject, attempt.batch, DType::float32, attempt.seed);
  return report.empty() ? report : report + attempt.describe() + "\n";
}

using CellInvariance = BitInvariance;

TEST_P(CellInvariance, GivesASequenceTheSameBitsAloneAndInAnyBatch) {
  Grid grid(test_seed(), GetParam());
  std::int64_t index = 0;
  if (test_everything()) {
    for (const std::int64_t units : kUnits) {
      for (const std::int64_t inputs : kInputs) {
        for (const std::int64_t batch : kBatches) {
          for (std::size_t i = 0; i < kLengths.size() * uses_of(GetParam()).size(); ++i)
            ASSERT_EQ(check_cell(GetParam(), grid, index++, units, inputs, batch), "");
        }
      }
    }
    return;
  }
  Grid sizes(test_seed(), GetParam() + " sizes");
  const int tries = kInstrumented ? 6 : 36;
  for (; index < tries; ++index) {
    const std::int64_t units = sizes.pick(kUnits, index), inputs = sizes.pick(kInputs, index),
                       batch = sizes.pick(kBatches, index);
    sizes.next();
    ASSERT_EQ(check_cell(GetParam(), grid, index, units, inputs, batch), "");
  }
}

TEST_P(CellInvariance, GivesThemInDoubleToo) {
  InvarianceCase batch;
  batch.lengths = {3, 0, 7, 7, 1, 5, 2, 7, 4, 6, 1, 1, 7, 3, 2, 5, 6};
  for (const Padding padding : kPaddings) {
    batch.padding = padding;
    EXPECT_EQ(testing::check_invariance(subject_of_use(GetParam(), kUses[0], 5, 3), batch, DType::float64),
              "");
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, CellInvariance, ::testing::ValuesIn(cell_names()),
                         [](const auto& param) { return param.param; });

// -- heads and whole networks
// ------------------------------------------------------------------------------------------

/// A model as people build them around cells.
struct Model {
  const char* name;
  std::int64_t ids;  ///< not zero: the input is ids below it
  void (*build)(Network& network, std::int64_t units, std::int64_t inputs);
};

int sequence_input(Network& network, std::int64_t inputs) {
  return network.add_input("x", {true, -1, {inputs}});
}
int layer(Network& network, LayerPtr layer, std::vector<int> inputs) {
  return network.add(std::move(layer), std::move(inputs))[0];
}

const std::vector<Model> kModels = {
    {"regression", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       const int h = layer(n, lstm({.units = units}), {sequence_input(n, inputs)});
       n.set_outputs({layer(n, dense({.units = 1}), {h})});
     }},
    {"tagger", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       const int h = layer(n, gru({.units = units, .return_sequences = true}), {sequence_input(n, inputs)});
       n.set_outputs({layer(n, dense({.units = 19, .activation = "softmax"}), {h})});
     }},
    {"stack", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       int h = layer(n, simple_rnn({.units = units, .return_sequences = true}), {sequence_input(n, inputs)});
       h = layer(n, lstm({.units = 9, .return_sequences = true}), {h});
       h = layer(n, gru({.units = units}), {h});
       n.set_outputs({layer(n, dense({.units = 5, .activation = "tanh"}), {h})});
     }},
    {"normalised stack", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       int h = layer(n, gru({.units = units, .return_sequences = true}), {sequence_input(n, inputs)});
       h = layer(n, layer_normalization(), {h});
       h = layer(n, batch_normalization(), {h});
       h = layer(n, lstm({.units = units, .return_sequences = true}), {h});
       h = layer(n, layer_normalization(), {h});
       n.set_outputs({layer(n, dense({.units = 70, .activation = "gelu"}), {h})});
     }},
    {"both directions, pooled", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       const int h = layer(n, bidirectional(lstm({.units = units, .return_sequences = true})),
                           {sequence_input(n, inputs)});
       const int mean = layer(n, time_pooling({.mode = "mean"}), {h}),
                 max = layer(n, time_pooling({.mode = "max"}), {h}),
                 last = layer(n, time_pooling({.mode = "last"}), {h});
       n.set_outputs({layer(n, dense({.units = 3}), {layer(n, concatenate(), {mean, max, last})})});
     }},
    {"encoder and decoder", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       int h = layer(n, gru({.units = units}), {sequence_input(n, inputs)});
       h = layer(n, repeat_vector({.n = 4}), {h});
       h = layer(n, simple_rnn({.units = units, .return_sequences = true}), {h});
       n.set_outputs({layer(n, time_distributed(dense({.units = 7})), {h})});
     }},
    {"residual", 0,
     [](Network& n, std::int64_t units, std::int64_t inputs) {
       const int x = sequence_input(n, inputs);
       const int h = layer(n, lstm({.units = units, .return_sequences = true}), {x});
       const int g =
           layer(n, gru({.units = units, .return_sequences = true, .zero_output_for_mask = true}), {h});
       const int sum = layer(n, add(), {h, g});
       n.set_outputs({layer(n, activation({.activation = "log_softmax"}), {sum}), g});
     }},
    {"language model", 23,
     [](Network& n, std::int64_t units, std::int64_t) {
       int h = layer(n, embedding({.input_dim = 23, .output_dim = 12}), {n.add_input("ids", {true, -1, {}})});
       h = layer(n, lstm({.units = units, .return_sequences = true}), {h});
       h = layer(n, dropout({.rate = 0.5}), {h});
       n.set_outputs({layer(n, dense({.units = 23, .activation = "log_softmax"}), {h})});
     }},
    {"classifier of padded ids", 23,
     [](Network& n, std::int64_t units, std::int64_t) {
       int h = layer(n, embedding({.input_dim = 23, .output_dim = 12, .mask_zero = true}),
                     {n.add_input("ids", {true, -1, {}})});
       h = layer(n, bidirectional(gru({.units = units}), {.merge_mode = "sum"}), {h});
       n.set_outputs({layer(n, dense({.units = 4, .activation = "softmax"}), {h})});
     }},
};

Network make_model(const Model& model, std::int64_t units, std::int64_t inputs, std::uint64_t seed) {
  Network network(DType::float32);
  model.build(network, units, inputs);
  network.build(seed);
  const RandomStream noise(seed, purpose_key("noise"));
  const auto values = network.parameters().values();
  for (std::int64_t i = 0; i < values.size(); ++i) {
    if (values.at(i) == 0) values.set(i, 0.3 * noise.normal(static_cast<std::uint64_t>(i)));  // biases too
  }
  return network;
}

using ModelInvariance = BitInvariance;

TEST_P(ModelInvariance, GivesASequenceTheSameBitsAloneAndInAnyBatch) {
  const auto model = std::ranges::find_if(kModels, [&](const Model& m) { return m.name == GetParam(); });
  Grid grid(test_seed(), GetParam());
  const std::int64_t tries = test_everything() ? 2000 : kInstrumented ? 3 : 14;
  for (std::int64_t index = 0; index < tries; ++index) {
    const std::int64_t units = grid.pick(kUnits, index), inputs = grid.pick(kInputs, index),
                       batch = grid.pick(kBatches, index);
    Try attempt = make_try(grid, index, batch, 10 * units * (units + inputs));
    grid.next();
    attempt.batch.integer_limit = model->ids;
    testing::use_instruction_set(attempt.set);
    Network network = make_model(*model, units, inputs, attempt.seed);
    ASSERT_EQ(testing::check_invariance(network, attempt.batch, attempt.seed), "")
        << units << " units, " << attempt.describe();
  }
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Model& model : kModels) names.emplace_back(model.name);
  return names;
}
std::string identifier(std::string name) {
  std::erase_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return name;
}
INSTANTIATE_TEST_SUITE_P(Models, ModelInvariance, ::testing::ValuesIn(model_names()),
                         [](const auto& param) { return identifier(param.param); });

}  // namespace
}  // namespace rondo
