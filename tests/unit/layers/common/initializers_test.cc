#include "rondo/layers/initializers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rondo/train/model.h"
#include "support/scratch_folder.h"
#include "unit/layers/run_network.h"

namespace rondo {
namespace {

Tensor initialized(const Initializer& initializer, Shape shape) {
  Tensor t(std::move(shape));
  initialize_array(initializer, t.shape(), as_matrix(t), RandomStream(5, 6), "test");
  return t;
}

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};
Moments moments(const Tensor& t) {
  Moments m;
  const auto n = static_cast<double>(t.size());
  for (const double v : numbers(t)) m.mean += v / n, m.largest = std::max(m.largest, std::abs(v));
  for (const double v : numbers(t)) m.deviation += (v - m.mean) * (v - m.mean) / n;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

TEST(Initializers, HaveKerasStatistics) {
  constexpr std::int64_t kIn = 200, kOut = 300;
  const struct {
    const char* name;
    double deviation, limit;
  } expected[] = {{"glorot_uniform", std::sqrt(2.0 / 500), std::sqrt(6.0 / 500)},
                  {"he_uniform", std::sqrt(2.0 / 200), std::sqrt(6.0 / 200)},
                  {"lecun_uniform", std::sqrt(1.0 / 200), std::sqrt(3.0 / 200)},
                  {"glorot_normal", std::sqrt(2.0 / 500), 2 * std::sqrt(2.0 / 500) / 0.8796},
                  {"he_normal", std::sqrt(2.0 / 200), 2 * std::sqrt(2.0 / 200) / 0.8796},
                  {"lecun_normal", std::sqrt(1.0 / 200), 2 * std::sqrt(1.0 / 200) / 0.8796},
                  {"truncated_normal", 0.05 * 0.8796, 0.1},
                  {"normal", 0.05, 0.05 * 6},
                  {"uniform", 0.1 / std::sqrt(12.0), 0.05}};
  for (const auto& e : expected) {
    const Moments m = moments(initialized(e.name, {kIn, kOut}));
    EXPECT_NEAR(m.mean, 0, 5 * e.deviation / std::sqrt(kIn * kOut)) << e.name;
    EXPECT_NEAR(m.deviation, e.deviation, 0.015 * e.deviation) << e.name;
    EXPECT_LE(m.largest, e.limit * 1.0001) << e.name;
    EXPECT_GE(m.largest, (std::string(e.name) == "normal" ? 0.5 : 0.98) * e.limit) << e.name;
  }
}

TEST(Initializers, MakeOrthonormalRowsOrColumns) {
  for (const Shape& shape : {Shape{40, 40}, Shape{20, 80}, Shape{80, 20}}) {
    const Tensor q = initialized("orthogonal", shape);
    const bool wide = shape[0] <= shape[1];
    const std::int64_t n = wide ? shape[0] : shape[1], m = wide ? shape[1] : shape[0];
    const auto element = [&](std::int64_t vector, std::int64_t i) {
      return wide ? q.at(vector * shape[1] + i) : q.at(i * shape[1] + vector);
    };
    for (std::int64_t a = 0; a < n; ++a) {
      for (std::int64_t b = 0; b <= a; ++b) {
        double dot = 0;
        for (std::int64_t i = 0; i < m; ++i) dot += element(a, i) * element(b, i);
        ASSERT_NEAR(dot, a == b ? 1 : 0, 1e-6);
      }
    }
  }
}

TEST(Initializers, MakeConstantsAndTheIdentity) {
  EXPECT_EQ(numbers(initialized("zeros", {2, 2})), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(numbers(initialized("ones", {3})), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(numbers(initialized("identity", {2, 3})), (std::vector<double>{1, 0, 0, 0, 1, 0}));
}

TEST(Initializers, AreRefusedByNameWithTheNearest) {
  expect_usage_error({"glorot_unifrm", "glorot_uniform"}, [] { initialized("glorot_unifrm", {2}); });
}

TEST(Initializers, OfAVectorHaveItsSizeAsBothFans) {
  // Keras's compute_fans: a bias of 300 has 300 inputs and 300 outputs.
  EXPECT_NEAR(moments(initialized("glorot_uniform", {30'000})).largest, std::sqrt(6.0 / 60'000), 1e-5);
  EXPECT_NEAR(moments(initialized("glorot_uniform", {1, 30'000})).largest, std::sqrt(6.0 / 30'001), 1e-5);
}

TEST(Initializers, TakeTheParametersOfKeras) {
  constexpr std::int64_t kIn = 200, kOut = 300;
  const struct {
    Initializer initializer;
    double mean, deviation, limit;  // limit: largest |weight|
  } expected[] = {
      {initializers::random_normal(2, 0.5), 2, 0.5, 5},
      {initializers::truncated_normal(-1, 0.5), -1, 0.5 * 0.8796, 2},
      {initializers::random_uniform(1, 4), 2.5, 3 / std::sqrt(12.0), 4},
      {initializers::variance_scaling(3, "fan_in", "uniform"), 0, std::sqrt(3.0 / kIn), 3 / std::sqrt(kIn)},
      {initializers::variance_scaling(3, "fan_out"), 0, std::sqrt(3.0 / kOut),
       2 * std::sqrt(3.0 / kOut) / 0.8796},
      {initializers::variance_scaling(2, "fan_avg", "untruncated_normal"), 0, std::sqrt(2.0 / 250), 1}};
  for (const auto& e : expected) {
    const std::string name = to_json(OptionCodec<Initializer>::write(e.initializer));
    const Moments m = moments(initialized(e.initializer, {kIn, kOut}));
    EXPECT_NEAR(m.mean, e.mean, 5 * e.deviation / std::sqrt(kIn * kOut)) << name;
    EXPECT_NEAR(m.deviation, e.deviation, 0.015 * e.deviation) << name;
    EXPECT_LE(m.largest, e.limit * 1.0001) << name;
  }
  EXPECT_EQ(numbers(initialized(initializers::constant(0.25), {3})), (std::vector<double>{0.25, 0.25, 0.25}));
  EXPECT_EQ(numbers(initialized(initializers::identity(3), {2, 3})), (std::vector<double>{3, 0, 0, 0, 3, 0}));
  const Tensor one = initialized("orthogonal", {4, 6}),
               two = initialized(initializers::orthogonal(2), {4, 6});
  for (std::int64_t i = 0; i < one.size(); ++i)
    EXPECT_FLOAT_EQ(static_cast<float>(two.at(i)), static_cast<float>(2 * one.at(i)));
}

TEST(Initializers, ByNameAreThoseWithTheDefaultParameters) {
  const std::pair<const char*, Initializer> pairs[] = {
      {"random_normal", initializers::random_normal()},
      {"normal", initializers::random_normal()},
      {"uniform", initializers::random_uniform()},
      {"truncated_normal", initializers::truncated_normal()},
      {"zeros", initializers::constant(0)},
      {"glorot_uniform", initializers::variance_scaling(1, "fan_avg", "uniform")},
      {"he_normal", initializers::variance_scaling(2)},
      {"lecun_normal", initializers::variance_scaling()},
      {"identity", initializers::identity()},
      {"orthogonal", initializers::orthogonal()}};
  for (const auto& [name, typed] : pairs)
    EXPECT_EQ(numbers(initialized(name, {5, 7})), numbers(initialized(typed, {5, 7}))) << name;
}

TEST(Initializers, MayBeAFunctionInCode) {
  const auto table = [](std::int64_t row, std::int64_t column) {
    return 10.0 * static_cast<double>(row) + static_cast<double>(column);
  };
  EXPECT_EQ(numbers(initialized(initializers::function(table), {2, 3})),
            (std::vector<double>{0, 1, 2, 10, 11, 12}));
  Network network;
  network.set_outputs(network.add(
      embedding({.input_dim = 2, .output_dim = 3, .embeddings_initializer = initializers::function(table)}),
      {network.add_input("x", {true, -1, {}})}));
  network.build(1);
  EXPECT_EQ(numbers(network.parameters().get(0)), (std::vector<double>{0, 1, 2, 10, 11, 12}));
  expect_usage_error({"function", "embedding"}, [&] { Network::from_spec(network.spec()).build(1); });
}

TEST(Initializers, ThatWereAFunctionInCodeDoNotKeepAModelFromBeingLoaded) {
  const ScratchFolder folder;
  Sequential model(
      {false, -1, {3}},
      {dense({.units = 2, .kernel_initializer = initializers::function([](std::int64_t r, std::int64_t c) {
                            return static_cast<double>(r - c);
                          })})});
  model.build();
  model.save(folder / "model");
  const Samples x(normal({4, 3}, 1));
  EXPECT_EQ(numbers(Model::load(folder / "model").predict(x).values()), numbers(model.predict(x).values()));
  EXPECT_EQ(numbers(model.network().cast(DType::float64).parameters().get(0)),
            numbers(model.network().parameters().get(0)));
}

TEST(Initializers, GoThroughASpec) {
  const DenseOptions options{.units = 4,
                             .kernel_initializer = initializers::variance_scaling(0.5, "fan_out", "uniform"),
                             .bias_initializer = initializers::constant(0.5)};
  const LayerPtr layer = dense(options), again = make_layer(parse_json(to_json(layer_spec(*layer))));
  EXPECT_EQ(to_json(layer_spec(*again)), to_json(layer_spec(*layer)));
  EXPECT_EQ(layer->config().at("bias_initializer"), Json::object({{"name", "constant"}, {"value", 0.5}}));
  EXPECT_EQ(dense({.units = 1})->config().at("kernel_initializer"), Json("glorot_uniform"));
  EXPECT_EQ(numbers(network_of(again, {{false, -1, {3}}}).parameters().get(0)),
            numbers(network_of(layer, {{false, -1, {3}}}).parameters().get(0)));
}

TEST(Initializers, RefuseParametersOutOfRangeAndThoseOfOthers) {
  const auto refuse = [](const char* initializer, std::initializer_list<std::string> pieces) {
    expect_usage_error(pieces, [&] {
      make_layer(parse_json(std::string(R"({"type": "dense", "units": 2, "kernel_initializer": )") +
                            initializer + "}"));
    });
  };
  refuse(R"({"name": "constant", "valeu": 1})", {"valeu", "value"});
  refuse(R"({"name": "constant", "stddev": 1})", {"constant", "stddev"});
  refuse(R"({"name": "random_normal", "stddev": -1})", {"stddev >= 0"});
  refuse(R"({"name": "random_uniform", "minval": 1, "maxval": 0})", {"minval <= maxval"});
  refuse(R"({"name": "variance_scaling", "mode": "fan"})", {"fan_in"});
  refuse(R"({"name": "variance_scaling", "distribution": "normal"})", {"untruncated_normal"});
  refuse(R"({"name": "variance_scaling", "scale": 0})", {"scale > 0"});
  refuse(R"({"value": 1})", {"name"});
  expect_usage_error({"glorot_unifrm"}, [] { dense({.units = 1, .kernel_initializer = "glorot_unifrm"}); });
}

}  // namespace
}  // namespace rondo
