#include <algorithm>
#include <map>
#include <mutex>

#include "base/text.h"
#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "rondo/tape/stream.h"
#include "rondo/tape/tape.h"

namespace rondo {
namespace {

/// Functions by name; any thread may register and look up.
class Functions {
 public:
  void add(const std::string& name, LambdaFunction function) {
    const std::scoped_lock lock(mutex_);
    if (name.empty() || !function)
      throw Error(ErrorKind::usage, "a lambda is registered with a name and a function");
    functions_[name] = std::move(function);
  }
  LambdaFunction find(const std::string& name, const std::string& where) const {
    const std::scoped_lock lock(mutex_);
    if (const auto found = functions_.find(name); found != functions_.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, function] : functions_) names.push_back(known);
    throw Error(ErrorKind::usage, name.empty() ? "a lambda layer that has no name cannot be made from a spec"
                                               : "no lambda function is registered as '" + name + "'")
        .where(where)
        .expected(names.empty() ? "register_lambda() before the model is loaded"
                                : "one of " + detail::listed(names))
        .fix(detail::did_you_mean(name, names));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, LambdaFunction> functions_;
};
Functions& functions() {
  static Functions all;
  return all;
}

class Lambda final : public OptionsLayer<LambdaOptions> {
 public:
  Lambda(LambdaFunction function, LambdaOptions o)
      : OptionsLayer("lambda", std::move(o)), function_(std::move(function)) {
    if (!function_) fail("a lambda layer needs a function", "none", "a function of a tape and values on it");
  }

  void check_savable() const override {
    if (!options().function.empty()) return;
    fail("a function in code cannot be saved", "a lambda layer without the name of its function",
         "a registered name",
         "call register_lambda(\"NAME\", function) and make the layer with lambda({.function = \"NAME\"})");
  }

  /// What comes out is found by a run on a batch of two.
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    constexpr std::int64_t kBatch = 2, kSteps = 3;
    Tape tape(DType::float64);
    tape.reset({}, false);
    std::vector<Var> vars;
    for (const ValueShape& input : inputs) {
      const std::int64_t steps = input.steps < 0 ? kSteps : input.steps;
      Shape shape = {input.sequence ? kBatch * steps : kBatch};
      shape.insert(shape.end(), input.features.begin(), input.features.end());
      Samples samples;
      samples.values() = Tensor::full(shape, 0.5, DType::float64);
      if (input.sequence)
        samples = Samples::packed(Layout::dense(kBatch, steps), std::move(samples.values()));
      vars.push_back(tape.input(samples));
    }
    const Value& out = tape.value(function_(tape, vars));
    const bool sequence = out.is_sequence();
    if (!sequence && out.data.rows != kBatch) {
      fail("a lambda layer keeps one row for each sample",
           std::to_string(out.data.rows) + " rows for 2 samples", "2 rows, or the rows of a sequence");
    }
    std::int64_t steps = sequence ? out.layout->steps() : -1;
    for (const ValueShape& input : inputs) {
      if (input.sequence && input.steps < 0) steps = -1;
    }
    outputs_.push_back({sequence, steps, out.features});
    return {outputs_.back()};
  }

  Vars record(Tape& tape, std::span<const Var> inputs) const override {
    const std::span<Var> out = tape.vars(1);
    out[0] = function_(tape, inputs);
    const Value& value = tape.value(out[0]);
    const bool known = std::ranges::any_of(outputs_, [&](const ValueShape& shape) {
      return value.features == shape.features && value.is_sequence() == shape.sequence;
    });
    if (!known) {
      fail("a lambda layer's function returned another shape than when the network was made",
           to_string(value.features), to_string(outputs_.back().features));
    }
    return Vars(out);
  }
  void forward(Call&) const override { misuse(); }
  void backward(Call&) const override { misuse(); }
  std::vector<StreamValue> stream(StreamPlan&, std::span<const StreamValue>) const override {
    fail("a function on the tape has no step of its own", "lambda", "layers that act step by step",
         "write a layer with stream(), or predict() whole windows");
  }

 private:
  [[noreturn]] void misuse() const {
    fail("this layer is a function on the tape", "apply()", "record()",
         "put it on a tape with layer->record(tape, inputs)");
  }
  LambdaFunction function_;
  std::vector<ValueShape> outputs_;  // one a use
};

}  // namespace

void register_lambda(const std::string& name, LambdaFunction function) {
  functions().add(name, std::move(function));
}
LayerPtr lambda(LambdaFunction function, LambdaOptions options) {
  return std::make_shared<Lambda>(std::move(function), std::move(options));
}
LayerPtr lambda(LambdaOptions options) {
  LambdaFunction function = functions().find(options.function, "a lambda layer");
  return lambda(std::move(function), std::move(options));
}

std::vector<detail::LayerEntry> detail::lambda_layer() {
  return {{"lambda", [](const Json& spec, const std::string& path) {
             auto options = read_layer_options<LambdaOptions>(spec, path);
             LambdaFunction function = functions().find(options.function, path);
             return rondo::lambda(std::move(function), std::move(options));
           }}};
}

}  // namespace rondo
