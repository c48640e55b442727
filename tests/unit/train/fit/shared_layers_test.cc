// Layers in several networks: their weights belong to them.

#include <gtest/gtest.h>

#include <string>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/session.h"
#include "rondo/train/model.h"

namespace rondo::shared_layers {
namespace {

const ValueShape kSequence{true, -1, {3}};

Tensor noise(Shape shape, std::uint64_t seed, DType dtype = DType::float32) {
  Tensor t(std::move(shape), dtype);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return t;
}

bool same(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return false;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    if (a.at(i) != b.at(i)) return false;
  }
  return true;
}

Tensor weights(const Network& network, const std::string& name) {
  return network.parameters().get(network.parameters().find(name));
}

template <class F>
std::string error_of(F&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void train(Model& model, std::uint64_t seed) {
  model.fit(Samples(noise({8, 4, 3}, seed)), Samples(noise({8, 1}, seed + 1)),
            {.batch_size = 4, .epochs = 2, .run = {.verbose = 0}});
}

TEST(SharedLayers, LearnForEveryModelThatTheyAreIn) {
  const LayerPtr core = lstm({.units = 4, .name = "core"});
  Sequential one(kSequence, {core, dense({.units = 1})}), two(kSequence, {core, dense({.units = 1})});
  one.build(1);
  two.build(2);
  for (Sequential* model : {&one, &two}) model->compile({.optimizer = "adam", .loss = "mse"});
  EXPECT_TRUE(same(weights(one.network(), "core.kernel"), weights(two.network(), "core.kernel")));
  EXPECT_FALSE(same(weights(one.network(), "dense.kernel"), weights(two.network(), "dense.kernel")));
  const Samples x(noise({2, 5, 3}, 9));
  const Tensor before = two.predict(x).values(), head = weights(two.network(), "dense.kernel");
  train(one, 3);
  EXPECT_FALSE(same(two.predict(x).values(), before));
  EXPECT_TRUE(same(weights(two.network(), "dense.kernel"), head)) << "what is not shared stays";
  train(two, 5);
  EXPECT_TRUE(same(weights(one.network(), "core.kernel"), weights(two.network(), "core.kernel")));
}

TEST(SharedLayers, KeepTheirWeightsWhenAnotherNetworkIsBuilt) {
  const LayerPtr norm = batch_normalization(),
                 core = bidirectional(gru({.units = 2, .return_sequences = true}));
  Sequential first(kSequence, {core, norm});
  first.build(7);
  const Samples x(noise({2, 5, 3}, 1));
  const Tensor before = first.predict(x).values();
  Sequential second(kSequence, {core, norm, dense({.units = 1})});
  second.build(8);
  EXPECT_TRUE(same(first.predict(x).values(), before));
  EXPECT_TRUE(same(weights(second.network(), "bidirectional.forward.kernel"),
                   weights(first.network(), "bidirectional.forward.kernel")));
}

TEST(SharedLayers, RefuseInputsThatTheirWeightsDoNotFitAndNameBoth) {
  for (const LayerPtr& layer : {lstm({.units = 2, .return_sequences = true}), batch_normalization(),
                                time_distributed(dense({.units = 2})), bidirectional(gru({.units = 2}))}) {
    Sequential first(kSequence, {layer});
    first.build(1);
    const Samples x(noise({2, 5, 3}, 1));
    const Tensor before = first.predict(x).values();
    Sequential wide({.sequence = true, .features = {1000000}}, {layer});
    const std::string error = error_of([&] { wide.build(1); });
    for (const char* piece :
         {"1000000", "3) as where it was used first", "has weights for inputs of another shape"})
      EXPECT_NE(error.find(piece), std::string::npos) << layer->type() << ": " << error;
    EXPECT_TRUE(same(first.predict(x).values(), before)) << layer->type();
  }
}

TEST(SharedLayers, RefuseANetworkOfAnotherType) {
  const LayerPtr layer = dense({.units = 2});
  Sequential first(kSequence, {layer});
  first.build(1);
  Sequential wide(kSequence, {layer}, DType::float64);
  const std::string error = error_of([&] { wide.build(1); });
  EXPECT_NE(error.find("float32"), std::string::npos) << error;
  EXPECT_NE(error.find("float64"), std::string::npos) << error;
}

TEST(SharedLayers, MayBeAppliedToValuesOfSeveralShapesAsLongAsWeightsFit) {
  const LayerPtr flat = flatten(), norm = layer_normalization({.center = false, .scale = false}),
                 steps = time_distributed(activation({.activation = "tanh"}));
  GraphBuilder g;
  const auto a = g.input("a", {.sequence = true, .steps = 2, .features = {3}}),
             b = g.input("b", {.sequence = true, .steps = 5, .features = {2, 2}});
  Model model = g.model({g.apply(flat, {g.apply(norm, {g.apply(steps, {a})})}),
                         g.apply(flat, {g.apply(norm, {g.apply(steps, {b})})})});
  const std::vector<Samples> y =
      model.predict(ArrayDataset({Samples(noise({4, 2, 3}, 1)), Samples(noise({4, 5, 2, 2}, 2))}, {}));
  EXPECT_EQ(y[0].values().shape(), (Shape{4, 6}));
  EXPECT_EQ(y[1].values().shape(), (Shape{4, 20}));
}

TEST(SharedLayers, InsideOfAWrapperKeepTheirNameElsewhere) {
  const LayerPtr core = dense({.units = 2, .name = "core"});
  Sequential first(kSequence, {core});
  first.build(1);
  Sequential second({.sequence = true, .features = {4, 3}}, {time_distributed(time_distributed(core))});
  second.build(2);
  EXPECT_EQ(core->name(), "core");
  EXPECT_TRUE(same(weights(first.network(), "core.kernel"),
                   weights(second.network(), "time_distributed.layer.layer.kernel")));
}

TEST(SharedLayers, AreSavedAndLoadedWithEachModel) {
  const LayerPtr core = lstm({.units = 4, .name = "core"});
  Sequential one(kSequence, {core, dense({.units = 1})}), two(kSequence, {core, dense({.units = 2})});
  one.build(1);
  two.build(2);
  const std::string path = ::testing::TempDir() + "shared.rondo";
  two.save(path);
  Model back = Model::load(path);
  const Samples x(noise({2, 5, 3}, 9));
  EXPECT_TRUE(same(back.predict(x).values(), two.predict(x).values()));
  back.compile({.optimizer = "sgd", .loss = "mse"});
  const Tensor before = one.predict(x).values();
  back.fit(x, Samples(noise({2, 2}, 1)), {.run = {.verbose = 0}});
  EXPECT_TRUE(same(one.predict(x).values(), before)) << "what was loaded has layers of its own";
}

TEST(SharedLayers, ServeSessionsOfBothNetworks) {
  const LayerPtr core = gru({.units = 4, .return_sequences = true, .name = "core"});
  Sequential one(kSequence, {core}), two(kSequence, {core});
  one.build(1);
  two.build(2);
  Session a(one.network()), b(two.network());
  const float x[3] = {1, 2, 3};
  float y[4], z[4];
  a.step(x, y);
  b.step(x, z);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y[i], z[i]);
}

TEST(Network, ClonedHasLayersOfItsOwn) {
  Sequential model(kSequence, {lstm({.units = 4}), dense({.units = 1})});
  model.build(1);
  Network copy = model.network().clone();
  EXPECT_TRUE(same(copy.parameters().values(), model.network().parameters().values()));
  copy.parameters().values().set(0, 17);
  EXPECT_NE(model.network().parameters().values().at(0), 17);
}

/// The kernel of "core" before and after a few steps.
bool moves(Model& model) {
  const Tensor before = weights(model.network(), "core.kernel");
  train(model, 3);
  return !same(before, weights(model.network(), "core.kernel"));
}

TEST(FrozenLayers, StayAsTheyAreWhicheverWayTheyWereFrozen) {
  for (const char* optimizer : {"adam", "adamw", "sgd"}) {
    const Json compiled = Json::object({{"name", optimizer}, {"weight_decay", 0.1}});
    Sequential model(kSequence, {lstm({.units = 4, .name = "core"}), dense({.units = 1})});
    model.build(1);
    model.compile({.optimizer = compiled, .loss = "mse"});
    EXPECT_TRUE(moves(model)) << optimizer;
    Layer& core = *model.network().layer("core");
    core.set_trainable(false);
    EXPECT_FALSE(moves(model)) << optimizer << ": at once";
    model.compile({.optimizer = compiled, .loss = "mse"});
    EXPECT_FALSE(moves(model)) << optimizer << ": after compiling again";
    core.set_trainable(true);
    EXPECT_TRUE(moves(model)) << optimizer << ": thawed";
    const std::string path = ::testing::TempDir() + "frozen.rondo";
    core.set_trainable(false);
    model.save(path);
    Model back = Model::load(path);
    EXPECT_FALSE(moves(back)) << optimizer << ": loaded";
    back.network().layer("core")->set_trainable(true);
    EXPECT_TRUE(moves(back)) << optimizer << ": loaded and thawed";
  }
}

TEST(FrozenLayers, OfAWrapperFollowIt) {
  const LayerPtr inner = lstm({.units = 2}), both = bidirectional(inner);
  Sequential model(kSequence, {both, dense({.units = 1})});
  model.build(1);
  const std::int64_t all = model.network().parameters().trainable_count();
  both->set_trainable(false);
  EXPECT_FALSE(inner->trainable());
  EXPECT_EQ(model.network().parameters().trainable_count(), 4 + 1);
  both->set_trainable(true);
  EXPECT_EQ(model.network().parameters().trainable_count(), all);
}

TEST(FrozenLayers, DoNotCountWithTheirPenalty) {
  const auto layer = dense({.units = 1, .kernel_initializer = "ones", .kernel_regularizer = {.l2 = 1}});
  Sequential model({.features = {2}}, {layer});
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const auto loss = [&] {
    return model.evaluate(Samples(Tensor({3, 2})), Samples(Tensor({3, 1})))[0].second;
  };
  EXPECT_EQ(loss(), 2);
  layer->set_trainable(false);
  EXPECT_EQ(loss(), 0);
}

}  // namespace
}  // namespace rondo::shared_layers
