#include <gtest/gtest.h>

#include "conformance/cell_subjects.h"
#include "kernels/activation_kind.h"

// Every cell of src/cells passes the whole suite, with every activation and option that changes its formulas.

namespace rondo {
namespace {

using testing::Subject;

class EveryCell : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryCell, PassesTheSuiteWithInitialStates) {
  EXPECT_EQ(testing::check_all(cell_subject(GetParam(), {})), "");
}

TEST_P(EveryCell, PassesTheSuiteBackwards) {
  EXPECT_EQ(testing::check_all(cell_subject(GetParam(), {.go_backwards = true})), "");
}

TEST_P(EveryCell, PassesTheSuiteWithoutBias) {
  EXPECT_EQ(testing::check_all(cell_subject(GetParam(), {.use_bias = false}, false)), "");
}

TEST_P(EveryCell, GivesTheLastOutputOfEachSequence) {
  Subject subject = cell_subject(GetParam(), {}, false);
  subject.make = [type = GetParam()] { return make_cell(type, {.units = kUnits}); };
  EXPECT_EQ(testing::check_all(subject), "");
}

TEST_P(EveryCell, PassesTheSuiteWithUnitsThatFillNoVector) {
  Subject subject = cell_subject(GetParam(), {}, false);
  subject.make = [type = GetParam()] { return make_cell(type, {.units = 19, .return_sequences = true}); };
  EXPECT_EQ(testing::check_all(subject), "");
}

TEST_P(EveryCell, PassesOnEveryInstructionSet) {
  for (const std::string& set : testing::instruction_sets()) {
    testing::use_instruction_set(set);
    Subject subject = cell_subject(GetParam(), {}, true);
    EXPECT_EQ(testing::check_float_against_double(subject) + testing::check_alone_equals_batch(subject) +
                  testing::check_threads(subject) + testing::check_split_in_time(subject),
              "")
        << set;
    subject = cell_subject(GetParam(), {}, false);
    subject.make = [type = GetParam()] { return make_cell(type, {.units = 37, .return_sequences = true}); };
    EXPECT_EQ(testing::check_float_against_double(subject) + testing::check_alone_equals_batch(subject), "")
        << set;
  }
  testing::use_instruction_set("");
}

INSTANTIATE_TEST_SUITE_P(Cells, EveryCell, ::testing::ValuesIn(cell_names()),
                         [](const auto& param) { return param.param; });

class EveryActivation : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryActivation, WorksInEveryCell) {
  for (const std::string& cell : cell_names()) {
    const RecurrentOptions variants[] = {{.activation = GetParam(), .recurrent_activation = "hard_sigmoid"},
                                         {.activation = "tanh", .recurrent_activation = GetParam()}};
    for (const RecurrentOptions& options : variants) {
      Subject subject = cell_subject(cell, options, false);
      subject.magnitude = 0.4;  // linear gates multiply states without bound
      EXPECT_EQ(testing::check_all(subject), "");
    }
  }
}
std::vector<std::string> recurrent_activations() {
  std::vector<std::string> names;
  for (const kernels::ActivationInfo& info : kernels::activations()) {
    // As a gate, e^x overflows within a few steps; its formulas have their own tests in every cell
    // (KernelEqualsReference).
    if (info.recurrent && std::string(info.name) != "exponential") names.emplace_back(info.name);
  }
  return names;
}
INSTANTIATE_TEST_SUITE_P(Activations, EveryActivation, ::testing::ValuesIn(recurrent_activations()));

}  // namespace
}  // namespace rondo
