#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tensor/tensor_file.h"

namespace rondo::golden {

/// One comparison of a golden file: what to build, which tensors go in and which must come out (README.md
/// beside this).
class GoldenCase {
 public:
  GoldenCase(std::string name, Json meta, std::shared_ptr<const TensorFile> file);

  const std::string& name() const { return name_; }
  const Json& meta() const { return meta_; }
  std::string kind() const { return meta_.at("kind", name_).as_string(name_); }
  /// Member `key` of the case's `spec`.
  const Json& spec(std::string_view key) const { return meta_.at("spec", name_).at(key, name_); }
  /// Member `key` of `inputs` or `expected`; nullptr where there is none or where it is null.
  const Json* find_input(std::string_view key) const { return find("inputs", key); }
  const Json* find_expected(std::string_view key) const { return find("expected", key); }
  /// The tensor that a member names.
  const Tensor& tensor(const Json& tensor_name) const;
  const Tensor& input(std::string_view key) const;
  const Tensor& expected(std::string_view key) const;
  /// The tensors that a list names.
  std::vector<Tensor> tensors(const Json& names) const;

 private:
  const Json* find(std::string_view group, std::string_view key) const;

  std::string name_;
  Json meta_;
  std::shared_ptr<const TensorFile> file_;
};

/// Where golden files lie: $RONDO_GOLDEN_DIR, or tests/golden of the source tree.
std::filesystem::path golden_folder();
/// The golden files of that folder, by name.
std::vector<std::filesystem::path> golden_files();
std::vector<GoldenCase> read_golden_file(const std::filesystem::path& path);

}  // namespace rondo::golden
