#include "layers/recurrent/recurrent_input.h"

#include <algorithm>

#include "layers/recurrent/recurrent_dropout.h"

namespace rondo {

template <class T>
RecurrentInput<T>::RecurrentInput(Call& call, const RecurrentInputOptions& options, bool forward)
    : call_(call),
      options_(options),
      layout_(*call.input(0).layout),
      x_(call.input(0).data.template view<const T>()) {
  if (call.options().training && options.dropout > 0) {
    masks_ = forward ? call.keep<T>(kInputMaskSlot, options.masks * layout_.batch() * x_.cols)
                     : call.kept<T>(kInputMaskSlot);
  }
  if (forward) {
    read();
  } else if (is_changed()) {
    x_ = {call.kept<T>(kInputSlot), x_.rows, x_.cols, x_.cols};
  }
}

template <class T>
void RecurrentInput<T>::read() {
  const std::int64_t rows = x_.rows, cols = x_.cols;
  if (options_.reversed) {
    T* copy = masks_ != nullptr ? call_.scratch<T>(rows * cols) : call_.keep<T>(kInputSlot, rows * cols);
    layout_.each_mirrored_row(
        [&](std::int64_t to, std::int64_t from) { std::copy_n(x_.row(from), cols, copy + to * cols); });
    x_ = {copy, rows, cols, cols};
  }
  if (masks_ == nullptr) return;
  fill_dropout_masks(call_.random(*options_.layer, purpose_key("dropout")), options_.dropout, layout_,
                     options_.masks, cols,
                     call_.scratch<std::uint64_t>(dropout_scratch<T>(layout_.batch(), cols)), masks_);
  T* copies = call_.keep<T>(kInputSlot, options_.masks * rows * cols);
  for (int g = 0; g < options_.masks; ++g) {
    apply_step_mask(layout_, cols, x_.data, masks_ + g * layout_.batch() * cols, copies + g * rows * cols);
  }
  x_ = {copies, rows, cols, cols};
}

template <class T>
View<T> RecurrentInput<T>::room_for_gradient() const {
  const Matrix wanted = call_.input_gradient(0);
  if (!wanted || !is_changed()) return wanted ? wanted.view<T>() : View<T>{};
  const std::int64_t size = (gate_stride() > 0 ? options_.masks : 1) * x_.rows * x_.cols;
  T* room = call_.scratch<T>(size);
  std::fill_n(room, size, T{0});
  return {room, x_.rows, x_.cols, x_.cols};
}

template <class T>
void RecurrentInput<T>::add_gradient(View<T> gradient) const {
  const Matrix wanted = call_.input_gradient(0);
  if (!wanted || !is_changed()) return;
  const View<T> out = wanted.view<T>();
  T* unmasked = gradient.data;
  if (masks_ != nullptr) {
    unmasked = options_.reversed ? call_.scratch<T>(out.rows * out.cols) : out.data;
    if (options_.reversed) std::fill_n(unmasked, out.rows * out.cols, T{0});
    for (int g = 0; g < options_.masks; ++g) {
      apply_step_mask<true>(layout_, out.cols, gradient.data + g * gate_stride(),
                            masks_ + g * layout_.batch() * out.cols, unmasked);
    }
  }
  if (!options_.reversed) return;
  layout_.each_mirrored_row([&](std::int64_t from, std::int64_t to) {
    for (std::int64_t c = 0; c < out.cols; ++c) out(to, c) += unmasked[from * out.cols + c];
  });
}

template class RecurrentInput<float>;
template class RecurrentInput<double>;

}  // namespace rondo
