#include "tasks/online/state_archive.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"

namespace rondo::online {
namespace {

/// Whole numbers up to here are exact in float64.
constexpr double kExact = 9007199254740992.0;

}  // namespace

const Tensor& StateArchive::found(const std::string& name, std::int64_t size, DType dtype) const {
  const Tensor* tensor = in_->find(prefix_ + name);
  if (tensor != nullptr && tensor->size() == size && tensor->dtype() == dtype) return *tensor;
  throw Error(ErrorKind::model_file, "an array of the snapshot is missing or has another size or type")
      .where(where_)
      .seen(tensor == nullptr ? "no '" + prefix_ + name + "'"
                              : "'" + prefix_ + name + "' " + to_string(tensor->shape()) + " " +
                                    dtype_name(tensor->dtype()))
      .expected(std::to_string(size) + " of " + dtype_name(dtype))
      .fix("resume with the columns and options of the run that wrote it");
}

void StateArchive::field(const char* name, std::vector<double>& values) {
  const auto size = static_cast<std::int64_t>(values.size());
  if (reading()) {
    const auto from = found(name, size, DType::float64).data<double>();
    std::copy(from.begin(), from.end(), values.begin());
  } else {
    out_->tensors.emplace_back(prefix_ + name, Tensor::from(std::span<const double>(values), {size}));
  }
}

void StateArchive::field(const char* name, std::vector<float>& values) {
  const auto size = static_cast<std::int64_t>(values.size());
  if (reading()) {
    const auto from = found(name, size, DType::float32).data<float>();
    std::copy(from.begin(), from.end(), values.begin());
  } else {
    out_->tensors.emplace_back(prefix_ + name, Tensor::from(std::span<const float>(values), {size}));
  }
}

void StateArchive::field(const std::string& name, Tensor& values) {
  if (reading()) {
    const auto from = found(name, values.size(), DType::float32).data<float>();
    std::copy(from.begin(), from.end(), values.data<float>().begin());
  } else {
    out_->tensors.emplace_back(prefix_ + name, values);
  }
}

void StateArchive::field(const char* name, std::vector<std::int64_t>& values) {
  std::vector<double> numbers(values.begin(), values.end());
  field(name, numbers);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!(std::abs(numbers[i]) <= kExact) || numbers[i] != std::floor(numbers[i])) {
      throw Error(ErrorKind::model_file, "a number of the snapshot is not whole")
          .where(where_)
          .seen("'" + prefix_ + name + "' " + std::to_string(numbers[i]));
    }
    values[i] = static_cast<std::int64_t>(numbers[i]);
  }
}

void StateArchive::field(const char* name, double& value) {
  std::vector<double> one{value};
  field(name, one);
  value = one[0];
}

void StateArchive::field(const char* name, std::int64_t& value) {
  std::vector<std::int64_t> one{value};
  field(name, one);
  value = one[0];
}

void StateArchive::field(const char* name, std::uint64_t& value) {
  std::vector<std::int64_t> halves{static_cast<std::int64_t>(value >> 32),
                                   static_cast<std::int64_t>(value & 0xFFFFFFFFU)};
  field(name, halves);
  value = (static_cast<std::uint64_t>(halves[0]) << 32) | static_cast<std::uint64_t>(halves[1]);
}

void StateArchive::field(const char* name, bool& value) {
  std::int64_t number = value ? 1 : 0;
  field(name, number);
  value = number != 0;
}

void StateArchive::text(const char* name, std::string& value) {
  if (!reading()) {
    out_->metadata.emplace_back(prefix_ + name, value);
    return;
  }
  const std::string* found = in_->find_metadata(prefix_ + name);
  if (found == nullptr) {
    throw Error(ErrorKind::model_file, "the snapshot has no '" + prefix_ + name + "'")
        .where(where_)
        .fix("use a file that rondo online wrote");
  }
  value = *found;
}

}  // namespace rondo::online
