#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/sweep.h"
#include "rondo/base/error.h"
#include "rondo/train/optimizers.h"
#include "rondo/train/schedules.h"
#include "train/named_config.h"

namespace rondo::detail {

/// Throws Error(usage) unless `holds`.
void require_option(bool holds, const std::string& optimizer, const char* rule);

/// Parameters with a learning rate and a weight decay of their own.
struct ParameterGroup {
  std::string pattern = {};
  double learning_rate_multiplier = 1;
  std::optional<double> weight_decay = {};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("pattern", self.pattern, "part of the names of the parameters, such as a layer's \"lstm_1.\"");
    option("learning_rate_multiplier", self.learning_rate_multiplier, "of the optimiser's learning rate");
    option("weight_decay", self.weight_decay, "instead of the optimiser's");
  }
};

}  // namespace rondo::detail

namespace rondo {

template <>
struct OptionCodec<std::vector<detail::ParameterGroup>> {
  static Json write(const std::vector<detail::ParameterGroup>& groups) {
    Json out = Json::array();
    for (const detail::ParameterGroup& group : groups) out.push_back(to_config(group));
    return out;
  }
  static void read(const Json& config, std::vector<detail::ParameterGroup>& groups, std::string_view path) {
    groups.clear();
    for (const Json& one : config.as_array(path)) read_options(groups.emplace_back(), one, path);
  }
};

}  // namespace rondo

namespace rondo::detail {

/// Options that every optimiser has.
struct CommonOptimizerOptions {
  std::string convention = "keras";
  Json learning_rate = 0.001;
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay;
  std::optional<double> clipnorm, global_clipnorm, clipvalue;
  bool lazy = false;
  std::vector<ParameterGroup> parameter_groups;
  std::optional<std::int64_t> gradient_accumulation_steps;
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency;

  bool torch() const { return convention == "torch"; }

  template <class Self, class V>
  static void visit_common(Self& self, V&& option) {
    option("convention", self.convention, "\"keras\" or \"torch\": whose formulas and defaults");
    option("learning_rate", self.learning_rate, "a number or a schedule");
    option("weight_decay", self.weight_decay, "how much weights shrink in a step, times the learning rate");
    option("exclude_from_weight_decay", self.exclude_from_weight_decay,
           "parts of names of parameters without decay");
    option("clipnorm", self.clipnorm, "largest norm of the gradient of one array");
    option("global_clipnorm", self.global_clipnorm, "largest norm of all gradients together");
    option("clipvalue", self.clipvalue, "largest size of an element of a gradient");
    option("lazy", self.lazy,
           "of an embedding, update only the rows that have a gradient in this step, as LazyAdam does");
    option("parameter_groups", self.parameter_groups,
           "parameters with a learning rate or weight decay of their own, the first that fits by name");
    option("gradient_accumulation_steps", self.gradient_accumulation_steps,
           "batches whose mean gradient makes one step");
    option("use_ema", self.use_ema, "keep an exponential moving average of the weights, their last values");
    option("ema_momentum", self.ema_momentum, "decay of that average");
    option("ema_overwrite_frequency", self.ema_overwrite_frequency,
           "steps after which the average is put in the place of the weights; null: at the end of training");
  }
};

using kernels::Prelude;
#include "kernels/formulas/sweep-inl.h"

/// Everything but the formula: slots, clipping, weight decay, learning rate, state.
class OptimizerBase : public Optimizer {
 public:
  std::string name() const final { return name_; }
  StepReport step(ParameterStore& parameters) final;
  std::int64_t iterations() const final { return iterations_; }
  double learning_rate() const final;
  void set_learning_rate(double learning_rate) final;
  OptimizerState state(const ParameterStore& parameters) const final;
  void restore(const ParameterStore& parameters, const OptimizerState& state) final;
  void finalize(ParameterStore& parameters) final;

 protected:
  /// A run of weights of one array with its gradients and slots.
  template <class T>
  struct Piece {
    Prelude<T> prelude;
    T* weights;
    const T* gradients;
    std::array<T*, 3> slots;
    std::int64_t count;
    const ParameterInfo* array;  ///< that they belong to
  };

  OptimizerBase(std::string name, const CommonOptimizerOptions& options, std::vector<std::string> slot_names,
                bool decoupled_decay, double first_slot_value);

  /// Called before the updates of a step, which counts from 1: again where parameters have another rate.
  virtual void begin_step(std::int64_t step, double learning_rate) noexcept = 0;
  virtual void update(const Piece<float>& piece) const noexcept = 0;
  virtual void update(const Piece<double>& piece) const noexcept = 0;
  /// Whether weights or slots change where the gradient is 0 (weight decay aside).
  virtual bool moves_without_gradient() const noexcept { return true; }
  /// Numbers besides iterations and learning rate.
  virtual void write_numbers(Json&) const {}
  virtual void read_numbers(const Json&) {}

 private:
  void prepare(const ParameterStore& parameters);
  void group_parameters(std::span<const ParameterInfo> infos);
  std::int64_t batches_of_a_step() const { return options_.gradient_accumulation_steps.value_or(1); }
  Tensor& gradient_sum() { return slots_[formula_slots_]; }
  Tensor& average() { return slots_.back(); }
  /// Adds the gradients to their sum; before a step the sum becomes the mean.
  template <class T>
  void add_up(const ParameterStore& parameters, bool is_last) noexcept;
  template <class T>
  void move_average(ParameterStore& parameters) noexcept;
  double measure(const ParameterStore& parameters, bool of_sum);
  double clip_scale(std::size_t parameter, double global_norm) const noexcept;
  template <class T>
  void update_all(ParameterStore& parameters, double global_norm, double rate) noexcept;

  std::string name_;
  CommonOptimizerOptions options_;
  std::vector<std::string> slot_names_;  // of the formula; of the sum of gradients; of the average
  std::size_t formula_slots_;
  bool decoupled_decay_;
  double first_slot_value_;
  std::shared_ptr<const Schedule> schedule_;
  bool constant_rate_ = false;
  double rate_ = 0;
  std::int64_t iterations_ = 0;
  std::vector<Tensor> slots_;  // each like the store's values
  // By parameter:
  std::vector<double> squares_;  // Σ g²
  std::vector<double> decays_, rate_multipliers_;
};

/// An optimiser whose formula is `Self::run(piece)`, a template in the type of the weights.
template <class Self, class Settings>
class OptimizerOf : public OptimizerBase {
 public:
  using Options = Settings;
  Json config() const override {
    Json out = rondo::to_config(options_);
    out.set("name", name());
    return out;
  }

 protected:
  /// Keras's weight decay is decoupled, PyTorch's where `always_decoupled`.
  OptimizerOf(std::string name, const Options& options, std::vector<std::string> slots,
              bool always_decoupled = false, double first_slot_value = 0)
      : OptimizerBase(std::move(name), options, std::move(slots), always_decoupled || !options.torch(),
                      first_slot_value),
        options_(options) {}
  void begin_step(std::int64_t, double rate) noexcept override { rate_ = rate; }
  const Options options_;
  double rate_ = 0;

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
  void update(const Piece<float>& piece) const noexcept override { self().run(piece); }
  void update(const Piece<double>& piece) const noexcept override { self().run(piece); }
};

template <class Rule, class Piece>
void run_rule(const Rule& rule, const Piece& p) noexcept {
  sweep(rule, p.prelude, p.weights, p.gradients, p.slots[0], p.slots[1], p.slots[2], p.count);
}

/// Reads options over the defaults of the convention that they name.
template <class Options>
Options optimizer_settings(const Json& config, const std::string& name) {
  std::string convention = "keras";
  if (const Json* value = config.find("convention")) convention = value->as_string(name + ".convention");
  if (convention != "keras" && convention != "torch") {
    throw Error(ErrorKind::usage, "there is no convention called '" + convention + "'")
        .where("optimizer " + name)
        .expected("\"keras\" or \"torch\"");
  }
  if constexpr (requires { Options::kKerasOnly; }) {
    require_option(convention == "keras", name,
                   "convention \"keras\": PyTorch's is another formula, or none");
  }
  Options options = Options::defaults(convention == "torch");
  read_options(options, config, name);
  return options;
}

using OptimizerEntry = NamedEntry<std::unique_ptr<Optimizer>>;
template <class O>
OptimizerEntry optimizer_entry(const std::string& name) {
  return {name, {}, [name](const Json& config) {
            return std::make_unique<O>(name, optimizer_settings<typename O::Options>(config, name));
          }};
}

std::vector<OptimizerEntry> adaptive_moment_optimizers();  // adam and kin
std::vector<OptimizerEntry> gradient_scale_optimizers();   // sgd, rmsprop, adagrad, adadelta
std::vector<OptimizerEntry> first_moment_optimizers();     // adamax, lion
std::vector<OptimizerEntry> factored_moment_optimizers();  // adafactor

}  // namespace rondo::detail
