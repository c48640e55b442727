// Networks inside of networks, and parts of networks: everything shares the layers' weights.

#include <gtest/gtest.h>

#include <memory>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/model/session.h"
#include "rondo/tape/tape.h"

namespace rondo::nested {
namespace {

Tensor noise(Shape shape, std::uint64_t seed, DType dtype = DType::float32) {
  Tensor t(std::move(shape), dtype);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return t;
}

std::vector<double> numbers(const Tensor& t) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < t.size(); ++i) out.push_back(t.at(i));
  return out;
}

std::vector<double> run(Network& network, const Tensor& x, RunOptions options = {}) {
  Tape tape(network.parameters().dtype());
  tape.reset(options, false);
  const Samples input(x);
  return numbers(tape.get(network.run(tape, std::span(&input, 1))[0]).values());
}

std::shared_ptr<Network> encoder(DType dtype = DType::float32) {
  auto network = std::make_shared<Network>(dtype);
  const int x = network->add_input("x", {true, -1, {3}});
  int h = network->add(dense({.units = 4, .name = "first"}), {x})[0];
  h = network->add(dropout({.rate = 0.5}), {h})[0];
  network->set_outputs(network->add(gru({.units = 5, .return_sequences = true, .name = "rnn"}), {h}));
  return network;
}

/// A network of the encoder and a head.
Network with_head(const LayerPtr& layer, std::int64_t units) {
  Network network;
  const int x = network.add_input("input", {true, -1, {3}});
  network.set_outputs(network.add(dense({.units = units, .name = "head"}), {network.add(layer, {x})[0]}));
  network.build(2);
  return network;
}

TEST(NestedNetwork, SharesItsWeightsWithEveryNetworkThatItIsALayerOf) {
  const auto inner = encoder();
  inner->build(1);
  const Tensor x = noise({2, 4, 3}, 1);
  const std::vector<double> before = run(*inner, x);
  Network one = with_head(network_layer(inner, "encoder"), 1),
          two = with_head(network_layer(inner, "encoder"), 2);
  EXPECT_EQ(run(*inner, x), before) << "layers that are built keep their weights";
  EXPECT_GE(one.parameters().find("encoder.rnn.kernel"), 0);
  EXPECT_GE(one.parameters().find("head.kernel"), 0);
  one.parameters().set(one.parameters().find("encoder.first.kernel"), Tensor({3, 4}));
  EXPECT_EQ(numbers(two.parameters().get(two.parameters().find("encoder.first.kernel"))),
            std::vector<double>(12, 0.0));
}

TEST(NestedNetwork, ComputesWhatItsLayersDo) {
  const auto inner = encoder();
  Network outer;
  const int x = outer.add_input("input", {true, -1, {3}});
  outer.set_outputs(outer.add(network_layer(inner, "encoder"), {x}));
  outer.build(3);
  inner->build(7);
  const Tensor values = noise({3, 5, 3}, 2);
  EXPECT_EQ(run(outer, values), run(*inner, values));
}

TEST(NestedNetwork, IsRebuiltFromItsSpecInBothTypesAndDepths) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    auto middle = std::make_shared<Network>(dtype);
    const int m = middle->add_input("m", {true, -1, {3}});
    middle->set_outputs(middle->add(network_layer(encoder(dtype), "encoder"), {m}));
    Network outer(dtype);
    const int x = outer.add_input("x", {true, -1, {2, 3}});
    const int h = outer.add(time_distributed(network_layer(encoder(dtype))), {x})[0];
    static_cast<void>(h);
    const int y = outer.add_input("y", {true, -1, {3}});
    outer.set_outputs(outer.add(network_layer(middle, "middle"), {y}));
    outer.build(1);
    for (const DType to : {DType::float32, DType::float64}) {
      const Network copy = outer.cast(to);
      EXPECT_EQ(to_json(copy.spec()), to_json(outer.spec()));
      ASSERT_EQ(copy.parameters().infos().size(), outer.parameters().infos().size());
      for (std::size_t i = 0; i < copy.parameters().infos().size(); ++i)
        EXPECT_EQ(copy.parameters().infos()[i].name, outer.parameters().infos()[i].name);
    }
  }
}

TEST(NestedNetwork, MayShareALayerWithTheNetworkAroundIt) {
  const auto inner = encoder();
  Network outer;
  const int x = outer.add_input("x", {true, -1, {3}});
  const int a = outer.add(network_layer(inner, "encoder"), {x})[0];
  const int b = outer.add(inner->layer("first"), {x})[0];
  outer.set_outputs(outer.add(concatenate(), {a, b}));
  outer.build(1);
  const Network copy = outer.clone();
  EXPECT_EQ(copy.parameters().infos().size(), outer.parameters().infos().size()) << "shared there, too";
  EXPECT_EQ(to_json(copy.spec()), to_json(outer.spec()));
}

TEST(NestedNetwork, StreamsWithTheBitsOfThePassOverTheSequence) {
  Network outer = with_head(network_layer(encoder(), "encoder"), 2);
  const Tensor x = noise({1, 6, 3}, 4);
  const std::vector<double> whole = run(outer, x);
  Session session(outer);
  for (std::int64_t t = 0; t < 6; ++t) {
    float y[2];
    session.step(x.data<float>().subspan(static_cast<std::size_t>(3 * t), 3), y);
    EXPECT_EQ(y[0], whole[static_cast<std::size_t>(2 * t)]);
  }
  EXPECT_NE(session.to_file(session.snapshot(0)).find("encoder.rnn.h"), nullptr);
}

TEST(NestedNetwork, RefusesInputsThatItWasNotMadeFor) {
  Network outer;
  const int x = outer.add_input("x", {true, -1, {4}});
  EXPECT_THROW(outer.add(network_layer(encoder()), {x}), Error);
}

TEST(NestedNetwork, ThatSharesALayerWithAWrapperIsNotSaved) {
  const LayerPtr core = dense({.units = 2});
  Network network;
  const int x = network.add_input("x", {true, -1, {3}});
  const int a = network.add(core, {x})[0];
  network.set_outputs({a, network.add(time_distributed(core), {x})[0]});
  network.build(1);
  EXPECT_THROW(static_cast<void>(network.spec()), Error);
}

TEST(RandomStreams, AreOthersForEveryPlaceWhereALayerStands) {
  Network network;
  const LayerPtr drop = dropout({.rate = 0.5}), rnn = gru({.units = 8, .dropout = 0.5});
  const auto inner = std::make_shared<Network>();
  inner->set_outputs(inner->add(drop, {inner->add_input("x", {false, -1, {64}})}));
  const int x = network.add_input("x", {false, -1, {64}});
  const LayerPtr nested = network_layer(inner, "nested");
  network.set_outputs({network.add(drop, {x})[0], network.add(drop, {x})[0], network.add(nested, {x})[0],
                       network.add(nested, {x})[0]});
  network.build(1);
  Tape tape;
  tape.reset({.training = true}, false);
  const Samples ones(Tensor::full({1, 64}, 1));
  const Vars y = network.run(tape, std::span(&ones, 1));
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_NE(numbers(tape.get(y[i]).values()), numbers(tape.get(y[j]).values())) << i << " and " << j;
  }
}

TEST(CarriedStates, AreOthersForEveryPlaceWhereALayerStands) {
  Network network;
  const LayerPtr rnn = gru({.units = 2, .stateful = true});
  const int a = network.add_input("a", {true, -1, {1}}), b = network.add_input("b", {true, -1, {1}});
  network.set_outputs({network.add(rnn, {a})[0], network.add(rnn, {b})[0]});
  network.build(1);
  CarriedState carried;
  const auto step = [&](const Tensor& first, const Tensor& second) {
    Tape tape;
    tape.reset({.carried = &carried}, false);
    const Samples inputs[] = {Samples(first), Samples(second)};
    const Vars y = network.run(tape, inputs);
    return std::pair(numbers(tape.get(y[0]).values()), numbers(tape.get(y[1]).values()));
  };
  const Tensor x = noise({1, 3, 1}, 1), other = noise({1, 3, 1}, 2);
  const auto first = step(x, other);
  carried.clear();
  step(x, x);
  const auto again = step(x, x);
  EXPECT_EQ(again.first, again.second);
  EXPECT_NE(first.first, first.second);
}

/// x → "a" → "b" (two outputs) → "c"
Network chain() {
  Network network;
  const int x = network.add_input("x", {true, -1, {3}});
  const int a = network.add(dense({.units = 4, .name = "a"}), {x})[0];
  const std::vector<int> b =
      network.add(lstm({.units = 5, .return_sequences = true, .return_state = true, .name = "b"}), {a});
  network.set_outputs(network.add(dense({.units = 2, .name = "c"}), {b[0]}));
  network.build(1);
  return network;
}

TEST(PartOfANetwork, SharesTheWeightsOfTheWhole) {
  Network whole = chain();
  const std::string x[] = {"x"}, states[] = {"b:1", "b:2"}, middle[] = {"a"}, end[] = {"c"};
  Network encoder = whole.part(x, states), rest = whole.part(middle, end), first = whole.part(x, middle);
  EXPECT_EQ(encoder.output_count(), 2U);
  EXPECT_EQ(encoder.find_layer("c"), nullptr);
  const Tensor input = noise({2, 4, 3}, 1);
  Tape tape;
  tape.reset({}, false);
  const Samples given(input);
  const Vars h = first.run(tape, std::span(&given, 1));
  const Vars y = rest.run(tape, std::span<const Var>(h));
  EXPECT_EQ(numbers(tape.get(y[0]).values()), run(whole, input));
  whole.parameters().set(whole.parameters().find("a.kernel"), Tensor({3, 4}));
  EXPECT_EQ(numbers(encoder.parameters().get(encoder.parameters().find("a.kernel"))),
            std::vector<double>(12, 0.0));
}

TEST(PartOfANetwork, SaysWhatItsOutputsNeed) {
  const Network whole = chain();
  const std::string nothing[] = {"b:1"}, end[] = {"c"}, wrong[] = {"d"};
  for (const auto& [inputs, outputs, piece] :
       {std::tuple{std::span<const std::string>(nothing), std::span<const std::string>(end), "'x'"},
        {std::span<const std::string>(nothing), std::span<const std::string>(wrong), "'d'"}}) {
    try {
      static_cast<void>(whole.part(inputs, outputs));
      FAIL();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(piece), std::string::npos) << error.what();
    }
  }
}

TEST(CopiedWeights, AreReportedByName) {
  Network from = chain(), to;
  const int x = to.add_input("x", {true, -1, {3}});
  const int a = to.add(dense({.units = 4, .name = "a"}), {x})[0];
  to.set_outputs(
      to.add(dense({.units = 7, .name = "c"}), {to.add(dense({.units = 5, .name = "new"}), {a})[0]}));
  to.build(9);
  const CopiedWeights report = copy_weights(from, to);
  using Names = std::vector<std::string>;
  EXPECT_EQ(report.copied, (Names{"a.kernel", "a.bias"}));
  EXPECT_EQ(report.missing, (Names{"new.kernel", "new.bias"}));
  EXPECT_EQ(report.unused, (Names{"b.kernel", "b.recurrent_kernel", "b.bias"}));
  EXPECT_EQ(report.misshaped, (Names{"c.kernel (5, 2) and (5, 7)", "c.bias (2,) and (7,)"}));
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(numbers(to.parameters().get(0)), numbers(from.parameters().get(0)));
}

}  // namespace
}  // namespace rondo::nested
