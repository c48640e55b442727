#include "rondo/layers/registration.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "layers/recurrent/register_cells.h"
#include "rondo/layers/layers.h"
#include "support/message_of.h"

namespace rondo {
namespace {

struct DoublerOptions {
  double factor = 2;
  std::string name = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("factor", self.factor, "what inputs are multiplied with");
  }
};

/// y = factor · x.
class Doubler final : public Layer {
 public:
  explicit Doubler(DoublerOptions options) : options_(std::move(options)) { set_name(options_.name); }
  std::string type() const override { return "doubler"; }
  Json config() const override { return to_config(options_); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override { return {inputs[0]}; }
  void forward(Call& call) const override {
    const View<const float> x = call.input(0).data.view<const float>();
    const View<float> y = call.make_output(0, call.input(0).layout, call.input(0).features).view<float>();
    for (std::int64_t i = 0; i < x.rows * x.cols; ++i)
      y.data[i] = static_cast<float>(options_.factor) * x.data[i];
  }
  void backward(Call&) const override {}

 private:
  DoublerOptions options_;
};
LayerPtr doubler(DoublerOptions options) { return std::make_shared<Doubler>(std::move(options)); }

TEST(RegisteredLayers, AreMadeOfSpecsLikeThoseOfRondo) {
  register_layer("doubler", doubler);
  const LayerPtr layer = make_layer(parse_json(R"({"type": "doubler", "name": "d", "factor": 0.5})"));
  EXPECT_EQ(to_json(layer_spec(*layer)), R"({"type":"doubler","name":"d","factor":0.5})");
  EXPECT_TRUE(std::ranges::count(layer_types(), "doubler") == 1);
  EXPECT_NE(
      usage_message_of([&] { make_layer(parse_json(R"({"type": "doubler", "factr": 3})")); }).find("factor"),
      std::string::npos);
  EXPECT_NE(usage_message_of([&] { register_layer("doubler", doubler); }).find("already"), std::string::npos);
  EXPECT_NE(usage_message_of([&] { register_layer("lstm", doubler); }).find("already"), std::string::npos);
  EXPECT_NE(usage_message_of([&] { register_layer("", doubler); }).find("name"), std::string::npos);
  EXPECT_NE(usage_message_of([&] { register_layer("nothing", LayerFactory()); }).find("nothing"),
            std::string::npos);
}

/// The kernels of another cell under a name of one's own.
std::vector<kernels::CellKernels> renamed(const char* name) {
  kernels::CellKernels cell = *kernels::find_cell("simple_rnn");
  cell.info.name = name;
  return {cell};
}

TEST(RegisteredCells, AreTypesOfLayers) {
  const std::vector<kernels::CellKernels> family = renamed("elman");
  const kernels::CellFormulas<double> reference = family[0].scalar;
  register_cells(family, {&reference, 1});
  register_cells(family, {&reference, 1});
  EXPECT_EQ(recurrent("elman", {.units = 3})->type(), "elman");
  EXPECT_EQ(make_layer(parse_json(R"({"type": "elman", "units": 3})"))->type(), "elman");
  EXPECT_EQ(std::ranges::count(layer_types(), "elman"), 1);
}

TEST(RegisteredCells, KeepTheNamesOfOthersFree) {
  const kernels::CellFormulas<double> reference{};
  EXPECT_NE(usage_message_of([&] {
              register_cells(renamed("lstm"), {&reference, 1});
            }).find("'lstm'"),
            std::string::npos);
  EXPECT_NE(usage_message_of([&] {
              register_cells(renamed("dense"), {&reference, 1});
            }).find("'dense'"),
            std::string::npos);
  EXPECT_EQ(kernels::find_cell("dense"), nullptr);
}

}  // namespace
}  // namespace rondo
