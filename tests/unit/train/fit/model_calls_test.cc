// What calls of a Model do, or say that they do not.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/session.h"
#include "rondo/train/model.h"

namespace rondo::model_calls {
namespace {

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

template <class F>
std::string error_of(F&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_piece(const std::string& text, const std::string& piece) {
  EXPECT_NE(text.find(piece), std::string::npos) << "'" << piece << "' is not in:\n" << text;
}

Json sgd(double rate) { return Json::object({{"name", "sgd"}, {"learning_rate", rate}}); }
FitOptions quiet(FitOptions options = {}) {
  options.run.verbose = 0;
  return options;
}

TEST(ModelCalls, CompileSeedIsThatOfTheFirstWeights) {
  const auto kernel = [](std::optional<std::uint64_t> compiled, std::optional<std::uint64_t> set) {
    Sequential m({dense({.units = 1})});
    if (set) m.set_seed(*set);
    m.compile({.optimizer = sgd(0), .loss = "mse", .seed = compiled});
    m.fit(noise({4, 3}, 1), noise({4, 1}, 2), quiet());
    return m.get_weight("dense.kernel");
  };
  EXPECT_FALSE(same(kernel(0, {}), kernel(1, {})));
  EXPECT_TRUE(same(kernel(1, {}), kernel({}, 1)));
}

TEST(ModelCalls, ASequentialThatIsMovedToAModelKeepsItsLayers) {
  Model m = Sequential({dense({.units = 1})});
  m.compile({.optimizer = "adam", .loss = "mse"});
  m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet());
  EXPECT_EQ(m.predict(noise({3, 2}, 1)).values().shape(), (Shape{3, 1}));
}

TEST(ModelCalls, AddAfterPredictGoesOnWithTheWeightsThatAreThere) {
  Sequential m({lstm({.units = 4})});
  const Samples x(noise({2, 3, 2}, 1));
  m.predict(x);
  const Tensor kernel = m.get_weight("lstm.kernel");
  m.add(dense({.units = 1}));
  EXPECT_EQ(m.predict(x).values().shape(), (Shape{2, 1}));
  EXPECT_TRUE(same(m.get_weight("lstm.kernel"), kernel));
}

TEST(ModelCalls, AddAfterTrainingAsksToCompileAgain) {
  Sequential m({dense({.units = 2})});
  m.compile({.optimizer = "adam", .loss = "mse"});
  m.fit(noise({4, 2}, 1), noise({4, 2}, 2), quiet());
  m.add(dense({.units = 1}));
  expect_piece(error_of([&] { m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet()); }), "not compiled");
}

TEST(ModelCalls, SetThreadsAfterFitKeepsTheOptimiser) {
  Sequential m({dense({.units = 1})});
  m.compile({.optimizer = "adam", .loss = "mse"});
  m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet({.epochs = 5}));
  m.set_threads(2);
  EXPECT_EQ(m.optimizer().iterations(), 5);
  m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet({.epochs = 2}));
  EXPECT_EQ(m.optimizer().iterations(), 7);
}

TEST(ModelCalls, ANullCallbackIsAnError) {
  Sequential m({dense({.units = 1})});
  m.compile({.optimizer = "adam", .loss = "mse"});
  expect_piece(error_of([&] {
                 m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet({.callbacks = {nullptr}}));
               }),
               "a callback is null");
}

TEST(ModelCalls, InputsWithoutTargetsAreADataSet) {
  const ArrayDataset data({Samples(Tensor({2, 2}))}, {});
  EXPECT_EQ(data.size(), 2);
}

TEST(ModelCalls, WeightsAreReadAndWrittenByName) {
  Sequential a({.features = {2}}, {dense({.units = 3}), dense({.units = 1, .name = "head"})}),
      b({.features = {2}}, {dense({.units = 3}), dense({.units = 1, .name = "head"})});
  a.build(1);
  b.build(2);
  b.set_weights(a.get_weights());
  EXPECT_TRUE(same(a.predict(noise({4, 2}, 1)).values(), b.predict(noise({4, 2}, 1)).values()));
  const Tensor before = a.get_weight("head.bias");
  expect_piece(error_of([&] {
                 a.set_weights({{"head.bias", Tensor::full({1}, 5)}, {"head.kernel", Tensor({2, 2})}});
               }),
               "head.kernel");
  EXPECT_TRUE(same(a.get_weight("head.bias"), before)) << "nothing was changed";
  expect_piece(error_of([&] { a.get_weight("heat.kernel"); }), "head.kernel");
}

TEST(Surgery, ALoadedModelGetsANewHeadAndLearnsWithFrozenLayers) {
  const std::string path = ::testing::TempDir() + "old.rondo";
  {
    Sequential old({.sequence = true, .features = {2}},
                   {lstm({.units = 4, .name = "core"}), dense({.units = 1})});
    old.build(1);
    old.save(path);
  }
  Model old = Model::load(path);
  GraphBuilder g;
  const auto x = g.input("x", {.sequence = true, .features = {2}});
  Model fresh = g.model({g.apply(dense({.units = 3, .name = "new_head"}),
                                 {g.apply(old.part({"input"}, {"core"}).as_layer("base"), {x})})});
  fresh.layer("base")->set_trainable(false);
  fresh.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor before = old.predict(noise({3, 5, 2}, 1)).values();
  fresh.fit(noise({8, 5, 2}, 1), noise({8, 3}, 2), quiet({.epochs = 3}));
  EXPECT_TRUE(same(old.predict(noise({3, 5, 2}, 1)).values(), before));
  fresh.layer("base")->set_trainable(true);
  fresh.fit(noise({8, 5, 2}, 1), noise({8, 3}, 2), quiet({.epochs = 3}));
  EXPECT_FALSE(same(old.predict(noise({3, 5, 2}, 1)).values(), before)) << "thawed, and shared";

  const std::string saved = ::testing::TempDir() + "new.rondo";
  fresh.save(saved);
  Model back = Model::load(saved);
  EXPECT_TRUE(same(back.predict(noise({3, 5, 2}, 1)).values(), fresh.predict(noise({3, 5, 2}, 1)).values()));
  expect_piece(back.summary(), "base (Network)");
  back.fit(noise({8, 5, 2}, 1), noise({8, 3}, 2), quiet());
}

TEST(Surgery, EncoderAndDecoderOfATrainedModelNeedNoCopying) {
  GraphBuilder g;
  const auto past = g.input("past", {.sequence = true, .features = {2}}),
             shifted = g.input("shifted", {.sequence = true, .features = {1}});
  const auto e = g.apply_all(lstm({.units = 4, .return_state = true, .name = "encoder"}), {past});
  const auto d =
      g.apply(lstm({.units = 4, .return_sequences = true, .name = "decoder"}), {shifted, e[1], e[2]});
  Model whole = g.model({g.apply(dense({.units = 1, .name = "head"}), {d})}, 3);

  Model encoder = whole.part({"past"}, {"encoder:1", "encoder:2"});
  Model decoder = whole.part({"shifted", "encoder:1", "encoder:2"}, {"head"});
  const Samples x(noise({3, 6, 2}, 1)), y(noise({3, 4, 1}, 2));
  const std::vector<Samples> states = encoder.predict(ArrayDataset(std::vector<Samples>{x}, {}));
  const std::vector<Samples> seen = decoder.predict(ArrayDataset({y, states[0], states[1]}, {}));
  const std::vector<Samples> expected = whole.predict(ArrayDataset({x, y}, {}));
  EXPECT_TRUE(same(seen[0].values(), expected[0].values()));
  EXPECT_TRUE(same(encoder.get_weight("encoder.kernel"), whole.get_weight("encoder.kernel")));
}

/// The direction that "auto" takes for a network whose outputs have this name.
std::int64_t best_epoch(const std::string& name) {
  GraphBuilder g;
  const auto x = g.input("x", {.features = {2}});
  Model m = g.model(
      {g.apply(dense({.units = 1, .name = name}), {x}), g.apply(dense({.units = 1, .name = "other"}), {x})},
      1);
  m.compile({.optimizer = sgd(0.05), .loss = "mse"});
  const Tensor y = noise({64, 1}, 2);
  const auto stop =
      std::make_shared<EarlyStopping>(EarlyStoppingOptions{.monitor = name + "_loss", .patience = 2});
  m.fit(ArrayDataset({Samples(noise({64, 2}, 1))}, {Samples(y), Samples(y)}),
        quiet({.epochs = 10, .callbacks = {stop}}));
  return stop->best_epoch();
}

TEST(AutoMode, AsksTheLossOrMetricAndNotItsName) {
  for (const char* name : {"price", "account", "acceleration", "auction", "r2_head", "cosine"})
    EXPECT_GT(best_epoch(name), 2) << name;
}

/// A metric that says nothing about its direction.
class Silent : public RowMetric {
 public:
  void reset() override {}
  double result() const override { return 1; }
  std::vector<double> gathered() const override { return {}; }
  void restore(std::span<const double>) override {}
  void update_rows(ConstMatrix, ConstMatrix, std::span<const double>) override {}
};

TEST(AutoMode, IsRefusedWhereItCannotBeTold) {
  Sequential m({dense({.units = 1})});
  CompileOptions options{.optimizer = "adam", .loss = "mse"};
  options.custom_metrics = {{[] {
    auto metric = std::make_shared<Silent>();
    metric->set_name("accuracy_of_mine");
    return metric;
  }}};
  m.compile(options);
  std::vector<CallbackPtr> all = {
      std::make_shared<EarlyStopping>(EarlyStoppingOptions{.monitor = "accuracy_of_mine"}),
      std::make_shared<ReduceLrOnPlateau>(ReduceLrOnPlateauOptions{.monitor = "accuracy_of_mine"}),
      std::make_shared<ModelCheckpoint>(ModelCheckpointOptions{.filepath = ::testing::TempDir() + "c.rondo",
                                                               .monitor = "accuracy_of_mine",
                                                               .save_best_only = true})};
  for (const CallbackPtr& callback : all) {
    const std::string error = error_of([&] {
      m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet({.callbacks = {callback}}));
    });
    expect_piece(error, "cannot tell whether 'accuracy_of_mine'");
    EXPECT_EQ(m.optimizer().iterations(), 0) << "said before the first epoch";
  }
  const auto said =
      std::make_shared<EarlyStopping>(EarlyStoppingOptions{.monitor = "accuracy_of_mine", .mode = "max"});
  m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet({.callbacks = {said}}));
}

TEST(NamesOfResults, OfAWeightedMetricBesideTheSameWithoutWeights) {
  Sequential m({dense({.units = 1, .use_bias = false, .kernel_initializer = "zeros"})});
  m.compile({.optimizer = sgd(0), .loss = "mse", .metrics = {"mae"}, .weighted_metrics = {"mae"}});
  const ArrayDataset d({Samples(Tensor::full({2, 1}, 1))}, {Samples(Tensor::from({1, 3}, {2, 1}))},
                       {Tensor::from({1, 9}, {2})});
  const History h = m.fit(d, quiet());
  EXPECT_NEAR(h.at("mae").front(), 2, 1e-6);
  EXPECT_NEAR(h.at("weighted_mae").front(), 2.8, 1e-6);
}

TEST(NamesOfResults, ThatAreEqualAreRefused) {
  Sequential m({dense({.units = 1})});
  m.compile({.optimizer = "adam", .loss = "mse", .metrics = {"mae", "mae"}});
  expect_piece(error_of([&] { m.fit(noise({4, 2}, 1), noise({4, 1}, 2), quiet()); }), "'mae' twice");
  GraphBuilder g;
  const auto x = g.input("x", {.features = {2}});
  Model two = g.model({g.apply(dense({.units = 1, .name = "val"}), {x}), g.apply(dense({.units = 1}), {x})});
  expect_piece(error_of([&] { two.compile({.optimizer = "adam", .loss = "mse"}); }), "'val_loss' twice");
}

TEST(Divergence, LeavesTheLastFiniteWeights) {
  Sequential m({.features = {1}},
               {batch_normalization(),
                dense({.units = 1, .activation = "exponential", .kernel_initializer = "ones"})});
  m.build(1);
  for (const bool bad_input : {false, true}) {
    m.compile({.optimizer = "adam", .loss = "mse"});
    Tensor x = Tensor::from({1, 2, 1, 2, 1, 2}, {6, 1});
    Tensor y({6, 1});
    if (bad_input)
      x.set(4, std::numeric_limits<double>::quiet_NaN());
    else
      y.set(4, 1e30);
    expect_piece(error_of([&] { m.fit(x, y, quiet({.batch_size = 2, .shuffle = false})); }), "diverged");
    for (const auto& [name, value] : m.get_weights()) {
      for (std::int64_t i = 0; i < value.size(); ++i) EXPECT_TRUE(std::isfinite(value.at(i))) << name;
    }
  }
}

TEST(Divergence, ByAStepThatIsTooLargeIsTakenBack) {
  Sequential m({.features = {1}}, {dense({.units = 1})});
  m.build(1);
  m.compile({.optimizer = sgd(1e38), .loss = "mse"});
  const Tensor before = m.get_weight("dense.kernel");
  expect_piece(error_of([&] {
                 m.fit(Tensor::full({2, 1}, 100), Tensor::full({2, 1}, 1e3), quiet({.epochs = 3}));
               }),
               "diverged");
  EXPECT_TRUE(std::isfinite(m.get_weight("dense.kernel").at(0)));
  EXPECT_TRUE(same(m.get_weight("dense.kernel"), before));
}

TEST(Stateful, ALastBatchThatIsSmallerIsSaidBeforeTheFirstEpochWithACureThatHelps) {
  Sequential m({gru({.units = 2, .stateful = true}), dense({.units = 1})});
  m.compile({.optimizer = "adam", .loss = "mse"});
  const Tensor x = noise({30, 3, 1}, 1), y = noise({30, 1}, 2);
  const std::string error = error_of([&] { m.fit(x, y, quiet({.batch_size = 8})); });
  expect_piece(error, "30 samples in batches of 8: the last one has 6");
  expect_piece(error, "set the batch size to 6");
  EXPECT_EQ(m.optimizer().iterations(), 0);
  m.fit(x, y, quiet({.batch_size = 6}));
  m.reset_states();
  expect_piece(error_of([&] { m.evaluate(x, y, {.batch_size = 7}); }), "set the batch size to 6");
  expect_piece(error_of([&] {
                 const ViewDataset validation({x}, {y});
                 m.fit(x, y,
                       quiet({.batch_size = 6, .validation_data = &validation, .validation_batch_size = 4}));
               }),
               "validation");
}

TEST(InitialState, ThatWasNotReadGetsNoGradient) {
  GraphBuilder g(DType::float64);
  const auto x = g.input("x", {.sequence = true, .features = {1}}), z = g.input("z", {.features = {2}});
  const auto s = g.apply(dense({.units = 3, .name = "to_state"}), {z});
  const auto h = g.apply(gru({.units = 3, .return_sequences = true}), {x, s});
  Model m = g.model({g.apply(dense({.units = 1}), {h})}, 3);
  m.compile({.optimizer = sgd(1), .loss = "mse"});
  const Tensor before = m.get_weight("to_state.kernel");
  const auto fit = [&](const Tensor& weights) {
    m.fit(ArrayDataset(
              {Samples(noise({1, 4, 1}, 1, DType::float64)), Samples(noise({1, 2}, 2, DType::float64))},
              {Samples(noise({1, 4, 1}, 3, DType::float64))}, {weights}),
          quiet({.tbptt = 2}));
  };
  fit(Tensor::from({0, 0, 1, 1}, {1, 4}, DType::float64));
  EXPECT_TRUE(same(m.get_weight("to_state.kernel"), before)) << "only the second chunk has a loss";
  fit(Tensor::from({1, 1, 0, 0}, {1, 4}, DType::float64));
  EXPECT_FALSE(same(m.get_weight("to_state.kernel"), before));
}

TEST(ZeroOutputForMask, SaysWhatStandsInThePaddingOfOutputs) {
  for (const bool zero : {false, true}) {
    Sequential m({.sequence = true, .features = {2}},
                 {lstm({.units = 1, .return_sequences = true, .zero_output_for_mask = zero})});
    const Samples y = m.predict(Samples::padded(noise({1, 4, 2}, 1), std::vector<std::int64_t>{2}));
    EXPECT_EQ(y.to_padded().at(3), zero ? 0 : y.to_padded().at(1)) << zero;
    EXPECT_EQ(y.to_padded(Samples::Fill::zero).at(3), 0);
    EXPECT_NE(y.to_padded(Samples::Fill::repeat).at(3), 0);
  }
}

TEST(BatchNormalization, KeepsTheVarianceOfManyStepsFarFromZero) {
  Tensor x({32, 10000, 1});
  const RandomStream r(3);
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, 1000 + r.normal(static_cast<std::uint64_t>(i)));
  Sequential m({batch_normalization({.momentum = 0})});
  m.compile({.optimizer = sgd(0), .loss = "mse"});
  m.fit(x, x, quiet());
  EXPECT_NEAR(m.get_weight("batch_normalization.moving_variance").at(0), 0.9989, 0.001);
  EXPECT_NEAR(m.get_weight("batch_normalization.moving_mean").at(0), 999.997, 0.001);
}

TEST(Session, KeepsItsStateWhenAnIdIsNotInTheTable) {
  Sequential m(ValueShape{true, -1, {}},
               {embedding({.input_dim = 4, .output_dim = 2}), lstm({.units = 3, .return_sequences = true})});
  m.build(1);
  Session seen(m.network(), 2), expected(m.network(), 2);
  float y[3], z[3];
  const float good = 1, nan = std::numeric_limits<float>::quiet_NaN();
  seen.step({&good, 1}, y);
  expected.step({&good, 1}, z);
  for (const float bad : {7.0F, 4.0F, -1.0F, 0.5F, nan}) {
    seen.step({&bad, 1}, y);
    EXPECT_TRUE(std::isnan(y[0])) << bad;
  }
  seen.step({&good, 1}, y);
  expected.step({&good, 1}, z);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(y[i], z[i]);
}

TEST(ViewDataset, HasTheSamplesOfAnArrayDataset) {
  const Tensor x = noise({7, 5, 3}, 1), flat = noise({7, 4}, 2), y = noise({7, 1}, 3);
  const std::vector<std::int64_t> lengths = {5, 0, 3, 1, 5, 2, 4};
  const ArrayDataset copies({Samples(x), Samples::padded(x, lengths), Samples(flat)}, {Samples(y)},
                            {noise({7}, 4)});
  const ViewDataset views({x, SamplesView(x.data<float>(), x.shape(), lengths), flat}, {y}, {noise({7}, 4)});
  const std::int64_t some[] = {3, 0, 6, 1};
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Batch a = copies.gather(some, dtype), b = views.gather(some, dtype);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(same(a.inputs[i].values(), b.inputs[i].values())) << i;
      EXPECT_EQ(a.inputs[i].values().dtype(), b.inputs[i].values().dtype());
      if (!a.inputs[i].is_sequence()) continue;
      EXPECT_TRUE(a.inputs[i].layout()->same_as(*b.inputs[i].layout()));
    }
    EXPECT_TRUE(same(a.targets[0].values(), b.targets[0].values()));
    EXPECT_TRUE(same(a.weights[0], b.weights[0]));
  }
  EXPECT_EQ(content_hash(copies, 0, 7), content_hash(views, 0, 7));
}

}  // namespace
}  // namespace rondo::model_calls
