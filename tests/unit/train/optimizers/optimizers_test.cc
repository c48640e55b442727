#include "rondo/train/optimizers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "support/message_of.h"

namespace rondo {
namespace {

Json options(const char* json) { return parse_json(json); }

/// A store with one weight of value 1, or with arrays of several shapes.
ParameterStore one_weight(double gradient, DType dtype = DType::float64) {
  ParameterStore store(dtype);
  store.declare("w", {1});
  store.allocate();
  store.values().set(0, 1);
  store.mutable_gradients().set(0, gradient);
  return store;
}

ParameterStore some_weights(DType dtype = DType::float32) {
  ParameterStore store(dtype);
  store.declare("dense.kernel", {7, 5});
  store.declare("norm.moving_mean", {5}, false);
  store.declare("dense.bias", {5});
  store.declare("empty", {0});
  store.declare("out.kernel", {5, 3});
  store.allocate();
  const RandomStream random(3);
  for (int p = 0; p < 5; ++p) {
    Tensor value(store.infos()[static_cast<std::size_t>(p)].shape, dtype);
    for (std::int64_t i = 0; i < value.size(); ++i)
      value.set(i, random.normal(static_cast<std::uint64_t>(100 * p + i)));
    store.set(p, value);
  }
  return store;
}

/// Gradients of step `step`: the same whoever asks. Only where parameters lie; the gaps stay 0.
void set_gradients(ParameterStore& store, std::uint64_t step) {
  const RandomStream random(11, 0, step);
  for (const ParameterInfo& info : store.infos()) {
    for (std::int64_t i = info.offset; i < info.offset + info.size; ++i) {
      store.mutable_gradients().set(i, random.normal(static_cast<std::uint64_t>(i)));
    }
  }
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * dtype_size(a.dtype())) == 0;
}

double first_step(const char* json, double gradient) {
  ParameterStore store = one_weight(gradient);
  make_optimizer(options(json))->step(store);
  return store.values().at(0);
}

std::vector<Json> all_variants() {
  std::vector<Json> out;
  for (const char* convention : {"keras", "torch"}) {
    for (const std::string& name : optimizer_names()) {
      out.push_back(Json::object({{"name", name}, {"convention", convention}}));
    }
    for (const char* json :
         {R"({"name": "sgd", "momentum": 0.9})", R"({"name": "sgd", "momentum": 0.9, "nesterov": true})",
          R"({"name": "rmsprop", "momentum": 0.5})", R"({"name": "rmsprop", "centered": true})",
          R"({"name": "rmsprop", "centered": true, "momentum": 0.5})",
          R"({"name": "adam", "amsgrad": true, "weight_decay": 0.1, "clipnorm": 0.5})",
          R"({"name": "adam", "learning_rate": {"name": "exponential_decay", "decay_steps": 2}})"}) {
      Json c = options(json);
      out.push_back(c.set("convention", convention));
    }
  }
  return out;
}

// First steps from the table "Optimisers" of the semantics: weight 1.
TEST(Optimizers, AdamAddsEpsilonWhereItsConventionSays) {
  EXPECT_NEAR(first_step(R"({"name": "adam", "learning_rate": 0.1})", 1e-6), 0.976, 5e-4);
  EXPECT_NEAR(first_step(R"({"name": "adam", "learning_rate": 0.1, "convention": "torch"})", 1e-6), 0.901,
              5e-4);
}

TEST(Optimizers, RmspropPutsEpsilonWhereItsConventionSays) {
  EXPECT_NEAR(first_step(R"({"name": "rmsprop"})", 0.1), 0.99684, 5e-6);
  EXPECT_NEAR(first_step(R"({"name": "rmsprop", "convention": "torch"})", 0.1), 0.9, 1e-6);
}

TEST(Optimizers, SgdMomentumHoldsTheLearningRateInKerasOnly) {
  for (const char* convention : {"keras", "torch"}) {
    ParameterStore store = one_weight(1);
    const auto sgd = make_optimizer(Json::object(
        {{"name", "sgd"}, {"momentum", 0.5}, {"learning_rate", 0.1}, {"convention", convention}}));
    sgd->step(store);
    EXPECT_DOUBLE_EQ(store.values().at(0), 0.9);
    sgd->set_learning_rate(0.01);
    sgd->step(store);
    const double expected = convention[0] == 'k' ? 0.9 - 0.5 * 0.1 - 0.01 : 0.9 - 0.01 * 1.5;
    EXPECT_DOUBLE_EQ(store.values().at(0), expected);
  }
}

TEST(Optimizers, NesterovLooksAhead) {
  EXPECT_DOUBLE_EQ(
      first_step(R"({"name": "sgd", "momentum": 0.5, "nesterov": true, "learning_rate": 0.1})", 1),
      1 + 0.5 * -0.1 - 0.1);
  EXPECT_DOUBLE_EQ(
      first_step(
          R"({"name": "sgd", "momentum": 0.5, "nesterov": true, "learning_rate": 0.1, "convention": "torch"})",
          1),
      1 - 0.1 * 1.5);
}

TEST(Optimizers, WeightDecayShrinksInKerasAndIsAGradientInTorch) {
  EXPECT_DOUBLE_EQ(first_step(R"({"name": "sgd", "learning_rate": 0.1, "weight_decay": 0.2})", 3),
                   1 - 0.02 - 0.3);
  // Adam's first step is one learning rate whatever the gradient: with decay in the gradient, nothing more
  // happens.
  EXPECT_NEAR(
      first_step(R"({"name": "adam", "learning_rate": 0.1, "weight_decay": 0.2, "convention": "torch"})", 3),
      0.9, 1e-8);
  EXPECT_NEAR(
      first_step(R"({"name": "adamw", "learning_rate": 0.1, "weight_decay": 0.2, "convention": "torch"})", 3),
      0.9 - 0.02, 1e-8);
  EXPECT_NEAR(first_step(R"({"name": "adam", "learning_rate": 0.1, "weight_decay": 0.2})", 3), 0.9 - 0.02,
              1e-6);
}

TEST(Optimizers, WeightDecayLeavesExcludedParametersAlone) {
  ParameterStore store = some_weights(), before = store;
  make_optimizer(options(R"({"name": "sgd", "weight_decay": 0.5, "exclude_from_weight_decay": ["bias"]})"))
      ->step(store);
  EXPECT_TRUE(same_bits(store.get(2), before.get(2)));
  EXPECT_FALSE(same_bits(store.get(0), before.get(0)));
}

TEST(Optimizers, AdagradStartsFromItsConventionsSum) {
  EXPECT_NEAR(first_step(R"({"name": "adagrad"})", 0.2), 1 - 0.001 * 0.2 / std::sqrt(0.14 + 1e-7), 1e-12);
  EXPECT_NEAR(first_step(R"({"name": "adagrad", "convention": "torch"})", 0.2), 1 - 0.01, 1e-9);
}

TEST(Optimizers, AdadeltaFollowsItsTwoMeans) {
  const double move = std::sqrt(1e-7) * 0.2 / std::sqrt(0.05 * 0.04 + 1e-7);
  EXPECT_NEAR(first_step(R"({"name": "adadelta", "learning_rate": 2})", 0.2), 1 - 2 * move, 1e-14);
}

TEST(Optimizers, NadamUsesTheMomentumOfThisStepAndTheNext) {
  const double now = 0.9 * (1 - 0.5 * 0.96), next = 0.9 * (1 - 0.5 * 0.96 * 0.96), g = 0.2;
  const double mean = next * 0.1 * g / (1 - now * next) + (1 - now) * g / (1 - now);
  EXPECT_NEAR(first_step(R"({"name": "nadam", "learning_rate": 0.1})", g), 1 - 0.1 * mean / (g + 1e-7),
              1e-12);
}

TEST(Optimizers, AmsgradNeverForgetsALargeGradient) {
  ParameterStore plain = one_weight(10), keeping = one_weight(10);
  const auto adam = make_optimizer(options(R"({"name": "adam", "beta_2": 0.5})"));
  const auto amsgrad = make_optimizer(options(R"({"name": "amsgrad", "beta_2": 0.5})"));
  for (int step = 0; step < 6; ++step) {
    adam->step(plain);
    amsgrad->step(keeping);
    plain.mutable_gradients().set(0, 0.1);
    keeping.mutable_gradients().set(0, 0.1);
  }
  EXPECT_GT(keeping.values().at(0), plain.values().at(0));
}

TEST(Optimizers, ClipByValueByNormAndByGlobalNorm) {
  const auto moves = [](const char* clip) {
    ParameterStore store(DType::float64);
    store.declare("a", {2});
    store.declare("b", {1});
    store.allocate();
    for (const auto& [p, i, g] : {std::tuple{0, 0, 3.0}, {0, 1, 4.0}, {1, 0, 12.0}}) {
      store.mutable_gradients().set(store.infos()[static_cast<std::size_t>(p)].offset + i, g);
    }
    Json c = options(clip);
    c.set("name", "sgd").set("learning_rate", 1.0);
    const StepReport report = make_optimizer(c)->step(store);
    EXPECT_DOUBLE_EQ(report.gradient_norm, 13);  // before clipping
    return std::vector<double>{-store.get(0).at(0), -store.get(0).at(1), -store.get(1).at(0)};
  };
  const auto expect = [](const std::vector<double>& seen, const std::vector<double>& wanted) {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(seen[i], wanted[i], 1e-12);
  };
  expect(moves("{}"), {3, 4, 12});
  expect(moves(R"({"clipvalue": 3.5})"), {3, 3.5, 3.5});
  expect(moves(R"({"clipnorm": 1})"), {0.6, 0.8, 1});
  expect(moves(R"({"clipnorm": 6})"), {3, 4, 6});
  expect(moves(R"({"global_clipnorm": 6.5})"), {1.5, 2, 6});
  expect(moves(R"({"global_clipnorm": 20})"), {3, 4, 12});
  const double torch = 6.5 / (13 + 1e-6);
  expect(moves(R"({"global_clipnorm": 6.5, "convention": "torch"})"), {3 * torch, 4 * torch, 12 * torch});
}

TEST(Optimizers, ABrokenGradientIsNeverHiddenByClipping) {
  ParameterStore store = one_weight(std::numeric_limits<double>::infinity());
  const StepReport report = make_optimizer(options(R"({"name": "sgd", "global_clipnorm": 1})"))->step(store);
  EXPECT_FALSE(std::isfinite(report.gradient_norm));
  EXPECT_TRUE(std::isnan(store.values().at(0)));
}

TEST(Optimizers, TouchOnlyTrainableParametersAndNoGaps) {
  for (const Json& config : all_variants()) {
    ParameterStore store = some_weights(DType::float64), before = store;
    const auto optimizer = make_optimizer(config);
    std::vector<bool> may_change(static_cast<std::size_t>(store.values().size()), false);
    for (int p = 0; p < static_cast<int>(store.infos().size()); ++p) {
      const ParameterInfo& info = store.infos()[static_cast<std::size_t>(p)];
      for (std::int64_t i = 0; store.is_trainable(p) && i < info.size; ++i) {
        may_change[static_cast<std::size_t>(info.offset + i)] = true;
      }
    }
    for (std::uint64_t step = 0; step < 3; ++step) {
      set_gradients(store, step);
      optimizer->step(store);
    }
    for (std::int64_t i = 0; i < store.values().size(); ++i) {
      const bool changed = store.values().at(i) != before.values().at(i);
      EXPECT_EQ(changed, may_change[static_cast<std::size_t>(i)]) << to_json(config) << " element " << i;
    }
  }
}

TEST(Optimizers, ResumedFromTheirStateGoOnWithTheSameBits) {
  for (const Json& config : all_variants()) {
    ParameterStore whole = some_weights();
    const auto optimizer = make_optimizer(config);
    for (std::uint64_t step = 0; step < 5; ++step) {
      set_gradients(whole, step);
      optimizer->step(whole);
    }
    ParameterStore resumed = whole;
    OptimizerState state = optimizer->state(whole);
    state.numbers = parse_json(to_json(state.numbers));  // as a file would bring it back
    const auto second = make_optimizer(parse_json(to_json(optimizer->config())));
    second->restore(resumed, state);
    EXPECT_EQ(second->iterations(), 5);
    for (std::uint64_t step = 5; step < 9; ++step) {
      for (auto [store, o] : {std::pair{&whole, optimizer.get()}, std::pair{&resumed, second.get()}}) {
        set_gradients(*store, step);
        o->step(*store);
      }
    }
    EXPECT_TRUE(same_bits(whole.values(), resumed.values())) << to_json(config);
  }
}

TEST(Optimizers, FloatAndDoubleAgree) {
  for (const Json& config : all_variants()) {
    ParameterStore single = some_weights(DType::float32), exact = some_weights(DType::float64);
    const auto a = make_optimizer(config), b = make_optimizer(config);
    for (std::uint64_t step = 0; step < 5; ++step) {
      for (auto [store, o] : {std::pair{&single, a.get()}, std::pair{&exact, b.get()}}) {
        set_gradients(*store, step);
        o->step(*store);
      }
    }
    for (int p = 0; p < 5; ++p) {
      const Tensor x = single.get(p), y = exact.get(p);
      for (std::int64_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x.at(i), y.at(i), 2e-5) << to_json(config);
    }
  }
}

TEST(Optimizers, MinimiseABowl) {
  for (const Json& config : all_variants()) {
    ParameterStore store = one_weight(0);
    Json faster = config;
    if (config.find("learning_rate") == nullptr)
      faster.set("learning_rate", config.at("name") == "adadelta" ? 20.0 : 0.02);
    const auto optimizer = make_optimizer(faster);
    for (int step = 0; step < 2000; ++step) {
      store.mutable_gradients().set(0, store.values().at(0) - 0.5);
      optimizer->step(store);
    }
    const bool decays = config.find("weight_decay") != nullptr || config.at("name") == "adamw";
    const bool stops_early = config.find("learning_rate") != nullptr;  // the schedule goes to 0
    if (!decays && !stops_early) {
      EXPECT_NEAR(store.values().at(0), 0.5, 0.05) << to_json(config);
    }
    EXPECT_LT(store.values().at(0), 1) << to_json(config);
  }
}

TEST(Optimizers, FollowAScheduleStepByStep) {
  ParameterStore store = one_weight(1);
  const auto sgd =
      make_optimizer(options(R"({"name": "sgd", "learning_rate": {"name": "piecewise_constant_decay",
      "boundaries": [0, 1], "values": [0.1, 0.2, 0.3]}})"));
  for (const double rate : {0.1, 0.2, 0.3, 0.3}) {
    EXPECT_EQ(sgd->learning_rate(), rate);
    EXPECT_EQ(sgd->step(store).learning_rate, rate);
  }
  EXPECT_THROW(sgd->set_learning_rate(0.5), Error);
}

TEST(Optimizers, DefaultsAreThoseOfTheConvention) {
  const auto value = [](const char* name, const char* convention, const char* key) {
    return make_optimizer(Json::object({{"name", name}, {"convention", convention}}))
        ->config()
        .at(key)
        .as_real();
  };
  EXPECT_EQ(value("adam", "keras", "epsilon"), 1e-7);
  EXPECT_EQ(value("adam", "torch", "epsilon"), 1e-8);
  EXPECT_EQ(value("adamw", "keras", "weight_decay"), 0.004);
  EXPECT_EQ(value("adamw", "torch", "weight_decay"), 0.01);
  EXPECT_EQ(value("rmsprop", "keras", "rho"), 0.9);
  EXPECT_EQ(value("rmsprop", "torch", "rho"), 0.99);
  EXPECT_EQ(value("sgd", "keras", "learning_rate"), 0.01);
  EXPECT_EQ(value("nadam", "torch", "learning_rate"), 0.002);
}

TEST(Optimizers, RefuseWhatTheyCannotUse) {
  EXPECT_EQ(make_optimizer("RMSprop")->name(), "rmsprop");
  EXPECT_EQ(make_optimizer("AdamW")->name(), "adamw");
  EXPECT_EQ(make_optimizer("SGD")->name(), "sgd");
  EXPECT_NE(message_of([] { make_optimizer("adm"); }).find("'adam'"), std::string::npos);
  EXPECT_NE(message_of([] { make_optimizer(options(R"({"name": "adam", "beta1": 0.5})")); }).find("beta_1"),
            std::string::npos);
  EXPECT_NE(message_of([] {
              make_optimizer(options(R"({"name": "sgd", "clipnorm": 1, "clipvalue": 1})"));
            }).find("one"),
            std::string::npos);
  for (const char* wrong :
       {R"({"name": "sgd", "momentum": -1})", R"({"name": "sgd", "nesterov": true})",
        R"({"name": "adam", "beta_1": 1})", R"({"name": "sgd", "clipnorm": 0})",
        R"({"name": "sgd", "learning_rate": -1})", R"({"name": "sgd", "weight_decay": -1})",
        R"({"name": "sgd", "convention": "jax"})"}) {
    EXPECT_THROW(make_optimizer(options(wrong)), Error) << wrong;
  }
}

TEST(Optimizers, RestoreRefusesAnotherModelsState) {
  ParameterStore store = some_weights();
  const auto adam = make_optimizer("adam");
  set_gradients(store, 0);
  adam->step(store);
  const OptimizerState state = adam->state(store);
  OptimizerState missing = state;
  missing.slots.pop_back();
  EXPECT_NE(message_of([&] { make_optimizer("adam")->restore(store, missing); }).find("out.kernel/velocity"),
            std::string::npos);
  EXPECT_THROW(make_optimizer("sgd")->restore(store, state), Error);
  OptimizerState misshaped = state;
  misshaped.slots.front().second = Tensor({5, 7});
  EXPECT_NE(message_of([&] { make_optimizer("adam")->restore(store, misshaped); }).find("(7, 5)"),
            std::string::npos);
  OptimizerState empty;
  EXPECT_THROW(make_optimizer("adam")->restore(store, empty), Error);
}

TEST(Optimizers, AreBoundToTheirModelOnceTheyHaveMoved) {
  ParameterStore store = some_weights(), other = one_weight(1);
  const auto adam = make_optimizer("adam");
  set_gradients(store, 0);
  adam->step(store);
  EXPECT_THROW(adam->step(other), Error);
}

}  // namespace
}  // namespace rondo
