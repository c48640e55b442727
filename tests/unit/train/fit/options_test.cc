#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <sstream>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"
#include "support/scratch_folder.h"

// Every option of compile, fit, evaluate, predict and of the callbacks changes something. The structs are
// aggregates: a field that has no line here makes the count of fields differ from the count of lines.

namespace rondo {
namespace {

struct AnyField {
  template <class T>
  operator T() const;
};
template <class T, class... Fields>
consteval std::size_t count_fields() {
  if constexpr (requires { T{Fields{}..., AnyField{}}; })
    return count_fields<T, Fields..., AnyField>();
  else
    return sizeof...(Fields);
}

Tensor option_noise(Shape shape, std::uint64_t seed) {
  Tensor out(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// A network in which every option can show: states, dropout, statistics of batches; two outputs.
struct Setting {
  bool stateful = false, ready = true;
};
Network option_network(const Setting& setting) {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {2}});
  int h = net.add(lstm({.units = 4, .return_sequences = true, .stateful = setting.stateful}), {x})[0];
  h = net.add(batch_normalization({.momentum = 0.5}), {h})[0];
  h = net.add(dropout({.rate = 0.3}), {h})[0];
  const int last = net.add(time_pooling({.mode = "last"}), {h})[0];
  const int a = net.add(dense({.units = 1}), {last})[0], b = net.add(dense({.units = 1}), {last})[0];
  net.set_outputs({a, b});
  net.build(7);
  return net;
}

const ArrayDataset& option_data() {
  static const ArrayDataset data = [] {
    Tensor classes({24, 1});
    for (std::int64_t i = 0; i < 24; ++i) classes.set(i, static_cast<double>(i % 2));
    Tensor weights({24});
    for (std::int64_t i = 0; i < 24; ++i) weights.set(i, 0.5 + static_cast<double>(i % 3));
    return ArrayDataset({Samples(option_noise({24, 6, 2}, 1))},
                        {Samples(option_noise({24, 1}, 2)), Samples(classes)}, {weights, Tensor()});
  }();
  return data;
}

/// All that can be seen of a training: history, weights, what it says, calls of functions, errors.
struct Seen {
  std::ostringstream out;
  std::string text() const { return out.str(); }
};

std::string seen_of(const CompileOptions& compile, FitOptions options, const Setting& setting = {}) {
  Seen seen;
  seen.out.precision(17);
  if (options.run.progress == nullptr) options.run.progress = &seen.out;
  try {
    Network net = option_network(setting);
    Trainer trainer(net, compile);
    const History history = trainer.fit(option_data(), options);
    seen.out << to_json(history.to_config());
    for (const auto& [name, value] : trainer.evaluate(option_data())) seen.out << name << ' ' << value << ' ';
    const Tensor weights = net.parameters().values();
    for (std::int64_t i = 0; i < weights.size(); ++i) seen.out << weights.at(i) << ' ';
  } catch (const std::exception& error) {
    seen.out << "error " << error.what();
  }
  return seen.text();
}

FitOptions quiet_options() {
  FitOptions options{.batch_size = 8, .epochs = 2};
  options.run.verbose = 0;
  return options;
}

/// Counts its calls and writes them to a stream.
CallbackPtr telling(std::ostringstream& out) {
  const auto callback = std::make_shared<LambdaCallback>();
  callback->batch_end = [&out](TrainingRun&, std::int64_t batch, const NamedValues&) {
    out << "batch " << batch;
  };
  return callback;
}

TEST(OptionsOfFit, ChangeSomething) {
  struct Case {
    std::function<void(FitOptions&)> change;
    std::function<void(FitOptions&)> before = [](FitOptions&) {};  ///< what the option needs beside it
    Setting setting = {};
  };
  static const ArrayDataset other({Samples(option_noise({8, 6, 2}, 5))},
                                  {Samples(option_noise({8, 1}, 6)), Samples(option_noise({8, 1}, 7))});
  const auto validates = [](FitOptions& o) { o.validation_data = &other; };
  std::ostringstream told;
  const std::map<std::string, Case> cases = {
      {"batch_size", {[](FitOptions& o) { o.batch_size = 6; }}},
      {"epochs", {[](FitOptions& o) { o.epochs = 3; }}},
      {"validation_split", {[](FitOptions& o) { o.validation_split = 0.5; }}},
      {"validation_data", {[&](FitOptions& o) { validates(o); }}},
      {"validation_batch_size",
       {[](FitOptions& o) { o.validation_batch_size = 4; }, validates, {.stateful = true}}},
      {"validation_freq", {[](FitOptions& o) { o.validation_freq = 2; }, validates}},
      {"shuffle", {[](FitOptions& o) { o.shuffle = false; }}},
      {"seed", {[](FitOptions& o) { o.seed = 1; }}},
      {"class_weight", {[](FitOptions& o) {
         o.class_weight = {{0, 3.0}};
       }}},
      {"micro_batch_size", {[](FitOptions& o) { o.micro_batch_size = 3; }}},
      {"tbptt", {[](FitOptions& o) { o.tbptt = 2; }}},
      {"bptt_memory", {[](FitOptions& o) { o.bptt_memory = 1; }}},  // the same bits, but not with one byte
      {"reset_states_every_epoch",
       {[](FitOptions& o) { o.reset_states_every_epoch = false; }, {}, {.stateful = true}}},
      {"callbacks", {[&](FitOptions& o) { o.callbacks = {telling(told)}; }}},
      {"terminate_on_nan", {[](FitOptions& o) { o.terminate_on_nan = false; }}},
      {"run", {[](FitOptions& o) { o.run.verbose = 2; }}}};
  EXPECT_EQ(cases.size(), count_fields<FitOptions>()) << "a new field needs a line here";
  for (const auto& [name, c] : cases) {
    CompileOptions compile{.optimizer = "adam", .metrics = {Json("mae")}};
    if (name == "terminate_on_nan")
      compile.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 1e30}});
    FitOptions plain = quiet_options();
    if (c.before) c.before(plain);
    FitOptions changed = plain;
    c.change(changed);
    const std::string after = seen_of(compile, changed, c.setting);
    EXPECT_NE(seen_of(compile, plain, c.setting), after + told.str()) << name;
    told.str("");
  }
}

TEST(OptionsOfCompile, ChangeSomething) {
  class ZeroLoss : public Objective {
   public:
    std::string name() const override { return "zero"; }
    double count(std::span<const Value>, const Target& target) const override {
      return static_cast<double>(target.size());
    }
    void forward(Call& call, const Target&, double) const override { call.make_number(0, 0); }
    void backward(Call&, const Target&, double) const override {}
  };
  class TwiceStep : public TrainingStep {
   public:
    void run(TrainingPass& pass) override {
      const Vars predictions = pass.forward();
      pass.add_objectives(predictions, 2);
      pass.update_metrics(predictions);
    }
  };
  const std::map<std::string, std::function<void(CompileOptions&)>> cases = {
      {"optimizer", [](CompileOptions& o) { o.optimizer = "adam"; }},
      {"loss", [](CompileOptions& o) { o.loss = "mae"; }},
      {"loss_weights",
       [](CompileOptions& o) {
         o.loss_weights = {1, 3};
       }},
      {"metrics", [](CompileOptions& o) { o.metrics = {Json("mae")}; }},
      {"weighted_metrics", [](CompileOptions& o) { o.weighted_metrics = {Json("mae")}; }},
      {"custom_objectives",
       [](CompileOptions& o) {
         o.custom_objectives = {std::make_shared<ZeroLoss>(), nullptr};
       }},
      {"custom_metrics",
       [](CompileOptions& o) {
         o.custom_metrics = {{[] { return make_metric("rmse"); }}, {}};
       }},
      {"custom_optimizer", [](CompileOptions& o) { o.custom_optimizer = make_optimizer("nadam"); }},
      {"step", [](CompileOptions& o) { o.step = std::make_shared<TwiceStep>(); }}};
  // `seed` is of a model's first parameters; a Trainer gets a network that is built.
  EXPECT_EQ(cases.size() + 1, count_fields<CompileOptions>()) << "a new field needs a line here";
  for (const auto& [name, change] : cases) {
    CompileOptions changed;
    change(changed);
    EXPECT_NE(seen_of({}, quiet_options()), seen_of(changed, quiet_options())) << name;
  }
}

TEST(OptionsOfEvaluateAndPredict, ChangeSomething) {
  static_assert(count_fields<EvaluateOptions>() == 1 && count_fields<PredictOptions>() == 3);
  const auto evaluated = [](std::int64_t batch_size) {
    Network net = option_network({.stateful = true});
    return Trainer(net, {}).evaluate(option_data(), {.batch_size = batch_size});
  };
  EXPECT_NE(evaluated(12), evaluated(24)) << "states go on from batch to batch";
  const auto predicted = [](PredictOptions options) {
    Network net = option_network({});
    const Tensor y = Trainer(net, {}).predict(option_data(), options)[0].values();
    std::vector<double> out;
    for (std::int64_t i = 0; i < y.size(); ++i) out.push_back(y.at(i));
    return out;
  };
  EXPECT_NE(predicted({}), predicted({.training = true}));
  EXPECT_NE(predicted({.training = true}), predicted({.batch_size = 6, .training = true}));
  EXPECT_NE(predicted({.training = true}), predicted({.training = true, .seed = 2}));
}

/// Runs callbacks over a training whose monitored value is scripted, and says what came of it.
template <class MakeCallback>
std::string told_by(MakeCallback make, const std::vector<double>& monitored,
                    const ScratchFolder* folder = nullptr) {
  std::ostringstream out;
  const auto script = std::make_shared<LambdaCallback>();
  script->epoch_end = [&](TrainingRun& run, NamedValues& logs) {
    const double value = monitored[static_cast<std::size_t>(run.epoch()) % monitored.size()];
    logs.insert(logs.end(), {{"watched", value}, {"val_loss", value / 2}});
  };
  FitOptions options = quiet_options();
  options.epochs = 8;
  try {
    options.callbacks = {script, make()};
    Network net = option_network({});
    Trainer trainer(net, {.optimizer = "adam"});
    const History history = trainer.fit(option_data(), options);
    out.precision(17);
    out << to_json(history.to_config()) << trainer.optimizer().learning_rate();
    const Tensor weights = net.parameters().values();
    for (std::int64_t i = 0; i < weights.size(); ++i) out << weights.at(i) << ' ';
    for (const std::string& name : folder == nullptr ? std::vector<std::string>{} : folder->names()) {
      out << name << ' ' << std::filesystem::file_size(*folder / name) << ' ';
      std::filesystem::remove(*folder / name);
    }
  } catch (const std::exception& error) {
    out << "error " << error.what();
  }
  return out.str();
}

/// Each change of `plain` must be told from it.
template <class TheCallback, class Options>
void expect_changes(const Options& plain, const std::map<std::string, std::function<void(Options&)>>& changes,
                    const std::vector<double>& monitored, const ScratchFolder* folder = nullptr) {
  EXPECT_EQ(changes.size(), count_fields<Options>()) << "a new field needs a line here";
  const auto told = [&](const Options& options) {
    return told_by([&] { return std::make_shared<TheCallback>(options); }, monitored, folder);
  };
  EXPECT_EQ(told(plain).find("error"), std::string::npos) << told(plain);
  for (const auto& [name, change] : changes) {
    Options changed = plain;
    change(changed);
    EXPECT_NE(told(plain), told(changed)) << name;
  }
}

TEST(OptionsOfCallbacks, ChangeSomething) {
  // It gets better until the third epoch, then worse, then slightly better than ever.
  const std::vector<double> script = {4, 3, 2, 2.5, 2.4, 2.45, 1.99, 5};
  expect_changes<EarlyStopping, EarlyStoppingOptions>(
      {.monitor = "watched", .patience = 2, .mode = "min"},
      {{"monitor", [](auto& o) { o.monitor = "loss"; }},
       {"min_delta", [](auto& o) { o.min_delta = 5; }},
       {"patience", [](auto& o) { o.patience = 4; }},
       {"mode", [](auto& o) { o.mode = "max"; }},
       {"baseline", [](auto& o) { o.baseline = 1; }},
       {"restore_best_weights", [](auto& o) { o.restore_best_weights = true; }},
       {"start_from_epoch", [](auto& o) { o.start_from_epoch = 4; }}},
      script);
  expect_changes<ReduceLrOnPlateau, ReduceLrOnPlateauOptions>(
      {.monitor = "watched", .patience = 1, .mode = "min"},
      {{"monitor", [](auto& o) { o.monitor = "loss"; }},
       {"factor", [](auto& o) { o.factor = 0.5; }},
       {"patience", [](auto& o) { o.patience = 2; }},
       {"mode", [](auto& o) { o.mode = "max"; }},
       {"min_delta", [](auto& o) { o.min_delta = 0.1; }},
       {"cooldown", [](auto& o) { o.cooldown = 2; }},
       {"min_lr", [](auto& o) { o.min_lr = 0.0005; }}},
      script);
  expect_changes<StochasticWeightAveraging, StochasticWeightAveragingOptions>(
      {},
      {{"start_epoch", [](auto& o) { o.start_epoch = 3; }},
       {"every_epochs", [](auto& o) { o.every_epochs = 2; }}},
      script);
  const ScratchFolder folder;
  expect_changes<ModelCheckpoint, ModelCheckpointOptions>(
      {.filepath = folder / "{epoch}", .monitor = "watched", .mode = "min", .save_best_only = true},
      {{"filepath", [&](auto& o) { o.filepath = folder / "other_{epoch}"; }},
       {"monitor", [](auto& o) { o.monitor = "nothing"; }},
       {"mode", [](auto& o) { o.mode = "max"; }},
       {"save_best_only", [](auto& o) { o.save_best_only = false; }},
       {"save_model_only", [](auto& o) { o.save_model_only = true; }},
       {"save_every_batches", [](auto& o) { o.save_every_batches = 2; }}},
      script, &folder);
}

}  // namespace
}  // namespace rondo
