#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/tensor/matrix.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// One array of a model, as a piece of the common buffer.
struct ParameterInfo {
  std::string name;  ///< dotted: "lstm_1.recurrent_kernel"
  Shape shape;
  std::int64_t offset = 0;  ///< in elements, from the start of the buffer
  std::int64_t size = 0;
  bool trainable = true;
  double l1 = 0, l2 = 0;  ///< penalty l1·Σ|w| + l2·Σw² that the loss gets
};

/// All parameters of a model in one buffer and all gradients in its twin, so that zeroing, clipping,
/// optimising, checkpointing and averaging are loops over one span. Pieces start at multiples of 64 bytes;
/// the gaps are zero.
class ParameterStore {
 public:
  explicit ParameterStore(DType dtype = DType::float32) : dtype_(dtype) {}

  /// Declares an array (before `allocate`) and returns its index. Names must differ.
  int declare(std::string name, Shape shape, bool trainable = true, double l1 = 0, double l2 = 0);
  /// The same for an array that may be there already, which then keeps its values; its shape must not differ.
  int adopt(const std::string& name, const Shape& shape, bool trainable = true, double l1 = 0, double l2 = 0);
  /// Takes the memory; new arrays are zero. May be called again after more declarations: old values stay.
  void allocate();

  DType dtype() const { return dtype_; }
  std::span<const ParameterInfo> infos() const { return infos_; }
  /// Index of `name` or -1.
  int find(std::string_view name) const;
  std::int64_t trainable_count() const;
  std::int64_t total_count() const;

  Matrix value(int index);
  ConstMatrix value(int index) const;
  Matrix gradient(int index);
  ConstMatrix gradient(int index) const;
  /// A copy with the declared shape.
  Tensor get(int index) const;
  Tensor get_gradient(int index) const;
  /// Throws Error(usage) when the shape differs, naming the parameter.
  void set(int index, const Tensor& value);

  Tensor& values() { return values_; }
  const Tensor& values() const { return values_; }
  Tensor& gradients() { return gradients_; }
  const Tensor& gradients() const { return gradients_; }
  void zero_gradients();

 private:
  DType dtype_;
  std::vector<ParameterInfo> infos_;
  Tensor values_, gradients_;
};

}  // namespace rondo
