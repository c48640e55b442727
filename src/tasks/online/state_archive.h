#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "rondo/tensor/tensor_file.h"

namespace rondo::online {

/// Writes the fields of an object into a file of arrays, or reads them back: a part of the forecaster lists
/// what it keeps between rows once, in `void archive(StateArchive&)`.
///
/// Arrays keep the length that the options gave them: another length in the file is an error, so that a file
/// that was tampered with cannot make a part larger than it expects.
class StateArchive {
 public:
  static StateArchive writer(TensorFile& file) { return StateArchive(&file, nullptr, {}); }
  static StateArchive reader(const TensorFile& file, std::string where) {
    return StateArchive(nullptr, &file, std::move(where));
  }

  bool reading() const { return in_ != nullptr; }
  const std::string& where() const { return where_; }
  /// Of all names until the next call: "line/".
  void prefix(std::string text) { prefix_ = std::move(text); }

  void field(const char* name, double& value);
  void field(const char* name, std::int64_t& value);
  void field(const char* name, std::uint64_t& value);
  void field(const char* name, bool& value);
  void field(const char* name, std::vector<double>& values);
  void field(const char* name, std::vector<float>& values);
  void field(const char* name, std::vector<std::int64_t>& values);
  /// Values of a float32 array of any shape.
  void field(const std::string& name, Tensor& values);
  void text(const char* name, std::string& value);

 private:
  StateArchive(TensorFile* out, const TensorFile* in, std::string where)
      : out_(out), in_(in), where_(std::move(where)) {}
  /// The array `name` of the file that is read; Error(model_file) unless it has that length and type.
  const Tensor& found(const std::string& name, std::int64_t size, DType dtype) const;

  TensorFile* out_;
  const TensorFile* in_;
  std::string where_, prefix_;
};

}  // namespace rondo::online
