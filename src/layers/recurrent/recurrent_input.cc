#include "layers/recurrent/recurrent_input.h"

#include <algorithm>

#include "layers/recurrent/recurrent_dropout.h"

namespace rondo {
namespace {

/// Visits (packed row, packed row in the order in which go_backwards reads).
template <class Visit>
void each_reversed_row(const Layout& layout, Visit visit) {
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    for (std::int64_t r = 0; r < layout.rows(t); ++r) {
      const std::int64_t length =
          layout.lengths()[static_cast<std::size_t>(layout.order()[static_cast<std::size_t>(r)])];
      visit(layout.offset(length - 1 - t) + r, layout.offset(t) + r);
    }
  }
}

bool drops(const Call& call, const RecurrentInputOptions& options) {
  return call.options().training && options.dropout > 0;
}

}  // namespace

template <class T>
RecurrentInput<T> read_recurrent_input(Call& call, const RecurrentInputOptions& options) {
  const Layout& layout = *call.input(0).layout;
  RecurrentInput<T> input;
  input.x = call.input(0).data.view<const T>();
  const std::int64_t rows = input.x.rows, cols = input.x.cols;
  const bool dropped = drops(call, options);
  if (options.reversed) {
    T* copy = dropped ? call.scratch<T>(rows * cols) : call.keep<T>(kInputSlot, rows * cols);
    each_reversed_row(layout, [&](std::int64_t from, std::int64_t to) {
      std::copy_n(input.x.row(from), cols, copy + to * cols);
    });
    input.x = {copy, rows, cols, cols};
  }
  if (dropped) {
    T* masks = call.keep<T>(kInputMaskSlot, options.masks * layout.batch() * cols);
    fill_dropout_masks(call.random(*options.layer, purpose_key("dropout")), options.dropout, layout,
                       options.masks, cols,
                       call.scratch<std::uint64_t>(dropout_scratch<T>(layout.batch(), cols)), masks);
    T* copies = call.keep<T>(kInputSlot, options.masks * rows * cols);
    for (int g = 0; g < options.masks; ++g) {
      apply_step_mask(layout, cols, input.x.data, masks + g * layout.batch() * cols,
                      copies + g * rows * cols);
    }
    input = {{copies, rows, cols, cols}, options.masks > 1 ? rows * cols : 0, masks};
  }
  return input;
}

template <class T>
RecurrentInput<T> kept_recurrent_input(const Call& call, const RecurrentInputOptions& options) {
  RecurrentInput<T> input;
  input.x = call.input(0).data.view<const T>();
  const bool dropped = drops(call, options);
  if (options.reversed || dropped) input.x.data = call.kept<T>(kInputSlot), input.x.stride = input.x.cols;
  if (!dropped) return input;
  input.masks = call.kept<T>(kInputMaskSlot);
  if (options.masks > 1) input.gate_stride = input.x.rows * input.x.cols;
  return input;
}

template <class T>
View<T> room_for_input_gradient(const Call& call, const RecurrentInput<T>& input,
                                const RecurrentInputOptions& options) {
  const Matrix wanted = call.input_gradient(0);
  if (!wanted || !(options.reversed || input.masks != nullptr)) return wanted ? wanted.view<T>() : View<T>{};
  const std::int64_t rows = input.x.rows, cols = input.x.cols,
                     size = (input.gate_stride > 0 ? options.masks : 1) * rows * cols;
  T* room = call.scratch<T>(size);
  std::fill_n(room, size, T{0});
  return {room, rows, cols, cols};
}

template <class T>
void add_input_gradient(const Call& call, const RecurrentInput<T>& input,
                        const RecurrentInputOptions& options, View<T> gradient) {
  const Matrix wanted = call.input_gradient(0);
  if (!wanted || !(options.reversed || input.masks != nullptr)) return;
  const Layout& layout = *call.input(0).layout;
  const View<T> out = wanted.view<T>();
  T* unmasked = gradient.data;
  if (input.masks != nullptr) {
    unmasked = options.reversed ? call.scratch<T>(out.rows * out.cols) : out.data;
    if (options.reversed) std::fill_n(unmasked, out.rows * out.cols, T{0});
    for (int g = 0; g < options.masks; ++g) {
      add_step_mask(layout, out.cols, gradient.data + g * input.gate_stride,
                    input.masks + g * layout.batch() * out.cols, unmasked);
    }
  }
  if (!options.reversed) return;
  each_reversed_row(layout, [&](std::int64_t to, std::int64_t from) {
    for (std::int64_t c = 0; c < out.cols; ++c) out(to, c) += unmasked[from * out.cols + c];
  });
}

template RecurrentInput<float> read_recurrent_input(Call&, const RecurrentInputOptions&);
template RecurrentInput<double> read_recurrent_input(Call&, const RecurrentInputOptions&);
template RecurrentInput<float> kept_recurrent_input(const Call&, const RecurrentInputOptions&);
template RecurrentInput<double> kept_recurrent_input(const Call&, const RecurrentInputOptions&);
template View<float> room_for_input_gradient(const Call&, const RecurrentInput<float>&,
                                             const RecurrentInputOptions&);
template View<double> room_for_input_gradient(const Call&, const RecurrentInput<double>&,
                                              const RecurrentInputOptions&);
template void add_input_gradient(const Call&, const RecurrentInput<float>&, const RecurrentInputOptions&,
                                 View<float>);
template void add_input_gradient(const Call&, const RecurrentInput<double>&, const RecurrentInputOptions&,
                                 View<double>);

}  // namespace rondo
