#include "rondo/tape.h"

#include <array>
#include <cstring>

#include "kernels/instruction_sets.h"
#include "layers/arena.h"
#include "rondo/error.h"

namespace rondo {

struct Tape::State {
  struct Slot {
    Value value;
    Matrix gradient;  // absent until something flows
    bool wants_gradient = false;
    // where a parameter's gradient goes in the end
    ParameterStore* store = nullptr;
    int parameter = -1;
  };
  struct Node {
    const Operation* operation = nullptr;
    ParameterStore* store = nullptr;
    std::vector<int> inputs, outputs;
    std::array<void*, 8> kept{};
    bool runs_backward = false;
  };

  DType dtype = DType::float32;
  Pool* pool = nullptr;
  Pool alone{1};
  RunOptions options;
  bool differentiating = true;
  bool played_back = false;
  Arena arena;
  std::vector<Slot> slots;
  std::vector<Node> nodes;  // those beyond node_count are kept for their vectors' memory
  std::size_t node_count = 0;
  std::vector<std::shared_ptr<const Operation>> owned;

  Matrix make_matrix(std::int64_t rows, std::int64_t cols) {
    const std::size_t bytes = static_cast<std::size_t>(rows * cols) * dtype_size(dtype);
    return {arena.take(bytes == 0 ? 1 : bytes), rows, cols, cols, dtype};
  }
  Slot& slot(int id) {
    if (id < 0 || id >= static_cast<int>(slots.size())) {
      throw Error(ErrorKind::usage, "a Var does not belong to this tape")
          .cure("make it after the last reset()");
    }
    return slots[static_cast<std::size_t>(id)];
  }
  Node& node(int id) { return nodes[static_cast<std::size_t>(id)]; }
  Matrix gradient_of(int id) {
    Slot& s = slot(id);
    if (!s.gradient) {
      s.gradient = make_matrix(s.value.data.rows, s.value.data.cols);
      std::memset(s.gradient.data, 0,
                  static_cast<std::size_t>(s.gradient.rows * s.gradient.cols) * dtype_size(dtype));
    }
    return s.gradient;
  }
};

Tape::Tape(DType dtype, Pool* pool) : state_(std::make_unique<State>()) {
  kernels::choose_instruction_set();
  state_->dtype = dtype;
  state_->pool = pool;
}
Tape::~Tape() = default;
Tape::Tape(Tape&&) noexcept = default;
Tape& Tape::operator=(Tape&&) noexcept = default;

DType Tape::dtype() const { return state_->dtype; }
const RunOptions& Tape::options() const { return state_->options; }
std::size_t Tape::arena_bytes() const { return state_->arena.bytes(); }

void Tape::reset(RunOptions options, bool differentiating) {
  state_->options = options;
  state_->differentiating = differentiating;
  state_->played_back = false;
  state_->slots.clear();
  state_->node_count = 0;
  state_->owned.clear();
  state_->arena.reset();
}

Var Tape::input(const Batch& batch, bool wants_gradient) {
  State& s = *state_;
  const Tensor& values = batch.values();
  State::Slot slot;
  slot.value.layout = batch.layout();
  slot.value.features = batch.features();
  const ConstMatrix from = as_matrix(values);
  slot.value.data = s.make_matrix(from.rows, element_count(slot.value.features));
  with_dtype(s.dtype, [&]<class To>(To) {
    with_dtype(values.dtype(), [&]<class From>(From) {
      To* to = static_cast<To*>(slot.value.data.data);
      for (const From v : values.data<From>()) *to++ = static_cast<To>(v);
    });
  });
  slot.wants_gradient = wants_gradient && s.differentiating;
  s.slots.push_back(std::move(slot));
  return {static_cast<int>(s.slots.size()) - 1};
}

Var Tape::parameter(ParameterStore& store, int index) {
  State& s = *state_;
  if (store.dtype() != s.dtype) {
    throw Error(ErrorKind::usage, "a parameter's type is not the tape's")
        .seen(dtype_name(store.dtype()))
        .expected(dtype_name(s.dtype));
  }
  State::Slot slot;
  slot.value.data = store.value(index);
  slot.value.features = {slot.value.data.cols};
  slot.wants_gradient = s.differentiating;
  slot.store = &store;
  slot.parameter = index;
  s.slots.push_back(std::move(slot));
  return {static_cast<int>(s.slots.size()) - 1};
}

std::vector<Var> Tape::apply(const Operation& operation, std::span<const Var> inputs, ParameterStore* store) {
  State& s = *state_;
  if (store != nullptr && store->dtype() != s.dtype) {
    throw Error(ErrorKind::usage, "the parameters' type is not the tape's")
        .seen(dtype_name(store->dtype()))
        .expected(dtype_name(s.dtype));
  }
  if (s.node_count == s.nodes.size()) s.nodes.emplace_back();
  const int id = static_cast<int>(s.node_count++);
  State::Node& node = s.node(id);
  node.operation = &operation;
  node.store = store;
  node.inputs.clear();
  node.outputs.clear();
  node.kept.fill(nullptr);
  bool wants = operation.has_trainable_parameters();
  for (const Var v : inputs) {
    wants = s.slot(v.id).wants_gradient || wants;
    node.inputs.push_back(v.id);
  }
  node.runs_backward = wants && s.differentiating;
  Call call(*this, id);
  operation.forward(call);
  std::vector<Var> out;
  out.reserve(s.node(id).outputs.size());
  for (const int o : s.node(id).outputs) out.push_back({o});
  return out;
}

std::vector<Var> Tape::apply(std::shared_ptr<const Operation> operation, std::span<const Var> inputs,
                             ParameterStore* store) {
  state_->owned.push_back(operation);
  return apply(*operation, inputs, store);
}

Var Tape::apply_one(const Operation& operation, std::initializer_list<Var> inputs, ParameterStore* store) {
  return apply(operation, std::span<const Var>(inputs.begin(), inputs.size()), store).front();
}

const Value& Tape::value(Var v) const { return state_->slot(v.id).value; }

Batch Tape::get(Var v) const {
  const Value& value = state_->slot(v.id).value;
  Shape shape = {value.data.rows};
  shape.insert(shape.end(), value.features.begin(), value.features.end());
  Tensor out(std::move(shape), state_->dtype);
  if (out.size() != 0) {
    std::memcpy(out.bytes(), value.data.data,
                static_cast<std::size_t>(out.size()) * dtype_size(state_->dtype));
  }
  if (value.layout) return Batch::packed(value.layout, std::move(out));
  if (out.rank() >= 3) {  // a value without time axis whose sample has several axes
    Batch batch;
    batch.values() = std::move(out);
    return batch;
  }
  return Batch(std::move(out));
}

Tensor Tape::gradient(Var v) const {
  const State::Slot& slot = state_->slot(v.id);
  Shape shape = {slot.value.data.rows};
  shape.insert(shape.end(), slot.value.features.begin(), slot.value.features.end());
  Tensor out(std::move(shape), state_->dtype);
  if (slot.gradient && out.size() != 0) {
    std::memcpy(out.bytes(), slot.gradient.data,
                static_cast<std::size_t>(out.size()) * dtype_size(state_->dtype));
  }
  return out;
}

void Tape::backward(Var loss) {
  if (value(loss).data.rows * value(loss).data.cols != 1) {
    throw Error(ErrorKind::usage, "backward() starts from one number")
        .seen(std::to_string(value(loss).data.rows) + " x " + std::to_string(value(loss).data.cols) +
              " values")
        .cure("take ops::sum or ops::mean first, or give a gradient");
  }
  const Tensor one = Tensor::full({1, 1}, 1.0, dtype());
  backward(std::span<const Var>(&loss, 1), std::span<const Tensor>(&one, 1));
}

void Tape::backward(std::span<const Var> values, std::span<const Tensor> gradients) {
  State& s = *state_;
  if (!s.differentiating) {
    throw Error(ErrorKind::usage, "this pass did not keep what gradients need")
        .cure("call reset(options, true) before the forward pass");
  }
  if (s.played_back) {  // layers wrote their gradients over what they had kept
    throw Error(ErrorKind::usage, "this pass was played back already")
        .cure("add the losses, or give all values and their gradients to one call of backward()");
  }
  if (values.size() != gradients.size()) throw Error(ErrorKind::usage, "each value needs one gradient");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Matrix to = s.gradient_of(values[i].id);
    if (gradients[i].size() != to.rows * to.cols) {
      throw Error(ErrorKind::usage, "a gradient does not fit its value")
          .seen(to_string(gradients[i].shape()))
          .expected(std::to_string(to.rows) + " x " + std::to_string(to.cols) + " values");
    }
    const Tensor g = gradients[i].cast(s.dtype);
    with_dtype(s.dtype, [&]<class T>(T) {
      T* at = static_cast<T*>(to.data);
      for (const T v : g.data<T>()) *at++ += v;
    });
  }
  s.played_back = true;
  for (std::size_t n = s.node_count; n-- > 0;) {
    State::Node& node = s.nodes[n];
    if (!node.runs_backward) continue;
    bool arrived = false;
    for (const int o : node.outputs) arrived = arrived || s.slot(o).gradient;
    if (!arrived) continue;
    Call call(*this, static_cast<int>(n));
    node.operation->backward(call);
  }
  for (State::Slot& slot : s.slots) {
    if (slot.store == nullptr || !slot.gradient) continue;
    const Matrix to = slot.store->gradient(slot.parameter);
    with_dtype(s.dtype, [&]<class T>(T) {
      const T* from = static_cast<const T*>(slot.gradient.data);
      T* at = static_cast<T*>(to.data);
      for (std::int64_t i = 0; i < to.rows * to.cols; ++i) at[i] += from[i];
    });
  }
}

DType Call::dtype() const { return tape_.state_->dtype; }
Pool& Call::pool() const { return tape_.state_->pool != nullptr ? *tape_.state_->pool : tape_.state_->alone; }
const RunOptions& Call::options() const { return tape_.state_->options; }
bool Call::differentiating() const { return tape_.state_->node(node_).runs_backward; }

int Call::input_count() const { return static_cast<int>(tape_.state_->node(node_).inputs.size()); }
const Value& Call::input(int i) const {
  return tape_.state_->slot(tape_.state_->node(node_).inputs.at(static_cast<std::size_t>(i))).value;
}

Matrix Call::make_output(int i, std::shared_ptr<const Layout> layout, Shape features) {
  Tape::State& s = *tape_.state_;
  Tape::State::Node& node = s.node(node_);
  if (i != static_cast<int>(node.outputs.size()))
    throw Error(ErrorKind::usage, "outputs are made in order 0, 1, …");
  std::int64_t rows = 0;
  if (layout) {
    rows = layout->total();
  } else if (!node.inputs.empty()) {
    const Value& first = s.slot(node.inputs[0]).value;
    rows = first.layout ? first.layout->batch() : first.data.rows;
  }
  return make_output_rows(i, rows, std::move(layout), std::move(features));
}

Matrix Call::make_output_rows(int i, std::int64_t rows, std::shared_ptr<const Layout> layout,
                              Shape features) {
  Tape::State& s = *tape_.state_;
  if (i != static_cast<int>(s.node(node_).outputs.size())) {
    throw Error(ErrorKind::usage, "outputs are made in order 0, 1, …");
  }
  Tape::State::Slot slot;
  slot.value.layout = std::move(layout);
  slot.value.features = std::move(features);
  slot.value.data = s.make_matrix(rows, element_count(slot.value.features));
  slot.wants_gradient = s.node(node_).runs_backward;
  const Matrix out = slot.value.data;
  s.slots.push_back(std::move(slot));
  s.node(node_).outputs.push_back(static_cast<int>(s.slots.size()) - 1);
  return out;
}

const Value& Call::output_value(int i) const {
  return tape_.state_->slot(tape_.state_->node(node_).outputs.at(static_cast<std::size_t>(i))).value;
}

ConstMatrix Call::parameter(int index) const {
  const ParameterStore* store = tape_.state_->node(node_).store;
  if (store == nullptr)
    throw Error(ErrorKind::usage, "a layer with parameters was applied without a ParameterStore");
  return store->value(index);
}
Matrix Call::mutable_parameter(int index) const { return tape_.state_->node(node_).store->value(index); }
Matrix Call::parameter_gradient(int index) const { return tape_.state_->node(node_).store->gradient(index); }

ConstMatrix Call::output_gradient(int i) const {
  return tape_.state_->slot(tape_.state_->node(node_).outputs.at(static_cast<std::size_t>(i))).gradient;
}
Matrix Call::input_gradient(int i) const {
  Tape::State& s = *tape_.state_;
  const int id = s.node(node_).inputs.at(static_cast<std::size_t>(i));
  return s.slot(id).wants_gradient ? s.gradient_of(id) : Matrix{};
}

void* Call::keep(int slot, std::size_t bytes) {
  void* at = tape_.state_->arena.take(bytes == 0 ? 1 : bytes);
  tape_.state_->node(node_).kept.at(static_cast<std::size_t>(slot)) = at;
  return at;
}
void* Call::kept(int slot) const { return tape_.state_->node(node_).kept.at(static_cast<std::size_t>(slot)); }
void* Call::scratch_bytes(std::size_t bytes) const {
  return tape_.state_->arena.take(bytes == 0 ? 1 : bytes);
}

RandomStream Call::random(const std::string& name, std::uint64_t purpose) const {
  const RunOptions& o = options();
  return RandomStream(o.seed, purpose_key(name.c_str()) + purpose, o.step);
}

}  // namespace rondo
