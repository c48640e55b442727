#include "rondo/tape/stream.h"

#include <algorithm>
#include <utility>

#include "kernels/stream.h"
#include "rondo/tape/layer.h"

namespace rondo {

static_assert(kMaxStreamRows == kernels::kStreamRows);

namespace {

/// Up to whole cache lines, which are whole vectors, too.
std::int64_t whole_lines(std::int64_t floats) { return (floats + 15) / 16 * 16; }

std::vector<int> ids_of(std::span<const StreamValue> values) {
  std::vector<int> ids;
  for (const StreamValue& value : values) ids.push_back(value.id);
  return ids;
}

}  // namespace

ConstMatrix StreamStep::weight(std::string_view name) const {
  for (const auto& [known, matrix] : weights) {
    if (known == name) return matrix;
  }
  return {};
}

const StreamValue& StreamPlan::make(StreamSlot slot, Shape features, bool sequence) {
  return values_.emplace_back(StreamValue{static_cast<int>(values_.size()), slot, features, sequence});
}

StreamValue StreamPlan::value(Shape features, bool sequence) {
  const StreamSlot slot = scratch(element_count(features));
  return make(slot, features, sequence);
}

StreamValue StreamPlan::state(const std::string& name, Shape features, std::vector<float> initial) {
  const StreamValue& value = make({StreamSlot::Home::state, state_floats_}, features, true);
  state_floats_ += whole_lines(value.width());
  states_.push_back({name_ + "." + name, value.id, std::move(initial)});
  return value;
}

std::vector<StreamValue> StreamPlan::apply(const Layer& layer, const std::string& name,
                                           std::span<const StreamValue> inputs) {
  const Layer* const outer = std::exchange(layer_, &layer);
  const std::string outer_name = std::exchange(name_, name);
  std::vector<StreamValue> outputs = layer.stream(*this, inputs);
  layer_ = outer;
  name_ = outer_name;
  return outputs;
}

ConstMatrix StreamPlan::parameter(int index) const {
  const ParameterStore& parameters = layer_->parameters();
  return parameters.value(index);
}

StreamSlot StreamPlan::scratch(std::int64_t floats) {
  const StreamSlot slot{StreamSlot::Home::scratch, scratch_floats_};
  scratch_floats_ += whole_lines(floats) + 16;  // room for a last whole vector behind any number of floats
  return slot;
}

StreamValue StreamPlan::input(Shape features) {
  const StreamSlot slot{StreamSlot::Home::input, static_cast<std::int64_t>(inputs_.size())};
  inputs_.push_back(static_cast<int>(values_.size()));
  id_counts_.push_back(0);
  return make(slot, features, true);
}

void StreamPlan::limit_ids(const StreamValue& ids, std::int64_t count) {
  if (ids.slot.home != StreamSlot::Home::input) return;
  std::int64_t& limit = id_counts_[static_cast<std::size_t>(ids.slot.offset)];
  limit = limit == 0 ? count : std::min(limit, count);
}

void StreamPlan::add(const Layer& layer, std::span<const StreamValue> inputs,
                     std::span<const StreamValue> outputs, StreamOperationPtr operation) {
  StreamStep step{.kind = layer.type(),
                  .name = name_,
                  .options = layer.config(),
                  .weights = {},
                  .inputs = ids_of(inputs),
                  .outputs = ids_of(outputs),
                  .states = {},
                  .operation = std::move(operation)};
  const ParameterStore& parameters = layer.parameters();
  for (std::size_t i = 0; i < parameters.infos().size(); ++i) {
    const std::string& name = parameters.infos()[i].name;
    step.weights.emplace_back(name.substr(name.rfind('.') + 1), parameters.value(static_cast<int>(i)));
  }
  for (; owned_states_ < states_.size(); ++owned_states_) step.states.push_back(states_[owned_states_].value);
  steps_.push_back(std::move(step));
}

std::vector<StreamOperationPtr> StreamPlan::release_operations() {
  std::vector<StreamOperationPtr> operations;
  for (StreamStep& step : steps_) operations.push_back(std::move(step.operation));
  return operations;
}

}  // namespace rondo
