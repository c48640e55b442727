#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "conformance/every_cell.h"
#include "rondo/base/random.h"
#include "rondo/model/network.h"
#include "support/instrumented.h"

// Gradients stay right where sums get long: over thousands of steps and thousands of rows.

namespace rondo {
namespace {

struct Gradients {
  Tensor parameters, inputs;
};

/// Cell → dense on every step: each of them has its part in the loss.
Network make_model(const std::string& cell) {
  Network network;
  const int x = network.add_input("x", {true, -1, {3}});
  const int h = network.add(make_cell(cell, {.units = 8, .return_sequences = true}), {x})[0];
  network.set_outputs(network.add(dense({.units = 2}), {h}));
  network.build(4);
  return network;
}

Samples normal_batch(const std::vector<std::int64_t>& lengths) {
  auto layout = Layout::from_lengths(lengths);
  Tensor values({layout->total(), 3});
  const RandomStream random(3);
  for (std::int64_t i = 0; i < values.size(); ++i)
    values.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return Samples::packed(std::move(layout), std::move(values));
}

Gradients gradients(Network& network, const Samples& batch) {
  const DType dtype = network.parameters().dtype();
  Tape tape(dtype);
  tape.reset();
  network.parameters().zero_gradients();
  const Var x = tape.input(batch, true);
  const std::vector<Var> y = network.run(tape, std::vector<Var>{x});
  Tensor up(tape.get(y[0]).values().shape(), dtype);
  for (std::int64_t i = 0; i < up.size(); ++i) up.set(i, 0.5 + 0.25 * static_cast<double>(i % 3));
  tape.backward(y, std::span<const Tensor>(&up, 1));
  return {network.parameters().gradients(), tape.gradient(x)};
}

/// The largest difference, relative to the largest value.
double distance(const Tensor& a, const Tensor& b) {
  double largest = 0, apart = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(b.at(i)));
    apart = std::max(apart, std::abs(a.at(i) - b.at(i)));
    if (!std::isfinite(a.at(i))) return std::numeric_limits<double>::infinity();
  }
  return apart / largest;
}

void expect_near_double(const std::string& cell, const std::vector<std::int64_t>& lengths, double tolerance) {
  Network narrow = make_model(cell), wide = narrow.cast(DType::float64);
  const Samples batch = normal_batch(lengths);
  const Gradients seen = gradients(narrow, batch), exact = gradients(wide, batch);
  EXPECT_LT(distance(seen.parameters, exact.parameters), tolerance);
  EXPECT_LT(distance(seen.inputs, exact.inputs), tolerance);
}

class EveryCellAtLength : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Cells, EveryCellAtLength, ::testing::ValuesIn(cell_names()),
                         [](const auto& param) { return param.param; });

TEST_P(EveryCellAtLength, HasTheGradientsOfDoubleOverTwoThousandSteps) {
  expect_near_double(GetParam(), {2000, 1999, 700, 1}, 2e-5);
}

TEST_P(EveryCellAtLength, HasTheGradientsOfDoubleOverThousandsOfRows) {
  std::vector<std::int64_t> lengths(kInstrumented ? 300 : 4000);
  for (std::size_t b = 0; b < lengths.size(); ++b) lengths[b] = static_cast<std::int64_t>(b * 7 % 6);
  expect_near_double(GetParam(), lengths, 2e-5);
}

TEST_P(EveryCellAtLength, TakesDenormalAndHugeInputs) {
  Network network = make_model(GetParam());
  for (const float value : {1e-42F, 1e-38F, 1e15F, -1e15F}) {
    Samples batch = normal_batch({9, 4});
    for (std::int64_t i = 0; i < batch.values().size(); i += 2) batch.values().set(i, value);
    const Gradients g = gradients(network, batch);
    for (std::int64_t i = 0; i < g.parameters.size(); ++i)
      ASSERT_TRUE(std::isfinite(g.parameters.at(i))) << value;
    for (std::int64_t i = 0; i < g.inputs.size(); ++i) ASSERT_TRUE(std::isfinite(g.inputs.at(i))) << value;
  }
}

TEST_P(EveryCellAtLength, ShowsInfinityOfOneSequenceInNoOther) {
  Network network = make_model(GetParam());
  const std::vector<std::int64_t> lengths = {5, 7, 3, 7, 2, 6, 7, 1, 4, 7, 7, 5, 3, 6, 7, 7, 2};
  const Samples clean = normal_batch(lengths);
  Samples spoilt = clean;
  const Layout& layout = *clean.layout();
  constexpr std::int64_t kSpoilt = 5;
  const std::int64_t place = layout.place()[kSpoilt];
  for (std::int64_t t = 0; t < lengths[kSpoilt]; ++t)
    spoilt.values().set((layout.offset(t) + place) * 3, std::numeric_limits<double>::infinity());
  const Tensor a = gradients(network, clean).inputs, b = gradients(network, spoilt).inputs;
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    for (std::int64_t r = 0; r < layout.rows(t); ++r) {
      if (r == place) continue;
      for (std::int64_t c = 0; c < 3; ++c)
        ASSERT_EQ(a.at((layout.offset(t) + r) * 3 + c), b.at((layout.offset(t) + r) * 3 + c))
            << t << " " << r;
    }
  }
}

}  // namespace
}  // namespace rondo
