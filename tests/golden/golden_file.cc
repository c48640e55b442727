#include "golden/golden_file.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "rondo/base/error.h"
#include "support/source_folder.h"

namespace rondo::golden {

GoldenCase::GoldenCase(std::string name, Json meta, std::shared_ptr<const TensorFile> file)
    : name_(std::move(name)), meta_(std::move(meta)), file_(std::move(file)) {}

const Json* GoldenCase::find(std::string_view group, std::string_view key) const {
  const Json* members = meta_.find(group);
  const Json* found = members == nullptr ? nullptr : members->find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

const Tensor& GoldenCase::tensor(const Json& tensor_name) const {
  const std::string& wanted = tensor_name.as_string(name_);
  const Tensor* found = file_->find(wanted);
  if (found == nullptr) {
    throw Error(ErrorKind::data, "a golden file lacks a tensor that a case names")
        .where(name_)
        .seen("no tensor '" + wanted + "'")
        .fix("write the golden files again with tests/golden/make_golden.py");
  }
  return *found;
}

const Tensor& GoldenCase::input(std::string_view key) const {
  return tensor(meta_.at("inputs", name_).at(key, name_));
}

const Tensor& GoldenCase::expected(std::string_view key) const {
  return tensor(meta_.at("expected", name_).at(key, name_));
}

std::vector<Tensor> GoldenCase::tensors(const Json& names) const {
  std::vector<Tensor> out;
  for (const Json& one : names.as_array(name_)) out.push_back(tensor(one));
  return out;
}

std::filesystem::path golden_folder() {
  const char* given = std::getenv("RONDO_GOLDEN_DIR");
  return given != nullptr && *given != '\0' ? std::filesystem::path(given)
                                            : source_folder() / "tests" / "golden";
}

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder(), error)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<GoldenCase> read_golden_file(const std::filesystem::path& path) {
  const auto file = std::make_shared<const TensorFile>(read_tensor_file(path.string()));
  std::vector<GoldenCase> cases;
  for (const auto& [name, text] : file->metadata) cases.emplace_back(name, parse_json(text, name), file);
  return cases;
}

}  // namespace rondo::golden
