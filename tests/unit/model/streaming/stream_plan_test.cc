#include "rondo/tape/stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "rondo/model/session.h"
#include "unit/layers/run_network.h"

// A plan says everything that its steps do: what a reader (an exporter to C, ONNX or int8) needs.

namespace rondo {
namespace {

using Row = std::vector<double>;

/// Runs a plan in double by nothing but what it says of its steps.
class Interpreter {
 public:
  explicit Interpreter(const StreamPlan& plan) : plan_(plan), values_(plan.values().size()) {
    for (const StreamPlan::State& state : plan.states()) {
      Row& row = of(state.value);
      row.assign(state.initial.begin(), state.initial.end());
      row.resize(static_cast<std::size_t>(plan.values()[static_cast<std::size_t>(state.value)].width()));
    }
  }

  Row step(const Row& x) {
    of(plan_.inputs()[0]) = x;
    for (const StreamStep& step : plan_.steps()) run(step);
    return of(plan_.outputs()[0]);
  }

 private:
  Row& of(int id) { return values_[static_cast<std::size_t>(id)]; }

  static double act(const std::string& name, double x) {
    if (name == "tanh") return std::tanh(x);
    if (name == "sigmoid") return 1 / (1 + std::exp(-x));
    EXPECT_EQ(name, "linear");
    return x;
  }
  static Row product(const Row& x, const ConstMatrix& weights) {
    const View<const float> w = weights.view<const float>();
    Row y(static_cast<std::size_t>(w.cols));
    for (std::size_t c = 0; c < y.size(); ++c) {
      for (std::size_t k = 0; k < x.size(); ++k)
        y[c] += x[k] * w(static_cast<std::int64_t>(k), static_cast<std::int64_t>(c));
    }
    return y;
  }
  static double number(const StreamStep& step, const char* weight, std::size_t c, std::int64_t row = 0) {
    return step.weight(weight).view<const float>()(row, static_cast<std::int64_t>(c));
  }

  void run(const StreamStep& step) {
    const Row x = of(step.inputs[0]);
    Row& y = of(step.outputs[0]);
    if (step.kind == "lstm") return lstm(step, x);
    if (step.kind == "gru") return gru(step, x);
    if (step.kind == "dense") {
      y = product(x, step.weight("kernel"));
      for (std::size_t c = 0; c < y.size(); ++c)
        y[c] = act(step.options.at("activation").as_string(), y[c] + number(step, "bias", c));
    } else if (step.kind == "layer_normalization") {
      const auto n = static_cast<double>(x.size());
      double mean = 0, variance = 0;
      for (const double v : x) mean += v / n;
      for (const double v : x) variance += (v - mean) * (v - mean) / n;
      y.resize(x.size());
      for (std::size_t c = 0; c < x.size(); ++c)
        y[c] = (x[c] - mean) / std::sqrt(variance + step.options.at("epsilon").as_real()) *
                   number(step, "gamma", c) +
               number(step, "beta", c);
    } else if (step.kind == "concatenate") {
      y.clear();
      for (const int id : step.inputs) y.insert(y.end(), of(id).begin(), of(id).end());
    } else {
      ADD_FAILURE() << "unknown kind " << step.kind;
    }
  }

  void lstm(const StreamStep& step, const Row& x) {
    Row &h = of(step.states[0]), &c = of(step.states[1]);
    const Row from_x = product(x, step.weight("kernel")),
              from_h = product(h, step.weight("recurrent_kernel"));
    const std::string& gate = step.options.at("recurrent_activation").as_string();
    const std::size_t units = h.size();
    for (std::size_t u = 0; u < units; ++u) {
      const auto sum = [&](std::size_t g) {
        return from_x[g * units + u] + from_h[g * units + u] + number(step, "bias", g * units + u);
      };
      c[u] = act(gate, sum(1)) * c[u] +
             act(gate, sum(0)) * act(step.options.at("activation").as_string(), sum(2));
      h[u] = act(gate, sum(3)) * std::tanh(c[u]);
    }
  }

  void gru(const StreamStep& step, const Row& x) {
    EXPECT_TRUE(step.options.at("reset_after").as_bool());
    Row& h = of(step.states[0]);
    const Row from_x = product(x, step.weight("kernel")),
              from_h = product(h, step.weight("recurrent_kernel"));
    const std::size_t units = h.size();
    for (std::size_t u = 0; u < units; ++u) {
      const auto input = [&](std::size_t g) {
        return from_x[g * units + u] + number(step, "bias", g * units + u);
      };
      const auto recurrent = [&](std::size_t g) {
        return from_h[g * units + u] + number(step, "bias", g * units + u, 1);
      };
      const double z = act("sigmoid", input(0) + recurrent(0)), r = act("sigmoid", input(1) + recurrent(1)),
                   n = std::tanh(input(2) + r * recurrent(2));
      h[u] = z * h[u] + (1 - z) * n;
    }
  }

  const StreamPlan& plan_;
  std::vector<Row> values_;
};

Network stacked() {
  Network network;
  const auto apply = [&](LayerPtr layer, std::vector<int> from) {
    return network.add(std::move(layer), std::move(from))[0];
  };
  const int x = network.add_input("x", {true, -1, {3}});
  const int first = apply(lstm({.units = 5, .return_sequences = true}), {x});
  const int second = apply(gru({.units = 4, .return_sequences = true}),
                           {apply(layer_normalization(), {apply(dropout({.rate = 0.1}), {first})})});
  const LayerPtr shared = dense({.units = 4, .activation = "tanh"});
  const int twice = apply(shared, {apply(shared, {second})});
  const int both = apply(concatenate(), {twice, x});
  network.set_outputs({apply(dense({.units = 2}), {apply(time_pooling({.mode = "last"}), {both})})});
  network.build(3);
  const RandomStream random(9);
  const auto values = network.parameters().values();
  for (std::int64_t i = 0; i < values.size(); ++i)
    if (values.at(i) == 0) values.set(i, 0.3 * random.normal(static_cast<std::uint64_t>(i)));
  return network;
}

TEST(StreamPlan, SaysAllThatASessionComputes) {
  const Network network = stacked();
  const StreamPlan plan = network.stream_plan();
  Interpreter interpreter(plan);
  Session session(network);
  const Tensor x = normal({12, 3}, 4);
  std::vector<float> y(2);
  for (std::int64_t t = 0; t < 12; ++t) {
    const auto now = x.data<float>().subspan(static_cast<std::size_t>(t * 3), 3);
    session.step(now, y);
    const Row expected = interpreter.step({now.begin(), now.end()});
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(y[i], expected[i], 1e-5) << "step " << t;
  }
}

TEST(StreamPlan, NamesItsStepsAndStatesAndNothingThatDoesNothing) {
  const Network network = stacked();
  const StreamPlan plan = network.stream_plan();
  std::vector<std::string> names, states;
  for (const StreamStep& step : plan.steps()) names.push_back(step.name);
  for (const StreamPlan::State& state : plan.states()) states.push_back(state.name);
  EXPECT_EQ(names, (std::vector<std::string>{"lstm", "layer_normalization", "gru", "dense", "dense@1",
                                             "concatenate", "dense_1"}));
  EXPECT_EQ(states, (std::vector<std::string>{"lstm.h", "lstm.c", "gru.h"}));
  const StreamStep &first = plan.steps()[0], &again = plan.steps()[4];
  EXPECT_EQ(first.states.size(), 2U);
  EXPECT_EQ(first.outputs[0], first.states[0]);
  EXPECT_EQ(first.weights.size(), 3U);
  EXPECT_FALSE(first.weight("gamma"));
  EXPECT_EQ(again.weight("kernel").data, plan.steps()[3].weight("kernel").data);  // a shared layer
}

}  // namespace
}  // namespace rondo
