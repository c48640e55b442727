#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/text.h"
#include "kernels/activation_kind.h"
#include "layers/common/base_layers.h"
#include "layers/recurrent/common/recurrent_plan.h"
#include "rondo/tape/stream.h"

namespace rondo {

/// What recurrent layers share: their states, which callers see in the order of the batch and drivers in that
/// of the layout's places (longest sequence first), as inputs, outputs and carried from batch to batch.
template <class Options>
class StatefulLayer : public OptionsLayer<Options> {
 public:
  using OptionsLayer<Options>::OptionsLayer;
  bool is_recurrent() const override { return true; }

 protected:
  using OptionsLayer<Options>::options, OptionsLayer<Options>::fail, OptionsLayer<Options>::name;

  virtual int state_count() const = 0;
  virtual std::int64_t width(int state) const = 0;

  kernels::ActivationKind recurrent_kind(const std::string& activation, const char* option) const {
    const auto kind = kernels::parse_activation(activation, this->where() + ", option '" + option + "'");
    if (kernels::is_recurrent(kind)) return kind;
    std::vector<std::string> usable;
    for (const kernels::ActivationInfo& info : kernels::activations()) {
      if (info.recurrent) usable.emplace_back(info.name);
    }
    fail("a recurrent cell cannot use this activation", "'" + activation + "'",
         "one whose derivative follows from its value: " + detail::listed(usable),
         "apply '" + activation + "' with an activation layer after this one");
  }

  /// Checks the initial states behind the sequence and says what comes out.
  std::vector<ValueShape> infer_states(std::span<const ValueShape> inputs) const {
    for (std::size_t j = 1; j < inputs.size(); ++j) {
      const std::int64_t size = width(static_cast<int>(j) - 1);
      if (inputs[j].sequence || inputs[j].width() != size)
        fail("an initial state has another shape", describe(inputs[j]),
             "(None, " + std::to_string(size) + ")");
    }
    std::vector<ValueShape> outputs = {
        {options().return_sequences, options().return_sequences ? inputs[0].steps : -1, {width(0)}}};
    for (int j = 0; options().return_state && j < state_count(); ++j)
      outputs.push_back({false, -1, {width(j)}});
    return outputs;
  }

  void check_stream_inputs(std::span<const StreamValue> inputs) const {
    if (inputs.size() == 1) return;
    fail("initial states do not come from layers in a stream", std::to_string(inputs.size() - 1) + " states",
         "the sequence alone", "leave the states out of the network, and give them by restore()");
  }
  /// Adds the step that replaces the states. The output is the first of them: what comes next reads it where
  /// it is.
  std::vector<StreamValue> add_stream_step(StreamPlan& plan, const StreamValue& input,
                                           std::vector<StreamValue> states, StreamOperationPtr step) const {
    std::vector<StreamValue> outputs = {states[0]};
    outputs[0].sequence = options().return_sequences;
    plan.add(*this, std::span(&input, 1), outputs, std::move(step));
    for (StreamValue& state : states) state.sequence = false;
    if (options().return_state) outputs.insert(outputs.end(), states.begin(), states.end());
    return outputs;
  }

  /// The initial states, which are null where nothing says what they are, and room for the final ones.
  template <class T>
  void begin_states(Call& call, std::array<const T*, kMaxStates>& initial,
                    std::array<T*, kMaxStates>& final) const {
    const Layout& layout = layout_of(call);
    for (int j = 0; j < state_count(); ++j) {
      nth(final, j) = call.scratch<T>(layout.batch() * width(j));
      View<const T> given{};
      if (call.input_count() > 1 + j) given = call.input(1 + j).data.template view<const T>();
      if (given.data != nullptr && given.rows != layout.batch()) {
        fail("an initial state has another batch size", std::to_string(given.rows),
             std::to_string(layout.batch()));
      }
      if (const std::vector<Tensor>* states = carried(call); states != nullptr && !states->empty()) {
        given = carried_rows<T>(*states, j, {layout.batch(), width(j)});
        call.keep(kGoesOnSlot, 1);
      }
      if (given.data == nullptr) continue;
      T* places = call.scratch<T>(layout.batch() * width(j));
      for (std::int64_t r = 0; r < layout.batch(); ++r)
        std::copy_n(given.row(layout.sequence_at(r)), given.cols, places + r * given.cols);
      nth(initial, j) = places;
    }
  }
  /// The last output, or none where all steps are outputs, and the final states.
  template <class T>
  void end_states(Call& call, const std::array<T*, kMaxStates>& final) const {
    const Layout& layout = layout_of(call);
    const auto write = [&](int j, View<T> to) {
      for (std::int64_t r = 0; r < layout.batch(); ++r)
        std::copy_n(nth(final, j) + r * to.cols, to.cols, to.row(layout.sequence_at(r)));
    };
    const auto put_out = [&](int output, int j) {
      write(j, call.make_output_rows(output, layout.batch(), nullptr, {width(j)}).template view<T>());
    };
    if (!options().return_sequences) put_out(0, 0);
    for (int j = 0; options().return_state && j < state_count(); ++j) put_out(1 + j, j);
    std::vector<Tensor>* states = carried(call);
    if (states == nullptr) return;
    states->resize(static_cast<std::size_t>(state_count()));
    for (int j = 0; j < state_count(); ++j) {
      Tensor& state = nth(*states, j);
      state.resize({layout.batch(), width(j)}, dtype_of<T>());
      write(j, as_matrix(state).template view<T>());
    }
  }

  /// The gradients of all steps' outputs, if they are outputs, and of the final states by place.
  template <class T>
  void begin_gradients(const Call& call, View<const T>& dy, std::array<T*, kMaxStates>& d_state) const {
    for (int j = 0; j < state_count(); ++j) {
      nth(d_state, j) = call.scratch<T>(layout_of(call).batch() * width(j));
      std::fill_n(nth(d_state, j), layout_of(call).batch() * width(j), T{0});
      if (options().return_state) add_by_place<T>(call, call.output_gradient(1 + j), nth(d_state, j));
    }
    const ConstMatrix gradient = call.output_gradient(0);
    if (!options().return_sequences) return add_by_place<T>(call, gradient, d_state[0]);
    if (gradient) dy = gradient.view<T>();
  }
  /// Adds the gradients of initial states to those of the inputs that they came from. A pass that went on
  /// from carried states did not read those.
  template <class T>
  void end_gradients(const Call& call, const std::array<T*, kMaxStates>& d_state) const {
    if (call.kept(kGoesOnSlot) != nullptr) return;
    for (int j = 0; j + 1 < call.input_count(); ++j) {
      const Matrix gradient = call.input_gradient(1 + j);
      if (!gradient) continue;
      const View<T> g = gradient.view<T>();
      for (std::int64_t r = 0; r < g.rows; ++r) {
        T* to = g.row(layout_of(call).sequence_at(r));
        for (std::int64_t u = 0; u < g.cols; ++u) to[u] += nth(d_state, j)[r * g.cols + u];
      }
    }
  }

 private:
  static constexpr int kGoesOnSlot = 7;  // kept where the states are carried ones

  static const Layout& layout_of(const Call& call) { return *call.input(0).layout; }

  std::vector<Tensor>* carried(const Call& call) const {
    CarriedState* all = call.options().carried;
    return all != nullptr && (options().stateful || call.options().carry_all)
               ? &all->of(call.place_of(name()))
               : nullptr;
  }
  template <class T>
  View<const T> carried_rows(const std::vector<Tensor>& states, int j, const Shape& shape) const {
    // Those of a checkpoint may be anybody's.
    const bool known = std::ssize(states) == state_count() && nth(states, j).dtype() == dtype_of<T>() &&
                       nth(states, j).rank() == 2;
    if (!known) {
      throw Error(ErrorKind::model_file, "the carried states are those of another layer")
          .where("layer '" + name() + "'")
          .seen(std::to_string(states.size()) + " states")
          .expected(std::to_string(state_count()) + " matrices of " + dtype_name(dtype_of<T>()));
    }
    const Tensor& state = nth(states, j);
    if (state.shape() != shape) {
      fail("a stateful layer needs batches of one size", "a batch of " + std::to_string(shape[0]),
           std::to_string(state.dim(0)) + " as in the batch before",
           "choose a batch_size that divides the number of samples, or call reset_states() before");
    }
    return as_matrix(state).template view<T>();
  }
  template <class T>
  static void add_by_place(const Call& call, const ConstMatrix& gradient, T* by_place) {
    if (!gradient) return;
    const View<const T> g = gradient.view<T>();
    for (std::int64_t r = 0; r < g.rows; ++r) {
      const T* from = g.row(layout_of(call).sequence_at(r));
      for (std::int64_t u = 0; u < g.cols; ++u) by_place[r * g.cols + u] += from[u];
    }
  }
};

}  // namespace rondo
