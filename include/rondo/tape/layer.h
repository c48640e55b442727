#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/pool.h"
#include "rondo/base/random.h"
#include "rondo/tensor/layout.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/parameters.h"

namespace rondo {

class StreamPlan;
struct StreamValue;
class Tape;
struct Var;
class Vars;
class Workspace;

/// What is known of a value when a network is built: the shape of one sample.
struct ValueShape {
  bool sequence = false;
  std::int64_t steps = -1;  ///< time size of a sequence, -1 = any
  Shape features;           ///< without batch and time

  std::int64_t width() const { return element_count(features); }
  /// As Keras prints it: (None, 10, 3).
  Shape shape() const;
  bool operator==(const ValueShape&) const = default;
};

/// A value during a pass: rows of features, one row a sample or, with a layout, one row a step.
struct Value {
  std::shared_ptr<const Layout> layout;
  Shape features;
  Matrix data;  ///< [rows, product of features], dense; int32 when the values are ids
  Samples::Fill fill = Samples::Fill::zero;  ///< what a padded array of it has where there is no step

  bool is_sequence() const { return layout != nullptr; }
};

/// States of recurrent layers that outlive a batch (`stateful`, truncated backpropagation), by layer name. A
/// value: copy it to fork a stream, clear it to start anew.
struct CarriedState {
  struct Entry {
    std::string layer;
    std::vector<Tensor> states;  ///< [batch, units] each
  };
  std::vector<Entry> entries;

  std::vector<Tensor>& of(const std::string& layer);
  void clear() { entries.clear(); }
};

/// Settings of one pass over a network or a tape.
struct RunOptions {
  bool training = false;  ///< dropout drops, batch normalisation uses and updates batch statistics
  std::uint64_t seed = 0;
  std::uint64_t step = 0;           ///< which random numbers: one training step, one value
  CarriedState* carried = nullptr;  ///< where stateful layers read and leave their states
  bool carry_all = false;           ///< every recurrent layer is stateful in this pass (truncated BPTT)
  /// Bytes that a recurrent layer may keep for backpropagation through time; 0: as many as it needs. With
  /// fewer it keeps the states at some steps only and computes what lies between once more: exact, the same
  /// bits, about a third slower.
  std::size_t bptt_memory = 0;
};

/// One application of an operation: how it reaches its inputs, outputs, parameters and memory, in both
/// directions.
class Call {
 public:
  DType dtype() const;
  Pool& pool() const;
  /// Makes the layouts that outputs have when their inputs have others.
  LayoutPool& layouts() const;
  const RunOptions& options() const;
  /// A backward pass will follow: keep what it needs.
  bool differentiating() const;

  int input_count() const;
  const Value& input(int i) const;
  /// Makes output i, with uninitialised values. In backward: use `output_value`.
  Matrix make_output(int i, std::shared_ptr<const Layout> layout, const Shape& features);
  /// The same with a number of rows of its own (make_output takes the layout's, or one a sample of input 0),
  /// or of another type than the tape's: ids.
  Matrix make_output_rows(int i, std::int64_t rows, std::shared_ptr<const Layout> layout,
                          const Shape& features) {
    return make_output_rows(i, rows, std::move(layout), features, dtype());
  }
  Matrix make_output_rows(int i, std::int64_t rows, std::shared_ptr<const Layout> layout,
                          const Shape& features, DType dtype);
  /// Makes output i one number in double, whatever the tape's type: a loss is a sum over many rows. It goes
  /// to Tape::backward, not into primitive operations.
  void make_number(int i, double value);
  double number_gradient(int i) const;  ///< that arrived at such an output
  /// What a padded array of output i has where there is no step. As of input 0, if nobody says it.
  void set_fill(int i, Samples::Fill fill);
  const Value& output_value(int i) const;

  ConstMatrix parameter(int index) const;
  /// For running statistics: a parameter that the forward pass of training changes.
  Matrix mutable_parameter(int index) const;
  Matrix parameter_gradient(int index) const;  ///< add to it
  /// The same when only `rows` get something (see ParameterStore for arrays with sparse rows).
  Matrix parameter_gradient(int index, std::span<const std::int64_t> rows) const;

  /// Gradient that arrived at output i; absent when nobody used that output.
  ConstMatrix output_gradient(int i) const;
  /// Where to add the gradient of input i; absent when nobody asks for it.
  Matrix input_gradient(int i) const;

  /// Memory that lives until the tape is reset; what forward keeps under `slot` (0 … 7) backward finds again.
  void* keep(int slot, std::size_t bytes);
  void* kept(int slot) const;
  template <class T>
  T* keep(int slot, std::int64_t count) {
    return static_cast<T*>(keep(slot, static_cast<std::size_t>(count) * sizeof(T)));
  }
  template <class T>
  T* kept(int slot) const {
    return static_cast<T*>(kept(slot));
  }
  /// Memory for this call only (it, too, is taken from the tape's arena).
  template <class T>
  T* scratch(std::int64_t count) const {
    return static_cast<T*>(scratch_bytes(static_cast<std::size_t>(count) * sizeof(T)));
  }
  void* scratch_bytes(std::size_t bytes) const;
  /// How much the tape's arena holds; and back to there: memory taken since is free again. See ScratchScope.
  struct ScratchMark {
    std::size_t block = 0, used = 0;
  };
  ScratchMark scratch_mark() const;
  void rewind_scratch(ScratchMark mark) const;
  /// The same memory, and the pool, for what runs inside of this call (src/tape/workspace.h).
  Workspace workspace() const;

  /// Random numbers of this pass for the layer `name`: others for every place where a layer stands.
  RandomStream random(const std::string& name, std::uint64_t purpose = 0) const;
  /// The name of this application of the layer `name`: "lstm", "lstm@1" where it is applied for the second
  /// time, "encoder.lstm" in a network that is a layer itself. Carried states are kept under it.
  std::string place_of(const std::string& name) const;

 private:
  friend class Tape;
  Call(Tape& tape, int node) : tape_(tape), node_(node) {}
  Tape& tape_;
  int node_;
};

/// Gives back the scratch memory that was taken during its life. Nothing may be kept and no output made in
/// between.
class ScratchScope {
 public:
  explicit ScratchScope(const Call& call) : call_(call), mark_(call.scratch_mark()) {}
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;
  ~ScratchScope() { call_.rewind_scratch(mark_); }

 private:
  const Call& call_;
  Call::ScratchMark mark_;
};

/// Something a tape can record: a forward function and its own backward.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = default;
  Operation& operator=(const Operation&) = default;
  virtual ~Operation() = default;
  virtual void forward(Call& call) const = 0;
  virtual void backward(Call& call) const = 0;
  /// Whether it knows what to do with ids (values of type int32); if not, a tape refuses to give it any.
  virtual bool takes_ids() const { return false; }
  /// Whether backward must run even when no input wants a gradient.
  virtual bool has_trainable_parameters() const { return false; }
};

/// A layer: an operation with options, parameters and a build step. Its weights belong to it: they are made
/// when the first network that it is added to is built, and every other one shares them. States are passed in
/// and out, so a layer is const while it runs; its gradients and running statistics are not.
class Layer : public Operation {
 public:
  /// As in a spec: "lstm".
  virtual std::string type() const = 0;
  /// All options with their values.
  virtual Json config() const = 0;
  /// Checks the inputs, remembers the sizes that weights follow from and says what comes out. A layer may be
  /// applied again to inputs of other shapes, as long as its weights fit them: remember nothing else. Throws
  /// Error(usage) naming the layer.
  virtual std::vector<ValueShape> infer(std::span<const ValueShape> inputs) = 0;
  /// Declares parameters under `prefix` (such as "lstm_1.") in the layer's own list.
  virtual void declare(ParameterStore& parameters, const std::string& prefix);
  /// Fills the declared parameters.
  virtual void initialize(ParameterStore& parameters, std::uint64_t seed) const;
  /// Puts this layer on a tape. Layers made of others record those instead of themselves.
  virtual Vars record(Tape& tape, std::span<const Var> inputs) const;
  /// Adds this layer's step to a plan and returns its outputs (rondo/tape/stream.h). This one refuses: the
  /// layer needs whole sequences. Step t must have the bits of row t of `forward`.
  virtual std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const;
  /// Layers that this one wraps: for states, names, summaries, freezing.
  virtual std::vector<Layer*> children() { return {}; }
  virtual bool is_recurrent() const { return false; }
  /// Throws Error(usage) when its spec does not hold all that it is, such as a function in code.
  virtual void check_savable() const {}
  /// Puts weights back to where constraints want them, after a step of an optimiser.
  virtual void constrain() {
    for (Layer* child : children()) child->constrain();
  }

  bool has_trainable_parameters() const override { return trainable_ && has_trainable_; }
  /// The arrays of this layer and of those that it wraps, by the indices that it uses.
  ParameterStore& parameters() const { return parameters_; }

  // What networks, and layers made of others, do with a layer. All may be called again and then do nothing.

  /// infer(), which for a second use must not ask for weights of other shapes: Error(usage) that names both.
  std::vector<ValueShape> connect(std::span<const ValueShape> inputs);
  bool in_use() const { return connected_; }
  /// Declares the parameters, which have no memory yet. Error(usage) when they are there in another type.
  void declare_parameters(DType dtype);
  /// Fills the parameters, once they have memory.
  void initialize_parameters(std::uint64_t seed);
  /// The parameters are filled otherwise: from a file, or from another layer's.
  void skip_initialization();
  /// All of this for a layer that is used by hand: tape, connect(), build(), record().
  void build(DType dtype, std::uint64_t seed);

  const std::string& name() const { return name_; }
  /// Before it is used: networks and files know a layer by its name. See check_name for what names may be.
  void set_name(std::string name);
  bool trainable() const { return trainable_; }
  /// Freezes or thaws the layer and those that it wraps, at once and in every network: frozen weights get no
  /// gradient, no step of an optimiser and no penalty, and statistics stay as they are.
  void set_trainable(bool trainable);

 protected:
  /// Declares one array and returns its index among the layer's own.
  int declare_array(ParameterStore& parameters, const std::string& name, Shape shape, bool trainable = true,
                    double l1 = 0, double l2 = 0);
  [[noreturn]] void fail(const std::string& what, const std::string& seen, const std::string& expected,
                         const std::string& fix = {}) const;

 private:
  void check_weights_fit(std::span<const ValueShape> inputs);

  std::string name_;
  bool trainable_ = true, has_trainable_ = false;
  bool connected_ = false, declared_ = false, initialized_ = false;
  std::vector<ValueShape> first_inputs_;
  mutable ParameterStore parameters_;  // what runs changes gradients and statistics, never the list
};

using LayerPtr = std::shared_ptr<Layer>;

/// Error(usage) unless layers, inputs and outputs may be called `name`: any text (UTF-8 without control
/// characters) that does not begin with "objective.", where losses keep their parameters.
void check_name(const std::string& name, const std::string& what);

/// Builds a layer from its spec: {"type": "lstm", "name": "lstm_1", "units": 8, …}. `path` is for messages.
LayerPtr make_layer(const Json& spec, const std::string& path = "layer");
/// The spec of a layer: type, name and every option.
Json layer_spec(const Layer& layer);
/// Every type that make_layer knows.
std::vector<std::string> layer_types();

}  // namespace rondo
