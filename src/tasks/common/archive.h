#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rondo/base/options.h"
#include "rondo/tensor/tensor_file.h"

namespace rondo::tasks {

class Archive;

template <class T>
concept HasArchive = requires(T& value, Archive& archive) {
  value.archive(archive);
};
template <class T>
concept HasFreeArchive = requires(T& value, Archive& archive) {
  archive_fields(archive, value);
};
template <class T>
struct ItemOf {
  using Type = void;
};
template <class T>
struct ItemOf<std::vector<T>> {
  using Type = T;
};
/// A vector of structs that have an archive function.
template <class T>
concept IsListOfStructs = HasArchive<typename ItemOf<T>::Type> || HasFreeArchive<typename ItemOf<T>::Type>;
template <class T>
concept HasOptions = requires(T& value) {
  T::visit(value, [](const char*, auto&, const char*) {});
};

/// Writes the fields of objects into a file of arrays and texts (TensorFile), or reads them back: one
/// function that lists the fields serves both directions.
///
///     void archive_fields(Archive& archive, Scale& scale) {    // or a member `archive(Archive&)`
///       archive.field("center", scale.center);
///       archive.field("spread", scale.spread);
///     }
///     archive.section("scales", [&] { archive.field("series", all_scales); });   // std::vector<Scale>
///
/// A section is one text of the file's metadata, a JSON object of its fields, and arrays named
/// "section/field". A field of a nested object is "object.field". Numbers in bulk are arrays: vectors of
/// reals, and the real fields of the objects of a list, one array a field ("series.center" [series]); other
/// fields of listed objects are JSON lists. All reals keep their bits.
///
/// Reading is strict: a field that is missing, of another type, length or range, or that nobody asked for, is
/// an Error(model_file) that names it. Nothing is allocated by a length that the file only claims.
class Archive {
 public:
  static Archive writer(TensorFile& file) { return Archive(&file, nullptr, {}); }
  /// `where` names the file in messages. The file must outlive the archive.
  static Archive reader(const TensorFile& file, std::string where) {
    return Archive(nullptr, &file, std::move(where));
  }

  bool reading() const { return in_ != nullptr; }
  const std::string& where() const { return where_; }
  /// The file that is written, for content that has a form of its own (networks); null when reading.
  TensorFile* output() { return out_; }
  const TensorFile* input() const { return in_; }
  /// Reading: the metadata or array `name` of the file is read by other means.
  void claim(const std::string& name) { claimed_.insert(name); }

  /// NaN and infinities are refused on reading unless this is called.
  void allow_nonfinite() { finite_ = false; }

  /// All fields that `body()` lists. Sections do not nest and each name is used once.
  template <class Body>
  void section(const std::string& name, Body&& body) {
    begin_section(name);
    body();
    end_section();
  }

  /// Fields of `body()` get the prefix "name.".
  template <class Body>
  void group(const std::string& name, Body&& body) {
    const std::size_t length = prefix_.size();
    prefix_ += name;
    prefix_ += '.';
    body();
    prefix_.resize(length);
  }

  /// A number that must be the same on reading: raise it when the meaning of the section changes.
  void version(std::int64_t expected);

  /// A number, text, list of these, struct of options (its `visit`), struct with an archive function, or an
  /// optional or a list of such structs. A vector of reals takes the length that its array has in the file.
  template <class T>
  void field(const std::string& name, T& value);

  /// A number of at least `low` and at most `high`.
  template <class T>
  void field(const std::string& name, T& value, T low, T high) {
    field(name, value);
    if (reading() && !(value >= low && value <= high))
      refuse(name, "is out of range", to_json(detail::to_config(value)),
             to_json(detail::to_config(low)) + " to " + to_json(detail::to_config(high)));
  }

  /// An enum, by the name of its value: names[0] is of value 0.
  template <class Enum>
  void choice(const std::string& name, Enum& value, std::span<const char* const> names) {
    std::string text = reading() ? std::string() : names[static_cast<std::size_t>(value)];
    field(name, text);
    if (reading()) value = static_cast<Enum>(index_of(name, text, names));
  }

  // Numbers in bulk, as many as there are already: another length in the file is an error.
  void array(const std::string& name, std::span<double> values);
  void array(const std::string& name, std::span<float> values);
  /// Values of a float32 array of this shape.
  void array(const std::string& name, Tensor& values);
  void array(const std::string& name, std::vector<double>& values, std::size_t size) {
    if (reading()) values = std::vector<double>(checked_size(name, size));
    array(name, std::span<double>(values));
  }

  /// Reading: nothing of the file was left unread, but for what `claim` named. At the end.
  void finish() const;

  /// Error(model_file): the field `name` of this section cannot be used.
  [[noreturn]] void refuse(const std::string& name, const std::string& problem, const std::string& seen = {},
                           const std::string& expected = {}) const;

 private:
  /// A field of listed objects: its values one after another.
  struct Column {
    std::vector<double> reals;
    Json::Array values;
    bool is_real = false;
    std::size_t next = 0;
  };

  Archive(TensorFile* out, const TensorFile* in, std::string where)
      : out_(out), in_(in), where_(std::move(where)) {}

  void begin_section(const std::string& name);
  void end_section();
  /// Of a field that is named within the present groups.
  std::string path(const std::string& name) const { return prefix_ + name; }
  Column& column(const std::string& name, bool is_real);
  void real(const std::string& name, double& value);
  void check_finite(const std::string& name, std::span<const double> values) const;
  void value(const std::string& name, Json written);
  const Json& value(const std::string& name);
  /// The array of that length; Error(model_file) unless it is there.
  const Tensor& found(const std::string& name, std::int64_t size, DType dtype);
  std::size_t checked_size(const std::string& name, std::size_t size);
  /// Of a vector that takes the file's length: of its array, or in a list of a field of its own.
  std::int64_t free_size(const std::string& name, std::int64_t size);
  std::size_t index_of(const std::string& name, const std::string& text,
                       std::span<const char* const> names) const;
  template <class T>
  void read_value(const std::string& name, T& value);

  TensorFile* out_;
  const TensorFile* in_;
  std::string where_, section_, prefix_;
  Json values_ = Json::object();           ///< of this section
  std::set<std::string> read_;             ///< fields of this section that were read
  std::set<std::string> claimed_;          ///< sections, metadata and arrays of the file that were read
  std::map<std::string, Column> columns_;  ///< of this section
  int lists_ = 0;                          ///< that the present field is in
  std::size_t reads_ = 0;                  ///< values read until now
  bool finite_ = true;
};

template <class T>
void Archive::read_value(const std::string& name, T& value) {
  const Json& read = this->value(name);
  try {
    if constexpr (HasOptions<T>) {
      T::visit(value, [&](const char* option, auto&, const char*) { read.at(option, path(name)); });
      read_options(value, read, path(name));
    } else {
      OptionCodec<T>::read(read, value, path(name));
    }
  } catch (const Error& error) {
    refuse(name, error.summary(), to_json(read).substr(0, 100));
  }
}

template <class T>
void Archive::field(const std::string& name, T& value) {
  if constexpr (std::is_same_v<T, double>) {
    real(name, value);
  } else if constexpr (HasArchive<T>) {
    group(name, [&] { value.archive(*this); });
  } else if constexpr (HasFreeArchive<T>) {
    group(name, [&] { archive_fields(*this, value); });
  } else if constexpr (requires { value.has_value(); }) {
    bool given = value.has_value();
    field(name + ".given", given);
    if (reading() && given) value.emplace();
    if (reading() && !given) value.reset();
    if (given) field(name, *value);
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    const std::int64_t size = free_size(name, static_cast<std::int64_t>(value.size()));
    if (reading()) value.assign(static_cast<std::size_t>(size), 0.0);
    array(name, std::span<double>(value));
  } else if constexpr (IsListOfStructs<T>) {
    auto count = static_cast<std::int64_t>(value.size());
    field(name, count, std::int64_t{0}, std::numeric_limits<std::int64_t>::max());
    if (reading()) value.clear();
    ++lists_;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::size_t before = reads_;
      if (reading()) value.emplace_back();
      field(name, value[static_cast<std::size_t>(i)]);
      if (reading() && reads_ == before) refuse(name, "has more items than fields", std::to_string(count));
    }
    --lists_;
  } else if (reading()) {
    read_value(name, value);
  } else if constexpr (HasOptions<T>) {
    this->value(name, to_config(value));
  } else {
    this->value(name, OptionCodec<T>::write(value));
  }
}

}  // namespace rondo::tasks
