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

  std::int64_t rows() const { return shape.size() <= 1 ? 1 : shape[0]; }
  std::int64_t columns() const { return rows() == 0 ? 0 : size / rows(); }
};

/// All parameters of a model in one buffer and all gradients in its twin, so that zeroing, clipping,
/// optimising, checkpointing and averaging are loops over one span. Pieces start at multiples of 64 bytes;
/// the gaps are zero.
///
/// An array may have sparse rows: few of them get a gradient in a step, as in an embedding, whose rows are
/// those of the ids in the batch. The store then lists the rows that were touched since gradients were
/// zeroed, and zeroing, norms and optimisers visit no others. The gradient itself lies in the common buffer
/// and has the same bits as without the list. A step that writes the whole gradient (a penalty on the
/// weights, a table that is an output layer too) touches every row.
class ParameterStore {
 public:
  explicit ParameterStore(DType dtype = DType::float32) : dtype_(dtype) {}

  /// Declares an array (before `allocate`) and returns its index. Names must differ.
  int declare(std::string name, Shape shape, bool trainable = true, double l1 = 0, double l2 = 0);
  /// The same for an array that may be there already, which then keeps its values; its shape must not differ.
  int adopt(const std::string& name, const Shape& shape, bool trainable = true, double l1 = 0, double l2 = 0);
  /// Says that few rows of array `index` get a gradient in a step.
  void declare_sparse_rows(int index);
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
  ConstMatrix gradient(int index) const;
  /// To add to. Every row of an array with sparse rows then counts as touched.
  Matrix mutable_gradient(int index);
  /// The same, of which only `rows` are written.
  Matrix mutable_gradient(int index, std::span<const std::int64_t> rows);
  /// A copy with the declared shape.
  Tensor get(int index) const;
  Tensor get_gradient(int index) const;
  /// Throws Error(usage) when the shape differs, naming the parameter.
  void set(int index, const Tensor& value);

  Tensor& values() { return values_; }
  const Tensor& values() const { return values_; }
  const Tensor& gradients() const { return gradients_; }
  /// To write to. Every row of every array then counts as touched.
  Tensor& mutable_gradients();
  void zero_gradients();

  /// Number of rows of an array's gradient that may differ from zero.
  std::int64_t touched_rows(int index) const;
  /// Calls f(first row, number of rows) for every run of such rows, in ascending order.
  template <class F>
  void each_touched_run(int index, F&& f) const {
    const TouchedRows& touched = touched_[static_cast<std::size_t>(index)];
    if (touched.all) return f(std::int64_t{0}, infos_[static_cast<std::size_t>(index)].rows());
    for (std::size_t i = 0, next = 0; i < touched.count; i = next) {
      while (next < touched.count &&
             touched.list[next] - touched.list[i] == static_cast<std::int64_t>(next - i))
        ++next;
      f(touched.list[i], static_cast<std::int64_t>(next - i));
    }
  }

 private:
  struct TouchedRows {
    bool sparse = false;
    bool all = true;  // always, unless rows are sparse
    std::size_t count = 0;
    std::vector<std::int64_t> list;  // as many as there are rows; the first `count` are touched, ascending
    std::vector<std::uint8_t> is_listed;  // by row
  };

  DType dtype_;
  std::vector<ParameterInfo> infos_;
  std::vector<TouchedRows> touched_;  // by array
  Tensor values_, gradients_;
};

}  // namespace rondo
