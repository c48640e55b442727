#include "rondo/tensor/parameters.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {
constexpr std::int64_t kAlign = 16;  // elements: 64 bytes of float32
std::int64_t aligned(std::int64_t n) { return (n + kAlign - 1) / kAlign * kAlign; }

/// The array `index`, which must have memory in `buffer`.
const ParameterInfo& present(std::span<const ParameterInfo> infos, int index, const Tensor& buffer) {
  detail::check_index(index, std::ssize(infos), "there is no such parameter");
  const ParameterInfo& info = infos[static_cast<std::size_t>(index)];
  if (info.offset + info.size > buffer.size()) {
    throw Error(ErrorKind::usage, "a parameter has no memory yet")
        .where("parameter '" + info.name + "'")
        .fix("call allocate() after the last declare(), or build() the network");
  }
  return info;
}

Matrix piece(Tensor& buffer, const ParameterInfo& info) {
  return {buffer.bytes() + static_cast<std::size_t>(info.offset) * dtype_size(buffer.dtype()), info.rows(),
          info.columns(), info.columns(), buffer.dtype()};
}
Tensor copy_out(const Tensor& buffer, const ParameterInfo& info) {
  return buffer.slice(info.offset, info.offset + info.size).reshaped(info.shape);
}

}  // namespace

int ParameterStore::declare(std::string name, Shape shape, bool trainable, double l1, double l2) {
  if (find(name) >= 0) {
    throw Error(ErrorKind::usage, "two parameters have the same name")
        .seen("'" + name + "' twice")
        .fix("give the layers different names");
  }
  for (const std::int64_t size : shape) {
    if (size >= 0) continue;
    throw Error(ErrorKind::usage, "a parameter's size is negative")
        .where("parameter '" + name + "'")
        .seen(to_string(shape));
  }
  ParameterInfo info;
  info.name = std::move(name);
  info.size = element_count(shape);
  info.shape = shape;
  info.offset = infos_.empty() ? 0 : aligned(infos_.back().offset + infos_.back().size);
  info.trainable = trainable;
  info.l1 = l1;
  info.l2 = l2;
  infos_.push_back(std::move(info));
  touched_.emplace_back();
  return static_cast<int>(infos_.size()) - 1;
}

int ParameterStore::adopt(const std::string& name, const Shape& shape, bool trainable, double l1, double l2) {
  const int index = find(name);
  if (index < 0) return declare(name, shape, trainable, l1, l2);
  ParameterInfo& info = infos_[static_cast<std::size_t>(index)];
  if (info.shape != shape) {
    throw Error(ErrorKind::usage, "a parameter is there already with another shape")
        .where("parameter '" + name + "'")
        .seen(to_string(info.shape))
        .expected(to_string(shape));
  }
  info.trainable = trainable;
  info.l1 = l1;
  info.l2 = l2;
  return index;
}

void ParameterStore::declare_sparse_rows(int index) {
  touched_.at(static_cast<std::size_t>(index)) = {true, false, 0, {}, {}};
}

void ParameterStore::allocate() {
  const std::int64_t total = infos_.empty() ? 0 : aligned(infos_.back().offset + infos_.back().size);
  if (values_.size() == total && values_.dtype() == dtype_) return;
  Tensor values({total}, dtype_);
  if (values_.size() != 0) {
    std::memcpy(values.bytes(), values_.bytes(),
                static_cast<std::size_t>(values_.size()) * dtype_size(dtype_));
  }
  values_ = std::move(values);
  gradients_ = Tensor({total}, dtype_);
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    if (!touched_[i].sparse) continue;
    const auto rows = static_cast<std::size_t>(infos_[i].rows());
    touched_[i].list.resize(rows);
    touched_[i].is_listed.resize(rows);
  }
}

int ParameterStore::find(std::string_view name) const {
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    if (infos_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::int64_t ParameterStore::trainable_count() const {
  std::int64_t n = 0;
  for (const auto& info : infos_) n += info.trainable ? info.size : 0;
  return n;
}

std::int64_t ParameterStore::total_count() const {
  std::int64_t n = 0;
  for (const auto& info : infos_) n += info.size;
  return n;
}

Matrix ParameterStore::value(int index) { return piece(values_, present(infos_, index, values_)); }
ConstMatrix ParameterStore::value(int index) const {
  return piece(const_cast<Tensor&>(values_), present(infos_, index, values_));
}
ConstMatrix ParameterStore::gradient(int index) const {
  return piece(const_cast<Tensor&>(gradients_), present(infos_, index, gradients_));
}
Matrix ParameterStore::mutable_gradient(int index) {
  const Matrix whole = piece(gradients_, present(infos_, index, gradients_));
  touched_[static_cast<std::size_t>(index)].all = true;
  return whole;
}
Matrix ParameterStore::mutable_gradient(int index, std::span<const std::int64_t> rows) {
  const Matrix whole = piece(gradients_, present(infos_, index, gradients_));
  TouchedRows& touched = touched_[static_cast<std::size_t>(index)];
  if (touched.all) return whole;
  const std::size_t before = touched.count;
  for (const std::int64_t row : rows) {
    std::uint8_t& listed = touched.is_listed[static_cast<std::size_t>(row)];
    if (listed == 0) touched.list[touched.count++] = row;
    listed = 1;
  }
  const auto list = std::span(touched.list).first(touched.count);
  if (touched.count != before) std::ranges::sort(list);
  return whole;
}

Tensor ParameterStore::get(int index) const { return copy_out(values_, present(infos_, index, values_)); }
Tensor ParameterStore::get_gradient(int index) const {
  return copy_out(gradients_, present(infos_, index, gradients_));
}

void ParameterStore::set(int index, const Tensor& value) {
  const ParameterInfo& info = present(infos_, index, values_);
  if (value.shape() != info.shape) {
    throw Error(ErrorKind::usage, "a parameter's shape differs")
        .where("parameter '" + info.name + "'")
        .seen(to_string(value.shape()))
        .expected(to_string(info.shape));
  }
  const Tensor converted = value.cast(dtype_);
  if (info.size != 0) {
    std::memcpy(piece(values_, info).data, converted.bytes(),
                static_cast<std::size_t>(info.size) * dtype_size(dtype_));
  }
}

Tensor& ParameterStore::mutable_gradients() {
  for (TouchedRows& touched : touched_) touched.all = true;
  return gradients_;
}

std::int64_t ParameterStore::touched_rows(int index) const {
  std::int64_t total = 0;
  each_touched_run(index, [&](std::int64_t, std::int64_t rows) { total += rows; });
  return total;
}

void ParameterStore::zero_gradients() {
  if (gradients_.size() == 0) return;
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    const Matrix whole = piece(gradients_, infos_[i]);
    const auto row_bytes = static_cast<std::size_t>(whole.cols) * dtype_size(dtype_);
    TouchedRows& touched = touched_[i];
    each_touched_run(static_cast<int>(i), [&](std::int64_t first, std::int64_t rows) {
      std::memset(static_cast<std::byte*>(whole.data) + static_cast<std::size_t>(first) * row_bytes, 0,
                  static_cast<std::size_t>(rows) * row_bytes);
      if (touched.sparse) std::memset(touched.is_listed.data() + first, 0, static_cast<std::size_t>(rows));
    });
    touched.count = 0;
    touched.all = !touched.sparse;
  }
}

}  // namespace rondo
