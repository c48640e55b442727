#pragma once

#include <memory>
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

  /// A part of the network, from some of its values to others, with the same layers: they share their
  /// weights. `inputs` and `outputs` are names of inputs and of layers' values ("lstm", "lstm:1"), as in
  /// spec(). The encoder of a trained model, or a model that shows what is inside. Error(usage) names what
  /// the outputs need besides the inputs.
  Network part(std::span<const std::string> inputs, std::span<const std::string> outputs) const;
  /// What comes out of inputs of these shapes. Error(usage) for those that do not fit the declared ones.
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) const;

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
  void set_trainable(bool trainable);              ///< every layer
  Layer* find_layer(std::string_view name) const;  ///< nullptr when there is none
  /// To add it to another network, to freeze it, to look at its parameters. Error(usage) when there is none.
  LayerPtr layer(std::string_view name) const;
  const ValueShape& value_spec(int id) const { return checked(id).spec; }

  /// The table that Keras prints: layer (type), output shape, parameters, totals.
  std::string summary(const std::string& title) const;

  /// l1·Σ|w| + l2·Σw² over the trainable parameters that have a penalty; adds its gradient when
  /// `add_gradient`.
  double regularization(bool add_gradient);
  /// Puts the weights back within the constraints of their layers.
  void constrain();

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
    std::string place;    // "@1" of the second application; see Tape::Place
  };
  friend class NetworkLayer;
  /// Layers that were written already, in which network: of a network inside of another one.
  struct Known;
  Json spec(Known& known, const Json& path) const;
  static Network from_spec(const Json& spec, DType dtype, const ValueShape* input, Known& known,
                           const Json& path);
  static LayerPtr make_node(const Json& spec, const std::string& path, DType dtype, Known& known,
                            const Json& place);
  Vars record(Tape& tape, std::span<const Var> inputs) const;
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs,
                                  const std::string& prefix) const;
  const ValueInfo& checked(int id) const;
  std::string value_name(int id) const;
  std::string unique_name(const std::string& type);
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

/// A network as a layer of others, with as many inputs and outputs: its layers share their weights with it.
/// In a summary it is one line, in files its arrays have names such as "encoder.lstm.kernel".
LayerPtr network_layer(std::shared_ptr<Network> network, std::string name = {});

/// What copy_weights did, by names of arrays.
struct CopiedWeights {
  std::vector<std::string> copied;
  std::vector<std::string> missing;    ///< that only the target has
  std::vector<std::string> unused;     ///< that only the source has
  std::vector<std::string> misshaped;  ///< "dense.kernel (3, 4) and (3, 5)": of the source and of the target
  bool complete() const { return missing.empty() && unused.empty() && misshaped.empty(); }
};
/// Copies arrays of one built network into those of another that have the same name and shape. The report
/// says what was left alone.
CopiedWeights copy_weights(const Network& from, Network& to);

/// The spec of what a batch holds: sequence or not, steps (-1 when ragged), features.
ValueShape spec_of(const Samples& batch);

}  // namespace rondo
