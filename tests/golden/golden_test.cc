#include <gtest/gtest.h>

#include <cctype>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "golden/case_checks.h"
#include "golden/golden_file.h"
#include "kernels/cells.h"
#include "rondo/layers/layers.h"

// Every case of every golden file, in float32 and in float64, against what Keras or PyTorch computed in
// float64.

namespace rondo::golden {
namespace {

using Check = void (*)(const GoldenCase&, DType, Comparison&);

Check check_of(const std::string& kind) {
  if (kind == "forward_backward") return check_forward_backward;
  if (kind == "model_loss") return check_model_loss;
  if (kind == "training") return check_training;
  if (kind == "loss") return check_loss;
  if (kind == "metric") return check_metric;
  if (kind == "schedule") return check_schedule;
  return nullptr;
}

Comparison compare_case(const GoldenCase& golden, DType dtype) {
  const Json* oracle_error = golden.meta().find("oracle_error");
  Comparison comparison(golden.name(), oracle_error == nullptr ? 0 : oracle_error->as_real());
  const Check check = check_of(golden.kind());
  if (check == nullptr) {
    comparison.report("case", "unknown kind '" + golden.kind() + "'");
    return comparison;
  }
  try {
    check(golden, dtype, comparison);
  } catch (const std::exception& error) {
    comparison.report("error", error.what());
  }
  if (comparison.numbers() == 0) comparison.report("case", "nothing was compared");
  return comparison;
}

class GoldenFile : public testing::TestWithParam<std::tuple<std::filesystem::path, DType>> {};

TEST_P(GoldenFile, agrees) {
  const auto& [path, dtype] = GetParam();
  std::size_t cases = 0, failed = 0;
  std::int64_t numbers = 0;
  for (const GoldenCase& golden : read_golden_file(path)) {
    const Comparison comparison = compare_case(golden, dtype);
    ++cases;
    numbers += comparison.numbers();
    if (comparison.passed()) continue;
    ++failed;
    ADD_FAILURE() << comparison.message();
  }
  EXPECT_GT(cases, 0u);
  std::cout << path.stem().string() << ", " << dtype_name(dtype) << ": " << cases << " cases compared, "
            << numbers << " numbers, " << failed << " cases differ" << std::endl;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenFile,
                         testing::Combine(testing::ValuesIn(golden_files()),
                                          testing::Values(DType::float32, DType::float64)),
                         [](const auto& test) {
                           return std::get<0>(test.param).stem().string() + "_" +
                                  dtype_name(std::get<1>(test.param));
                         });
// Without files the first test below fails and says so.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GoldenFile);

TEST(GoldenFiles, hold_at_least_200_cases) {
  std::size_t cases = 0;
  for (const auto& path : golden_files()) cases += read_golden_file(path).size();
  EXPECT_GE(cases, 200u) << "in " << golden_folder() << "; tests/golden/make_golden.py writes them";
}

/// Adds the cells of all layers that a spec describes, wrapped ones too.
void add_cells(const Json& spec, std::set<std::string>& cells) {
  if (spec.is_array()) {
    for (const Json& item : spec.as_array()) add_cells(item, cells);
  }
  if (!spec.is_object()) return;
  const Json* type = spec.find("type");
  if (type != nullptr && type->is_string()) {
    Json options = to_config(RecurrentOptions{});  // a spec may leave defaults out
    for (const auto& [key, value] : spec.as_object()) options.set(key, value);
    const kernels::CellKernels* cell = kernels::find_cell(type->as_string(), options);
    if (cell != nullptr) cells.insert(cell->info.name);
  }
  for (const auto& [key, value] : spec.as_object()) add_cells(value, cells);
}

TEST(GoldenFiles, have_cases_of_every_cell) {
  std::set<std::string> cells;
  for (const auto& path : golden_files()) {
    for (const GoldenCase& golden : read_golden_file(path)) {
      if (golden.kind() == "forward_backward") add_cells(golden.meta(), cells);
    }
  }
  for (const kernels::CellKernels* cell : kernels::all_cells())
    EXPECT_TRUE(cells.contains(cell->info.name)) << cell->info.name << ": add a topic to make_golden.py";
}

TEST(GoldenFiles, notice_a_weight_that_is_off_by_a_hundred_thousandth) {
  int tried = 0;
  for (const auto& path : golden_files()) {
    for (const GoldenCase& golden : read_golden_file(path)) {
      if (golden.kind() != "forward_backward" || golden.meta().at("weights").as_object().empty() ||
          tried == 20)
        continue;
      auto spoiled = std::make_shared<TensorFile>(read_tensor_file(path.string()));
      const std::string& weight = golden.meta().at("weights").as_object().front().second.as_string();
      for (auto& [name, tensor] : spoiled->tensors) {
        if (name != weight) continue;
        for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.set(i, tensor.at(i) + 1e-5);
      }
      EXPECT_FALSE(compare_case(GoldenCase(golden.name(), golden.meta(), spoiled), DType::float64).passed())
          << golden.name();
      ++tried;
    }
  }
  EXPECT_EQ(tried, 20);
}

}  // namespace
}  // namespace rondo::golden
