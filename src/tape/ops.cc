#include <algorithm>
#include <cmath>

#include "kernels/activations.h"
#include "kernels/matrix.h"
#include "rondo/base/error.h"
#include "rondo/tape/tape.h"

namespace rondo::ops {
namespace {

using kernels::ActivationKind;

std::string shape_of(const Value& v) {
  return std::to_string(v.data.rows) + " x " + std::to_string(v.data.cols);
}

[[noreturn]] void mismatch(const char* name, const Value& a, const Value& b, const char* expected) {
  throw Error(ErrorKind::usage, std::string("operands of ops::") + name + " do not fit")
      .seen(shape_of(a) + " and " + shape_of(b))
      .expected(expected);
}

/// An output of any size that keeps input 0's layout when it keeps its rows.
Matrix make(Call& call, std::int64_t rows, std::int64_t cols) {
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

enum class Pair { add, subtract, multiply, divide };

/// Element by element; the second operand may be one row or one number.
class Binary final : public Typed<Binary> {
 public:
  explicit Binary(Pair kind) : kind_(kind) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1);
    const bool fits = (b.rows == a.rows || b.rows == 1) && (b.cols == a.cols || (b.cols == 1 && b.rows == 1));
    if (!fits)
      mismatch("add, subtract, multiply or divide", call.input(0), call.input(1),
               "equal shapes, or a row or a number on the right");
    const View<T> y = make(call, a.rows, a.cols).template view<T>();
    for (std::int64_t r = 0; r < a.rows; ++r) {
      for (std::int64_t c = 0; c < a.cols; ++c) y(r, c) = value(a(r, c), right(b, r, c));
    }
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1), dy = up<T>(call);
    const View<T> da = call.input_gradient(0).template view<T>(),
                  db = call.input_gradient(1).template view<T>();
    for (std::int64_t r = 0; r < a.rows; ++r) {
      for (std::int64_t c = 0; c < a.cols; ++c) {
        const T x = a(r, c), y = right(b, r, c), d = dy(r, c);
        T dx = d, dright = d;
        if (kind_ == Pair::subtract) dright = -d;
        if (kind_ == Pair::multiply) dx = d * y, dright = d * x;
        if (kind_ == Pair::divide) dx = d / y, dright = -d * x / (y * y);
        if (da.data) da(r, c) += dx;
        if (db.data) db(b.rows == 1 ? 0 : r, b.cols == 1 ? 0 : c) += dright;
      }
    }
  }

 private:
  template <class T>
  static T right(View<const T> b, std::int64_t r, std::int64_t c) {
    return b(b.rows == 1 ? 0 : r, b.cols == 1 ? 0 : c);
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
