#include "rondo/model/network.h"

#include "unit/layers/run_network.h"

namespace rondo {
namespace {

const ValueShape kSequence{true, -1, {3}};
const ValueShape kVector{false, -1, {4}};

Network chain(const char* json, const ValueShape& input = kSequence) {
  Network network = Network::from_spec(parse_json(json), DType::float32, &input);
  network.build(1);
  return network;
}

TEST(NetworkErrors, TellOfAVectorGivenToARecurrentLayer) {
  Network network;
  const int x = network.add_input("x", kVector);
  expect_usage_error({"lstm", "seen", "(None, 4)", "expected", "(None, time, features)", "return_sequences"},
                     [&] { network.add(lstm({.units = 2}), {x}); });
}

TEST(NetworkErrors, TellOfMissingReturnSequences) {
  expect_usage_error({"gru", "(None, 2)", "return_sequences = true"}, [] {
    chain(R"({"layers": [{"type": "lstm", "units": 2}, {"type": "gru", "units": 2}]})");
  });
}

TEST(NetworkErrors, NameTheNearestLayerTypeAndOption) {
  expect_usage_error({"layers[0]", "lstn", "expected", "did you mean 'lstm'"},
                     [] { chain(R"({"layers": [{"type": "lstn", "units": 2}]})"); });
  expect_usage_error({"layers[0]", "unit", "units"},
                     [] { chain(R"({"layers": [{"type": "dense", "unit": 2}]})"); });
  expect_usage_error({"activation", "tahn", "tanh"},
                     [] { chain(R"({"layers": [{"type": "dense", "units": 2, "activation": "tahn"}]})"); });
  expect_usage_error({"initializer", "orthogonl", "orthogonal"}, [] {
    chain(R"({"layers": [{"type": "gru", "units": 2, "recurrent_initializer": "orthogonl"}]})");
  });
}

TEST(NetworkErrors, RefuseOptionsOfAnotherCell) {
  expect_usage_error({"reset_after", "layers[0]"},
                     [] { chain(R"({"layers": [{"type": "lstm", "units": 2, "reset_after": true}]})"); });
  expect_usage_error({"unit_forget_bias"},
                     [] { chain(R"({"layers": [{"type": "gru", "units": 2, "unit_forget_bias": true}]})"); });
  expect_usage_error({"recurrent_activation"}, [] {
    chain(R"({"layers": [{"type": "simple_rnn", "units": 2, "recurrent_activation": "tanh"}]})");
  });
}

TEST(NetworkErrors, TellOfValuesThatCannotBe) {
  expect_usage_error({"units", "0"}, [] { lstm({.units = 0}); });
  expect_usage_error({"units", "-3"}, [] { dense({.units = -3}); });
  expect_usage_error({"softmax", "recurrent"}, [] { lstm({.units = 2, .activation = "softmax"}); });
  expect_usage_error({"merge_mode", "plus"},
                     [] { bidirectional(lstm({.units = 2}), {.merge_mode = "plus"}); });
  expect_usage_error({"bidirectional", "dense"}, [] { bidirectional(dense({.units = 2})); });
  expect_usage_error({"mode", "median"}, [] { time_pooling({.mode = "median"}); });
}

TEST(NetworkErrors, TellOfInputsOfAnotherShape) {
  Network network = chain(R"({"layers": [{"type": "lstm", "units": 2}]})");
  expect_usage_error({"input 'input'", "(None, 5, 4)", "(None, None, 3)"}, [&] {
    run(network, {Samples(Tensor({2, 5, 4}))});
  });
  expect_usage_error({"input 'input'", "(None, 3)", "reshape"}, [&] {
    run(network, {Samples(Tensor({2, 3}))});
  });
  expect_usage_error({"number of inputs", "2", "1"}, [&] {
    run(network, {Samples(Tensor({2, 5, 3})), Samples(Tensor({2, 5, 3}))});
  });
  Tape tape;
  tape.reset();
  expect_usage_error({"number of inputs", "0"}, [&] { network.run(tape, std::span<const Var>()); });
}

TEST(NetworkErrors, TellOfInputsWithUnequalNumbersOfSamples) {
  Network network = network_of(concatenate(), {kVector, kVector});
  expect_usage_error({"'b'", "3", "2"}, [&] {
    run(network, {Samples(Tensor({2, 4})), Samples(Tensor({3, 4}))});
  });
}

TEST(NetworkErrors, TellOfARaggedBatchThatIsFlattened) {
  Network network = network_of(flatten(), {ValueShape{true, 4, {3}}});
  const std::int64_t lengths[] = {4, 2};
  expect_usage_error({"flatten", "unequal length", "time_pooling"}, [&] {
    run(network, {Samples::padded(Tensor({2, 4, 3}), lengths)});
  });
  Network open;
  const int x = open.add_input("x", kSequence);
  expect_usage_error({"flatten", "steps"}, [&] { open.add(flatten(), {x}); });
}

TEST(NetworkErrors, TellOfNamesUsedTwice) {
  Network network;
  const int x = network.add_input("x", kVector);
  network.add(dense({.units = 2, .name = "head"}), {x});
  expect_usage_error({"same name", "head"}, [&] { network.add(dense({.units = 2, .name = "head"}), {x}); });
  expect_usage_error({"same name", "x"}, [&] { network.add_input("x", kVector); });
}

TEST(NetworkErrors, TellOfValuesThatDoNotExist) {
  Network network;
  const int x = network.add_input("x", kVector);
  expect_usage_error({"no such value", "7"}, [&] { network.add(dense({.units = 2}), {7}); });
  expect_usage_error({"no such value", "-1"}, [&] { network.set_outputs({-1}); });
  expect_usage_error({"two inputs or more"}, [&] { network.add(concatenate(), {x}); });
  expect_usage_error({"without layers"}, [] { Network().build(1); });
}

TEST(NetworkErrors, TellOfACallAtTheWrongTime) {
  Network network;
  const int x = network.add_input("x", kVector);
  network.set_outputs(network.add(dense({.units = 2}), {x}));
  expect_usage_error({"not built", "build()"}, [&] { run(network, {Samples(Tensor({2, 4}))}); });
  network.build(1);
  expect_usage_error({"built"}, [&] { network.add(dense({.units = 2}), {x}); });
  expect_usage_error({"built"}, [&] { network.add_input("y", kVector); });
}

TEST(NetworkErrors, TellOfSpecsThatSayNothing) {
  expect_usage_error({"input"}, [] { Network::from_spec(parse_json(R"({"layers": []})")); });
  expect_usage_error({"input"}, [] { Network::from_spec(parse_json(R"({"inputs": [], "layers": []})")); });
  expect_usage_error({"layers"}, [] { chain("{}"); });
  expect_usage_error({"type"}, [] { chain(R"({"layers": [{"units": 2}]})"); });
  expect_usage_error({"layers[0]", "inptu", "input"},
                     [] { chain(R"({"layers": [{"type": "dense", "units": 2, "inputs": ["inptu"]}]})"); });
  expect_usage_error({"wraps", "layers[0]"}, [] { chain(R"({"layers": [{"type": "bidirectional"}]})"); });
  expect_usage_error({"layers[0].layer", "lsmt"},
                     [] { chain(R"({"layers": [{"type": "bidirectional", "layer": {"type": "lsmt"}}]})"); });
}

Network graph(DType dtype = DType::float32) {
  Network network(dtype);
  const int a = network.add_input("words", kSequence), b = network.add_input("facts", kVector);
  const std::vector<int> h =
      network.add(lstm({.units = 4, .return_sequences = true, .return_state = true}), {a});
  const int pooled = network.add(time_pooling(), {h[0]})[0];
  const LayerPtr twice = dense({.units = 4, .activation = "tanh", .name = "twice"});
  const int p = network.add(twice, {pooled})[0], q = network.add(twice, {b})[0];
  const int joined = network.add(concatenate(), {p, q, h[2]})[0];
  const int score = network.add(dense({.units = 1, .kernel_regularizer = {.l2 = 0.1}}), {joined})[0];
  const int tags = network.add(bidirectional(gru({.units = 2, .return_sequences = true})), {h[0]})[0];
  network.set_outputs({score, tags});
  network.build(2);
  return network;
}

TEST(Network, SurvivesItsSpec) {
  Network network = graph();
  Network again = Network::from_spec(network.spec());
  EXPECT_EQ(to_json(again.spec()), to_json(network.spec()));
  again.build(99);
  ASSERT_EQ(again.parameters().total_count(), network.parameters().total_count());
  for (std::size_t i = 0; i < network.parameters().infos().size(); ++i) {
    EXPECT_EQ(again.parameters().infos()[i].name, network.parameters().infos()[i].name);
  }
  again.parameters().values() = network.parameters().values().copy();
  const std::vector<Samples> x = {Samples(normal({3, 5, 3}, 1)), Samples(normal({3, 4}, 2))};
  const auto before = run(network, x), after = run(again, x);
  ASSERT_EQ(after.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(numbers(before[i].values()), numbers(after[i].values()));
}

TEST(Network, WithASharedLayerHasItsParametersOnceAndSumsTheirGradients) {
  Network network = graph();
  std::int64_t kernels = 0;
  for (const ParameterInfo& info : network.parameters().infos())
    kernels += info.name == "twice.kernel" ? 1 : 0;
  EXPECT_EQ(kernels, 1);

  Network pair(DType::float64);
  const int x = pair.add_input("x", {false, -1, {1}});
  const LayerPtr layer = dense({.units = 1, .use_bias = false});
  pair.set_outputs(pair.add(layer, pair.add(layer, {x})));
  pair.build(1);
  pair.parameters().set(0, Tensor::from({3}, {1, 1}));
  Tape tape(DType::float64);
  tape.reset({.training = true});
  const auto out = pair.run(tape, std::vector<Samples>{Samples(Tensor::from({2}, {1, 1}))});
  tape.backward(out[0]);
  EXPECT_DOUBLE_EQ(tape.get(out[0]).values().at(0), 18);
  EXPECT_DOUBLE_EQ(pair.parameters().get_gradient(0).at(0), 12) << "d(w²x)/dw = 2wx";
}

TEST(Network, KnowsItsInputsAndOutputs) {
  Network network = graph();
  EXPECT_EQ(network.input_count(), 2U);
  EXPECT_EQ(network.output_count(), 2U);
  EXPECT_EQ(network.input_name(1), "facts");
  EXPECT_EQ(network.output_spec(0), (ValueShape{false, -1, {1}}));
  EXPECT_EQ(network.output_spec(1), (ValueShape{true, -1, {4}}));
  EXPECT_NE(network.find_layer("twice"), nullptr);
  EXPECT_EQ(network.find_layer("thrice"), nullptr);
}

TEST(Network, NamesItsLayersLikeKeras) {
  Network network = chain(
      R"({"layers": [{"type": "lstm", "units": 2, "return_sequences": true}, {"type": "lstm", "units": 2},
                              {"type": "dense", "units": 1}, {"type": "dense", "units": 1}]})");
  std::vector<std::string> names;
  for (const Layer* layer : network.layers()) names.push_back(layer->name());
  EXPECT_EQ(names, (std::vector<std::string>{"lstm", "lstm_1", "dense", "dense_1"}));
}

TEST(Network, GivesTheSameParametersForTheSameSeed) {
  const auto values = [](std::uint64_t seed) {
    Network network;
    network.set_outputs(network.add(gru({.units = 3}), {network.add_input("x", kSequence)}));
    network.build(seed);
    return numbers(network.parameters().values());
  };
  EXPECT_EQ(values(4), values(4));
  EXPECT_NE(values(4), values(5));
}

TEST(Network, ComputesInDoubleWhatItComputesInFloat) {
  Network network = graph(), exact = network.cast(DType::float64);
  const std::vector<Samples> x = {Samples(normal({3, 5, 3}, 1)), Samples(normal({3, 4}, 2))};
  const std::vector<double> a = numbers(run(network, x)[0].values()), b = numbers(run(exact, x)[0].values());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
}

TEST(Summary, CountsParametersAsKerasDoes) {
  const struct {
    const char* layer;
    std::int64_t features;
    const char* count;
  } cases[] = {{R"({"type": "lstm", "units": 50})", 10, "12,200"},
               {R"({"type": "gru", "units": 50})", 10, "9,300"},
               {R"({"type": "gru", "units": 50, "reset_after": false})", 10, "9,150"},
               {R"({"type": "simple_rnn", "units": 50})", 1, "2,600"},
               {R"({"type": "dense", "units": 7})", 10, "77"},
               {R"({"type": "bidirectional", "layer": {"type": "lstm", "units": 50}})", 10, "24,400"},
               {R"({"type": "batch_normalization"})", 10, "40"},
               {R"({"type": "time_distributed", "layer": {"type": "dense", "units": 7}})", 10, "77"}};
  for (const auto& c : cases) {
    const Network network =
        chain((std::string(R"({"layers": [)") + c.layer + "]}").c_str(), ValueShape{true, 8, {c.features}});
    const std::string text = network.summary("m");
    EXPECT_NE(text.find(std::string(" Total params: ") + c.count + " ("), std::string::npos)
        << c.layer << "\n"
        << text;
    EXPECT_NE(text.find(std::string(" ") + c.count + " │"), std::string::npos) << text;
  }
}

TEST(Summary, ShowsLayersShapesAndTotals) {
  const Network network = chain(
      R"({"layers": [{"type": "lstm", "units": 50, "return_sequences": true}, {"type": "batch_normalization"},
                                    {"type": "gru", "units": 8}, {"type": "dense", "units": 1}]})",
      ValueShape{true, -1, {10}});
  const std::string text = network.summary("forecaster");
  for (const char* piece :
       {"Model: \"forecaster\"", "Layer (type)", "Output Shape", "Param #", "lstm (LSTM)", "(None, None, 50)",
        "gru (GRU)", "(None, 8)", "dense (Dense)", "(None, 1)", "batch_normalization",
        "Trainable params: 13,749 (53.71 KB)", "Non-trainable params: 100 (400.00 B)"}) {
    EXPECT_NE(text.find(piece), std::string::npos) << piece << "\n" << text;
  }
}

}  // namespace
}  // namespace rondo
