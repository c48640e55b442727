#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "rondo/base/error.h"
#include "rondo/tape/tape.h"

// What the primitive operations of a tape share.

namespace rondo::ops::detail {

inline std::string shape_of(const Value& v) {
  return std::to_string(v.data.rows) + " x " + std::to_string(v.data.cols);
}

[[noreturn]] inline void mismatch(const char* name, const Value& a, const Value& b, const char* expected) {
  throw Error(ErrorKind::usage, std::string("operands of ops::") + name + " do not fit")
      .seen(shape_of(a) + " and " + shape_of(b))
      .expected(expected);
}

/// An output of any size that keeps input 0's layout when it keeps its rows.
inline Matrix make(Call& call, std::int64_t rows, std::int64_t cols) {
  const Value in = call.input(0);
  const bool same_rows = rows == in.data.rows;
  return call.make_output_rows(0, rows, same_rows ? in.layout : nullptr,
                               cols == in.data.cols && same_rows ? in.features : Shape{cols});
}

template <class Derived>
class Typed : public Operation {
 public:
  void forward(Call& call) const final {
    for (int i = 0; i < call.input_count(); ++i) {
      if (call.input(i).data.dtype == call.dtype()) continue;
      throw Error(ErrorKind::usage, "an operation cannot take a loss in double on a tape of another type")
          .seen(dtype_name(call.input(i).data.dtype))
          .expected(dtype_name(call.dtype()))
          .fix("give the losses and their weights to Tape::backward");
    }
    with_dtype(call.dtype(), [&]<class T>(T) { self().template run<T>(call); });
  }
  void backward(Call& call) const final {
    with_dtype(call.dtype(), [&]<class T>(T) { self().template differentiate<T>(call); });
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

template <class T>
View<const T> in(const Call& call, int i) {
  return call.input(i).data.template view<const T>();
}
template <class T>
View<const T> up(const Call& call) {
  return call.output_gradient(0).template view<T>();
}

/// Adds value(row, column) to the gradient of input i, if anybody asks for it.
template <class T, class Value>
void add_each(const Call& call, int i, Value value) {
  const View<T> d = call.input_gradient(i).template view<T>();
  for (std::int64_t r = 0; d.data && r < d.rows; ++r) {
    for (std::int64_t c = 0; c < d.cols; ++c) d(r, c) += value(r, c);
  }
}

template <class Op, class... Args>
Var unary(Tape& tape, Var a, Args... args) {
  const Var inputs[] = {a};
  return tape.apply(tape.make<Op>(args...), inputs).front();
}
template <class Op, class... Args>
Var binary(Tape& tape, Var a, Var b, Args... args) {
  const Var inputs[] = {a, b};
  return tape.apply(tape.make<Op>(args...), inputs).front();
}

}  // namespace rondo::ops::detail
