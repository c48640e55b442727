#include <algorithm>
#include <cmath>

#include "kernels/activations.h"
#include "kernels/matrix.h"
#include "rondo/base/error.h"
#include "rondo/tape/tape.h"
#include "tape/primitive_operation.h"

namespace rondo::ops {
namespace {

using detail::add_each;
using detail::binary;
using detail::in;
using detail::make;
using detail::mismatch;
using detail::Typed;
using detail::unary;
using detail::up;
using kernels::ActivationKind;

enum class Pair { add, subtract, multiply, divide };

/// A matrix that may stand for a larger one: one row for all, one column for all, or one number.
template <class T>
struct Broadcast {
  View<T> view;
  T& operator()(std::int64_t r, std::int64_t c) const {
    return view(view.rows == 1 ? 0 : r, view.cols == 1 ? 0 : c);
  }
};

/// Element by element; each operand may be one row, one column or one number.
class Binary final : public Typed<Binary> {
 public:
  explicit Binary(Pair kind) : kind_(kind) {}
  template <class T>
  void run(Call& call) const {
    const Broadcast<const T> a{in<T>(call, 0)}, b{in<T>(call, 1)};
    const std::int64_t rows = common(a.view.rows, b.view.rows), cols = common(a.view.cols, b.view.cols);
    if (rows < 0 || cols < 0)
      mismatch("add, subtract, multiply or divide", call.input(0), call.input(1),
               "equal shapes, or a row, a column or a number on one side");
    const Value& shaped = call.input(a.view.rows == rows && a.view.cols == cols ? 0 : 1);
    const bool same = shaped.data.rows == rows && shaped.data.cols == cols;
    const View<T> y =
        call.make_output_rows(0, rows, same ? shaped.layout : nullptr, same ? shaped.features : Shape{cols})
            .template view<T>();
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) y(r, c) = value(a(r, c), b(r, c));
    }
  }
  template <class T>
  void differentiate(Call& call) const {
    const Broadcast<const T> a{in<T>(call, 0)}, b{in<T>(call, 1)};
    const View<const T> dy = up<T>(call);
    const Broadcast<T> da{call.input_gradient(0).template view<T>()},
        db{call.input_gradient(1).template view<T>()};
    for (std::int64_t r = 0; r < dy.rows; ++r) {
      for (std::int64_t c = 0; c < dy.cols; ++c) {
        const T x = a(r, c), y = b(r, c), d = dy(r, c);
        T dx = d, dright = d;
        if (kind_ == Pair::subtract) dright = -d;
        if (kind_ == Pair::multiply) dx = d * y, dright = d * x;
        if (kind_ == Pair::divide) dx = d / y, dright = -d * x / (y * y);
        if (da.view.data) da(r, c) += dx;
        if (db.view.data) db(r, c) += dright;
      }
    }
  }

 private:
  /// The size of an axis of both operands; -1 where they do not fit.
  static std::int64_t common(std::int64_t a, std::int64_t b) {
    return a == b || b == 1 ? a : a == 1 ? b : -1;
  }
  template <class T>
  T value(T a, T b) const {
    switch (kind_) {
      case Pair::add: return a + b;
      case Pair::subtract: return a - b;
      case Pair::multiply: return a * b;
      default: return a / b;
    }
  }
  Pair kind_;
};

enum class Map { scale, log, sqrt, square, abs };

class Pointwise final : public Typed<Pointwise> {
 public:
  explicit Pointwise(Map kind, double factor = 1, double offset = 0)
      : kind_(kind), factor_(factor), offset_(offset) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    const View<T> y = make(call, x.rows, x.cols).template view<T>();
    for (std::int64_t i = 0; i < x.rows * x.cols; ++i) y.data[i] = value(x.data[i]);
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> x = in<T>(call, 0), dy = up<T>(call);
    add_each<T>(call, 0, [&](std::int64_t r, std::int64_t c) { return dy(r, c) * slope(x(r, c)); });
  }

 private:
  template <class T>
  T value(T x) const {
    switch (kind_) {
      case Map::log: return std::log(x);
      case Map::sqrt: return std::sqrt(x);
      case Map::square: return x * x;
      case Map::abs: return std::abs(x);
      default: return static_cast<T>(factor_) * x + static_cast<T>(offset_);
    }
  }
  template <class T>
  T slope(T x) const {
    switch (kind_) {
      case Map::log: return T{1} / x;
      case Map::sqrt: return T(0.5) / std::sqrt(x);
      case Map::square: return T{2} * x;
      case Map::abs: return x > 0 ? T{1} : x < 0 ? T{-1} : T{0};
      default: return static_cast<T>(factor_);
    }
  }
  Map kind_;
  double factor_, offset_;
};

class Activate final : public Typed<Activate> {
 public:
  explicit Activate(ActivationKind kind) : kind_(kind) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    kernels::activate_rows<T>(kind_, x, make(call, x.rows, x.cols).template view<T>());
  }
  template <class T>
  void differentiate(Call& call) const {
    const Matrix dx = call.input_gradient(0);
    if (!dx) return;
    kernels::activate_rows_backward<T>(
        kind_, in<T>(call, 0), call.output_value(0).data.template view<const T>(), up<T>(call), dx.view<T>());
  }

 private:
  ActivationKind kind_;
};

class Product final : public Typed<Product> {
 public:
  template <class T>
  void run(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1);
    if (a.cols != b.rows) mismatch("matmul", call.input(0), call.input(1), "[m, k] and [k, n]");
    const View<T> y = make(call, a.rows, b.cols).template view<T>();
    const auto packed = kernels::pack<T>(b, false, [&](std::int64_t n) { return call.scratch<T>(n); });
    kernels::multiply<T>(a, packed, kernels::Start::zero, nullptr, y);
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1), dy = up<T>(call);
    if (const Matrix da = call.input_gradient(0)) {
      const auto packed = kernels::pack<T>(b, true, [&](std::int64_t n) { return call.scratch<T>(n); });
      kernels::multiply<T>(dy, packed, kernels::Start::accumulate, nullptr, da.view<T>());
    }
    if (const Matrix db = call.input_gradient(1)) kernels::add_transposed_product(a, dy, db.view<T>());
  }
};

/// Sums over everything, or over each row.
class Sum final : public Typed<Sum> {
 public:
  Sum(bool rows, bool mean) : rows_(rows), mean_(mean) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    const View<T> y = make(call, rows_ ? x.rows : 1, 1).template view<T>();
    if (!rows_) y.data[0] = 0;
    for (std::int64_t r = 0; r < x.rows; ++r) {
      T& total = y.data[rows_ ? r : 0];
      if (rows_) total = 0;
      for (std::int64_t c = 0; c < x.cols; ++c) total += x(r, c);
    }
    if (mean_) y.data[0] /= static_cast<T>(x.rows * x.cols);
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> x = in<T>(call, 0), dy = up<T>(call);
    const T factor = mean_ ? T{1} / static_cast<T>(x.rows * x.cols) : T{1};
    add_each<T>(call, 0, [&](std::int64_t r, std::int64_t) { return dy.data[rows_ ? r : 0] * factor; });
  }

 private:
  bool rows_, mean_;
};

class JoinColumns final : public Typed<JoinColumns> {
 public:
  template <class T>
  void run(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1);
    if (a.rows != b.rows) mismatch("concatenate", call.input(0), call.input(1), "equal numbers of rows");
    const View<T> y = make(call, a.rows, a.cols + b.cols).template view<T>();
    for (std::int64_t r = 0; r < a.rows; ++r) {
      std::copy_n(a.row(r), a.cols, y.row(r));
      std::copy_n(b.row(r), b.cols, y.row(r) + a.cols);
    }
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> dy = up<T>(call);
    const std::int64_t width = in<T>(call, 0).cols;
    add_each<T>(call, 0, [&](std::int64_t r, std::int64_t c) { return dy(r, c); });
    add_each<T>(call, 1, [&](std::int64_t r, std::int64_t c) { return dy(r, width + c); });
  }
};

class TakeColumns final : public Typed<TakeColumns> {
 public:
  TakeColumns(std::int64_t begin, std::int64_t count) : begin_(begin), count_(count) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    if (begin_ < 0 || count_ < 0 || begin_ + count_ > x.cols) {
      throw Error(ErrorKind::usage, "ops::columns is out of range")
          .seen("columns " + std::to_string(begin_) + " to " + std::to_string(begin_ + count_))
          .expected("within 0 to " + std::to_string(x.cols));
    }
    const View<T> y = make(call, x.rows, count_).template view<T>();
    for (std::int64_t r = 0; r < x.rows; ++r) std::copy_n(x.row(r) + begin_, count_, y.row(r));
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> dy = up<T>(call);
    const View<T> dx = call.input_gradient(0).template view<T>();
    for (std::int64_t r = 0; dx.data && r < dy.rows; ++r) {
      for (std::int64_t c = 0; c < count_; ++c) dx(r, begin_ + c) += dy(r, c);
    }
  }

 private:
  std::int64_t begin_, count_;
};

class Transpose final : public Typed<Transpose> {
 public:
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    const View<T> y = call.make_output_rows(0, x.cols, nullptr, {x.rows}).template view<T>();
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::int64_t c = 0; c < x.cols; ++c) y(c, r) = x(r, c);
    }
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> dy = up<T>(call);
    add_each<T>(call, 0, [&](std::int64_t r, std::int64_t c) { return dy(c, r); });
  }
};

class StopGradient final : public Typed<StopGradient> {
 public:
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    std::copy_n(x.data, x.rows * x.cols, make(call, x.rows, x.cols).template view<T>().data);
  }
  template <class T>
  void differentiate(Call&) const {}
};

}  // namespace

Var matmul(Tape& tape, Var a, Var b) { return binary<Product>(tape, a, b); }
Var add(Tape& tape, Var a, Var b) { return binary<Binary>(tape, a, b, Pair::add); }
Var subtract(Tape& tape, Var a, Var b) { return binary<Binary>(tape, a, b, Pair::subtract); }
Var multiply(Tape& tape, Var a, Var b) { return binary<Binary>(tape, a, b, Pair::multiply); }
Var divide(Tape& tape, Var a, Var b) { return binary<Binary>(tape, a, b, Pair::divide); }
Var scale(Tape& tape, Var a, double factor, double offset) {
  return unary<Pointwise>(tape, a, Map::scale, factor, offset);
}
Var negate(Tape& tape, Var a) { return scale(tape, a, -1); }
Var tanh(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::tanh); }
Var sigmoid(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::sigmoid); }
Var relu(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::relu); }
Var softplus(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::softplus); }
Var exp(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::exponential); }
Var log(Tape& tape, Var a) { return unary<Pointwise>(tape, a, Map::log); }
Var sqrt(Tape& tape, Var a) { return unary<Pointwise>(tape, a, Map::sqrt); }
Var square(Tape& tape, Var a) { return unary<Pointwise>(tape, a, Map::square); }
Var abs(Tape& tape, Var a) { return unary<Pointwise>(tape, a, Map::abs); }
Var softmax(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::softmax); }
Var log_softmax(Tape& tape, Var a) { return unary<Activate>(tape, a, ActivationKind::log_softmax); }
Var sum(Tape& tape, Var a) { return unary<Sum>(tape, a, false, false); }
Var mean(Tape& tape, Var a) { return unary<Sum>(tape, a, false, true); }
Var row_sum(Tape& tape, Var a) { return unary<Sum>(tape, a, true, false); }
Var concatenate(Tape& tape, Var a, Var b) { return binary<JoinColumns>(tape, a, b); }
Var columns(Tape& tape, Var a, std::int64_t begin, std::int64_t count) {
  return unary<TakeColumns>(tape, a, begin, count);
}
Var transpose(Tape& tape, Var a) { return unary<Transpose>(tape, a); }
Var stop_gradient(Tape& tape, Var a) { return unary<StopGradient>(tape, a); }

}  // namespace rondo::ops
