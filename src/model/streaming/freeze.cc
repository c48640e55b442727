#include "model/streaming/frozen_model.h"

#include <cmath>

#include "rondo/base/error.h"
#include "rondo/model/session.h"

// From a network's graph and its parameters to operations on rows.

namespace rondo {

StreamPlan Network::stream_plan() const {
  if (!built_) {
    throw Error(ErrorKind::usage, "a network without values cannot be frozen")
        .seen("a network that is not built")
        .fix("call build(), fit() or load() first");
  }
  if (parameters_.dtype() != DType::float32) {
    throw Error(ErrorKind::usage, "sessions compute in float32")
        .seen("a network in float64")
        .fix("freeze network.cast(DType::float32)");
  }
  StreamPlan plan;
  std::vector<StreamValue> inputs;
  for (const Input& input : inputs_) {
    const ValueShape& spec = values_[static_cast<std::size_t>(input.value)].spec;
    if (!spec.sequence) {
      throw Error(ErrorKind::usage, "only sequences can be stepped")
          .where("input '" + input.name + "'")
          .seen("an input without time axis")
          .expected("(None, time, features)")
          .fix("give it at every step, as a sequence of its own; initial states go through restore()");
    }
    inputs.push_back(plan.input(spec.features));
  }
  std::vector<int> outputs;
  for (const StreamValue& value : stream(plan, inputs, "")) outputs.push_back(value.id);
  plan.set_outputs(std::move(outputs));
  return plan;
}

std::vector<StreamValue> Network::stream(StreamPlan& plan, std::span<const StreamValue> inputs,
                                         const std::string& prefix) const {
  std::vector<StreamValue> values(values_.size());
  for (std::size_t i = 0; i < inputs.size(); ++i)
    values[static_cast<std::size_t>(inputs_[i].value)] = inputs[i];
  for (const Node& node : nodes_) {
    std::vector<StreamValue> arguments;
    for (const int id : node.inputs) arguments.push_back(values[static_cast<std::size_t>(id)]);
    const std::vector<StreamValue> results =
        plan.apply(*node.layer, prefix + value_name(node.outputs.front()), arguments);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      values[static_cast<std::size_t>(node.outputs[i])] = results.at(i);
  }
  std::vector<StreamValue> outputs;
  for (const int id : outputs_) outputs.push_back(values[static_cast<std::size_t>(id)]);
  return outputs;
}

FrozenModel::FrozenModel(StreamPlan plan)
    : operations(plan.release_operations()),
      state_stride(std::max<std::int64_t>(plan.state_floats(), 16)),
      scratch_stride(std::max<std::int64_t>(plan.scratch_floats(), 16)) {
  const auto value = [&](int id) -> const StreamValue& {
    return plan.values()[static_cast<std::size_t>(id)];
  };
  initial = Tensor({state_stride});
  for (const StreamPlan::State& state : plan.states()) {
    const std::int64_t offset = value(state.value).slot.offset;
    states.push_back({state.name, offset, value(state.value).width()});
    std::ranges::copy(state.initial, initial.data<float>().begin() + offset);
  }
  for (std::size_t i = 0; i < plan.inputs().size(); ++i) {
    const StreamValue& input = value(plan.inputs()[i]);
    inputs.push_back({input.slot, input.width(), plan.id_count(i)});
  }
  for (const int id : plan.outputs()) outputs.push_back({value(id).slot, value(id).width()});
  for (const StreamOperationPtr& operation : operations) {
    if (outputs.size() == 1 && operation->can_write(outputs[0].slot)) writer = operation.get();
  }
}

bool FrozenModel::Value::takes(const float* row) const noexcept {
  if (ids == 0) return true;
  for (std::int64_t c = 0; c < width; ++c) {
    if (!(row[c] >= 0 && row[c] < static_cast<float>(ids)) || row[c] != std::floor(row[c])) return false;
  }
  return true;
}

std::shared_ptr<const FrozenModel> freeze(const Network& network) {
  return std::make_shared<const FrozenModel>(network.stream_plan());
}

}  // namespace rondo
