#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tensor/matrix.h"
#include "rondo/tensor/parameters.h"

namespace rondo {

class Layer;

// A network as steps in time: what sessions run, and what exporters read. A layer adds its own step:
//
//     std::vector<StreamValue> Leaky::stream(StreamPlan& plan, std::span<const StreamValue> inputs) const {
//       const StreamValue level = plan.state("level", inputs[0].features);
//       plan.add(*this, inputs, {level}, std::make_unique<LeakyStep>(inputs[0], level));
//       return {level};
//     }

/// Where the rows of a value stand during a step.
struct StreamSlot {
  enum class Home : std::uint8_t { input, state, scratch };
  Home home = Home::scratch;
  std::int64_t offset = 0;  ///< in floats; for an input: which
};

/// A value of a plan: an input, a state or the result of a step, one row of features a stream.
struct StreamValue {
  int id = -1;  ///< its index in StreamPlan::values()
  StreamSlot slot;
  Shape features;
  bool sequence = true;  ///< false: in a pass over whole sequences only the last one exists

  std::int64_t width() const { return element_count(features); }
  std::int64_t last_axis() const { return features.empty() ? 1 : features.back(); }
};

class StreamOperation;

constexpr std::int64_t kMaxStreamRows = 8;  ///< rows that a call of an operation may have

/// The rows of one step and their memory: row r is a step of stream streams[r]. A value may be written where
/// it is no input. Results and states have room up to the next multiple of 16 floats.
struct StreamRows {
  std::int64_t count = 0;
  const int* streams = nullptr;
  float* states = nullptr;
  std::int64_t state_stride = 0;  ///< floats of a stream
  float* scratch = nullptr;
  std::int64_t scratch_stride = 0;  ///< floats of a row
  const float* const* inputs = nullptr;
  const std::int64_t* input_strides = nullptr;
  bool backwards = false;  ///< every other step may read weights from their end: part of them is still cached
  const StreamOperation* writer = nullptr;  ///< also writes its rows to `y`
  float* y = nullptr;
  std::int64_t y_stride = 0;

  float* state(std::int64_t r, std::int64_t offset) const {
    return states + streams[r] * state_stride + offset;
  }
  float* write(const StreamSlot& slot, std::int64_t r) const {
    return slot.home == StreamSlot::Home::state ? state(r, slot.offset)
                                                : scratch + r * scratch_stride + slot.offset;
  }
  const float* read(const StreamSlot& slot, std::int64_t r) const {
    if (slot.home != StreamSlot::Home::input) return write(slot, r);
    return inputs[slot.offset] + r * input_strides[slot.offset];
  }
};

/// What a step computes. It copies the weights that it needs: a frozen network does not follow later changes.
class StreamOperation {
 public:
  StreamOperation() = default;
  StreamOperation(const StreamOperation&) = delete;
  StreamOperation& operator=(const StreamOperation&) = delete;
  virtual ~StreamOperation() = default;
  /// Reads inputs and states, writes results and states. No allocation, lock or system call.
  virtual void run(const StreamRows& rows) const noexcept = 0;
  /// Whether it can write the value at `slot` to StreamRows::y while it is in registers. To copy what was
  /// just stored costs more than it looks: the copy, and all steps behind it, wait for the stores.
  virtual bool can_write(const StreamSlot& /*slot*/) const { return false; }
};
using StreamOperationPtr = std::unique_ptr<const StreamOperation>;

/// One step of a plan, by ids of values.
struct StreamStep {
  std::string kind;  ///< the layer's type: "lstm"
  std::string name;  ///< of this application of the layer: "lstm_1", "dense@1"
  Json options;      ///< Layer::config()
  /// The layer's parameters by their own names ("kernel"). They belong to the layer.
  std::vector<std::pair<std::string, ConstMatrix>> weights;
  std::vector<int> inputs;
  std::vector<int> outputs;  ///< results, or states after the step
  std::vector<int> states;   ///< read and replaced
  StreamOperationPtr operation;

  /// Without data when there is none of that name.
  ConstMatrix weight(std::string_view name) const;
};

class StreamPlan {
 public:
  /// A state as it is saved and restored: "lstm.h".
  struct State {
    std::string name;
    int value = -1;
    std::vector<float> initial;  ///< before the first step; empty: zeros
  };

  // For layers, while they are applied.

  /// An array of the layer that is being applied. It is the layer's: who keeps the plan keeps the network.
  ConstMatrix parameter(int index) const;
  /// nullptr when the index is negative: the layer has no such array.
  const float* vector(int index) const {
    return index < 0 ? nullptr : parameter(index).view<const float>().data;
  }
  /// Adds the steps of a layer, under the name of this application of it, which keys the names of its states.
  std::vector<StreamValue> apply(const Layer& layer, const std::string& name,
                                 std::span<const StreamValue> inputs);
  const std::string& name() const { return name_; }
  /// A result, to be written by an operation.
  StreamValue value(Shape features, bool sequence = true);
  /// A state of the step that is added next.
  StreamValue state(const std::string& name, Shape features, std::vector<float> initial = {});
  /// Memory that an operation uses while it runs.
  StreamSlot scratch(std::int64_t floats);
  /// Says that a value holds ids, whole numbers from 0 to count - 1. Where it is an input, a step with
  /// another one is refused and changes no state.
  void limit_ids(const StreamValue& ids, std::int64_t count);
  void add(const Layer& layer, std::span<const StreamValue> inputs, std::span<const StreamValue> outputs,
           StreamOperationPtr operation);
  void add(const Layer& layer, std::span<const StreamValue> inputs, const StreamValue& output,
           StreamOperationPtr operation) {
    add(layer, inputs, std::span(&output, 1), std::move(operation));
  }

  // For networks.

  StreamValue input(Shape features);
  void set_outputs(std::vector<int> values) { outputs_ = std::move(values); }

  // For readers: sessions, exporters.

  std::span<const StreamStep> steps() const { return steps_; }
  std::span<const StreamValue> values() const { return values_; }
  std::span<const State> states() const { return states_; }
  std::span<const int> inputs() const { return inputs_; }
  /// Of input i: how many ids there are, 0 where it holds numbers.
  std::int64_t id_count(std::size_t i) const { return id_counts_[i]; }
  std::span<const int> outputs() const { return outputs_; }
  std::int64_t state_floats() const { return state_floats_; }
  std::int64_t scratch_floats() const { return scratch_floats_; }
  /// Takes the operations out, in order.
  std::vector<StreamOperationPtr> release_operations();

 private:
  const StreamValue& make(StreamSlot slot, Shape features, bool sequence);

  const Layer* layer_ = nullptr;  // that is being applied
  std::string name_;
  std::vector<StreamValue> values_;
  std::vector<State> states_;
  std::vector<StreamStep> steps_;
  std::vector<int> inputs_, outputs_;
  std::vector<std::int64_t> id_counts_;  // by input
  std::size_t owned_states_ = 0;         // those that belong to a step already
  std::int64_t state_floats_ = 0, scratch_floats_ = 0;
};

}  // namespace rondo
