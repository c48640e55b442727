#include "rondo/tensor/tensor.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/text.h"
#include "rondo/base/error.h"
#include "tensor/converted.h"

namespace rondo {
namespace {

constexpr std::align_val_t kAlignment{64};

std::byte* take(std::size_t bytes) {
  return bytes == 0 ? nullptr : static_cast<std::byte*>(::operator new(bytes, kAlignment));
}

std::int64_t checked_count(const Shape& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) {
    if (d < 0) throw Error(ErrorKind::usage, "a tensor's size is negative").seen("shape " + to_string(shape));
    if (d != 0 && n > (std::int64_t{1} << 56) / d) {
      throw Error(ErrorKind::resources, "a tensor is too large").seen("shape " + to_string(shape));
    }
    n *= d;
  }
  return n;
}

}  // namespace

const char* dtype_name(DType dtype) {
  constexpr const char* kNames[] = {"float32", "float64", "int32"};
  return kNames[static_cast<std::size_t>(dtype)];
}

DType parse_dtype(const std::string& name) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int32}) {
    if (name == dtype_name(dtype)) return dtype;
  }
  throw Error(ErrorKind::usage, "unknown dtype").seen("'" + name + "'").expected("float32, float64 or int32");
}

void detail::refuse_ids() {
  throw Error(ErrorKind::usage, "ids are used as numbers")
      .seen("int32")
      .expected("float32 or float64")
      .fix("look ids up in an embedding, or convert them with cast()");
}

void Shape::refuse() {
  throw Error(ErrorKind::usage, "a tensor has too many axes")
      .expected("at most " + std::to_string(kMaxAxes))
      .fix("join some with reshaped()");
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t n = 1;
  for (const std::int64_t d : shape) {
    if (__builtin_mul_overflow(n, d, &n))
      throw Error(ErrorKind::resources, "a shape is too large").seen(to_string(shape));
  }
  return n;
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + (shape[i] < 0 ? std::string("None") : std::to_string(shape[i]));
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

void Tensor::Free::operator()(std::byte* p) const noexcept { ::operator delete(p, kAlignment); }

void Tensor::take_form(const Shape& shape, std::int64_t size, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(size) * dtype_size(dtype);
  if (bytes > capacity_) {
    bytes_.reset(take(bytes));
    capacity_ = bytes;
  }
  shape_ = shape;
  size_ = size;
  dtype_ = dtype;
}

void Tensor::resize(const Shape& shape, DType dtype) { take_form(shape, checked_count(shape), dtype); }

Tensor::Tensor(Shape shape, DType dtype) {
  resize(shape, dtype);
  if (capacity_ != 0) std::memset(bytes_.get(), 0, capacity_);
}

Tensor::Tensor(const Tensor& other) {
  take_form(other.shape_, other.size_, other.dtype_);  // without an array the size is 0 and the shape ()
  if (capacity_ != 0) std::memcpy(bytes_.get(), other.bytes_.get(), capacity_);
}

Tensor& Tensor::operator=(const Tensor& other) {
  if (this == &other) return *this;
  take_form(other.shape_, other.size_, other.dtype_);  // pointers into a tensor of the same size stay good
  const std::size_t bytes = static_cast<std::size_t>(size_) * dtype_size(dtype_);
  if (bytes != 0) std::memcpy(bytes_.get(), other.bytes_.get(), bytes);
  return *this;
}

Tensor Tensor::full(Shape shape, double value, DType dtype) {
  Tensor out(shape, dtype);
  with_any_dtype(dtype, [&]<class T>(T) { std::ranges::fill(out.data<T>(), converted<T>(value)); });
  return out;
}

namespace {
template <class To, class From>
Tensor copy_in(std::span<const From> values, Shape shape) {
  Tensor out(shape, dtype_of<To>());
  if (static_cast<std::int64_t>(values.size()) != out.size()) {
    throw Error(ErrorKind::usage, "the number of values does not fit the tensor's shape")
        .seen(std::to_string(values.size()) + " values for shape " + to_string(out.shape()))
        .expected(std::to_string(out.size()) + " values");
  }
  std::ranges::transform(values, out.data<To>().begin(), converted<To, From>);
  return out;
}
}  // namespace

Tensor Tensor::from(std::span<const float> values, Shape shape) { return copy_in<float>(values, shape); }
Tensor Tensor::from(std::span<const double> values, Shape shape) { return copy_in<double>(values, shape); }
Tensor Tensor::from(std::span<const std::int32_t> ids, Shape shape) {
  return copy_in<std::int32_t>(ids, shape);
}
Tensor Tensor::from(std::span<const std::int64_t> ids, Shape shape) {
  return copy_in<std::int32_t>(ids, shape);
}
Tensor Tensor::from(std::initializer_list<double> values, Shape shape, DType dtype) {
  return copy_in<double>(std::span<const double>(values.begin(), values.size()), shape).cast(dtype);
}

std::int64_t Tensor::dim(int axis) const {
  const int a = axis < 0 ? axis + rank() : axis;
  if (a < 0 || a >= rank()) {
    throw Error(ErrorKind::usage, "a tensor has no such axis")
        .seen("axis " + std::to_string(axis) + " of shape " + to_string(shape_));
  }
  return shape_[static_cast<std::size_t>(a)];
}

void Tensor::require(DType wanted) const {
  if (dtype_ != wanted) {
    throw Error(ErrorKind::usage, "a tensor holds another type")
        .seen(dtype_name(dtype_))
        .expected(dtype_name(wanted))
        .fix("convert it with cast()");
  }
}

double Tensor::at(std::int64_t index) const {
  detail::check_index(index, size_, "a tensor's index is out of range");
  return with_any_dtype(dtype_,
                        [&]<class T>(T) -> double { return data<T>()[static_cast<std::size_t>(index)]; });
}

void Tensor::set(std::int64_t index, double value) {
  static_cast<void>(at(index));
  with_any_dtype(dtype_,
                 [&]<class T>(T) { data<T>()[static_cast<std::size_t>(index)] = converted<T>(value); });
}

Tensor Tensor::reshaped(Shape shape) const& { return Tensor(*this).reshaped(shape); }

Tensor Tensor::reshaped(Shape shape) && {
  std::int64_t known = 1;
  std::int64_t* unknown = nullptr;
  for (std::int64_t& d : shape) {
    if (d >= 0) {
      known *= d;
    } else if (unknown == nullptr) {
      unknown = &d;
    } else {
      throw Error(ErrorKind::usage, "only one size of a shape may be -1").seen(to_string(shape));
    }
  }
  if (unknown != nullptr && known > 0 && size_ % known == 0) *unknown = size_ / known;
  const bool open = unknown != nullptr && *unknown < 0;
  if (open || element_count(shape) != size_) {
    throw Error(ErrorKind::usage, "a tensor cannot take that shape")
        .seen(to_string(shape_) + " to " + to_string(shape))
        .expected("the same number of elements");
  }
  shape_ = shape;
  return std::move(*this);
}

Tensor Tensor::cast(DType dtype) const {
  Tensor out;
  cast_into(dtype, out);
  return out;
}

void Tensor::cast_into(DType dtype, Tensor& out) const {
  if (dtype == dtype_) {
    out = *this;
    return;
  }
  out.resize(shape_, dtype);
  with_any_dtype(dtype_, [&]<class From>(From) {
    with_any_dtype(dtype, [&]<class To>(To) {
      std::ranges::transform(data<From>(), out.data<To>().begin(), converted<To, From>);
    });
  });
}

Tensor Tensor::slice(std::int64_t begin, std::int64_t end) const {
  if (rank() == 0 || begin < 0 || end < begin || end > dim(0)) {
    throw Error(ErrorKind::usage, "a tensor's slice is out of range")
        .seen("rows " + std::to_string(begin) + " to " + std::to_string(end) + " of shape " +
              to_string(shape_));
  }
  Shape shape = shape_;
  shape[0] = end - begin;
  Tensor out(shape, dtype_);
  const std::size_t row = dim(0) == 0 ? 0 : static_cast<std::size_t>(size_ / dim(0)) * dtype_size(dtype_);
  const std::size_t bytes = row * static_cast<std::size_t>(end - begin);
  if (bytes != 0) std::memcpy(out.bytes(), bytes_.get() + row * static_cast<std::size_t>(begin), bytes);
  return out;
}

Tensor Tensor::gather(std::span<const std::int64_t> indices) const {
  Tensor out;
  gather_into(indices, dtype_, out);
  return out;
}

void Tensor::gather_into(std::span<const std::int64_t> indices, DType dtype, Tensor& out) const {
  const std::int64_t rows = dim(0), row = rows == 0 ? 0 : size_ / rows;
  for (const std::int64_t i : indices) detail::check_index(i, rows, "a tensor's row is out of range");
  Shape shape = shape_;
  shape[0] = static_cast<std::int64_t>(indices.size());
  if (dtype_ == DType::int32) dtype = DType::int32;
  out.resize(shape, dtype);
  if (row == 0) return;
  with_any_dtype(dtype_, [&]<class From>(From) {
    const From* from = data<From>().data();
    with_any_dtype(dtype, [&]<class To>(To) {
      To* to = out.data<To>().data();
      for (const std::int64_t i : indices) {
        for (std::int64_t c = 0; c < row; ++c) to[c] = converted<To>(from[i * row + c]);
        to += row;
      }
    });
  });
}

}  // namespace rondo
