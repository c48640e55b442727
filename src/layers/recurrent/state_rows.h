#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/tape/layer.h"

// States of a recurrence between the order of the batch, in which callers see them, and that of the layout's
// places (longest sequence first), in which drivers hold them.

namespace rondo {

/// out row of place r = row of sequence order[r].
template <class T>
void to_places(const Layout& layout, View<const T> by_sequence, T* by_place) {
  for (std::int64_t r = 0; r < layout.batch(); ++r) {
    std::copy_n(by_sequence.row(layout.order()[static_cast<std::size_t>(r)]), by_sequence.cols,
                by_place + r * by_sequence.cols);
  }
}

template <class T>
void to_sequences(const Layout& layout, const T* by_place, View<T> by_sequence) {
  for (std::int64_t r = 0; r < layout.batch(); ++r) {
    std::copy_n(by_place + r * by_sequence.cols, by_sequence.cols,
                by_sequence.row(layout.order()[static_cast<std::size_t>(r)]));
  }
}

/// The initial state j by place: the call's input 1 + j, or what `carried` holds (stateful layers), or null.
template <class T>
const T* initial_state(const Call& call, const Layer& layer, int j, std::int64_t width,
                       const std::vector<Tensor>* carried) {
  const Layout& layout = *call.input(0).layout;
  const std::int64_t batch = layout.batch();
  const auto refuse = [&](const std::string& what, const std::string& seen, const std::string& expected) {
    throw Error(ErrorKind::usage, what)
        .where("layer '" + (layer.name().empty() ? layer.type() : layer.name()) + "'")
        .seen(seen)
        .expected(expected);
  };
  View<const T> given{};
  if (call.input_count() > 1 + j) {
    given = call.input(1 + j).data.template view<const T>();
    if (given.rows != batch)
      refuse("an initial state has another batch size", std::to_string(given.rows), std::to_string(batch));
  }
  if (carried != nullptr && !carried->empty()) {
    const Tensor& state = (*carried)[static_cast<std::size_t>(j)];
    if (state.shape() != Shape{batch, width}) {
      refuse("a stateful layer needs batches of one size", "a batch of " + std::to_string(batch),
             std::to_string(state.dim(0)) + " as in the batch before");
    }
    given = {state.data<T>().data(), batch, width, width};
  }
  if (given.data == nullptr) return nullptr;
  T* places = call.scratch<T>(batch * width);
  to_places(layout, given, places);
  return places;
}

template <class T>
void carry_state(Tensor& state, const Layout& layout, const T* by_place, std::int64_t width) {
  const Shape shape{layout.batch(), width};
  if (state.shape() != shape || state.dtype() != dtype_of<T>()) state = Tensor(shape, dtype_of<T>());
  to_sequences(layout, by_place, View<T>{state.data<T>().data(), layout.batch(), width, width});
}

/// by_place += a gradient in the order of the batch, if there is one.
template <class T>
void add_by_place(const Layout& layout, const ConstMatrix& gradient, T* by_place) {
  if (!gradient) return;
  const View<const T> g = gradient.view<T>();
  for (std::int64_t r = 0; r < layout.batch(); ++r) {
    const T* from = g.row(layout.order()[static_cast<std::size_t>(r)]);
    for (std::int64_t u = 0; u < g.cols; ++u) by_place[r * g.cols + u] += from[u];
  }
}

/// The other way round.
template <class T>
void add_by_sequence(const Layout& layout, const T* by_place, const Matrix& gradient) {
  if (!gradient) return;
  const View<T> g = gradient.view<T>();
  for (std::int64_t r = 0; r < layout.batch(); ++r) {
    T* to = g.row(layout.order()[static_cast<std::size_t>(r)]);
    for (std::int64_t u = 0; u < g.cols; ++u) to[u] += by_place[r * g.cols + u];
  }
}

}  // namespace rondo
