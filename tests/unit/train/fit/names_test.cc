// Names of layers, inputs and outputs: one that is accepted survives every file.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/session.h"
#include "rondo/tensor/tensor_file.h"
#include "rondo/train/model.h"

namespace rondo::names {
namespace {

Tensor noise(Shape shape, std::uint64_t seed) {
  Tensor t(std::move(shape));
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

/// Pieces of which names are made that mean something somewhere.
const std::vector<std::string> kPieces = {
    "a",         "lstm",       "dense",        "input",  "/",          ".",        ":",
    "@",         "\\",         ":1",           "@1",     "optimizer/", "carried/", "callback/0/",
    "objective", "objective.", "__metadata__", "kernel", "bias",       "momentum", "\"",
    "{",         "ü",          "層",           " ",      "loss",       "val_",     std::string("\0", 1),
    "\n",        "\xFF",       "%s",           "..",     "h",          "0",        "shared",
    "network"};

std::string any_name() {
  std::string name;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) name += *rc::gen::elementOf(kPieces);
  return name;
}

struct Names {
  std::string input, recurrent, head;
};

GraphBuilder::Node input_of(GraphBuilder& g, const Names& n) {
  return g.input(n.input, {.sequence = true, .features = {2}});
}

/// Throws Error(usage) for names that are not accepted.
Model model_of(const Names& n) {
  GraphBuilder g;
  const auto x = input_of(g, n);
  const auto h = g.apply_all(
      lstm({.units = 3, .return_sequences = true, .return_state = true, .name = n.recurrent}), {x});
  return g.model({g.apply(dense({.units = 1, .name = n.head}), {h[0]}), h[1]}, 7);
}

ArrayDataset data() {
  return ArrayDataset({Samples(noise({4, 3, 2}, 1))},
                      {Samples(noise({4, 3, 1}, 2)), Samples(noise({4, 3}, 3))});
}

Tensor predictions(Model& model) { return model.predict(data())[0].values(); }

RC_GTEST_PROP(Names, ThatAreAcceptedSurviveEveryFile, ()) {
  const Names n{any_name(), any_name(), any_name()};
  std::optional<Model> made;
  try {
    made.emplace(model_of(n));
    made->compile({.optimizer = "adam", .loss = "mse"});
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::usage);
    return;  // refused where it was given
  }
  Model& model = *made;
  const std::string path = ::testing::TempDir() + "names.rondo",
                    checkpoint = ::testing::TempDir() + "names.ckpt";
  FitOptions options;
  options.run.verbose = 0;
  options.run.checkpoint = checkpoint;
  options.epochs = 2;
  options.callbacks = {std::make_shared<EarlyStopping>(
      EarlyStoppingOptions{.monitor = "loss", .patience = 5, .restore_best_weights = true})};
  model.fit(data(), options);
  const Tensor expected = predictions(model);
  model.save(path);

  Model loaded = Model::load(path);
  RC_ASSERT(same(predictions(loaded), expected));
  RC_ASSERT(loaded.optimizer().iterations() == model.optimizer().iterations());
  RC_ASSERT(to_json(loaded.network().spec()) == to_json(model.network().spec()));

  Model again = model_of(n);
  again.compile({.optimizer = "adam", .loss = "mse"});
  options.run.resume = true;
  again.fit(data(), options);
  RC_ASSERT(same(predictions(again), expected));

  Model whole = Model::load(checkpoint);
  RC_ASSERT(same(predictions(whole), expected));

  Network cast = model.network().cast(DType::float64).cast(DType::float32);
  RC_ASSERT(same(cast.parameters().values(), model.network().parameters().values()));

  const Json spec = model.network().spec();
  const std::string in[] = {spec.at("layers").as_array()[0].at("inputs").as_array()[0].as_string()},
                    out[] = {spec.at("outputs").as_array()[0].as_string()};
  RC_ASSERT(model.network().part(in, out).output_count() == 1U);
  Session session(model.network());
  std::vector<float> y(1), state(3);
  const float x[] = {1, 2};
  const std::span<const float> inputs[] = {x};
  const std::span<float> outputs[] = {y, state};
  session.step(0, inputs, outputs);
  write_tensor_file(path, session.to_file(session.snapshot(0)));
  const Session::State back = session.from_file(read_tensor_file(path), path);
  RC_ASSERT(back.values == session.snapshot(0).values);
}

TEST(Names, ThatCollideAreRefusedWhereTheyAreGiven) {
  GraphBuilder g;
  const auto x = g.input("x", {.features = {2}});
  g.apply(dense({.units = 1, .name = "aux"}), {x});
  EXPECT_THROW(g.input("aux", {.features = {2}}), Error);
  EXPECT_THROW(g.apply(dense({.units = 1, .name = "x"}), {x}), Error);
  EXPECT_THROW(g.apply(dense({.units = 1, .name = "objective.x"}), {x}), Error);
  EXPECT_THROW(g.apply(dense({.units = 1, .name = "a\nb"}), {x}), Error);
  EXPECT_THROW(g.apply(dense({.units = 1, .name = "\xFF"}), {x}), Error);
}

TEST(Names, OfALayerBesideTheSecondOutputOfAnother) {
  GraphBuilder g;
  const auto x = g.input("x", {.sequence = true, .features = {2}});
  const auto e = g.apply_all(lstm({.units = 3, .return_state = true, .name = "enc"}), {x});
  Model m = g.model(
      {g.apply(dense({.units = 1, .name = "y"}), {g.apply(dense({.units = 3, .name = "enc:1"}), {e[0]})})},
      1);
  const std::string path = ::testing::TempDir() + "colon.rondo";
  m.save(path);
  Model back = Model::load(path);
  EXPECT_TRUE(same(back.predict(noise({2, 3, 2}, 1)).values(), m.predict(noise({2, 3, 2}, 1)).values()));
}

TEST(Names, OfALayerInUseStay) {
  Sequential m({.features = {2}}, {dense({.units = 1, .name = "a"})});
  m.build(1);
  EXPECT_THROW(m.layer("a")->set_name("b"), Error);
}

}  // namespace
}  // namespace rondo::names
