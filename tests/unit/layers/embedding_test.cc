#include "rondo/layers/layers.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "unit/layers/run_network.h"

namespace rondo {
namespace {

using Ids = std::vector<std::int64_t>;
Samples tokens(const Ids& ids, Shape shape) { return Samples::tokens(Tensor::from(ids, shape)); }
/// The same as float32, as users have them who keep everything in arrays of numbers.
Samples token_numbers(const Ids& ids, Shape shape) {
  const Samples exact = tokens(ids, shape);
  return Samples::packed(exact.layout(), exact.values().cast(DType::float32));
}

Network embedding_network(EmbeddingOptions options = {.input_dim = 9, .output_dim = 3}) {
  return network_of(embedding(std::move(options)), {ValueShape{true, -1, {}}});
}

/// Adds the gradients of Σ outputs² to those that the network holds.
void add_gradients(Network& network, std::span<const Samples> inputs) {
  Tape tape(network.parameters().dtype());
  tape.reset();
  const Vars out = network.run(tape, inputs);
  tape.backward(ops::sum(tape, ops::square(tape, out[0])));
}
void add_gradients(Network& network, const Samples& input) {
  add_gradients(network, std::span<const Samples>(&input, 1));
}

std::vector<std::int64_t> touched_rows(const Network& network, const char* name) {
  std::vector<std::int64_t> all;
  network.parameters().each_touched_run(network.parameters().find(name),
                                        [&](std::int64_t first, std::int64_t rows) {
                                          for (std::int64_t r = first; r < first + rows; ++r)
                                            all.push_back(r);
                                        });
  return all;
}

TEST(Embedding, ReadsIdsAndWholeNumbersToTheSameBits) {
  Network network = embedding_network();
  const Ids ids = {1, 8, 0, 1, 5, 2};
  EXPECT_EQ(numbers(run(network, {tokens(ids, {2, 3})})[0].values()),
            numbers(run(network, {token_numbers(ids, {2, 3})})[0].values()));
}

TEST(Embedding, OfSamplesReadsIdsInTheirOrder) {
  Network network = network_of(embedding({.input_dim = 9, .output_dim = 2}), {ValueShape{false, -1, {3}}});
  const Tensor ids = Tensor::from(Ids{1, 8, 0, 1, 5, 2}, {2, 3});
  const Samples seen = run(network, {Samples(ids)})[0];
  EXPECT_EQ(seen.sample(1).shape(), (Shape{3, 2}));
  EXPECT_EQ(numbers(seen.values()), numbers(run(network, {Samples(ids.cast(DType::float32))})[0].values()));
}

TEST(Embedding, RefusesAnIdBeyondItsTable) {
  Network network = embedding_network();
  for (const std::int64_t bad : {std::int64_t{9}, std::int64_t{-1}, std::int64_t{2'147'483'647}})
    expect_usage_error({"embedding", std::to_string(bad)}, [&] { run(network, {tokens({bad}, {1, 1})}); });
}

TEST(Embedding, TouchesTheRowsOfItsIdsWhateverTheSizeOfItsTable) {
  for (const std::int64_t vocabulary : {20, 10'000, 100'000}) {
    Network network = embedding_network({.input_dim = vocabulary, .output_dim = 3});
    add_gradients(network, tokens({7, 3, 7, 19, 3, 7}, {2, 3}));
    EXPECT_EQ(touched_rows(network, "embedding.embeddings"), (Ids{3, 7, 19}));
    network.parameters().zero_gradients();
    EXPECT_EQ(network.parameters().touched_rows(0), 0);
  }
}

TEST(Embedding, HasTheGradientThatADenseTableHas) {
  Network sparse = embedding_network(), dense = embedding_network();
  dense.parameters().mutable_gradients();  // every row counts as touched
  for (const Ids& ids : {Ids{7, 3, 7, 1}, Ids{3, 3, 0, 8}}) {
    add_gradients(sparse, tokens(ids, {2, 2}));
    add_gradients(dense, tokens(ids, {2, 2}));
  }
  EXPECT_EQ(numbers(sparse.parameters().gradients()), numbers(dense.parameters().gradients()));
  EXPECT_EQ(touched_rows(sparse, "embedding.embeddings"), (Ids{0, 1, 3, 7, 8})) << "of both passes together";
}

TEST(Embedding, AppliedTwiceTouchesTheRowsOfBoth) {
  Network network;
  const int a = network.add_input("a", {true, -1, {}}), b = network.add_input("b", {true, -1, {}});
  const LayerPtr words = embedding({.input_dim = 9, .output_dim = 3});
  network.set_outputs(network.add(add(), {network.add(words, {a})[0], network.add(words, {b})[0]}));
  network.build(1);
  const std::vector<Samples> inputs = {tokens({1, 5}, {1, 2}), tokens({5, 4}, {1, 2})};
  add_gradients(network, inputs);
  EXPECT_EQ(touched_rows(network, "embedding.embeddings"), (Ids{1, 4, 5}));
}

TEST(Embedding, TiedToAnOutputLayerTouchesEveryRow) {
  Network network = embedding_network();
  ParameterStore& store = network.parameters();
  Tape tape(DType::float32);
  tape.reset();
  const Samples ids = tokens({2, 4}, {1, 2});
  const Var vectors = network.run(tape, std::span<const Samples>(&ids, 1))[0];
  const Var logits = ops::matmul(tape, vectors, ops::transpose(tape, tape.parameter(store, 0)));
  tape.backward(ops::sum(tape, ops::square(tape, logits)));
  EXPECT_EQ(store.touched_rows(0), 9);
  EXPECT_NE(store.get_gradient(0).at(0), 0) << "row 0 is an output, though no id";
}

TEST(Embedding, WithAPenaltyTouchesEveryRow) {
  Network network =
      embedding_network({.input_dim = 9, .output_dim = 3, .embeddings_regularizer = {.l2 = 0.1}});
  EXPECT_GT(network.regularization(false), 0);
  EXPECT_EQ(network.parameters().touched_rows(0), 0) << "only the value was asked for";
  network.regularization(true);
  EXPECT_EQ(network.parameters().touched_rows(0), 9);
}

TEST(Embedding, ThatIsFrozenTouchesNoRow) {
  const LayerPtr words = embedding({.input_dim = 9, .output_dim = 3});
  words->set_trainable(false);
  Network network;
  const int e = network.add(words, {network.add_input("x", {true, -1, {}})})[0];
  network.set_outputs(network.add(dense({.units = 1}), {e}));
  network.build(1);
  add_gradients(network, tokens({1, 2}, {1, 2}));
  EXPECT_EQ(network.parameters().touched_rows(0), 0);
}

TEST(Embedding, WithMaskZeroDoesNotTouchTheRowOfPadding) {
  Network network = embedding_network({.input_dim = 9, .output_dim = 3, .mask_zero = true});
  add_gradients(network, tokens({1, 0, 2, 0}, {2, 2}));
  EXPECT_EQ(touched_rows(network, "embedding.embeddings"), (Ids{1, 2}));
}

TEST(Embedding, WithinTimeDistributedReadsTheCharactersOfEachWord) {
  Network network =
      network_of(time_distributed(embedding({.input_dim = 9, .output_dim = 2})), {ValueShape{true, -1, {3}}});
  const Tensor characters = Tensor::from(Ids{1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3}, {2, 2, 3});
  const Samples ids(characters);
  const Samples seen = run(network, {ids})[0];
  EXPECT_EQ(seen.features(), (Shape{3, 2}));
  EXPECT_EQ(numbers(seen.values()),
            numbers(run(network, {Samples(characters.cast(DType::float32))})[0].values()));
  add_gradients(network, ids);
  EXPECT_EQ(network.parameters().touched_rows(0), 9);
}

TEST(Masking, OfIdsLeavesOutStepsAndKeepsIds) {
  Network network;
  const int x = network.add_input("x", {true, -1, {}});
  network.set_outputs(network.add(masking({.mask_value = 0}), {x}));
  network.build(1);
  const Samples seen = run(network, {tokens({0, 16'777'217, 0, 3}, {1, 4})})[0];
  EXPECT_EQ(seen.values().dtype(), DType::int32);
  EXPECT_EQ(numbers(seen.values()), (std::vector<double>{16'777'217, 3}));
}

TEST(Ids, AreRefusedByLayersAndOperationsThatCompute) {
  const Tensor ids = Tensor::from(Ids{1, 2, 3, 4}, {1, 2, 2});
  for (const auto& make : std::vector<std::function<LayerPtr()>>{
           [] { return lstm({.units = 2}); }, [] { return dense({.units = 2}); },
           [] { return activation({.activation = "tanh"}); }, [] { return layer_normalization(); },
           [] { return bidirectional(gru({.units = 2})); },
           [] { return time_distributed(dense({.units = 2})); }}) {
    const LayerPtr layer = make();
    Network network = network_of(layer, {ValueShape{true, -1, {2}}});
    const std::string named = layer->children().empty() ? layer->type() : layer->children()[0]->type();
    expect_usage_error({"ids are used as numbers", named, "int32", "embedding"},
                       [&] { run(network, {Samples(ids)}); });
  }
  Tape tape;
  tape.reset();
  const Var x = tape.input(Samples(ids), true);
  EXPECT_EQ(tape.value(x).data.dtype, DType::int32);
  EXPECT_EQ(tape.get(x).values().dtype(), DType::int32);
  expect_usage_error({"ids are used as numbers"}, [&] { ops::tanh(tape, x); });
}

}  // namespace
}  // namespace rondo
