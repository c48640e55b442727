#include "rondo/model/session.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "model/streaming/frozen_model.h"
#include "rondo/base/error.h"

namespace rondo {

/// All that a session writes to.
struct Session::Memory {
  std::shared_ptr<const FrozenModel> model;
  int streams = 0, rollback = 0;
  Tensor states;                        ///< [streams, state_stride]
  Tensor scratch;                       ///< [kMaxStreamRows, scratch_stride]
  Tensor history;                       ///< [streams, rollback, state_stride]: rings of states before a step
  std::vector<int> newest, remembered;  ///< of each stream's ring
  std::vector<const float*> inputs;
  std::vector<std::int64_t> input_strides;
  StreamRows rows;

  float* state(int stream) noexcept { return rows.states + stream * rows.state_stride; }
  float* ring(int stream, int slot) noexcept {
    return history_data + (static_cast<std::int64_t>(stream) * rollback + slot) * rows.state_stride;
  }
  bool has(int stream) const noexcept { return stream >= 0 && stream < streams; }

  /// Not inlined: most sessions cannot go back, and a small step feels every instruction that it passes by.
  [[gnu::noinline]] void remember(const int* of_streams, std::int64_t count) noexcept {
    for (std::int64_t r = 0; r < count; ++r) remember(of_streams[r]);
  }
  void remember(int stream) noexcept {
    const auto at = static_cast<std::size_t>(stream);
    newest[at] = newest[at] + 1 == rollback ? 0 : newest[at] + 1;
    remembered[at] = std::min(remembered[at] + 1, rollback);
    std::copy_n(state(stream), rows.state_stride, ring(stream, newest[at]));
  }

  /// rows.inputs are set. Streams differ.
  void run(const int* of_streams, std::int64_t count) noexcept {
    rows.count = count;
    rows.streams = of_streams;
    rows.backwards = !rows.backwards;
    if (rollback > 0) remember(of_streams, count);
    for (const StreamOperationPtr& operation : model->operations) operation->run(rows);
  }

  float* history_data = nullptr;
  const float* initial = nullptr;
};

namespace {

void fill_nan(std::span<float> y) noexcept {
  std::fill(y.begin(), y.end(), std::numeric_limits<float>::quiet_NaN());
}

void copy_row(const float* from, std::int64_t width, float* to) noexcept {
  if (width <= 4) {  // a call would cost more than the copy
    for (std::int64_t c = 0; c < width; ++c) to[c] = from[c];
  } else {
    std::memcpy(to, from, static_cast<std::size_t>(width) * sizeof(float));
  }
}

}  // namespace

Session::Session(const Network& network, int streams, SessionOptions options)
    : Session(freeze(network), streams, options) {}

Session::Session(std::shared_ptr<const FrozenModel> model, int streams, SessionOptions options)
    : memory_(std::make_unique<Memory>()) {
  if (!model) throw Error(ErrorKind::usage, "a session needs a frozen model").fix("freeze(network)");
  if (streams < 1) {
    throw Error(ErrorKind::usage, "a session needs a stream")
        .seen(std::to_string(streams) + " streams")
        .expected("1 or more");
  }
  if (options.rollback < 0) {
    throw Error(ErrorKind::usage, "the number of steps to take back is negative")
        .where("SessionOptions::rollback")
        .seen(std::to_string(options.rollback))
        .expected("0 or more");
  }
  Memory& m = *memory_;
  m.streams = streams;
  m.rollback = options.rollback;
  m.states = Tensor({streams, model->state_stride});
  m.scratch = Tensor({kMaxStreamRows, model->scratch_stride});
  m.history = Tensor({streams, options.rollback, model->state_stride});
  m.history_data = m.history.data<float>().data();
  m.newest.assign(static_cast<std::size_t>(streams), 0);
  m.remembered.assign(static_cast<std::size_t>(streams), 0);
  m.inputs.resize(model->inputs.size());
  m.input_strides.resize(model->inputs.size());
  m.rows.states = m.states.data<float>().data();
  m.rows.state_stride = model->state_stride;
  m.rows.scratch = m.scratch.data<float>().data();
  m.rows.scratch_stride = model->scratch_stride;
  m.rows.inputs = m.inputs.data();
  m.rows.input_strides = m.input_strides.data();
  m.initial = model->initial.data<float>().data();
  m.model = std::move(model);
  reset();
}

Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

int Session::streams() const noexcept { return memory_->streams; }
std::int64_t Session::input_size(int i) const noexcept {
  return memory_->model->inputs[static_cast<std::size_t>(i)].width;
}
std::int64_t Session::output_size(int i) const noexcept {
  return memory_->model->outputs[static_cast<std::size_t>(i)].width;
}
const std::shared_ptr<const FrozenModel>& Session::frozen() const noexcept { return memory_->model; }

void Session::step(int stream, std::span<const float> x, std::span<float> y) noexcept {
  Memory& m = *memory_;
  const FrozenModel& model = *m.model;
  const bool fits = model.inputs.size() == 1 && model.outputs.size() == 1 && m.has(stream) &&
                    std::ssize(x) == model.inputs[0].width && std::ssize(y) == model.outputs[0].width &&
                    model.inputs[0].takes(x.data());
  if (!fits) return fill_nan(y);
  m.inputs[0] = x.data();
  m.rows.y = y.data();
  m.rows.writer = model.writer;
  m.run(&stream, 1);
  if (model.writer == nullptr)
    copy_row(m.rows.read(model.outputs[0].slot, 0), model.outputs[0].width, y.data());
}

void Session::step(int stream, std::span<const std::span<const float>> inputs,
                   std::span<const std::span<float>> outputs) noexcept {
  Memory& m = *memory_;
  const FrozenModel& model = *m.model;
  bool fits = inputs.size() == model.inputs.size() && outputs.size() == model.outputs.size() && m.has(stream);
  for (std::size_t i = 0; fits && i < inputs.size(); ++i)
    fits = std::ssize(inputs[i]) == model.inputs[i].width && model.inputs[i].takes(inputs[i].data());
  for (std::size_t i = 0; fits && i < outputs.size(); ++i)
    fits = std::ssize(outputs[i]) == model.outputs[i].width;
  if (!fits) {
    for (const std::span<float> y : outputs) fill_nan(y);
    return;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) m.inputs[i] = inputs[i].data();
  m.rows.writer = nullptr;
  m.run(&stream, 1);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    copy_row(m.rows.read(model.outputs[i].slot, 0), model.outputs[i].width, outputs[i].data());
}

void Session::step(std::span<const int> streams, View<const float> x, View<float> y) noexcept {
  Memory& m = *memory_;
  const FrozenModel& model = *m.model;
  const auto n = std::ssize(streams);
  bool fits = model.inputs.size() == 1 && model.outputs.size() == 1 && x.rows == n && y.rows == n &&
              x.cols == model.inputs[0].width && y.cols == model.outputs[0].width;
  for (const int stream : streams) fits = fits && m.has(stream);
  for (std::int64_t r = 0; fits && r < n; ++r) fits = model.inputs[0].takes(x.row(r));
  if (!fits) {
    for (std::int64_t r = 0; r < y.rows; ++r) fill_nan({y.row(r), static_cast<std::size_t>(y.cols)});
    return;
  }
  m.input_strides[0] = x.stride;
  m.rows.y_stride = y.stride;
  m.rows.writer = model.writer;
  for (std::int64_t begin = 0; begin < n;) {
    // A stream that is named twice takes its second step in the next block.
    std::int64_t end = begin + 1;
    const int* first = streams.data() + begin;
    while (end < n && end - begin < kMaxStreamRows &&
           std::find(first, streams.data() + end, streams[static_cast<std::size_t>(end)]) ==
               streams.data() + end) {
      ++end;
    }
    m.inputs[0] = x.row(begin);
    m.rows.y = y.row(begin);
    m.run(first, end - begin);
    for (std::int64_t r = begin; model.writer == nullptr && r < end; ++r)
      copy_row(m.rows.read(model.outputs[0].slot, r - begin), y.cols, y.row(r));
    begin = end;
  }
}

void Session::reset(int stream) noexcept {
  Memory& m = *memory_;
  if (!m.has(stream)) return;
  std::copy_n(m.initial, m.rows.state_stride, m.state(stream));
  m.remembered[static_cast<std::size_t>(stream)] = 0;
}
void Session::reset() noexcept {
  for (int stream = 0; stream < memory_->streams; ++stream) reset(stream);
}

void Session::fork(int from, int to) noexcept {
  Memory& m = *memory_;
  if (!m.has(from) || !m.has(to) || from == to) return;
  std::copy_n(m.state(from), m.rows.state_stride, m.state(to));
  if (m.rollback == 0) return;
  std::copy_n(m.ring(from, 0), m.rollback * m.rows.state_stride, m.ring(to, 0));
  m.newest[static_cast<std::size_t>(to)] = m.newest[static_cast<std::size_t>(from)];
  m.remembered[static_cast<std::size_t>(to)] = m.remembered[static_cast<std::size_t>(from)];
}

bool Session::rollback(int stream, int steps) noexcept {
  Memory& m = *memory_;
  if (!m.has(stream) || steps < 0 || steps > m.remembered[static_cast<std::size_t>(stream)]) return false;
  if (steps == 0) return true;
  const auto at = static_cast<std::size_t>(stream);
  const int slot = (m.newest[at] - (steps - 1) + m.rollback) % m.rollback;
  std::copy_n(m.ring(stream, slot), m.rows.state_stride, m.state(stream));
  m.newest[at] = (slot - 1 + m.rollback) % m.rollback;
  m.remembered[at] -= steps;
  return true;
}
int Session::remembered(int stream) const noexcept {
  return memory_->has(stream) ? memory_->remembered[static_cast<std::size_t>(stream)] : 0;
}

namespace {

constexpr const char* kNoStream = "a session has no such stream";

std::int64_t state_size(const FrozenModel& model) {
  std::int64_t size = 0;
  for (const FrozenModel::State& state : model.states) size += state.units;
  return size;
}

void check_state(const Session::State& state, const FrozenModel& model) {
  const std::int64_t size = state_size(model);
  if (std::ssize(state.values) == size) return;
  throw Error(ErrorKind::usage, "a state belongs to another network")
      .seen(std::to_string(state.values.size()) + " numbers")
      .expected(std::to_string(size))
      .fix("restore what snapshot() of a session over this network gave");
}

}  // namespace

Session::State Session::snapshot(int stream) const {
  State state;
  snapshot(stream, state);
  return state;
}
void Session::snapshot(int stream, State& into) const {
  detail::check_index(stream, memory_->streams, kNoStream);
  into.values.resize(static_cast<std::size_t>(state_size(*memory_->model)));
  float* to = into.values.data();
  for (const FrozenModel::State& state : memory_->model->states)
    to = std::copy_n(memory_->state(stream) + state.offset, state.units, to);
}
void Session::restore(int stream, const State& state) {
  detail::check_index(stream, memory_->streams, kNoStream);
  check_state(state, *memory_->model);
  reset(stream);
  const float* from = state.values.data();
  for (const FrozenModel::State& piece : memory_->model->states) {
    std::copy_n(from, piece.units, memory_->state(stream) + piece.offset);
    from += piece.units;
  }
}

TensorFile Session::to_file(const State& state) const {
  TensorFile file;
  file.metadata.emplace_back("rondo.content", "state");
  const float* from = state.values.data();
  check_state(state, *memory_->model);
  for (const FrozenModel::State& piece : memory_->model->states) {
    file.tensors.emplace_back(
        piece.name,
        Tensor::from(std::span<const float>(from, static_cast<std::size_t>(piece.units)), {piece.units}));
    from += piece.units;
  }
  return file;
}

Session::State Session::from_file(const TensorFile& file, const std::string& where) const {
  State state;
  const auto refuse = [&](const std::string& what, const std::string& seen, const std::string& expected) {
    throw Error(ErrorKind::model_file, what)
        .where(where)
        .seen(seen)
        .expected(expected)
        .fix("load a state of the same network");
  };
  for (const FrozenModel::State& piece : memory_->model->states) {
    const Tensor* tensor = file.find(piece.name);
    if (tensor == nullptr) {
      refuse("a state is missing", std::to_string(file.tensors.size()) + " arrays", "'" + piece.name + "'");
    } else if (tensor->dtype() != DType::float32 || tensor->shape() != Shape{piece.units}) {
      refuse("a state has another shape or type",
             "'" + piece.name + "' " + to_string(tensor->shape()) + " " + dtype_name(tensor->dtype()),
             to_string(Shape{piece.units}) + " float32");
    } else {
      const auto values = tensor->data<float>();
      state.values.insert(state.values.end(), values.begin(), values.end());
    }
  }
  for (const auto& tensor : file.tensors) {
    const std::string& name = tensor.first;
    const bool known = std::ranges::any_of(
        memory_->model->states, [&](const FrozenModel::State& piece) { return piece.name == name; });
    if (!known) refuse("the network has no such state", "'" + name + "'", "states of its own only");
  }
  return state;
}

}  // namespace rondo
