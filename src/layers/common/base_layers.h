#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "rondo/layers/layers.h"
#include "rondo/layers/options_layer.h"
#include "tape/parallel.h"

// What the layers' sources share.

namespace rondo {

/// add(dy, dx) adds to the gradient of input 0, where anybody asks for it, what that of output 0 gives.
template <class Add>
void add_to_input(Call& call, Add add) {
  const Matrix d_input = call.input_gradient(0);
  if (!d_input) return;
  with_dtype(call.dtype(),
             [&]<class T>(T) { add(call.output_gradient(0).view<const T>(), d_input.view<T>()); });
}

/// The elements of a value without padding in the order of its samples, each a row [steps·features].
struct SampleOrder {
  const Value& value;
  std::int64_t width;  ///< features of one step
  explicit SampleOrder(const Value& v) : value(v), width(element_count(v.features)) {}
  std::int64_t batch() const { return value.layout ? value.layout->batch() : value.data.rows; }
  std::int64_t columns() const { return width * (value.layout ? value.layout->steps() : 1); }
  /// Where element `column` of sample b stands.
  std::int64_t place(std::int64_t b, std::int64_t column) const {
    if (!value.layout) return b * width + column;
    const std::int64_t t = column / width;
    return (value.layout->offset(t) + value.layout->place()[static_cast<std::size_t>(b)]) * width +
           column % width;
  }
};
/// visit(place in input 0, place in output 0, how many) for runs of elements that lie side by side in both,
/// the two being the same samples in other shapes.
template <class Visit>
void each_run_of_samples(const Call& call, Visit visit) {
  const SampleOrder from(call.input(0)), to(call.output_value(0));
  for (std::int64_t b = 0; b < from.batch(); ++b) {
    for (std::int64_t c = 0, run = 0; c < from.columns(); c += run) {
      run = std::min(from.width - c % from.width, to.width - c % to.width);
      visit(from.place(b, c), to.place(b, c), run);
    }
  }
}
/// Output 0, which is made, becomes input 0 in another shape.
inline void copy_samples(Call& call) {
  with_dtype(call.dtype(), [&]<class T>(T) {
    const auto* x = static_cast<const T*>(call.input(0).data.data);
    auto* y = static_cast<T*>(call.output_value(0).data.data);
    each_run_of_samples(call, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
      std::copy_n(x + from, count, y + to);
    });
  });
}
inline void copy_samples_backward(Call& call) {
  add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
    each_run_of_samples(call, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) dx.data[from + i] += dy.data[to + i];
    });
  });
}

/// The same rows under another layout and shape of features.
class Relabel : public Operation {
 public:
  void backward(Call& call) const override {
    add_to_input(call, []<class T>(View<const T> dy, View<T> dx) {
      for (std::int64_t i = 0; i < dx.rows * dx.cols; ++i) dx.data[i] += dy.data[i];
    });
  }

 protected:
  static void copy(const Value& in, Matrix out) {
    const auto bytes = static_cast<std::size_t>(in.data.rows * in.data.cols) * dtype_size(in.data.dtype);
    if (bytes != 0) std::memcpy(out.data, in.data.data, bytes);
  }
};

/// "sequence (None, 10, 3)" or "(None, 3)".
inline std::string describe(const ValueShape& spec) {
  return (spec.sequence ? "a sequence " : "no sequence ") + to_string(spec.shape());
}

}  // namespace rondo
