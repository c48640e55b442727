#include <gtest/gtest.h>

#include "conformance/cell_subjects.h"

// Every cell passes the suite with every option that adds to its formulas, in training where the option acts
// there only.

namespace rondo {
namespace {

using testing::Subject;

struct Option {
  std::string name;
  RecurrentOptions options;
  bool training = false;
};

/// Four units at times hardly differ, and dividing by their deviation makes rounding errors of float large:
/// no fault of formulas, so a large epsilon here, and the default one where gradients in double are checked.
constexpr double kEpsilon = 0.1;

std::vector<Option> all_options() {
  return {
      {"dropout", {.dropout = 0.4}, true},
      {"dropout in inference", {.dropout = 0.4}},
      {"dropout backwards", {.dropout = 0.4, .go_backwards = true}, true},
      {"recurrent dropout", {.recurrent_dropout = 0.3}, true},
      {"both dropouts", {.dropout = 0.4, .recurrent_dropout = 0.3}, true},
      {"both dropouts backwards without bias",
       {.use_bias = false, .dropout = 0.4, .recurrent_dropout = 0.3, .go_backwards = true},
       true},
      {"zoneout", {.zoneout = 0.3}, true},
      {"zoneout in inference", {.zoneout = 0.3}},
      {"zoneout of the cell state", {.zoneout_cell = 0.4}, true},
      {"zoneout of both states in inference", {.zoneout = 0.3, .zoneout_cell = 0.4}},
      {"zoneout and dropouts backwards",
       {.dropout = 0.2, .recurrent_dropout = 0.3, .zoneout = 0.3, .go_backwards = true},
       true},
      {"projection", {.proj_size = 3}},
      {"projection without bias backwards", {.use_bias = false, .proj_size = 2, .go_backwards = true}},
      {"projection with dropouts and zoneout",
       {.proj_size = 3, .dropout = 0.2, .recurrent_dropout = 0.3, .zoneout = 0.3, .zoneout_cell = 0.2},
       true},
      {"projection with zoneout in inference", {.proj_size = 3, .zoneout = 0.3}},
      {"layer norm", {.layer_norm = true, .layer_norm_epsilon = kEpsilon}},
      {"layer norm backwards without bias",
       {.use_bias = false, .layer_norm = true, .layer_norm_epsilon = kEpsilon, .go_backwards = true}},
      {"layer norm with projection", {.proj_size = 3, .layer_norm = true, .layer_norm_epsilon = kEpsilon}},
      {"layer norm with dropouts and zoneout",
       {.layer_norm = true,
        .layer_norm_epsilon = kEpsilon,
        .dropout = 0.2,
        .recurrent_dropout = 0.3,
        .zoneout = 0.3},
       true},
      {"clip", {.clip = 0.7}},
      {"clip of other activations",
       {.activation = "softsign", .recurrent_activation = "hard_sigmoid", .clip = 0.7, .go_backwards = true}},
      {"blocks", {.recurrent_blocks = 2}},
      {"blocks of one unit backwards without bias",
       {.use_bias = false, .recurrent_blocks = 4, .go_backwards = true}},
      {"blocks with both dropouts and zoneout",
       {.recurrent_blocks = 2, .dropout = 0.4, .recurrent_dropout = 0.3, .zoneout = 0.3},
       true},
      {"blocks with layer norm", {.recurrent_blocks = 2, .layer_norm = true, .layer_norm_epsilon = kEpsilon}},
      {"everything in blocks",
       {.recurrent_blocks = 2,
        .clip = 1.2,
        .layer_norm = true,
        .layer_norm_epsilon = kEpsilon,
        .dropout = 0.2,
        .recurrent_dropout = 0.3,
        .zoneout = 0.3,
        .go_backwards = true},
       true},
      {"everything",
       {.proj_size = 2,
        .clip = 1.2,
        .layer_norm = true,
        .layer_norm_epsilon = kEpsilon,
        .dropout = 0.2,
        .recurrent_dropout = 0.3,
        .zoneout = 0.3,
        .zoneout_cell = 0.2},
       true},
  };
}

class EveryOption : public ::testing::TestWithParam<std::tuple<Option, std::string>> {
 protected:
  static Subject subject(bool with_states) {
    const auto& [option, cell] = GetParam();
    Subject s = cell_subject(cell, option.options, with_states);
    s.name += " with " + option.name;
    s.training = option.training;
    s.mixes_samples = option.training;  // random numbers belong to the place in the batch
    return s;
  }
};

TEST_P(EveryOption, PassesTheSuiteWithInitialStates) { EXPECT_EQ(testing::check_all(subject(true)), ""); }

TEST_P(EveryOption, PassesTheSuiteWithUnitsThatFillNoVector) {
  const auto& [option, cell] = GetParam();
  Subject s = subject(false);
  RecurrentOptions options = option.options;
  options.units = options.recurrent_blocks > 1 ? 20 : 19;  // a prime number has no blocks
  s.make = [cell = cell, options] { return make_cell(cell, options); };
  EXPECT_EQ(testing::check_all(s), "");
}

TEST_P(EveryOption, GivesTheSameOnEveryInstructionSet) {
  for (const std::string& set : testing::instruction_sets()) {
    testing::use_instruction_set(set);
    EXPECT_EQ(testing::check_float_against_double(subject(true)), "") << set;
  }
  testing::use_instruction_set("");
}

TEST(LayerNorm, HasExactGradientsWithTheDefaultEpsilon) {
  for (const std::string& cell : cell_names()) {
    if (!allows(cell, {.layer_norm = true})) continue;
    EXPECT_EQ(testing::check_gradients(cell_subject(cell, {.layer_norm = true})), "");
  }
}

std::vector<std::tuple<Option, std::string>> options_and_cells() {
  std::vector<std::tuple<Option, std::string>> all;
  for (const Option& option : all_options()) {
    for (const std::string& cell : cell_names()) {
      if (allows(cell, option.options)) all.emplace_back(option, cell);
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Options, EveryOption, ::testing::ValuesIn(options_and_cells()),
                         [](const auto& test) {
                           std::string name = std::get<0>(test.param).name + "_" + std::get<1>(test.param);
                           for (char& c : name) {
                             if (c == ' ') c = '_';
                           }
                           return name;
                         });

}  // namespace
}  // namespace rondo
