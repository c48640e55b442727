#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/train/optimizers.h"
#include "support/message_of.h"

// What every optimiser can do besides its formula: groups of parameters, gradients of several batches, and a
// moving average of the weights.

namespace rondo {
namespace {

/// Three arrays with random weights.
ParameterStore three_arrays() {
  ParameterStore store(DType::float64);
  store.declare("lstm.kernel", {3, 4});
  store.declare("lstm.bias", {4});
  store.declare("head.kernel", {4, 2});
  store.allocate();
  const RandomStream random(2);
  for (std::int64_t i = 0; i < store.values().size(); ++i)
    store.values().set(i, random.normal(static_cast<std::uint64_t>(i)));
  return store;
}

void set_random_gradients(ParameterStore& store, std::uint64_t step) {
  const RandomStream random(3, 0, step);
  store.zero_gradients();
  for (std::int64_t i = 0; i < store.values().size(); ++i)
    store.mutable_gradients().set(i, random.normal(static_cast<std::uint64_t>(i)));
}

Json with_name(const std::string& name, const char* options = "{}") {
  Json out = parse_json(options);
  return out.set("name", name);
}

/// The three arrays after so many steps.
std::vector<Tensor> after_steps(const Json& config, int steps) {
  ParameterStore store = three_arrays();
  const auto optimizer = make_optimizer(config);
  for (int step = 0; step < steps; ++step) {
    set_random_gradients(store, static_cast<std::uint64_t>(step));
    optimizer->step(store);
  }
  return {store.get(0), store.get(1), store.get(2)};
}

bool are_equal(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

TEST(ParameterGroups, LearnAtARateAndWithADecayOfTheirOwn) {
  for (const std::string& name : optimizer_names()) {
    const auto plain = after_steps(with_name(name, R"({"learning_rate": 0.01, "weight_decay": 0.1})"), 4);
    const auto other = after_steps(with_name(name, R"({"learning_rate": 0.0025, "weight_decay": 0.5})"), 4);
    const auto grouped = after_steps(with_name(name, R"({"learning_rate": 0.01, "weight_decay": 0.1,
        "parameter_groups": [{"pattern": "lstm.b", "learning_rate_multiplier": 0.25, "weight_decay": 0.5},
                             {"pattern": "lstm.", "learning_rate_multiplier": 1}]})"),
                                     4);
    EXPECT_TRUE(are_equal(grouped[0], plain[0])) << name;
    EXPECT_TRUE(are_equal(grouped[1], other[1]))
        << name << ": the bits of an optimiser of that rate and decay";
    EXPECT_TRUE(are_equal(grouped[2], plain[2])) << name;
    EXPECT_FALSE(are_equal(plain[1], other[1])) << name;
  }
}

TEST(ParameterGroups, OfRateZeroStandStill) {
  const auto start = after_steps("adam", 0);
  const auto moved = after_steps(with_name("adam", R"({"weight_decay": 0.5, "parameter_groups": [
      {"pattern": "kernel", "learning_rate_multiplier": 0}]})"),
                                 3);
  EXPECT_TRUE(are_equal(start[0], moved[0]));
  EXPECT_FALSE(are_equal(start[1], moved[1]));
  EXPECT_TRUE(are_equal(start[2], moved[2]));
}

TEST(ParameterGroups, ThatFitNothingAreAnError) {
  const std::string message =
      message_of([] { after_steps(with_name("sgd", R"({"parameter_groups": [{"pattern": "gru."}]})"), 1); });
  EXPECT_NE(message.find("gru."), std::string::npos) << message;
  EXPECT_NE(message.find("lstm.kernel"), std::string::npos) << message;
  for (const char* wrong :
       {R"({"parameter_groups": [{"pattern": ""}]})", R"({"parameter_groups": [{"patern": "lstm"}]})",
        R"({"parameter_groups": [{"pattern": "lstm", "learning_rate_multiplier": -1}]})",
        R"({"gradient_accumulation_steps": 1})", R"({"gradient_accumulation_steps": 2, "lazy": true})",
        R"({"ema_momentum": 1.5})", R"({"ema_overwrite_frequency": 0})"}) {
    EXPECT_THROW(make_optimizer(with_name("sgd", wrong)), Error) << wrong;
  }
}

TEST(GradientAccumulation, StepsByTheMeanOfItsBatches) {
  constexpr int kBatches = 3;
  for (const std::string& name : optimizer_names()) {
    const Json config = with_name(name, R"({"clipnorm": 1})");
    Json gathers = config;
    gathers.set("gradient_accumulation_steps", kBatches);
    ParameterStore store = three_arrays(), expected = three_arrays();
    const auto gathering = make_optimizer(gathers), plain = make_optimizer(config);
    for (std::uint64_t step = 0; step < 4; ++step) {
      std::vector<double> mean(static_cast<std::size_t>(store.values().size()), 0);
      for (std::uint64_t k = 0; k < kBatches; ++k) {
        const std::vector<Tensor> before = {store.get(0), store.get(2)};
        set_random_gradients(store, kBatches * step + k);
        for (std::size_t i = 0; i < mean.size(); ++i)
          mean[i] += store.gradients().at(static_cast<std::int64_t>(i));
        gathering->step(store);
        EXPECT_EQ(are_equal(before[0], store.get(0)), k + 1 < kBatches) << name;
      }
      for (std::size_t i = 0; i < mean.size(); ++i)
        expected.mutable_gradients().set(static_cast<std::int64_t>(i), mean[i] / kBatches);
      plain->step(expected);
      for (int p = 0; p < 3; ++p) EXPECT_TRUE(are_equal(store.get(p), expected.get(p))) << name;
    }
    EXPECT_EQ(gathering->iterations(), 4 * kBatches);
  }
}

TEST(MovingAverage, TakesThePlaceOfTheWeightsAtTheEnd) {
  ParameterStore store = three_arrays();
  const auto optimizer = make_optimizer(with_name("sgd", R"({"use_ema": true, "ema_momentum": 0.75})"));
  std::vector<double> average(12, 0);
  for (std::uint64_t step = 0; step < 5; ++step) {
    set_random_gradients(store, step);
    optimizer->step(store);
    for (std::int64_t i = 0; i < 12; ++i) {
      double& mean = average[static_cast<std::size_t>(i)];
      mean = step == 0 ? store.get(0).at(i) : 0.75 * mean + 0.25 * store.get(0).at(i);
    }
  }
  EXPECT_NE(store.get(0).at(0), average[0]);
  optimizer->finalize(store);
  for (std::int64_t i = 0; i < 12; ++i)
    EXPECT_DOUBLE_EQ(store.get(0).at(i), average[static_cast<std::size_t>(i)]);
}

TEST(CommonOptions, ResumeFromTheStateWithTheSameBits) {
  for (const std::string& name : optimizer_names()) {
    for (
        const char* options :
        {R"({"gradient_accumulation_steps": 4})",
         R"({"use_ema": true, "ema_overwrite_frequency": 2, "ema_momentum": 0.5})",
         R"({"gradient_accumulation_steps": 2, "use_ema": true, "parameter_groups": [{"pattern": "lstm", "learning_rate_multiplier": 0.5}]})"}) {
      const Json config = with_name(name, options);
      ParameterStore whole = three_arrays(), resumed = three_arrays();
      const auto first = make_optimizer(config);
      auto second = make_optimizer(config);
      for (std::uint64_t step = 0; step < 9; ++step) {
        if (step == 5) {
          OptimizerState state = second->state(resumed);
          state.numbers = parse_json(to_json(state.numbers));
          second = make_optimizer(parse_json(to_json(second->config())));
          second->restore(resumed, state);
        }
        for (auto [store, optimizer] : {std::pair{&whole, first.get()}, std::pair{&resumed, second.get()}}) {
          set_random_gradients(*store, step);
          optimizer->step(*store);
        }
      }
      first->finalize(whole);
      second->finalize(resumed);
      for (int p = 0; p < 3; ++p) EXPECT_TRUE(are_equal(whole.get(p), resumed.get(p))) << to_json(config);
    }
  }
}

}  // namespace
}  // namespace rondo
