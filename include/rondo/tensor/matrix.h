#pragma once

#include <cstdint>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Rows of numbers that somebody else owns: element (r, c) is data[r * stride + c].
template <class T>
struct View {
  T* data = nullptr;
  std::int64_t rows = 0, cols = 0, stride = 0;

  T* row(std::int64_t r) const { return data + r * stride; }
  T& operator()(std::int64_t r, std::int64_t c) const { return data[r * stride + c]; }
  View rows_from(std::int64_t begin, std::int64_t count) const { return {row(begin), count, cols, stride}; }
  View columns(std::int64_t begin, std::int64_t count) const { return {data + begin, rows, count, stride}; }
  operator View<const T>() const requires(!std::is_const_v<T>) { return {data, rows, cols, stride}; }
};

/// A View whose element type is known at run time only. A null `data` means "absent".
struct Matrix {
  void* data = nullptr;
  std::int64_t rows = 0, cols = 0, stride = 0;
  DType dtype = DType::float32;

  explicit operator bool() const { return data != nullptr; }
  template <class T>
  View<T> view() const {
    return {static_cast<T*>(data), rows, cols, stride};
  }
};

struct ConstMatrix {
  const void* data = nullptr;
  std::int64_t rows = 0, cols = 0, stride = 0;
  DType dtype = DType::float32;

  ConstMatrix() = default;
  ConstMatrix(const void* d, std::int64_t r, std::int64_t c, std::int64_t s, DType t)
      : data(d), rows(r), cols(c), stride(s), dtype(t) {}
  ConstMatrix(const Matrix& m) : data(m.data), rows(m.rows), cols(m.cols), stride(m.stride), dtype(m.dtype) {}

  explicit operator bool() const { return data != nullptr; }
  template <class T>
  View<const T> view() const {
    return {static_cast<const T*>(data), rows, cols, stride};
  }
};

/// The tensor as [first axis, everything else].
inline Matrix as_matrix(Tensor& t) {
  const std::int64_t rows = t.rank() == 0 ? 1 : t.dim(0);
  const std::int64_t cols = rows == 0 ? 0 : t.size() / rows;
  return {t.bytes(), rows, cols, cols, t.dtype()};
}
inline ConstMatrix as_matrix(const Tensor& t) {
  const std::int64_t rows = t.rank() == 0 ? 1 : t.dim(0);
  const std::int64_t cols = rows == 0 ? 0 : t.size() / rows;
  return {t.bytes(), rows, cols, cols, t.dtype()};
}

}  // namespace rondo
