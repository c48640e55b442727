#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rondo/tensor/matrix.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// One array of a store.
struct ParameterInfo {
  std::string name;  ///< dotted: "lstm_1.recurrent_kernel"
  Shape shape;
  std::int64_t offset = 0;  ///< in elements, where all arrays of the store are seen as one (Flat)
  std::int64_t size = 0;

  std::int64_t rows() const { return shape.size() <= 1 ? 1 : shape[0]; }
  std::int64_t columns() const { return rows() == 0 ? 0 : size / rows(); }
};

/// A penalty on weights that the loss gets: l1·Σ|w| + l2·Σw².
struct Penalty {
  double l1 = 0, l2 = 0;
  bool operator==(const Penalty&) const = default;
};

/// A list of arrays of weights with their gradients: those of a layer, or of a network. What a store declares
/// belongs to it; what it `share`s belongs to others, too, and all of them see the same numbers: that is how
/// networks share layers. Zeroing, clipping, optimising and checkpointing are loops over the list.
///
/// Arrays that get their memory together lie side by side, each from a multiple of 64 bytes on; the gaps are
/// zero. A copy of a store has arrays of its own.
///
/// An array may have sparse rows: few of them get a gradient in a step, as in an embedding, whose rows are
/// those of the ids in the batch. It then lists the rows that were touched since gradients were zeroed, and
/// zeroing, norms and optimisers visit no others. The gradient has the same bits as without the list. A step
/// that writes the whole gradient (a penalty on the weights, a table that is an output layer too) touches
/// every row.
class ParameterStore {
 public:
  explicit ParameterStore(DType dtype = DType::float32) : dtype_(dtype) {}
  ParameterStore(const ParameterStore& other);
  ParameterStore& operator=(const ParameterStore& other);
  ParameterStore(ParameterStore&&) noexcept = default;
  ParameterStore& operator=(ParameterStore&&) noexcept = default;
  ~ParameterStore() = default;

  /// Declares an array (before `allocate`) and returns its index. Names must differ.
  int declare(std::string name, Shape shape, bool trainable = true, double l1 = 0, double l2 = 0);
  /// The same for an array that may be there already, which then keeps its values; its shape must not differ.
  int adopt(const std::string& name, const Shape& shape, bool trainable = true, double l1 = 0, double l2 = 0);
  /// Lists array `index` of another store here, too, under `name`, and returns its index. Once is enough: an
  /// array that is listed already keeps its place and its name.
  int share(const ParameterStore& other, int index, const std::string& name);
  /// The same for all arrays of another store, with `prefix` instead of the first `removed` characters.
  void share_all(const ParameterStore& other, std::size_t removed = 0, const std::string& prefix = {});
  /// Says that few rows of array `index` get a gradient in a step.
  void declare_sparse_rows(int index);
  /// Takes memory for the arrays that have none; they are zero.
  void allocate();
  bool allocated(int index) const;
  bool allocated() const;  ///< all of them

  DType dtype() const { return dtype_; }
  std::span<const ParameterInfo> infos() const { return infos_; }
  /// Index of `name` or -1.
  int find(std::string_view name) const;
  /// Index of array `index` of another store, or -1 where it is not listed here.
  int find(const ParameterStore& other, int index) const;
  std::int64_t trainable_count() const;
  std::int64_t total_count() const;

  /// Declared as trainable, and not frozen.
  bool is_trainable(int index) const;
  /// Declared as not trainable: what layers count themselves, such as running means.
  bool is_statistic(int index) const { return !variables_[checked(index)]->trainable; }
  /// Freezes every array, or thaws those that were declared as trainable.
  void set_frozen(bool frozen);
  const Penalty& penalty(int index) const;

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
  void zero_gradients();

  /// All arrays seen as one, each from its ParameterInfo::offset on and zeros between them: to copy, compare
  /// and restore. A view of the store, which must outlive it.
  class ConstFlat {
   public:
    std::int64_t size() const;
    DType dtype() const { return store_->dtype(); }
    double at(std::int64_t i) const;
    operator Tensor() const { return copy(); }
    Tensor copy() const;

   protected:
    friend class ParameterStore;
    ConstFlat(const ParameterStore& store, bool gradients) : store_(&store), gradients_(gradients) {}
    const ParameterStore* store_;
    bool gradients_;
  };
  class Flat : public ConstFlat {
   public:
    void set(std::int64_t i, double value) const;
    /// Copies the elements of a tensor of this size and type; Error(usage) for others.
    const Flat& operator=(const Tensor& from) const;
    Flat(const Flat&) = default;
    Flat& operator=(const Flat&) = delete;  // of which store? copy() says that elements are meant

   private:
    friend class ParameterStore;
    Flat(ParameterStore& store, bool gradients) : ConstFlat(store, gradients) {}
  };
  std::int64_t flat_size() const;
  Flat values() { return {*this, false}; }
  ConstFlat values() const { return {*this, false}; }
  ConstFlat gradients() const { return {*this, true}; }
  /// To write to. Every row of every array then counts as touched.
  Flat mutable_gradients();

  /// The largest |gradient| of a trainable array; infinite or NaN when one of them is.
  double largest_gradient() const;
  /// Number of rows of an array's gradient that may differ from zero.
  std::int64_t touched_rows(int index) const;
  /// Calls f(first row, number of rows) for every run of such rows, in ascending order.
  template <class F>
  void each_touched_run(int index, F&& f) const {
    const auto at = static_cast<std::size_t>(index);
    const TouchedRows& touched = variables_[at]->touched;
    if (touched.all) return f(std::int64_t{0}, infos_[at].rows());
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
  /// What was allocated at once.
  struct Block {
    Tensor values, gradients;
  };
  /// What all stores that list an array have of it.
  struct Variable {
    bool trainable = true, frozen = false;
    Penalty penalty;
    TouchedRows touched;
    std::shared_ptr<Block> block;  // null before allocate()
    std::int64_t offset = 0;       // in the block
  };

  int add(std::string name, const Shape& shape, std::shared_ptr<Variable> variable);
  void check_new_name(const std::string& name) const;
  std::size_t checked(int index) const;
  /// The array's place in memory, which it must have.
  Matrix piece(int index, bool gradient) const;
  /// The array that element i of a Flat belongs to, and its place there; beyond the array's end in a gap.
  std::pair<Matrix, std::int64_t> element(std::int64_t i, bool gradient) const;
  /// visit(array as it lies in memory, its offset here), in order.
  template <class Visit>
  void each_piece(bool gradients, Visit visit) const;

  DType dtype_;
  std::vector<ParameterInfo> infos_;
  std::vector<std::shared_ptr<Variable>> variables_;  // by array
  std::unordered_map<std::string, int> by_name_;
  std::unordered_map<const Variable*, int> by_variable_;
};

}  // namespace rondo
