#include "unit/layers/run_network.h"

namespace rondo {
namespace {

TEST(Dot, SumsOverTheStepsThatASequenceHas) {
  const std::vector<std::int64_t> lengths = {3, 0, 2};
  const Tensor a = normal({3, 4, 2}, 1, DType::float64), b = normal({3, 4, 3}, 2, DType::float64);
  Network network = network_of(dot({.axes = {1}}), {{true, -1, {2}}, {true, -1, {3}}}, DType::float64);
  const Samples y = run(network, {Samples::padded(a, lengths), Samples::padded(b, lengths)})[0];
  const Tensor padded = y.to_padded();
  ASSERT_EQ(padded.shape(), (Shape{3, 2, 3}));
  for (std::int64_t s = 0; s < 3; ++s) {
    for (std::int64_t i = 0; i < 2; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        double sum = 0;
        for (std::int64_t t = 0; t < lengths[static_cast<std::size_t>(s)]; ++t)
          sum += a.at((s * 4 + t) * 2 + i) * b.at((s * 4 + t) * 3 + j);
        EXPECT_DOUBLE_EQ(padded.at((s * 2 + i) * 3 + j), sum);
      }
    }
  }
}

TEST(Dot, KeepsTheStepsOfTheFirstInputThatKeepsItsTime) {
  const std::vector<std::int64_t> lengths = {1, 3};
  Network network = network_of(dot({.axes = {3, 1}}), {{true, -1, {2, 3}}, {false, -1, {3}}});
  const Samples y =
      run(network, {Samples::padded(normal({2, 4, 2, 3}, 1), lengths), Samples(normal({2, 3}, 2))})[0];
  EXPECT_EQ(std::vector<std::int64_t>(y.layout()->lengths().begin(), y.layout()->lengths().end()), lengths);
  EXPECT_EQ(y.features(), (Shape{2}));
}

TEST(Dot, OfAVectorWithItselfIsOneWhenItIsNormalized) {
  Network network =
      network_of(dot({.normalize = true}), {{false, -1, {5}}, {false, -1, {5}}}, DType::float64);
  const Samples x(normal({4, 5}, 3, DType::float64));
  for (const double cosine : numbers(run(network, {x, x})[0].values())) EXPECT_NEAR(cosine, 1, 1e-15);
  const Samples zero(Tensor({1, 5}, DType::float64));
  EXPECT_EQ(numbers(run(network, {zero, zero})[0].values()), std::vector<double>{0});
}

TEST(Dot, ReadsOneAxisForBothInputsFromASpec) {
  const LayerPtr layer = make_layer(parse_json(R"({"type": "dot", "axes": 2})"));
  EXPECT_EQ(layer->config().at("axes"), Json::list(std::vector<std::int64_t>{2}));
}

TEST(Dot, RefusesAxesThatDoNotFit) {
  const ValueShape vector{false, -1, {3}}, other{false, -1, {4}}, open{true, -1, {3}};
  expect_usage_error({"axes", "1 or 2"}, [] { dot({.axes = {1, 1, 1}}); });
  expect_usage_error({"other sizes", "3 and 4"}, [&] { network_of(dot(), {vector, other}); });
  expect_usage_error({"axis 0", "batch"}, [&] { network_of(dot({.axes = {0}}), {vector, vector}); });
  expect_usage_error({"two inputs"}, [&] { network_of(dot(), {vector}); });
  expect_usage_error({"number of steps is not known"}, [&] { network_of(dot({.axes = {2}}), {open, open}); });
  Network network = network_of(dot({.axes = {1}}), {open, open});
  const std::vector<std::int64_t> one = {1, 2}, two = {2, 2};
  expect_usage_error({"other lengths or masks"}, [&] {
    run(network, {Samples::padded(normal({2, 3, 3}, 1), one), Samples::padded(normal({2, 3, 3}, 2), two)});
  });
}

}  // namespace
}  // namespace rondo
