#include <algorithm>
#include <string>
#include <vector>

#include "kernels/matrix.h"
#include "rondo/base/error.h"
#include "rondo/tape/tape.h"
#include "tape/primitive_operation.h"

// Primitive operations that move rows, and products of blocks of rows.

namespace rondo::ops {
namespace {

using detail::in;
using detail::mismatch;
using detail::Typed;
using detail::unary;
using detail::up;

/// An output without layout.
template <class T>
View<T> make_rows(Call& call, std::int64_t rows, std::int64_t cols) {
  return call.make_output_rows(0, rows, nullptr, {cols}).template view<T>();
}

void check_range(const char* what, std::int64_t first, std::int64_t last, std::int64_t size) {
  if (first >= 0 && last >= first && last <= size) return;
  throw Error(ErrorKind::usage, std::string("ops::") + what + " is out of range")
      .seen("rows " + std::to_string(first) + " to " + std::to_string(last))
      .expected("within 0 to " + std::to_string(size));
}

class BatchProduct final : public Typed<BatchProduct> {
 public:
  BatchProduct(std::int64_t batch, bool transposed) : batch_(batch), transposed_(transposed) {}

  template <class T>
  void run(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1);
    const bool whole = batch_ > 0 && a.rows % batch_ == 0 && b.rows % batch_ == 0;
    if (!whole || (transposed_ ? b.cols : b.rows / batch_) != a.cols) {
      mismatch("batch_matmul", call.input(0), call.input(1),
               transposed_ ? "[batch * m, k] and [batch * n, k]" : "[batch * m, k] and [batch * k, n]");
    }
    const View<T> y = make_rows<T>(call, a.rows, transposed_ ? b.rows / batch_ : b.cols);
    each_block<T>(call, a, b, y, [&](View<const T> x, View<const T> w, View<T> out) {
      multiply<T>(call, x, w, transposed_, kernels::Start::zero, out);
    });
  }

  template <class T>
  void differentiate(Call& call) const {
    const View<const T> a = in<T>(call, 0), b = in<T>(call, 1), dy = up<T>(call);
    if (const Matrix da = call.input_gradient(0)) {
      each_block<T>(call, dy, b, da.view<T>(), [&](View<const T> d, View<const T> w, View<T> out) {
        multiply<T>(call, d, w, !transposed_, kernels::Start::accumulate, out);
      });
    }
    if (const Matrix db = call.input_gradient(1)) {
      each_block<T>(
          call, transposed_ ? dy : a, transposed_ ? a : dy, db.view<T>(),
          [](View<const T> x, View<const T> d, View<T> out) { kernels::add_transposed_product(x, d, out); });
    }
  }

 private:
  template <class T>
  static void multiply(Call& call, View<const T> x, View<const T> w, bool transposed, kernels::Start start,
                       View<T> out) {
    const ScratchScope scope(call);
    const auto packed = kernels::pack<T>(w, transposed, [&](std::int64_t n) { return call.scratch<T>(n); });
    kernels::multiply<T>(x, packed, start, nullptr, out);
  }
  template <class T, class Run>
  void each_block(Call&, View<const T> x, View<const T> w, View<T> out, Run run) const {
    const auto block = [&](auto view, std::int64_t i) {
      const std::int64_t rows = view.rows / batch_;
      return view.rows_from(i * rows, rows);
    };
    for (std::int64_t i = 0; i < batch_; ++i) run(block(x, i), block(w, i), block(out, i));
  }
  std::int64_t batch_;
  bool transposed_;
};

class TakeRows final : public Typed<TakeRows> {
 public:
  TakeRows(std::int64_t begin, std::int64_t count) : begin_(begin), count_(count) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    check_range("rows", begin_, begin_ + count_, x.rows);
    std::copy_n(x.row(begin_), count_ * x.cols, make_rows<T>(call, count_, x.cols).data);
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> dy = up<T>(call);
    const View<T> dx = call.input_gradient(0).template view<T>();
    for (std::int64_t r = 0; dx.data && r < dy.rows; ++r) {
      for (std::int64_t c = 0; c < dy.cols; ++c) dx(begin_ + r, c) += dy(r, c);
    }
  }

 private:
  std::int64_t begin_, count_;
};

class Spread final : public Typed<Spread> {
 public:
  Spread(std::int64_t rows, std::int64_t cols) : rows_(rows), cols_(cols) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    if ((x.rows != 1 && x.rows != rows_) || (x.cols != 1 && x.cols != cols_)) {
      throw Error(ErrorKind::usage, "ops::broadcast takes a row, a column or a number")
          .seen(detail::shape_of(call.input(0)) + " to " + std::to_string(rows_) + " x " +
                std::to_string(cols_));
    }
    const View<T> y = make_rows<T>(call, rows_, cols_);
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) y(r, c) = x(x.rows == 1 ? 0 : r, x.cols == 1 ? 0 : c);
    }
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> dy = up<T>(call);
    const View<T> dx = call.input_gradient(0).template view<T>();
    for (std::int64_t r = 0; dx.data && r < dy.rows; ++r) {
      for (std::int64_t c = 0; c < dy.cols; ++c) dx(dx.rows == 1 ? 0 : r, dx.cols == 1 ? 0 : c) += dy(r, c);
    }
  }

 private:
  std::int64_t rows_, cols_;
};

/// Rows by a list: taken from input 0, or added up where they are told to go.
class ByIndex final : public Typed<ByIndex> {
 public:
  ByIndex(std::span<const std::int64_t> indices, std::int64_t rows, bool scatters)
      : indices_(indices.begin(), indices.end()), rows_(rows), scatters_(scatters) {}
  template <class T>
  void run(Call& call) const {
    const View<const T> x = in<T>(call, 0);
    const auto count = static_cast<std::int64_t>(indices_.size());
    const char* const name = scatters_ ? "scatter_add" : "gather";
    if (scatters_ && count != x.rows) {
      throw Error(ErrorKind::usage, "ops::scatter_add needs an index for every row")
          .seen(std::to_string(count) + " indices")
          .expected(std::to_string(x.rows));
    }
    for (const std::int64_t i : indices_) check_range(name, i, i + 1, scatters_ ? rows_ : x.rows);
    const View<T> y = make_rows<T>(call, scatters_ ? rows_ : count, x.cols);
    if (scatters_) std::fill_n(y.data, y.rows * y.cols, T{0});
    each<T>(x, y);
  }
  template <class T>
  void differentiate(Call& call) const {
    const View<const T> dy = up<T>(call);
    const View<T> dx = call.input_gradient(0).template view<T>();
    for (std::size_t i = 0; dx.data && i < indices_.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t from = scatters_ ? indices_[i] : at, to = scatters_ ? at : indices_[i];
      for (std::int64_t c = 0; c < dx.cols; ++c) dx(to, c) += dy(from, c);
    }
  }

 private:
  template <class T>
  void each(View<const T> x, View<T> y) const {
    for (std::size_t i = 0; i < indices_.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      if (!scatters_) {
        std::copy_n(x.row(indices_[i]), x.cols, y.row(at));
        continue;
      }
      for (std::int64_t c = 0; c < x.cols; ++c) y(indices_[i], c) += x(at, c);
    }
  }
  std::vector<std::int64_t> indices_;
  std::int64_t rows_;
  bool scatters_;
};

}  // namespace

Var batch_matmul(Tape& tape, Var a, Var b, std::int64_t batch, bool transpose_b) {
  return detail::binary<BatchProduct>(tape, a, b, batch, transpose_b);
}
Var rows(Tape& tape, Var a, std::int64_t begin, std::int64_t count) {
  return unary<TakeRows>(tape, a, begin, count);
}
Var broadcast(Tape& tape, Var a, std::int64_t rows, std::int64_t cols) {
  if (rows < 0 || cols < 0) throw Error(ErrorKind::usage, "ops::broadcast to a negative size");
  return unary<Spread>(tape, a, rows, cols);
}
Var gather(Tape& tape, Var a, std::span<const std::int64_t> indices) {
  return unary<ByIndex>(tape, a, indices, std::int64_t{0}, false);
}
Var scatter_add(Tape& tape, Var a, std::span<const std::int64_t> indices, std::int64_t rows) {
  if (rows < 0) throw Error(ErrorKind::usage, "ops::scatter_add to a negative number of rows");
  return unary<ByIndex>(tape, a, indices, rows, true);
}

}  // namespace rondo::ops
