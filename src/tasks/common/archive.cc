#include "tasks/common/archive.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/error.h"

namespace rondo::tasks {
namespace {

/// JSON has no NaN and no infinities: these are texts.
Json real_value(double value) {
  if (std::isfinite(value)) return {value};
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

std::optional<double> real_of(const Json& value) {
  if (value.is_number()) return value.as_real();
  if (value == Json("nan")) return std::numeric_limits<double>::quiet_NaN();
  if (value == Json("inf")) return std::numeric_limits<double>::infinity();
  if (value == Json("-inf")) return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

template <class T>
void copy(const Tensor& from, std::span<T> to) {
  const auto values = from.data<T>();
  std::copy(values.begin(), values.end(), to.begin());
}

}  // namespace

void Archive::refuse(const std::string& name, const std::string& problem, const std::string& seen,
                     const std::string& expected) const {
  const std::string what =
      name.empty() ? "the section '" + section_ + "'" : "'" + section_ + "/" + path(name) + "'";
  throw Error(ErrorKind::model_file, what + " " + problem)
      .where(where_)
      .seen(seen)
      .expected(expected)
      .fix("the file is damaged or was written with other options or by another version: make it again");
}

void Archive::begin_section(const std::string& name) {
  section_ = name;
  prefix_.clear();
  values_ = Json::object();
  read_.clear();
  columns_.clear();
  if (!reading()) return;
  const std::string* text = in_->find_metadata(name);
  if (text == nullptr) refuse("", "is missing from the file");
  claim(name);
  try {
    values_ = parse_json(*text, "section '" + name + "'");
  } catch (const Error& error) {
    refuse("", "is not JSON", error.summary());
  }
  if (!values_.is_object()) refuse("", "is not a JSON object", values_.type_name());
}

void Archive::end_section() {
  if (reading()) {
    for (const auto& [name, column] : columns_) {
      const std::size_t size = column.is_real ? column.reals.size() : column.values.size();
      if (column.next != size)
        refuse(name, "has more values than items", std::to_string(size), std::to_string(column.next));
    }
    for (const auto& [name, value] : values_.as_object())
      if (!read_.contains(name)) refuse(name, "is not a field of this section");
    for (const auto& [name, tensor] : in_->tensors)
      if (name.starts_with(section_ + "/") && !claimed_.contains(name))
        refuse(name.substr(section_.size() + 1), "is not an array of this section");
    return;
  }
  for (auto& [name, column] : columns_) {
    if (column.is_real)
      out_->tensors.emplace_back(section_ + "/" + name,
                                 Tensor::from(std::span<const double>(column.reals),
                                              {static_cast<std::int64_t>(column.reals.size())}));
    else
      values_.set(name, Json(std::move(column.values)));
  }
  std::string text = to_json(values_);
  parse_json(text, "section '" + section_ + "'");  // what is written can be read
  out_->metadata.emplace_back(section_, std::move(text));
}

void Archive::finish() const {
  std::string left;
  for (const auto& [name, text] : in_->metadata)
    if (!claimed_.contains(name)) left += (left.empty() ? "'" : ", '") + name + "'";
  for (const auto& [name, tensor] : in_->tensors)
    if (!claimed_.contains(name)) left += (left.empty() ? "'" : ", '") + name + "'";
  if (left.empty()) return;
  throw Error(ErrorKind::model_file, "the file holds more than a model of this kind")
      .where(where_)
      .seen(left.substr(0, 300))
      .fix("use a file that rondo wrote for this purpose");
}

void Archive::version(std::int64_t expected) {
  std::int64_t version = expected;
  field("version", version);
  if (version != expected)
    refuse("version", "is another version", std::to_string(version), std::to_string(expected));
}

Archive::Column& Archive::column(const std::string& name, bool is_real) {
  const std::string full = path(name);
  const auto [found, is_new] = columns_.try_emplace(full);
  Column& column = found->second;
  if (!is_new) return column;
  column.is_real = is_real;
  if (!reading()) return column;
  if (is_real) {
    const Tensor* tensor = in_->find(section_ + "/" + full);
    if (tensor == nullptr || tensor->rank() != 1 || tensor->dtype() != DType::float64)
      refuse(name, tensor == nullptr ? "is missing" : "is not a list of float64",
             tensor == nullptr ? "" : to_string(tensor->shape()) + " " + dtype_name(tensor->dtype()));
    claim(section_ + "/" + full);
    const auto values = tensor->data<double>();
    column.reals.assign(values.begin(), values.end());
  } else {
    const Json* values = values_.find(full);
    if (values == nullptr || !values->is_array())
      refuse(name, values == nullptr ? "is missing" : "is not a list",
             values == nullptr ? "" : values->type_name());
    read_.insert(full);
    column.values = values->as_array();
  }
  return column;
}

void Archive::value(const std::string& name, Json written) {
  if (lists_ > 0)
    column(name, false).values.push_back(std::move(written));
  else
    values_.set(path(name), std::move(written));
}

const Json& Archive::value(const std::string& name) {
  ++reads_;
  if (lists_ > 0) {
    Column& values = column(name, false);
    if (values.next == values.values.size())
      refuse(name, "has fewer values than items", std::to_string(values.next));
    return values.values[values.next++];
  }
  const Json* found = values_.find(path(name));
  if (found == nullptr) refuse(name, "is missing");
  read_.insert(path(name));
  return *found;
}

void Archive::check_finite(const std::string& name, std::span<const double> values) const {
  if (finite_ && !std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    refuse(name, "holds NaN or infinity", "", "finite numbers");
}

void Archive::real(const std::string& name, double& value) {
  if (lists_ > 0) {
    array(name, std::span(&value, 1));
  } else if (!reading()) {
    this->value(name, real_value(value));
  } else {
    const Json& read = this->value(name);
    const std::optional<double> number = real_of(read);
    if (!number) refuse(name, "is not a number", to_json(read).substr(0, 100));
    value = *number;
    check_finite(name, {&value, 1});
  }
}

void Archive::array(const std::string& name, std::span<double> values) {
  if (lists_ > 0) {
    Column& column = this->column(name, true);
    if (!reading()) {
      column.reals.insert(column.reals.end(), values.begin(), values.end());
      return;
    }
    if (column.reals.size() - column.next < values.size())
      refuse(name, "has fewer values than items", std::to_string(column.reals.size()));
    std::copy_n(column.reals.begin() + static_cast<std::ptrdiff_t>(column.next), values.size(),
                values.begin());
    column.next += values.size();
    ++reads_;
    check_finite(name, values);
    return;
  }
  const auto size = static_cast<std::int64_t>(values.size());
  if (reading()) {
    copy(found(name, size, DType::float64), values);
    check_finite(name, values);
  } else {
    out_->tensors.emplace_back(section_ + "/" + path(name),
                               Tensor::from(std::span<const double>(values), {size}));
  }
}

void Archive::array(const std::string& name, std::span<float> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  if (reading())
    copy(found(name, size, DType::float32), values);
  else
    out_->tensors.emplace_back(section_ + "/" + path(name),
                               Tensor::from(std::span<const float>(values), {size}));
}

void Archive::array(const std::string& name, Tensor& values) {
  if (reading())
    copy(found(name, values.size(), DType::float32), values.data<float>());
  else
    out_->tensors.emplace_back(section_ + "/" + path(name), values);
}

const Tensor& Archive::found(const std::string& name, std::int64_t size, DType dtype) {
  const std::string full = section_ + "/" + path(name);
  const Tensor* tensor = in_->find(full);
  if (tensor == nullptr) refuse(name, "is missing");
  if (tensor->size() != size || tensor->dtype() != dtype)
    refuse(name, "has another size or type", to_string(tensor->shape()) + " " + dtype_name(tensor->dtype()),
           std::to_string(size) + " of " + dtype_name(dtype));
  claim(full);
  ++reads_;
  return *tensor;
}

std::size_t Archive::checked_size(const std::string& name, std::size_t size) {
  if (lists_ > 0) {
    const Column& column = this->column(name, true);
    if (column.reals.size() - column.next < size)
      refuse(name, "has fewer values than items", std::to_string(column.reals.size()));
  } else {
    found(name, static_cast<std::int64_t>(size), DType::float64);
  }
  return size;
}

std::int64_t Archive::free_size(const std::string& name, std::int64_t size) {
  if (lists_ > 0) {
    field(name + ".count", size, std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
    return reading() ? static_cast<std::int64_t>(checked_size(name, static_cast<std::size_t>(size))) : size;
  }
  if (!reading()) return size;
  const Tensor* tensor = in_->find(section_ + "/" + path(name));
  if (tensor == nullptr) refuse(name, "is missing");
  return tensor->size();
}

std::size_t Archive::index_of(const std::string& name, const std::string& text,
                              std::span<const char* const> names) const {
  std::string all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (text == names[i]) return i;
    all += (i == 0 ? "'" : ", '") + std::string(names[i]) + "'";
  }
  refuse(name, "has an unknown value", "'" + text + "'", "one of " + all);
}

}  // namespace rondo::tasks
