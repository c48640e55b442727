#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "rondo/tensor/shape.h"

namespace rondo {

/// Numbers, or ids: int32 holds tokens, categories and class numbers, which are looked up and not computed
/// with.
enum class DType : std::uint8_t { float32, float64, int32 };

const char* dtype_name(DType dtype);
/// "float32", "float64" or "int32"; anything else throws Error(usage).
DType parse_dtype(const std::string& name);
constexpr std::size_t dtype_size(DType dtype) { return dtype == DType::float64 ? 8 : 4; }

template <class T>
constexpr DType dtype_of() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double> || std::is_same_v<T, std::int32_t>);
  return std::is_same_v<T, float>    ? DType::float32
         : std::is_same_v<T, double> ? DType::float64
                                     : DType::int32;
}

namespace detail {
[[noreturn]] void refuse_ids();
}

/// Calls f(T{}) with T = float or double; throws Error(usage) for ids.
template <class F>
decltype(auto) with_dtype(DType dtype, F&& f) {
  if (dtype == DType::float32) return f(float{});
  if (dtype == DType::int32) detail::refuse_ids();
  return f(double{});
}

/// Calls f(T{}) with T = float, double or std::int32_t.
template <class F>
decltype(auto) with_any_dtype(DType dtype, F&& f) {
  if (dtype == DType::float32) return f(float{});
  if (dtype == DType::int32) return f(std::int32_t{});
  return f(double{});
}

/// A dense row-major array that owns its memory (64-byte aligned) and is copied by value. Moves are free.
class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled.
  explicit Tensor(Shape shape, DType dtype = DType::float32);
  static Tensor zeros(Shape shape, DType dtype = DType::float32) { return Tensor(shape, dtype); }
  static Tensor full(Shape shape, double value, DType dtype = DType::float32);
  /// Copies `values`; their number must equal the shape's.
  static Tensor from(std::span<const float> values, Shape shape);
  static Tensor from(std::span<const double> values, Shape shape);
  /// Ids; throws Error(usage) for one that int32 cannot hold.
  static Tensor from(std::span<const std::int32_t> ids, Shape shape);
  static Tensor from(std::span<const std::int64_t> ids, Shape shape);
  static Tensor from(std::initializer_list<double> values, Shape shape, DType dtype = DType::float32);

  Tensor(const Tensor& other);
  Tensor& operator=(const Tensor& other);
  /// What is moved from is empty afterwards.
  Tensor(Tensor&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        shape_(std::exchange(other.shape_, {})),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        dtype_(other.dtype_) {}
  Tensor& operator=(Tensor&& other) noexcept {
    Tensor moved(std::move(other));
    std::swap(bytes_, moved.bytes_);
    std::swap(shape_, moved.shape_);
    std::swap(size_, moved.size_);
    std::swap(capacity_, moved.capacity_);
    std::swap(dtype_, moved.dtype_);
    return *this;
  }
  ~Tensor() = default;

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t dim(int axis) const;  ///< negative axes count from the end
  int rank() const { return static_cast<int>(shape_.size()); }
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// The elements; throws Error(usage) when T is not this tensor's type.
  template <class T>
  std::span<T> data() {
    require(dtype_of<T>());
    return {reinterpret_cast<T*>(bytes_.get()), static_cast<std::size_t>(size_)};
  }
  template <class T>
  std::span<const T> data() const {
    require(dtype_of<T>());
    return {reinterpret_cast<const T*>(bytes_.get()), static_cast<std::size_t>(size_)};
  }
  std::byte* bytes() { return bytes_.get(); }
  const std::byte* bytes() const { return bytes_.get(); }

  /// Takes another shape and type; the elements are then undefined. Memory that is large enough is kept, so
  /// that a tensor filled again and again stops taking any.
  void resize(const Shape& shape, DType dtype);

  /// One element, by flat index, whatever the type.
  double at(std::int64_t index) const;
  void set(std::int64_t index, double value);

  /// The same elements in another shape; one dimension may be -1.
  Tensor reshaped(Shape shape) const&;
  Tensor reshaped(Shape shape) &&;
  /// To int32 only whole numbers within its range; throws Error(usage) for others.
  Tensor cast(DType dtype) const;
  /// The same into a tensor whose memory is used again.
  void cast_into(DType dtype, Tensor& out) const;
  /// Rows `begin` to `end` of the first axis.
  Tensor slice(std::int64_t begin, std::int64_t end) const;
  /// Rows of the first axis, in the order of `indices`.
  Tensor gather(std::span<const std::int64_t> indices) const;
  /// The same into a tensor whose memory is used again: numbers as values of type `dtype`, ids as ids.
  void gather_into(std::span<const std::int64_t> indices, DType dtype, Tensor& out) const;

 private:
  void require(DType wanted) const;
  void take_form(const Shape& shape, std::int64_t size, DType dtype);
  struct Free {
    void operator()(std::byte* p) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> bytes_;
  Shape shape_;
  std::int64_t size_ = 0;
  std::size_t capacity_ = 0;  // bytes
  DType dtype_ = DType::float32;
};

}  // namespace rondo
