#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/cells.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/train/losses.h"
#include "rondo/train/metrics.h"
#include "rondo/train/optimizers.h"
#include "rondo/train/schedules.h"

// Every option that a layer, optimiser, schedule, loss or metric documents changes something: walks over
// their schemas, gives each option another value, and expects another config and another behaviour. A new
// option is tried without an entry here where `another_value` knows what else it may be.

namespace rondo {
namespace {

/// What can be seen of something; an error is a behaviour, too.
using Behaviour = std::string;

template <class Observe>
Behaviour behaviour(Observe observe) {
  std::ostringstream out;
  out.precision(17);
  try {
    observe(out);
  } catch (const std::exception& error) {
    out << "error: " << error.what();
  }
  return out.str();
}

void print_tensor(std::ostream& out, const Tensor& tensor) {
  out << to_string(tensor.shape());
  for (std::int64_t i = 0; i < tensor.size(); ++i) out << ' ' << tensor.at(i);
  out << '\n';
}

Tensor normal_tensor(Shape shape, std::uint64_t seed, DType dtype = DType::float32) {
  Tensor out(std::move(shape), dtype);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

Json json(const char* text) { return parse_json(text); }

Json merged(Json base, const Json& more) {
  for (const auto& [key, value] : more.as_object()) base.set(key, value);
  return base;
}

/// Another value of an option: by its name, else by its type.
Json another_value(const std::string& key, const Json& now) {
  static const std::map<std::string, Json> values = {
      {"units", 6},
      {"activation", "relu"},
      {"recurrent_activation", "hard_sigmoid"},
      {"recurrent_blocks", 2},
      {"proj_size", 2},
      {"clip", 0.05},
      {"layer_norm_epsilon", 0.5},
      {"dropout", 0.5},
      {"recurrent_dropout", 0.5},
      {"zoneout", 0.5},
      {"zoneout_cell", 0.5},
      {"means", json("[0.5, -0.5]")},
      {"rate", 0.2},
      {"stddev", 0.7},
      {"input_dim", 9},
      {"output_dim", 5},
      {"epsilon", 0.5},
      {"momentum", 0.5},
      {"mask_value", 1},
      {"n", 4},
      {"target_shape", json("[5, 3]")},
      {"values", json("[1, 2, 3]")},
      {"mode", "max"},
      {"merge_mode", "sum"},
      {"axes", json("[1]")},
      {"function", "test_negated"},
      {"layer", json(R"({"type": "gru", "units": 4})")},
      {"backward_layer", json(R"({"type": "gru", "units": 2, "go_backwards": true})")},
      // optimisers
      {"convention", "torch"},
      {"learning_rate", 0.25},
      {"weight_decay", 0.125},
      {"exclude_from_weight_decay", json(R"(["table"])")},
      {"clipnorm", 0.25},
      {"global_clipnorm", 0.25},
      {"clipvalue", 0.25},
      {"parameter_groups", json(R"([{"pattern": "table", "learning_rate_multiplier": 0.5}])")},
      {"gradient_accumulation_steps", 2},
      {"ema_momentum", 0.25},
      {"ema_overwrite_frequency", 2},
      {"rho", 0.5},
      {"beta_1", 0.5},
      {"beta_2", 0.5},
      {"initial_accumulator_value", 2},
      {"momentum_decay", 0.5},
      {"beta_2_decay", -0.25},
      {"epsilon_1", 0.5},
      {"epsilon_2", 4},
      {"clip_threshold", 0.25},
      // schedules
      {"boundaries", json("[7]")},
      {"milestones", json("[7]")},
      {"warmup_target", 0.5},
      {"anneal_strategy", "linear"},
      // losses and metrics
      {"reduction", "sum"},
      {"label_smoothing", 0.25},
      {"ignore_class", 1},
      {"levels", json("[0.25, 0.5]")},
      {"scale", "log"},
      {"mean", "log"},
      {"degrees_of_freedom", 5},
      {"k", 1},
      {"threshold", 0.25},
      {"class_id", 1},
      {"num_thresholds", 3},
      {"delta", 0.25}};
  if (key.ends_with("initializer")) return json(R"({"name": "constant", "value": 0.3})");
  if (key.ends_with("regularizer")) return json(R"({"l1": 0.1, "l2": 0.2})");
  if (key.ends_with("constraint")) return "unit_norm";
  if (const auto found = values.find(key);
      found != values.end() && found->second != now && found->second.is_bool() == now.is_bool()) {
    return found->second;
  }
  if (now.is_bool()) return !now.as_bool();
  if (now.is_number()) return now.as_real() == 0 ? Json(0.5) : Json(now.as_real() * 2);
  return Json();
}

/// For each of `keys`: with one of the contexts that fit it, another value gives another config and
/// behaviour.
struct Walk {
  std::string subject;
  Json base;
  std::map<std::string, Json> contexts;  ///< options that an option needs beside it
  std::function<Json(const Json&)> config_of;
  std::function<Behaviour(const Json&)> behaviour_of;

  void try_option(const std::string& key) const {
    const auto context = contexts.find(key);
    const Json before = context == contexts.end() ? base : merged(base, context->second);
    const Json config = config_of(before);
    const Json* now = config.find(key);
    const Json other = another_value(key, now == nullptr ? Json() : *now);
    ASSERT_FALSE(other.is_null()) << subject << "." << key << ": another_value() knows no other value than "
                                  << (now == nullptr ? "none" : to_json(*now));
    const Json after = merged(before, Json::object({{key, other}}));
    EXPECT_NE(behaviour_of(before), behaviour_of(after))
        << subject << "." << key << " = " << to_json(other) << " changes nothing in " << to_json(before);
    if (now != nullptr) {
      EXPECT_NE(to_json(config_of(after)), to_json(config))
          << subject << "." << key << " is not in the config";
    }
  }
};

// Layers.

const ValueShape kThreeFeatures{true, -1, {3}}, kIrregular{true, -1, {6}}, kVectorOfFour{false, -1, {4}};

struct LayerCase {
  Json spec;
  std::vector<ValueShape> inputs = {kThreeFeatures};
};

LayerCase layer_case(const std::string& type) {
  const ValueShape factors{false, -1, {2}}, matrices{true, 3, {3}};
  const std::map<std::string, LayerCase> cases = {
      {"gru_d", {json(R"({"units": 4})"), {kIrregular}}},
      {"dense", {json(R"({"units": 4})")}},
      {"activation", {json(R"({"activation": "tanh"})")}},
      {"embedding", {json(R"({"input_dim": 5, "output_dim": 3})"), {ValueShape{true, -1, {}}}}},
      {"repeat_vector", {json(R"({"n": 2})"), {kVectorOfFour}}},
      {"flatten", {json("{}"), {ValueShape{true, 5, {3}}}}},
      {"reshape", {json(R"({"target_shape": [15]})"), {ValueShape{true, 5, {3}}}}},
      {"trainable_vector", {json(R"({"values": [0.5]})")}},
      {"affine", {json("{}"), {kThreeFeatures, factors}}},
      {"time_distributed", {json(R"({"layer": {"type": "dense", "units": 2}})")}},
      {"bidirectional", {json(R"({"layer": {"type": "lstm", "units": 2}})")}},
      {"lambda", {json(R"({"function": "test_squared"})")}},
      {"dot", {json("{}"), {matrices, matrices}}},
      {"gaussian_noise", {json(R"({"stddev": 0.1})")}}};
  static const std::set<std::string> merges = {"concatenate", "add",     "subtract", "multiply",
                                               "average",     "maximum", "minimum"};
  LayerCase out;
  if (const auto found = cases.find(type); found != cases.end()) {
    out = found->second;
  } else {
    out.spec = Json::object();
    if (merges.contains(type)) out.inputs = {kThreeFeatures, kThreeFeatures};
    for (const std::string& cell : kernels::cell_types()) {
      if (cell == type) out.spec.set("units", 4);
    }
  }
  out.spec.set("type", type);
  return out;
}

/// Values for an input: ragged where it has no fixed steps; a step of ones and of zeros for masking; for
/// gru_d masks and elapsed times.
Samples values_of(const ValueShape& shape, std::uint64_t seed) {
  constexpr std::int64_t kBatch = 4;
  if (!shape.sequence) {
    Tensor plain = normal_tensor({kBatch, shape.width()}, seed);
    return Samples(std::move(plain));
  }
  const std::int64_t steps = shape.steps < 0 ? 6 : shape.steps;
  if (shape.features.empty()) {
    Tensor ids({kBatch, steps}, DType::int32);
    for (std::int64_t i = 0; i < ids.size(); ++i) ids.set(i, static_cast<double>(i * 7 % 5));
    return Samples::tokens(ids);
  }
  Tensor values = normal_tensor({kBatch, steps, shape.features[0]}, seed);
  const std::int64_t width = shape.features[0];
  for (std::int64_t c = 0; c < width; ++c) values.set(width + c, 1), values.set(2 * width + c, 0);
  if (shape == kIrregular) {
    for (std::int64_t r = 0; r < kBatch * steps; ++r) {
      for (std::int64_t p = 0; p < 2; ++p) {
        values.set(r * width + 2 + p, static_cast<double>((r + p) % 3 == 0));
        values.set(r * width + 4 + p, 0.5 + static_cast<double>(r % 4));
      }
    }
  }
  if (shape.steps >= 0) return Samples(std::move(values));
  return Samples::padded(values, std::vector<std::int64_t>{6, 2, 4, 5});
}

void show_outputs(std::ostream& out, Network& network, const std::vector<Samples>& inputs, RunOptions run) {
  Tape tape;
  tape.reset(run);
  const std::vector<Var> outputs = network.run(tape, inputs);
  for (const Var penalty : tape.penalties()) out << "penalty " << tape.number(penalty) << '\n';
  for (const Var v : outputs) {
    const Samples samples = tape.get(v);
    print_tensor(out, samples.to_padded());
    if (samples.is_sequence()) {
      for (const std::int64_t length : samples.layout()->lengths()) out << length << ' ';
    }
  }
}

/// Shapes, first weights, outputs in inference and in training, what training leaves, penalties, states.
Behaviour layer_behaviour(const Json& spec, const std::vector<ValueShape>& shapes) {
  return behaviour([&](std::ostream& out) {
    Network network;
    std::vector<int> ids;
    std::vector<Samples> inputs;
    for (const ValueShape& shape : shapes) {
      ids.push_back(network.add_input("input_" + std::to_string(ids.size()), shape));
      inputs.push_back(values_of(shape, 10 + ids.size()));
    }
    network.set_outputs(network.add(make_layer(spec), ids));
    network.build(3);
    ParameterStore& parameters = network.parameters();
    for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
      out << parameters.infos()[p].name << ' ';
      print_tensor(out, parameters.get(static_cast<int>(p)));
    }
    const RandomStream random(9);  // zeros hide what they are multiplied by
    for (std::int64_t i = 0; i < parameters.values().size(); ++i) {
      if (parameters.values().at(i) == 0)
        parameters.values().set(i, 0.4 * random.normal(static_cast<std::uint64_t>(i)));
    }
    out << network.regularization(false) << '\n';
    CarriedState carried;
    for (const bool training : {false, false, true})
      show_outputs(out, network, inputs, {.training = training, .seed = 1, .step = 2, .carried = &carried});
    print_tensor(out, parameters.values());
    network.constrain();
    print_tensor(out, parameters.values());
  });
}

/// What an option needs beside it to show.
const std::map<std::string, Json> kLayerContexts = {{"layer_norm_epsilon", json(R"({"layer_norm": true})")},
                                                    {"same_for_all_steps", json(R"({"rate": 0.5})")},
                                                    {"every", json(R"({"count": 2})")},
                                                    {"count", json(R"({"count": 2})")},
                                                    {"recurrent_blocks", json(R"({"recurrent_blocks": 1})")},
                                                    {"go_backwards", json(R"({"return_sequences": true})")}};

/// Options that change nothing that can be seen here, and why.
const std::map<std::string, const char*> kSilentLayerOptions = {
    {"zero_output_for_mask", "it says how to_padded() fills what is not there; model_calls_test.cc"}};

void register_test_functions() {
  register_lambda("test_squared", [](Tape& tape, std::span<const Var> x) { return ops::square(tape, x[0]); });
  register_lambda("test_negated", [](Tape& tape, std::span<const Var> x) { return ops::negate(tape, x[0]); });
}

class OptionsOfEveryLayer : public ::testing::TestWithParam<std::string> {};

TEST_P(OptionsOfEveryLayer, ChangeSomething) {
  register_test_functions();
  const std::string& type = GetParam();
  const LayerCase c = layer_case(type);
  Walk walk{.subject = type,
            .base = c.spec,
            .contexts = kLayerContexts,
            .config_of = [](const Json& spec) { return make_layer(spec)->config(); },
            .behaviour_of = [&](const Json& spec) { return layer_behaviour(spec, c.inputs); }};
  const Json config = walk.config_of(c.spec);
  for (const auto& [key, value] : config.as_object()) {
    if (!kSilentLayerOptions.contains(key)) walk.try_option(key);
  }
  if (type == "bidirectional") {
    walk.base.set("backward_layer", json(R"({"type": "lstm", "units": 2, "go_backwards": true})"));
    walk.try_option("backward_layer");
  }
  walk.base = c.spec;
  const Json frozen = merged(c.spec, Json::object({{"trainable", false}, {"name", "other"}}));
  EXPECT_EQ(layer_spec(*make_layer(frozen)).at("name"), Json("other"));
  EXPECT_EQ(layer_spec(*make_layer(frozen)).at("trainable"), Json(false));
}

INSTANTIATE_TEST_SUITE_P(Layers, OptionsOfEveryLayer, ::testing::ValuesIn(layer_types()),
                         [](const auto& param) { return param.param; });

// Optimisers.

/// Weights after some steps, with a table of sparse rows, and after the end of training.
Behaviour optimizer_behaviour(const Json& config) {
  return behaviour([&](std::ostream& out) {
    ParameterStore store(DType::float64);
    store.declare("dense.kernel", {3, 4});
    store.declare_sparse_rows(store.declare("table", {6, 2}));
    store.allocate();
    const Tensor start = normal_tensor({store.values().size()}, 1, DType::float64);
    for (std::int64_t i = 0; i < start.size(); ++i) store.values().set(i, start.at(i));
    const auto optimizer = make_optimizer(config);
    for (std::uint64_t step = 0; step < 24; ++step) {
      store.zero_gradients();
      const Tensor noise = normal_tensor({24}, 20 + step, DType::float64);
      const View<double> dense = store.mutable_gradient(0).view<double>();
      const double size = 1 + 3 * static_cast<double>(step % 5);  // clipping by a norm must show in signs
      for (std::int64_t i = 0; i < 12; ++i) dense.data[i] = size * noise.at(i);
      const std::vector<std::int64_t> rows = {static_cast<std::int64_t>(step) % 3, 4};
      const View<double> table = store.mutable_gradient(1, rows).view<double>();
      for (const std::int64_t row : rows) {
        for (std::int64_t c = 0; c < 2; ++c) table(row, c) = size * noise.at(12 + 2 * row + c);
      }
      const StepReport report = optimizer->step(store);
      out << report.gradient_norm << ' ' << report.learning_rate << '\n';
      print_tensor(out, store.values());
    }
    optimizer->finalize(store);
    print_tensor(out, store.values());
  });
}

TEST(OptionsOfEveryOptimizer, ChangeSomething) {
  const std::map<std::string, Json> contexts = {
      {"nesterov", json(R"({"momentum": 0.5})")},
      {"exclude_from_weight_decay", json(R"({"weight_decay": 0.5})")},
      {"lazy", json(R"({"weight_decay": 0.5})")},
      {"ema_momentum", json(R"({"use_ema": true})")},
      {"ema_overwrite_frequency", json(R"({"use_ema": true})")}};
  for (const std::string& name : optimizer_names()) {
    const Walk walk{.subject = name,
                    .base = Json::object({{"name", name}}),
                    .contexts = contexts,
                    .config_of = [](const Json& config) { return make_optimizer(config)->config(); },
                    .behaviour_of = optimizer_behaviour};
    const Json config = walk.config_of(walk.base);
    for (const auto& [key, value] : config.as_object()) {
      const bool keras_only = key == "convention" && (name == "lion" || name == "adafactor");
      const bool never_lazy =
          key == "lazy" && name == "adafactor";  // both are refused, by optimizers_test.cc
      if (key != "name" && !keras_only && !never_lazy) walk.try_option(key);
    }
  }
}

TEST(OptionsOfEverySchedule, ChangeSomething) {
  const auto behaviour_of = [](const Json& config) {
    return behaviour([&](std::ostream& out) {
      for (std::int64_t step = 0; step < 4000; step += 7) out << make_schedule(config)->at(step) << ' ';
    });
  };
  const std::map<std::string, Json> contexts = {
      {"boundaries", json(R"({"boundaries": [3], "values": [1, 2]})")},
      {"values", json(R"({"boundaries": [3, 8], "values": [1, 2, 4]})")},
      {"gamma", json(R"({"gamma": 0.5})")},
      {"warmup_steps", json(R"({"warmup_target": 0.5, "warmup_steps": 10})")},
      {"warmup_target", json(R"({"warmup_steps": 10})")},
      {"m_mul", json(R"({"m_mul": 0.25})")},
      {"pct_start", json(R"({"pct_start": 0.125})")}};
  for (const std::string& name : schedule_names()) {
    Walk walk{.subject = name,
              .base = Json::object({{"name", name}}),
              .contexts = contexts,
              .config_of = [](const Json& config) { return make_schedule(config)->config(); },
              .behaviour_of = behaviour_of};
    if (name == "multi_step_decay") walk.base.set("milestones", json("[3, 50]"));
    if (name != "step_decay" && name != "multi_step_decay") walk.contexts.erase("gamma");
    const Json config = walk.config_of(walk.base);
    for (const auto& [key, value] : config.as_object()) {
      if (key != "name") walk.try_option(key);
    }
  }
}

// Losses and metrics.

/// Rows of small whole numbers that suit every loss, beside predictions between 0 and 1.
struct ComparedTensors {
  Tensor prediction, target;
  std::vector<double> weights;
};
ComparedTensors compared(std::int64_t columns, std::int64_t target_columns) {
  constexpr std::int64_t kRows = 12;
  ComparedTensors out{
      Tensor({kRows, columns}, DType::float64), Tensor({kRows, target_columns}, DType::float64), {}};
  const RandomStream random(4), classes(5);
  for (std::int64_t i = 0; i < out.prediction.size(); ++i)
    out.prediction.set(i, 0.05 + 0.9 * random.uniform(static_cast<std::uint64_t>(i)));
  for (std::int64_t i = 0; i < out.target.size(); ++i)
    out.target.set(i, static_cast<double>(classes.below(static_cast<std::uint64_t>(i), 2)));
  for (std::int64_t r = 0; r < kRows; ++r) out.weights.push_back(0.5 + 0.25 * static_cast<double>(r % 3));
  return out;
}

Behaviour loss_behaviour(const Json& config) {
  return behaviour([&](std::ostream& out) {
    const auto loss = make_loss(config);
    constexpr std::int64_t kColumns = 6;
    const ComparedTensors c = compared(kColumns, loss->target_columns(kColumns));
    std::int64_t rows = c.prediction.dim(0);
    for (std::int64_t r = 0; loss->ignored_class() && r < c.target.size(); ++r)
      rows -= c.target.at(r) == static_cast<double>(*loss->ignored_class()) ? 1 : 0;
    Tensor gradient(c.prediction.shape(), DType::float64);
    out << loss->value_and_gradient(as_matrix(c.prediction), as_matrix(c.target), c.weights,
                                    loss->divisor(rows, c.weights), as_matrix(gradient));
    print_tensor(out, gradient);
  });
}

TEST(OptionsOfEveryLoss, ChangeSomething) {
  for (const std::string& name : loss_names()) {
    const Walk walk{.subject = name,
                    .base = Json::object({{"name", name}}),
                    .contexts = {},
                    .config_of = [](const Json& config) { return make_loss(config)->config(); },
                    .behaviour_of = loss_behaviour};
    const Json config = walk.config_of(walk.base);
    for (const auto& [key, value] : config.as_object()) {
      if (key != "name") walk.try_option(key);
    }
  }
}

/// The options of a metric, which has no config: those that a wrong one is answered with.
std::set<std::string> options_of_metric(const std::string& name) {
  std::set<std::string> options;
  try {
    make_metric(Json::object({{"name", name}, {"no_such_option", 1}}));
  } catch (const Error& error) {
    std::istringstream words(error.what());
    for (std::string word; words >> word;) {
      if (word.ends_with(",")) word.pop_back();
      if (word == "one") words >> word, word.clear();  // "one of"
      options.insert(word);
    }
  }
  return options;
}

TEST(OptionsOfEveryMetric, ChangeSomething) {
  const std::set<std::string> known = {"threshold", "k", "class_id", "num_thresholds", "from_logits"};
  std::set<std::string> tried;
  for (const std::string& name : metric_names()) {
    const auto losses = loss_names();
    if (std::ranges::find(losses, name) != losses.end()) continue;  // tried above
    const std::set<std::string> options = options_of_metric(name);
    for (const std::string& key : known) {
      if (!options.contains(key)) continue;
      tried.insert(key);
      const auto behaviour_of = [](const Json& config) {
        return behaviour([&](std::ostream& out) {
          const auto metric = make_row_metric(config);
          bool sparse = config.at("name").as_string().starts_with("sparse");
          const ComparedTensors c = compared(6, sparse ? 1 : 6);
          metric->reset();
          metric->update_rows(as_matrix(c.prediction), as_matrix(c.target), c.weights);
          out << metric->result();
        });
      };
      const Json base = Json::object({{"name", name}});
      EXPECT_NE(
          behaviour_of(base),
          behaviour_of(merged(
              base, Json::object({{key, key == "from_logits" ? Json(true) : another_value(key, Json())}}))))
          << name << "." << key;
    }
  }
  EXPECT_EQ(tried, known);
}

}  // namespace
}  // namespace rondo
