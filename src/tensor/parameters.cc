#include "rondo/tensor/parameters.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

constexpr std::int64_t kAlign = 16;  // elements: 64 bytes of float32
std::int64_t aligned(std::int64_t n) { return (n + kAlign - 1) / kAlign * kAlign; }

std::size_t bytes_of(const Matrix& m) {
  return static_cast<std::size_t>(m.rows * m.cols) * dtype_size(m.dtype);
}

}  // namespace

ParameterStore::ParameterStore(const ParameterStore& other)
    : dtype_(other.dtype_), infos_(other.infos_), by_name_(other.by_name_) {
  for (const auto& variable : other.variables_) {
    variables_.push_back(std::make_shared<Variable>(*variable));
    variables_.back()->block.reset();
    by_variable_.emplace(variables_.back().get(), static_cast<int>(variables_.size()) - 1);
  }
  if (!other.allocated()) return;
  allocate();
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    for (const bool gradient : {false, true}) {
      const Matrix from = other.piece(static_cast<int>(i), gradient),
                   to = piece(static_cast<int>(i), gradient);
      if (bytes_of(from) != 0) std::memcpy(to.data, from.data, bytes_of(from));
    }
  }
}

ParameterStore& ParameterStore::operator=(const ParameterStore& other) {
  if (this != &other) *this = ParameterStore(other);
  return *this;
}

void ParameterStore::check_new_name(const std::string& name) const {
  if (find(name) < 0) return;
  throw Error(ErrorKind::usage, "two parameters have the same name")
      .seen("'" + name + "' twice")
      .fix("give the layers different names");
}

int ParameterStore::add(std::string name, const Shape& shape, std::shared_ptr<Variable> variable) {
  ParameterInfo info;
  info.name = std::move(name);
  info.size = element_count(shape);
  info.shape = shape;
  info.offset = flat_size();
  constexpr std::int64_t kMost = std::int64_t{1} << 56;
  if (info.size > kMost - info.offset) {
    throw Error(ErrorKind::resources, "the parameters are too many for any memory")
        .where("parameter '" + info.name + "'")
        .seen(to_string(shape));
  }
  const int index = static_cast<int>(infos_.size());
  by_name_.emplace(info.name, index);
  by_variable_.emplace(variable.get(), index);
  infos_.push_back(std::move(info));
  variables_.push_back(std::move(variable));
  return index;
}

int ParameterStore::declare(std::string name, Shape shape, bool trainable, double l1, double l2) {
  check_new_name(name);
  for (const std::int64_t size : shape) {
    if (size >= 0) continue;
    throw Error(ErrorKind::usage, "a parameter's size is negative")
        .where("parameter '" + name + "'")
        .seen(to_string(shape));
  }
  auto variable = std::make_shared<Variable>();
  variable->trainable = trainable;
  variable->penalty = {l1, l2};
  return add(std::move(name), shape, std::move(variable));
}

int ParameterStore::adopt(const std::string& name, const Shape& shape, bool trainable, double l1, double l2) {
  const int index = find(name);
  if (index < 0) return declare(name, shape, trainable, l1, l2);
  const ParameterInfo& info = infos_[static_cast<std::size_t>(index)];
  if (info.shape != shape) {
    throw Error(ErrorKind::usage, "a parameter is there already with another shape")
        .where("parameter '" + name + "'")
        .seen(to_string(info.shape))
        .expected(to_string(shape));
  }
  Variable& variable = *variables_[static_cast<std::size_t>(index)];
  variable.trainable = trainable;
  variable.penalty = {l1, l2};
  return index;
}

int ParameterStore::share(const ParameterStore& other, int index, const std::string& name) {
  const std::size_t at = other.checked(index);
  const std::shared_ptr<Variable>& variable = other.variables_[at];
  if (const auto known = by_variable_.find(variable.get()); known != by_variable_.end()) return known->second;
  if (other.dtype_ != dtype_) {
    throw Error(ErrorKind::usage, "an array of one type cannot be shared with a network of another")
        .where("parameter '" + name + "'")
        .seen(dtype_name(other.dtype_))
        .expected(dtype_name(dtype_));
  }
  check_new_name(name);
  return add(name, other.infos_[at].shape, variable);
}

void ParameterStore::share_all(const ParameterStore& other, std::size_t removed, const std::string& prefix) {
  for (std::size_t i = 0; i < other.infos_.size(); ++i)
    share(other, static_cast<int>(i), prefix + other.infos_[i].name.substr(removed));
}

void ParameterStore::declare_sparse_rows(int index) {
  variables_[checked(index)]->touched = {true, false, 0, {}, {}};
}

void ParameterStore::allocate() {
  std::int64_t total = 0;
  std::shared_ptr<Block> block;
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    Variable& variable = *variables_[i];
    if (variable.block) continue;
    if (!block) block = std::make_shared<Block>();
    variable.block = block;
    variable.offset = total;
    total = aligned(total + infos_[i].size);
    if (!variable.touched.sparse) continue;
    const auto rows = static_cast<std::size_t>(infos_[i].rows());
    variable.touched.list.resize(rows);
    variable.touched.is_listed.resize(rows);
  }
  if (!block) return;
  block->values = Tensor({total}, dtype_);
  block->gradients = Tensor({total}, dtype_);
}

bool ParameterStore::allocated(int index) const { return variables_[checked(index)]->block != nullptr; }
bool ParameterStore::allocated() const {
  return std::ranges::all_of(variables_, [](const auto& variable) { return variable->block != nullptr; });
}

int ParameterStore::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? -1 : found->second;
}

int ParameterStore::find(const ParameterStore& other, int index) const {
  const auto found = by_variable_.find(other.variables_[other.checked(index)].get());
  return found == by_variable_.end() ? -1 : found->second;
}

std::int64_t ParameterStore::trainable_count() const {
  std::int64_t n = 0;
  for (std::size_t i = 0; i < infos_.size(); ++i) n += is_trainable(static_cast<int>(i)) ? infos_[i].size : 0;
  return n;
}

std::int64_t ParameterStore::total_count() const {
  std::int64_t n = 0;
  for (const auto& info : infos_) n += info.size;
  return n;
}

bool ParameterStore::is_trainable(int index) const {
  const Variable& variable = *variables_[checked(index)];
  return variable.trainable && !variable.frozen;
}
void ParameterStore::set_frozen(bool frozen) {
  for (const auto& variable : variables_) variable->frozen = frozen;
}
const Penalty& ParameterStore::penalty(int index) const { return variables_[checked(index)]->penalty; }

std::size_t ParameterStore::checked(int index) const {
  detail::check_index(index, std::ssize(infos_), "there is no such parameter");
  return static_cast<std::size_t>(index);
}

Matrix ParameterStore::piece(int index, bool gradient) const {
  const std::size_t at = checked(index);
  const ParameterInfo& info = infos_[at];
  const Variable& variable = *variables_[at];
  if (!variable.block) {
    throw Error(ErrorKind::usage, "a parameter has no memory yet")
        .where("parameter '" + info.name + "'")
        .fix("call allocate() after the last declare(), or build() the network");
  }
  Tensor& buffer = gradient ? variable.block->gradients : variable.block->values;
  return {buffer.bytes() + static_cast<std::size_t>(variable.offset) * dtype_size(dtype_), info.rows(),
          info.columns(), info.columns(), dtype_};
}

Matrix ParameterStore::value(int index) { return piece(index, false); }
ConstMatrix ParameterStore::value(int index) const { return piece(index, false); }
ConstMatrix ParameterStore::gradient(int index) const { return piece(index, true); }
Matrix ParameterStore::mutable_gradient(int index) {
  const Matrix whole = piece(index, true);
  variables_[static_cast<std::size_t>(index)]->touched.all = true;
  return whole;
}
Matrix ParameterStore::mutable_gradient(int index, std::span<const std::int64_t> rows) {
  const Matrix whole = piece(index, true);
  TouchedRows& touched = variables_[static_cast<std::size_t>(index)]->touched;
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

namespace {

Tensor copy_of(const Matrix& from, const Shape& shape) {
  Tensor out(shape, from.dtype);
  if (bytes_of(from) != 0) std::memcpy(out.bytes(), from.data, bytes_of(from));
  return out;
}

}  // namespace

Tensor ParameterStore::get(int index) const {
  return copy_of(piece(index, false), infos_[checked(index)].shape);
}
Tensor ParameterStore::get_gradient(int index) const {
  return copy_of(piece(index, true), infos_[checked(index)].shape);
}

void ParameterStore::set(int index, const Tensor& value) {
  const Matrix to = piece(index, false);
  const ParameterInfo& info = infos_[static_cast<std::size_t>(index)];
  if (value.shape() != info.shape) {
    throw Error(ErrorKind::usage, "a parameter's shape differs")
        .where("parameter '" + info.name + "'")
        .seen(to_string(value.shape()))
        .expected(to_string(info.shape));
  }
  if (info.size == 0) return;
  if (value.dtype() == dtype_) {
    std::memcpy(to.data, value.bytes(), bytes_of(to));
  } else {
    const Tensor converted = value.cast(dtype_);
    std::memcpy(to.data, converted.bytes(), bytes_of(to));
  }
}

ParameterStore::Flat ParameterStore::mutable_gradients() {
  for (const auto& variable : variables_) variable->touched.all = true;
  return {*this, true};
}

double ParameterStore::largest_gradient() const {
  // Numbers without their sign are in the order of their bits, in which NaN is the largest.
  const auto largest = [&]<class Bits, class Number>(Bits, Number) {
    Bits top = 0;
    for (int p = 0; p < static_cast<int>(infos_.size()); ++p) {
      if (!is_trainable(p)) continue;
      const Matrix gradient = piece(p, true);
      each_touched_run(p, [&](std::int64_t first, std::int64_t rows) {
        const auto* bits = static_cast<const Bits*>(gradient.data) + first * gradient.cols;
        for (std::int64_t i = 0; i < rows * gradient.cols; ++i)
          top = std::max<Bits>(top, bits[i] & std::numeric_limits<Bits>::max());
      });
    }
    return static_cast<double>(std::bit_cast<Number>(top));
  };
  return dtype_ == DType::float32 ? largest(std::int32_t{}, float{}) : largest(std::int64_t{}, double{});
}

std::int64_t ParameterStore::touched_rows(int index) const {
  std::int64_t total = 0;
  each_touched_run(index, [&](std::int64_t, std::int64_t rows) { total += rows; });
  return total;
}

void ParameterStore::zero_gradients() {
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    if (!variables_[i]->block) continue;
    const Matrix whole = piece(static_cast<int>(i), true);
    const auto row_bytes = static_cast<std::size_t>(whole.cols) * dtype_size(dtype_);
    TouchedRows& touched = variables_[i]->touched;
    each_touched_run(static_cast<int>(i), [&](std::int64_t first, std::int64_t rows) {
      std::memset(static_cast<std::byte*>(whole.data) + static_cast<std::size_t>(first) * row_bytes, 0,
                  static_cast<std::size_t>(rows) * row_bytes);
      if (touched.sparse) std::memset(touched.is_listed.data() + first, 0, static_cast<std::size_t>(rows));
    });
    touched.count = 0;
    touched.all = !touched.sparse;
  }
}

std::int64_t ParameterStore::flat_size() const {
  return infos_.empty() ? 0 : aligned(infos_.back().offset + infos_.back().size);
}

template <class Visit>
void ParameterStore::each_piece(bool gradients, Visit visit) const {
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    if (infos_[i].size != 0) visit(piece(static_cast<int>(i), gradients), infos_[i].offset);
  }
}

std::int64_t ParameterStore::ConstFlat::size() const { return store_->allocated() ? store_->flat_size() : 0; }

Tensor ParameterStore::ConstFlat::copy() const {
  Tensor out({size()}, dtype());
  if (out.empty()) return out;
  store_->each_piece(gradients_, [&](const Matrix& from, std::int64_t offset) {
    std::memcpy(out.bytes() + static_cast<std::size_t>(offset) * dtype_size(from.dtype), from.data,
                bytes_of(from));
  });
  return out;
}

std::pair<Matrix, std::int64_t> ParameterStore::element(std::int64_t i, bool gradient) const {
  detail::check_index(i, flat_size(), "there is no such element");
  const auto next = std::ranges::upper_bound(infos_, i, {}, &ParameterInfo::offset);
  const auto p = next - infos_.begin() - 1;
  return {piece(static_cast<int>(p), gradient), i - infos_[static_cast<std::size_t>(p)].offset};
}

double ParameterStore::ConstFlat::at(std::int64_t i) const {
  const auto [array, k] = store_->element(i, gradients_);
  if (k >= array.rows * array.cols) return 0;  // a gap
  const void* const from = array.data;
  const std::int64_t at = k;
  return with_dtype(dtype(),
                    [&]<class T>(T) { return static_cast<double>(static_cast<const T*>(from)[at]); });
}

void ParameterStore::Flat::set(std::int64_t i, double value) const {
  const auto [array, k] = store_->element(i, gradients_);
  if (k >= array.rows * array.cols) return;  // a gap stays 0
  void* const to = array.data;
  const std::int64_t at = k;
  with_dtype(dtype(), [&]<class T>(T) { static_cast<T*>(to)[at] = static_cast<T>(value); });
}

const ParameterStore::Flat& ParameterStore::Flat::operator=(const Tensor& from) const {
  if (from.size() != size() || from.dtype() != dtype()) {
    throw Error(ErrorKind::usage, "these are the values of another network")
        .seen(std::to_string(from.size()) + " of " + dtype_name(from.dtype()))
        .expected(std::to_string(size()) + " of " + dtype_name(dtype()));
  }
  store_->each_piece(gradients_, [&](const Matrix& to, std::int64_t offset) {
    std::memcpy(to.data, from.bytes() + static_cast<std::size_t>(offset) * dtype_size(to.dtype),
                bytes_of(to));
  });
  return *this;
}

}  // namespace rondo
