#include "rondo/tape/tape.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"
#include "kernels/instruction_sets.h"
#include "rondo/base/error.h"
#include "tape/workspace.h"

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
    std::span<const int> inputs;             // slots, in the arena
    int first_output = 0, output_count = 0;  // slots one after the other: forward makes nothing else
    std::array<void*, 8> kept{};
    std::string_view place;  // "" as a rule
    bool runs_backward = false;

    int output(int i) const {
      detail::check_index(i, output_count, "an operation has no such output");
      return first_output + i;
    }
    int input(int i) const {
      detail::check_index(i, std::ssize(inputs), "an operation has no such input");
      return inputs[static_cast<std::size_t>(i)];
    }
  };

  DType dtype = DType::float32;
  Pool* pool = nullptr;
  Pool alone{1};
  RunOptions options;
  bool differentiating = true;
  bool played_back = false;
  // Counts passes, from a number of this tape's own, so that a Var of another pass or tape is recognised.
  std::uint32_t pass =
      static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(this) >> 4) * 0x9E3779B9U + 1;
  Arena arena;
  LayoutPool layouts;
  std::vector<Slot> slots;
  std::vector<Node> nodes;
  std::vector<Operation*> own;  // in the arena
  std::vector<Var> penalties;
  std::string_view place;  // of what is applied now: in the arena, with a 0 at its end

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { forget(); }

  void forget() {
    for (Operation* operation : own) std::destroy_at(operation);
    own.clear();
    slots.clear();
    nodes.clear();
    penalties.clear();
    place = {};
    arena.reset();
  }
  template <class T>
  std::span<T> take(std::size_t count) {
    return {static_cast<T*>(arena.take(std::max<std::size_t>(count, 1) * sizeof(T))), count};
  }
  Matrix make_matrix(std::int64_t rows, std::int64_t cols, DType type) {
    const std::size_t bytes = static_cast<std::size_t>(rows * cols) * dtype_size(type);
    return {arena.take(bytes == 0 ? 1 : bytes), rows, cols, cols, type};
  }
  /// Copies values that come from outside: ids as they are, others as numbers of the tape's type.
  Var constant(std::shared_ptr<const Layout> layout, const Shape& features, ConstMatrix from,
               bool wants_gradient) {
    Slot slot;
    const bool ids = from.dtype == DType::int32;
    slot.value = {std::move(layout), features,
                  make_matrix(from.rows, element_count(features), ids ? DType::int32 : dtype)};
    slot.wants_gradient = wants_gradient && differentiating && !ids;
    if (ids) {
      std::copy_n(static_cast<const std::int32_t*>(from.data), from.rows * from.cols,
                  static_cast<std::int32_t*>(slot.value.data.data));
      return add(std::move(slot));
    }
    with_dtype(dtype, [&]<class To>(To) {
      with_dtype(from.dtype, [&]<class From>(From) {
        To* to = static_cast<To*>(slot.value.data.data);
        const From* source = static_cast<const From*>(from.data);
        std::transform(source, source + from.rows * from.cols, to, [](From v) { return static_cast<To>(v); });
      });
    });
    return add(std::move(slot));
  }
  Var add(Slot slot) {
    slots.push_back(std::move(slot));
    return {static_cast<int>(slots.size()) - 1, pass};
  }
  Slot& slot(int id) { return slots[static_cast<std::size_t>(id)]; }
  Slot& slot(Var v) {
    if (v.pass != pass || v.id < 0 || v.id >= static_cast<int>(slots.size())) {
      throw Error(ErrorKind::usage, "a Var does not belong to this pass of this tape")
          .fix("make it after the last reset(), on the tape that uses it");
    }
    return slot(v.id);
  }
  Node& node(int id) { return nodes[static_cast<std::size_t>(id)]; }
  Matrix make_output(int id, int i, Value value) {
    Node& n = node(id);
    if (i != n.output_count) throw Error(ErrorKind::usage, "outputs are made in order 0, 1, …");
    ++n.output_count;
    const Matrix out = value.data;
    Slot slot;
    slot.value = std::move(value);
    if (!n.inputs.empty()) slot.value.fill = slots[static_cast<std::size_t>(n.inputs[0])].value.fill;
    slot.wants_gradient = n.runs_backward && out.dtype != DType::int32;
    add(std::move(slot));
    return out;
  }
  Matrix gradient_of(Slot& s) {
    if (!s.gradient) {
      const Matrix& data = s.value.data;
      s.gradient = make_matrix(data.rows, data.cols, data.dtype);
      std::memset(s.gradient.data, 0,
                  static_cast<std::size_t>(data.rows * data.cols) * dtype_size(data.dtype));
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
  state_->forget();
  ++state_->pass;
  state_->options = options;
  state_->differentiating = differentiating;
  state_->played_back = false;
}

void* Tape::memory(std::size_t bytes) { return state_->arena.take(bytes); }
void Tape::own(Operation* operation) { state_->own.push_back(operation); }
std::span<Var> Tape::vars(std::size_t count) {
  const std::span<Var> out = state_->take<Var>(count);
  std::uninitialized_fill(out.begin(), out.end(), Var{});
  return out;
}

Var Tape::input(const Samples& batch, bool wants_gradient) {
  const Var v = state_->constant(batch.layout(), batch.features(), as_matrix(batch.values()), wants_gradient);
  set_fill(v, batch.fill());
  return v;
}

Var Tape::input(const Value& value) {
  const Var v = state_->constant(value.layout, value.features, value.data, false);
  set_fill(v, value.fill);
  return v;
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
  return s.add(std::move(slot));
}

namespace {

[[noreturn]] void refuse_ids(const Operation& operation, std::size_t input) {
  const auto* layer = dynamic_cast<const Layer*>(&operation);
  throw Error(ErrorKind::usage, "ids are used as numbers")
      .where(layer != nullptr ? "layer '" + layer->name() + "' (" + layer->type() + ")"
                              : std::string("an operation on a tape"))
      .seen("input " + std::to_string(input) + " is int32")
      .expected("float32 or float64")
      .fix("put an embedding before it, or give the values as numbers (cast)");
}

}  // namespace

Vars Tape::apply(const Operation& operation, std::span<const Var> inputs, ParameterStore* store) {
  State& s = *state_;
  if (store != nullptr && store->dtype() != s.dtype) {
    throw Error(ErrorKind::usage, "the parameters' type is not the tape's")
        .seen(dtype_name(store->dtype()))
        .expected(dtype_name(s.dtype));
  }
  const std::span<int> ids = s.take<int>(inputs.size());
  bool wants = operation.has_trainable_parameters();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const State::Slot& slot = s.slot(inputs[i]);
    if (slot.value.data.dtype == DType::int32 && !operation.takes_ids()) refuse_ids(operation, i);
    wants = slot.wants_gradient || wants;
    ids[i] = inputs[i].id;
  }
  const int id = static_cast<int>(s.nodes.size());
  State::Node& node = s.nodes.emplace_back();
  node.operation = &operation;
  node.store = store;
  node.inputs = ids;
  node.place = s.place;
  node.first_output = static_cast<int>(s.slots.size());
  node.runs_backward = wants && s.differentiating;
  Call call(*this, id);
  operation.forward(call);
  const std::span<Var> out = vars(static_cast<std::size_t>(s.node(id).output_count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = {s.node(id).first_output + static_cast<int>(i), s.pass};
  }
  return Vars(out);
}

Var Tape::apply_one(const Operation& operation, std::initializer_list<Var> inputs, ParameterStore* store) {
  return apply(operation, std::span<const Var>(inputs.begin(), inputs.size()), store).front();
}

void Tape::penalize(Var number) {
  static_cast<void>(this->number(number));  // or says what it is
  state_->penalties.push_back(number);
}
std::span<const Var> Tape::penalties() const { return state_->penalties; }

Tape::Place::Place(Tape& tape, std::string_view name) : tape_(tape), outer_(tape.state_->place) {
  const std::span<char> joined = tape.state_->take<char>(outer_.size() + name.size() + 1);
  std::ranges::copy(outer_, joined.begin());
  std::ranges::copy(name, joined.begin() + static_cast<std::ptrdiff_t>(outer_.size()));
  joined.back() = 0;
  tape.state_->place = {joined.data(), joined.size() - 1};
}
Tape::Place::~Place() { tape_.state_->place = outer_; }

const Value& Tape::value(Var v) const { return state_->slot(v).value; }
void Tape::set_fill(Var v, Samples::Fill fill) { state_->slot(v).value.fill = fill; }

namespace {

/// A copy of `data`, or zeros where it is absent, in the shape of `value`.
Tensor copy_of(const Value& value, ConstMatrix data) {
  Shape shape = {value.data.rows};
  shape.insert(shape.end(), value.features.begin(), value.features.end());
  Tensor out(shape, value.data.dtype);
  if (data && out.size() != 0) {
    std::memcpy(out.bytes(), data.data, static_cast<std::size_t>(out.size()) * dtype_size(out.dtype()));
  }
  return out;
}

void add_values(ConstMatrix from, Matrix to) {
  with_dtype(to.dtype, [&]<class To>(To) {
    with_dtype(from.dtype, [&]<class From>(From) {
      To* at = static_cast<To*>(to.data);
      const From* values = static_cast<const From*>(from.data);
      for (std::int64_t i = 0; i < to.rows * to.cols; ++i) at[i] += static_cast<To>(values[i]);
    });
  });
}

}  // namespace

Samples Tape::get(Var v) const {
  const Value& value = state_->slot(v).value;
  Tensor out = copy_of(value, value.data);
  if (value.layout) {
    Samples samples = Samples::packed(value.layout, std::move(out));
    samples.set_fill(value.fill);
    return samples;
  }
  if (out.rank() >= 3) {  // a value without time axis whose sample has several axes
    Samples batch;
    batch.values() = std::move(out);
    return batch;
  }
  return Samples(std::move(out));
}

Tensor Tape::gradient(Var v) const {
  const State::Slot& slot = state_->slot(v);
  return copy_of(slot.value, slot.gradient);
}

double Tape::number(Var v) const {
  const Matrix& data = state_->slot(v).value.data;
  if (data.rows * data.cols != 1) {
    throw Error(ErrorKind::usage, "a value is not one number")
        .seen(std::to_string(data.rows) + " x " + std::to_string(data.cols) + " values")
        .fix("take ops::sum or ops::mean first, or give a gradient");
  }
  return with_dtype(data.dtype, [&]<class T>(T) { return static_cast<double>(data.view<const T>()(0, 0)); });
}

void Tape::backward(Var loss) {
  const double one = 1;
  backward(std::span<const Var>(&loss, 1), std::span<const double>(&one, 1));
}

void Tape::backward(std::span<const Var> losses, std::span<const double> weights) {
  check_playable();
  if (losses.size() != weights.size()) throw Error(ErrorKind::usage, "each loss needs one weight");
  for (std::size_t i = 0; i < losses.size(); ++i) {
    static_cast<void>(number(losses[i]));  // or says what it is
    seed_gradient(losses[i], {&weights[i], 1, 1, 1, DType::float64});
  }
  play_back();
}

void Tape::check_playable() const {
  if (!state_->differentiating) {
    throw Error(ErrorKind::usage, "this pass did not keep what gradients need")
        .fix("call reset(options, true) before the forward pass");
  }
  if (state_->played_back) {  // layers wrote their gradients over what they had kept
    throw Error(ErrorKind::usage, "this pass was played back already")
        .fix("add the losses, or give all values and their gradients to one call of backward()");
  }
}

void Tape::seed_gradient(Var v, ConstMatrix gradient) {
  add_values(gradient, state_->gradient_of(state_->slot(v)));
}

void Tape::backward(std::span<const Var> values, std::span<const Tensor> gradients) {
  check_playable();
  if (values.size() != gradients.size()) throw Error(ErrorKind::usage, "each value needs one gradient");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Matrix& to = value(values[i]).data;
    if (gradients[i].size() != to.rows * to.cols) {
      throw Error(ErrorKind::usage, "a gradient does not fit its value")
          .seen(to_string(gradients[i].shape()))
          .expected(std::to_string(to.rows) + " x " + std::to_string(to.cols) + " values");
    }
    seed_gradient(values[i], as_matrix(gradients[i]));
  }
  play_back();
}

void Tape::play_back() {
  State& s = *state_;
  s.played_back = true;
  for (std::size_t n = s.nodes.size(); n-- > 0;) {
    const State::Node& node = s.nodes[n];
    if (!node.runs_backward) continue;
    bool arrived = false;
    for (int i = 0; i < node.output_count; ++i) arrived = arrived || s.slot(node.output(i)).gradient;
    if (!arrived) continue;
    Call call(*this, static_cast<int>(n));
    node.operation->backward(call);
  }
  for (const State::Slot& slot : s.slots) {
    if (slot.store == nullptr || !slot.gradient) continue;
    add_values(slot.gradient, slot.store->mutable_gradient(slot.parameter));
  }
}

std::vector<Tape::Applied> Tape::applied() const {
  const State& s = *state_;
  std::vector<Applied> all;
  all.reserve(s.nodes.size());
  for (const State::Node& node : s.nodes) {
    Applied& one = all.emplace_back(Applied{node.operation, node.store, {}, {}});
    for (const int id : node.inputs) one.inputs.push_back({id, s.pass});
    for (int i = 0; i < node.output_count; ++i) one.outputs.push_back({node.output(i), s.pass});
  }
  return all;
}

bool Tape::played_back() const { return state_->played_back; }

DType Call::dtype() const { return tape_.state_->dtype; }
Pool& Call::pool() const { return tape_.state_->pool != nullptr ? *tape_.state_->pool : tape_.state_->alone; }
LayoutPool& Call::layouts() const { return tape_.state_->layouts; }
const RunOptions& Call::options() const { return tape_.state_->options; }
bool Call::differentiating() const { return tape_.state_->node(node_).runs_backward; }

int Call::input_count() const { return static_cast<int>(tape_.state_->node(node_).inputs.size()); }
const Value& Call::input(int i) const { return tape_.state_->slot(tape_.state_->node(node_).input(i)).value; }

Matrix Call::make_output(int i, std::shared_ptr<const Layout> layout, const Shape& features) {
  Tape::State& s = *tape_.state_;
  const Tape::State::Node& node = s.node(node_);
  std::int64_t rows = 0;
  if (layout) {
    rows = layout->total();
  } else if (!node.inputs.empty()) {
    const Value& first = s.slot(node.inputs[0]).value;
    rows = first.layout ? first.layout->batch() : first.data.rows;
  }
  return make_output_rows(i, rows, std::move(layout), features);
}

Matrix Call::make_output_rows(int i, std::int64_t rows, std::shared_ptr<const Layout> layout,
                              const Shape& features, DType dtype) {
  Tape::State& s = *tape_.state_;
  return s.make_output(node_, i,
                       {std::move(layout), features, s.make_matrix(rows, element_count(features), dtype)});
}

void Call::make_number(int i, double value) {
  Tape::State& s = *tape_.state_;
  const Matrix out = s.make_output(node_, i, {nullptr, {1}, s.make_matrix(1, 1, DType::float64)});
  *static_cast<double*>(out.data) = value;
}
void Call::set_fill(int i, Samples::Fill fill) {
  tape_.state_->slot(tape_.state_->node(node_).output(i)).value.fill = fill;
}
double Call::number_gradient(int i) const {
  const ConstMatrix gradient = output_gradient(i);
  return gradient ? *static_cast<const double*>(gradient.data) : 0;
}

const Value& Call::output_value(int i) const {
  return tape_.state_->slot(tape_.state_->node(node_).output(i)).value;
}

ConstMatrix Call::parameter(int index) const {
  const ParameterStore* store = tape_.state_->node(node_).store;
  if (store == nullptr)
    throw Error(ErrorKind::usage, "a layer with parameters was applied without a ParameterStore");
  return store->value(index);
}
Matrix Call::mutable_parameter(int index) const { return tape_.state_->node(node_).store->value(index); }
Matrix Call::parameter_gradient(int index) const {
  return tape_.state_->node(node_).store->mutable_gradient(index);
}
Matrix Call::parameter_gradient(int index, std::span<const std::int64_t> rows) const {
  return tape_.state_->node(node_).store->mutable_gradient(index, rows);
}

ConstMatrix Call::output_gradient(int i) const {
  return tape_.state_->slot(tape_.state_->node(node_).output(i)).gradient;
}
Matrix Call::input_gradient(int i) const {
  Tape::State& s = *tape_.state_;
  Tape::State::Slot& slot = s.slot(s.node(node_).input(i));
  return slot.wants_gradient ? s.gradient_of(slot) : Matrix{};
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

Call::ScratchMark Call::scratch_mark() const {
  const Arena::Mark mark = tape_.state_->arena.mark();
  return {mark.block, mark.used};
}
void Call::rewind_scratch(ScratchMark mark) const { tape_.state_->arena.rewind({mark.block, mark.used}); }
Workspace Call::workspace() const { return {tape_.state_->arena, pool()}; }

RandomStream Call::random(const std::string& name, std::uint64_t purpose) const {
  const RunOptions& o = options();
  const std::string_view place = tape_.state_->node(node_).place;
  const std::uint64_t key = place.empty() ? 0 : purpose_key(place.data());
  return RandomStream(o.seed, purpose_key(name.c_str()) + purpose + key, o.step);
}

std::string Call::place_of(const std::string& name) const {
  // "encoder." stands before names, "@1" behind them.
  const std::string_view place = tape_.state_->node(node_).place;
  const std::size_t own = place.empty() || place.back() == '.' ? place.size() : place.rfind('.') + 1;
  return std::string(place.substr(0, own)) + name + std::string(place.substr(own));
}

}  // namespace rondo
