#include <gtest/gtest.h>

#include <cmath>

#include "conformance/every_cell.h"
#include "unit/layers/run_network.h"

// Which options a cell has is said by its table in src/cells.

namespace rondo {
namespace {

TEST(CellOptions, AnOptionThatACellDoesNotHaveIsRefusedByName) {
  expect_usage_error({"'gru'", "'peephole'", "true"}, [] { gru({.units = 2, .peephole = true}); });
  expect_usage_error({"'simple_rnn'", "'proj_size'"}, [] { simple_rnn({.units = 4, .proj_size = 2}); });
  expect_usage_error({"'lstm'", "'reset_after'"}, [] { lstm({.units = 2, .reset_after = false}); });
  expect_usage_error({"'indrnn'", "'layer_norm'"},
                     [] { recurrent("indrnn", {.units = 2, .layer_norm = true}); });
  expect_usage_error({"'diagonal_gru'", "'recurrent_dropout'"},
                     [] { recurrent("diagonal_gru", {.units = 2, .recurrent_dropout = 0.1}); });
  const Json spec = Json::object({{"type", "gru"}, {"units", 2}, {"coupled", true}});
  expect_usage_error({"coupled"}, [&] { make_layer(spec); });
}

TEST(CellOptions, ASpecHasThoseOfItsCellOnly) {
  const auto has = [](const LayerPtr& layer, const char* option) {
    return layer->config().find(option) != nullptr;
  };
  EXPECT_TRUE(has(lstm({.units = 2}), "peephole"));
  EXPECT_FALSE(has(lstm({.units = 2}), "reset_after"));
  EXPECT_TRUE(has(gru({.units = 2}), "reset_after"));
  EXPECT_FALSE(has(gru({.units = 2}), "zoneout_cell"));
  EXPECT_FALSE(has(simple_rnn({.units = 2}), "recurrent_activation"));
  EXPECT_TRUE(has(recurrent("diagonal_gru", {.units = 2}), "unit_forget_bias"));
  EXPECT_FALSE(has(recurrent("indrnn", {.units = 2}), "layer_norm"));
}

TEST(CellOptions, ChooseEachVariantOfATypeAndNoOther) {
  for (const std::string& cell : cell_names()) {
    RecurrentOptions options{.units = 2};
    const std::string type = apply_variant(cell, options);
    EXPECT_EQ(kernels::find_cell(type, to_config(options))->info.name, cell);
  }
  EXPECT_EQ(kernels::find_cell("peephole_lstm", to_config(RecurrentOptions{})), nullptr);
}

TEST(DiagonalCells, HaveOneRecurrentWeightAUnitAndGate) {
  Network network;
  network.set_outputs(
      network.add(recurrent("diagonal_gru", {.units = 50}), {network.add_input("x", {true, -1, {2}})}));
  network.build(1);
  const ParameterStore& store = network.parameters();
  EXPECT_EQ(store.find("diagonal_gru.recurrent_kernel"), -1);
  for (const char* name : {"diagonal_gru.update_diagonal", "diagonal_gru.candidate_diagonal"}) {
    const Tensor weights = store.get(store.find(name));
    ASSERT_EQ(weights.shape(), Shape{50});
    double sum = 0;
    for (const double w : numbers(weights)) {
      EXPECT_EQ(std::abs(w), 1) << "what is orthogonal on a diagonal";
      sum += w;
    }
    EXPECT_LT(std::abs(sum), 30) << "of both signs";
  }
  EXPECT_EQ(store.get(store.find("diagonal_gru.bias")).at(0), 1) << "the update gate's, by unit_forget_bias";
  EXPECT_EQ(store.get(store.find("diagonal_gru.bias")).at(50), 0);
}

}  // namespace
}  // namespace rondo
