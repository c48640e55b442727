#include "rondo/train/model.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"

namespace rondo {
namespace {

Tensor normal_noise(Shape shape, std::uint64_t seed) {
  Tensor out(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

FitOptions quiet(std::int64_t epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.run.verbose = 0;
  return options;
}

void expect_equal(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_EQ(a.at(i), b.at(i));
}

class SavedModel : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_ =
      (std::filesystem::temp_directory_path() /
       ("rondo_model_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name())))
          .string();
  Samples x_ = Samples(normal_noise({12, 5, 2}, 1)), y_ = Samples(normal_noise({12, 1}, 2));
};

TEST_F(SavedModel, ComesBackWithItsParametersAndGoesOnTraining) {
  Sequential model({gru({.units = 6, .recurrent_blocks = 3, .return_sequences = true}), lstm({.units = 4}),
                    dense({.units = 1})});
  model.compile({.optimizer = "adam", .loss = "huber", .metrics = {"mae"}});
  model.fit(x_, y_, quiet(3));
  model.save(path_);
  Model loaded = Model::load(path_);
  expect_equal(model.predict(x_).values(), loaded.predict(x_).values());
  EXPECT_EQ(model.evaluate(x_, y_), loaded.evaluate(x_, y_));
  model.fit(x_, y_, quiet(2));
  loaded.fit(x_, y_, quiet(2));
  expect_equal(model.predict(x_).values(), loaded.predict(x_).values());
}

TEST_F(SavedModel, NeedsNoCompileToPredict) {
  Sequential model(ValueShape{true, -1, {2}}, {gru({.units = 3}), dense({.units = 2})});
  model.build(5);
  model.save(path_);
  Model loaded = Model::load(path_);
  expect_equal(model.predict(x_).values(), loaded.predict(x_).values());
  EXPECT_THROW(loaded.fit(x_, y_, quiet(1)), Error);
}

TEST_F(SavedModel, IsRefusedWhenForeignTruncatedOrMissing) {
  Sequential model({lstm({.units = 4}), dense({.units = 1})});
  model.compile({});
  model.fit(x_, y_, quiet(1));
  model.save(path_);
  const std::string bytes = read_file(path_);
  for (const std::string& wrong :
       {bytes.substr(0, bytes.size() / 2), std::string("PK\003\004"), std::string()}) {
    write_file_atomically(path_, wrong);
    try {
      Model::load(path_);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model_file);
      EXPECT_NE(std::string(error.what()).find(path_), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(Model::load(path_ + ".missing"), Error);
}

TEST(Model, SequentialTakesItsInputFromTheFirstDataOrFromTheUser) {
  Sequential open({simple_rnn({.units = 3}), dense({.units = 1})});
  EXPECT_THROW(static_cast<void>(open.network()), Error);
  EXPECT_EQ(open.predict(Samples(normal_noise({2, 4, 5}, 1))).values().shape(), (Shape{2, 1}));
  EXPECT_EQ(open.predict(Samples(normal_noise({2, 9, 5}, 1))).values().shape(),
            (Shape{2, 1}));  // any number of steps
  Sequential given(ValueShape{true, -1, {5}}, {simple_rnn({.units = 3}), dense({.units = 1})});
  EXPECT_EQ(given.network().output_spec(0).features, Shape{1});
  EXPECT_THROW(Sequential().predict(Samples(normal_noise({2, 3}, 1))), Error);
}

TEST(Model, SaysThatItIsNotCompiled) {
  Sequential model({dense({.units = 1})});
  try {
    model.fit(Samples(normal_noise({2, 3}, 1)), Samples(normal_noise({2, 1}, 1)), quiet(1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("compile("), std::string::npos);
  }
}

TEST(Model, SeedChoosesTheParametersAndThreadsDoNot) {
  const Samples x(normal_noise({6, 4, 2}, 1)), y(normal_noise({6, 1}, 2));
  const auto trained = [&](std::uint64_t seed, int threads) {
    Sequential model({lstm({.units = 3}), dense({.units = 1})});
    model.set_seed(seed);
    model.set_threads(threads);
    model.compile({.optimizer = "adam"});
    model.fit(x, y, quiet(2));
    return model.predict(x).values();
  };
  expect_equal(trained(1, 1), trained(1, 2));
  EXPECT_NE(trained(1, 1).at(0), trained(2, 1).at(0));
}

TEST(Model, GraphsHaveSeveralInputsAndShareLayers) {
  GraphBuilder g;
  const auto a = g.input("a", ValueShape{true, -1, {2}}), b = g.input("b", ValueShape{true, -1, {2}});
  const LayerPtr encoder = gru({.units = 3});
  const auto merged = g.apply(concatenate(), {g.apply(encoder, {a}), g.apply(encoder, {b})});
  Model model = g.model({g.apply(dense({.units = 1}), {merged})}, 4);
  model.compile({.optimizer = "adam"});
  const ArrayDataset data({Samples(normal_noise({5, 3, 2}, 1)), Samples(normal_noise({5, 7, 2}, 2))},
                          {Samples(normal_noise({5, 1}, 3))});
  const double before = model.evaluate(data)[0].second;
  model.fit(data, quiet(80));
  EXPECT_LT(model.evaluate(data)[0].second, before);
  EXPECT_EQ(model.network().parameters().find("gru_1.kernel"), -1);
}

}  // namespace
}  // namespace rondo
