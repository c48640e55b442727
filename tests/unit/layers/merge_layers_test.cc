#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "rondo/model/session.h"
#include "unit/layers/run_network.h"

// Merges of several inputs: what comes out element by element, of sequences with other masks, and in a
// stream.

namespace rondo {
namespace {

using Numbers = std::vector<double>;

struct MergeCase {
  const char* name;
  LayerPtr (*make)(MergeOptions);
  std::function<double(const Numbers&)> value;
};

const std::vector<MergeCase>& merge_cases() {
  const auto sum = [](const Numbers& x) { return std::accumulate(x.begin(), x.end(), 0.0); };
  static const std::vector<MergeCase> all = {
      {"add", &rondo::add, sum},
      {"subtract", &subtract, [](const Numbers& x) { return x[0] - x[1]; }},
      {"multiply", &multiply,
       [](const Numbers& x) { return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>()); }},
      {"average", &average, [sum](const Numbers& x) { return sum(x) / static_cast<double>(x.size()); }},
      {"maximum", &maximum, [](const Numbers& x) { return *std::ranges::max_element(x); }},
      {"minimum", &minimum, [](const Numbers& x) { return *std::ranges::min_element(x); }}};
  return all;
}

std::size_t inputs_of(const MergeCase& c) { return std::string(c.name) == "subtract" ? 2 : 3; }

using Mask = std::vector<std::uint8_t>;
constexpr std::int64_t kBatch = 4, kSteps = 5, kFeatures = 3;

/// A mask of any pattern; sequence 0 has no step, sequence 1 all of them.
Mask mask_of(std::uint64_t seed) {
  const RandomStream random(seed);
  Mask mask;
  for (std::uint64_t i = 0; i < kBatch * kSteps; ++i)
    mask.push_back(i < kSteps ? 0 : i < 2 * kSteps || random.uniform(i) < 0.6 ? 1 : 0);
  return mask;
}

TEST(Merges, OfSequencesWithOtherMasksHaveTheStepsThatAllHave) {
  for (const MergeCase& c : merge_cases()) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      std::vector<Samples> inputs;
      std::vector<Tensor> values;
      std::vector<Mask> masks;
      for (std::size_t i = 0; i < inputs_of(c); ++i) {
        values.push_back(normal({kBatch, kSteps, kFeatures}, 10 * seed + i, DType::float64));
        masks.push_back(mask_of(100 * seed + i));
        for (std::int64_t k = 0; k < values.back().size(); ++k) {
          if (masks.back()[static_cast<std::size_t>(k / kFeatures)] == 0)
            values.back().set(k, std::numeric_limits<double>::quiet_NaN());  // nobody may look
        }
        inputs.push_back(Samples::masked(values.back(), masks.back()));
      }
      const std::vector<ValueShape> shapes(inputs.size(), ValueShape{true, -1, {kFeatures}});
      Network network = network_of(c.make({}), shapes, DType::float64);
      const Samples y = run(network, inputs)[0];
      // By hand, on padded arrays.
      std::vector<std::int64_t> lengths(kBatch, 0);
      Tensor expected({kBatch, kSteps, kFeatures}, DType::float64);
      for (std::int64_t k = 0; k < expected.size(); ++k) {
        const auto place = static_cast<std::size_t>(k / kFeatures);
        Numbers x;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          if (masks[i][place] != 0) x.push_back(values[i].at(k));
        }
        if (x.size() != inputs.size()) continue;
        expected.set(k, c.value(x));
        if (k % kFeatures == 0) ++lengths[place / kSteps];
      }
      EXPECT_EQ(std::vector<std::int64_t>(y.layout()->lengths().begin(), y.layout()->lengths().end()),
                lengths)
          << c.name;
      EXPECT_EQ(numbers(y.to_padded()), numbers(expected)) << c.name;
    }
  }
}

TEST(Merges, OfSequencesWithOtherMasksSendGradientsToTheStepsThatAllHave) {
  const Mask left = {1, 1, 0, 1, 1}, right = {0, 1, 1, 1, 0};  // both: steps 1 and 3
  const Samples a = Samples::masked(normal({1, 5, 1}, 1), left),
                b = Samples::masked(normal({1, 5, 1}, 2), right);
  for (const bool joins : {false, true}) {
    Network network = network_of(joins ? concatenate() : rondo::add(), {{true, -1, {1}}, {true, -1, {1}}});
    Tape tape;
    tape.reset();
    const std::vector<Var> inputs = {tape.input(a, true), tape.input(b, true)};
    const std::vector<Var> out = network.run(tape, inputs);
    tape.backward(out, std::vector<Tensor>{Tensor::from(joins ? std::initializer_list<double>{5, 6, 7, 8}
                                                              : std::initializer_list<double>{5, 7},
                                                        {2, joins ? 2 : 1})});
    EXPECT_EQ(numbers(tape.gradient(inputs[0])), (Numbers{0, 5, 7, 0})) << joins;
    EXPECT_EQ(numbers(tape.gradient(inputs[1])), (joins ? Numbers{6, 0, 8} : Numbers{5, 0, 7})) << joins;
  }
}

TEST(Merges, OfSequencesWithOtherLengthsEndWithTheShorter) {
  const std::vector<std::int64_t> longer = {3, 1, 4}, shorter = {2, 2, 4};
  Network network = network_of(average(), {{true, -1, {2}}, {true, -1, {2}}});
  const Samples y = run(network, {Samples::padded(normal({3, 6, 2}, 1), longer),
                                  Samples::padded(normal({3, 4, 2}, 2), shorter)})[0];
  EXPECT_EQ(std::vector<std::int64_t>(y.layout()->lengths().begin(), y.layout()->lengths().end()),
            (std::vector<std::int64_t>{2, 1, 4}));
}

TEST(Merges, ByMaximumGiveTheGradientToTheFirstOfEquals) {
  for (const bool largest : {true, false}) {
    Network network = network_of(largest ? maximum() : minimum(), {{false, -1, {3}}, {false, -1, {3}}});
    Tape tape;
    tape.reset();
    const double sign = largest ? 1 : -1;
    const std::vector<Var> inputs = {tape.input(Samples(Tensor::from({1, sign * 2, 3}, {1, 3})), true),
                                     tape.input(Samples(Tensor::from({1, sign * 5, 3}, {1, 3})), true)};
    const std::vector<Var> out = network.run(tape, inputs);
    tape.backward(out, std::vector<Tensor>{Tensor::from({7, 8, 9}, {1, 3})});
    EXPECT_EQ(numbers(tape.gradient(inputs[0])), (Numbers{7, 0, 9}));
    EXPECT_EQ(numbers(tape.gradient(inputs[1])), (Numbers{0, 8, 0}));
  }
}

TEST(Merges, ByMaximumDoNotHideWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const bool first : {true, false}) {
    Network network = network_of(maximum(), {{false, -1, {1}}, {false, -1, {1}}});
    const Samples broken(Tensor::full({1, 1}, nan)), whole(Tensor::full({1, 1}, 5));
    EXPECT_FALSE(all_finite(run(network, {first ? broken : whole, first ? whole : broken})[0].values()));
  }
}

TEST(Merges, InAStreamHaveTheBitsOfTheWholePass) {
  for (const MergeCase& c : merge_cases()) {
    Network network;
    const int x = network.add_input("x", {true, -1, {kFeatures}});
    std::vector<int> branches;
    for (std::size_t i = 0; i < inputs_of(c); ++i)
      branches.push_back(network.add(dense({.units = 5}), {x})[0]);
    network.set_outputs(network.add(c.make({}), branches));
    network.build(4);
    const Tensor values = normal({1, kSteps, kFeatures}, 5);
    const Tensor whole = run(network, {Samples(values)})[0].values();
    Session session(network);
    std::vector<float> y(5);
    for (std::int64_t t = 0; t < kSteps; ++t) {
      session.step(values.data<float>().subspan(static_cast<std::size_t>(t * kFeatures), kFeatures), y);
      for (std::int64_t k = 0; k < 5; ++k)
        EXPECT_EQ(y[static_cast<std::size_t>(k)], whole.at(5 * t + k)) << c.name;
    }
  }
}

TEST(Merges, RefuseInputsThatDoNotFit) {
  expect_usage_error({"subtract", "3", "2"}, [] {
    network_of(subtract(), {{false, -1, {1}}, {false, -1, {1}}, {false, -1, {1}}});
  });
  expect_usage_error({"(None, 2)", "(None, 3)"}, [] {
    network_of(average(), {{false, -1, {2}}, {false, -1, {3}}});
  });
  Network network = network_of(maximum(), {{true, -1, {1}}, {true, -1, {1}}});
  expect_usage_error({"samples"}, [&] {
    run(network, {Samples(Tensor({2, 3, 1})), Samples(Tensor({3, 3, 1}))});
  });
}

}  // namespace
}  // namespace rondo
