#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "rondo/tape/layer.h"
#include "rondo/tape/stream.h"
#include "rondo/tape/tape.h"

namespace rondo {

/// A directed graph of layers: what Sequential and Graph models are made of. Its spec (layers, options,
/// wiring) is data: saved, printed and rebuilt. Weights belong to layers: networks that a layer is added to
/// share them, and what one learns the others know.
class Network {
 public:
  explicit Network(DType dtype = DType::float32);
  Network(Network&&) noexcept = default;
  Network& operator=(Network&&) noexcept = default;
  Network(const Network&) = delete;  // with the same layers, or others? See clone() and add().
  Network& operator=(const Network&) = delete;
  ~Network() = default;

  /// Declares an input and returns its value's id.
  int add_input(std::string name, ValueShape spec);
  /// Applies `layer` to values and returns the ids of its outputs. Adding the same layer again shares its
  /// parameters, here and in other networks; it keeps its name there.
  std::vector<int> add(LayerPtr layer, std::vector<int> inputs);
  void set_outputs(std::vector<int> outputs);

  /// Takes memory for the parameters that have none and initialises them; layers that are built already keep
  /// theirs. Nothing may be added afterwards.
  void build(std::uint64_t seed);
  /// The same in two steps, for parameters that come from elsewhere. The names and shapes of all of them:
  const ParameterStore& declare();
  /// Memory for them, filled with zeros where it is new.
  void allocate();
  bool built() const { return built_; }

  /// The spec: {"inputs": […], "layers": [{"type", "name", …, "inputs": ["lstm", "lstm_1:1"]}], "outputs":
  /// […]}.
  Json spec() const;
  /// Also accepts {"layers": […]} without wiring: a chain; its input then comes from "input" or `input` here.
  static Network from_spec(const Json& spec, DType dtype = DType::float32, const ValueShape* input = nullptr);

  /// Runs the graph on a tape and returns the outputs. Checks the batches against the declared inputs.
  Vars run(Tape& tape, std::span<const Samples> inputs);
  /// The same for values that are on the tape already.
  Vars run(Tape& tape, std::span<const Var> inputs);

  /// The network as steps in time, for sessions and exporters. Needs a built network in float32. Throws
  /// Error(usage) that names the layer that cannot be stepped and says why. The plan's weights are this
  /// network's.
  StreamPlan stream_plan() const;

  ParameterStore& parameters() { return parameters_; }
  const ParameterStore& parameters() const { return parameters_; }
  /// The same network with layers and parameters of its own, in another type.
  Network cast(DType dtype) const;
  /// The same network with layers and parameters of its own.
  Network clone() const { return cast(parameters_.dtype()); }

  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  const ValueShape& input_spec(std::size_t i) const {
    return values_[static_cast<std::size_t>(inputs_[i].value)].spec;
  }
  const std::string& input_name(std::size_t i) const { return inputs_[i].name; }
  const ValueShape& output_spec(std::size_t i) const {
    return values_[static_cast<std::size_t>(outputs_[i])].spec;
  }
  std::string output_name(std::size_t i) const { return value_name(outputs_[i]); }
  std::vector<const Layer*> layers() const;
  Layer* find_layer(std::string_view name) const;  ///< nullptr when there is none
  /// To add it to another network, to freeze it, to look at its parameters. Error(usage) when there is none.
  LayerPtr layer(std::string_view name) const;
  const ValueShape& value_spec(int id) const { return checked(id).spec; }

  /// The table that Keras prints: layer (type), output shape, parameters, totals.
  std::string summary(const std::string& title) const;

  /// l1·Σ|w| + l2·Σw² over the trainable parameters that have a penalty; adds its gradient when
  /// `add_gradient`.
  double regularization(bool add_gradient);

 private:
  struct Input {
    std::string name;
    int value;
  };
  struct ValueInfo {
    ValueShape spec;
    int node;    // -1: an input
    int output;  // which output of the node
  };
  struct Node {
    LayerPtr layer;
    std::vector<int> inputs, outputs;
    bool shares = false;  // the layer was added before
    int application = 0;  // how often
  };
  const ValueInfo& checked(int id) const;
  std::string value_name(int id) const;
  std::string unique_name(const std::string& type);
  std::string owner_of(const std::string& parameter) const;
  std::vector<std::pair<std::string, std::int64_t>> parameters_of_others() const;

  std::vector<Input> inputs_;
  std::vector<ValueInfo> values_;
  std::vector<Node> nodes_;
  std::unordered_set<std::string> names_;               // of inputs and layers
  std::unordered_map<std::string, int> next_number_;    // by type: names with smaller ones are taken
  std::unordered_map<const Layer*, int> applications_;  // how often each was added
  std::vector<int> outputs_;
  ParameterStore parameters_;
  bool declared_ = false, built_ = false;
};

/// The spec of what a batch holds: sequence or not, steps (-1 when ragged), features.
ValueShape spec_of(const Samples& batch);

}  // namespace rondo
