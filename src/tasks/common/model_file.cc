#include "tasks/common/model_file.h"

#include <utility>

#include "rondo/base/error.h"
#include "train/fit/checkpoint.h"

namespace rondo::tasks {
namespace {

Network read_network(const TensorFile& file, const std::string& where) {
  Network network = detail::described_network(file, where);
  detail::take_network(file, network, where);
  return network;
}

void claim_parameters(Archive& archive, const Network& network, const std::string& prefix) {
  for (const ParameterInfo& info : network.parameters().infos()) archive.claim(prefix + info.name);
}

}  // namespace

void archive_network(Archive& archive, Network& network) {
  if (!archive.reading()) {
    detail::put_network(*archive.output(), network);
    return;
  }
  network = read_network(*archive.input(), archive.where());
  archive.claim("spec");
  claim_parameters(archive, network, "");
}

void archive_network(Archive& archive, const std::string& name, Network& network) {
  const std::string prefix = name + "/";
  TensorFile part;
  if (!archive.reading()) {
    detail::put_network(part, network);
    for (auto& [key, text] : part.metadata)
      if (key != "format") archive.output()->metadata.emplace_back(prefix + key, std::move(text));
    for (auto& [key, tensor] : part.tensors)
      archive.output()->tensors.emplace_back(prefix + key, std::move(tensor));
    return;
  }
  for (const auto& [key, text] : archive.input()->metadata)
    if (key.starts_with(prefix)) part.metadata.emplace_back(key.substr(prefix.size()), text);
  for (const auto& [key, tensor] : archive.input()->tensors)
    if (key.starts_with(prefix)) part.tensors.emplace_back(key.substr(prefix.size()), tensor);
  network = read_network(part, archive.where() + ", network '" + name + "'");
  archive.claim(prefix + "spec");
  claim_parameters(archive, network, prefix);
}

TensorFile make_model_file(const ModelFields& fields) {
  TensorFile file;
  Archive archive = Archive::writer(file);
  fields(archive);
  if (file.find_metadata("format") == nullptr) file.metadata.emplace_back("format", detail::kFormatName);
  return file;
}

void read_model_file(const TensorFile& file, const std::string& where, const ModelFields& fields) {
  const std::string* format = file.find_metadata("format");
  if (format == nullptr || *format != detail::kFormatName) {
    throw Error(ErrorKind::model_file, "this is not a model file of rondo")
        .where(where)
        .seen(format == nullptr ? "no format" : "format '" + *format + "'")
        .expected(std::string("format '") + detail::kFormatName + "'");
  }
  Archive archive = Archive::reader(file, where);
  archive.claim("format");
  fields(archive);
  archive.finish();
}

void save_model_file(AtomicFiles& files, const std::string& path, const ModelFields& fields) {
  write_tensor_file(files, path, make_model_file(fields));
}

void load_model_file(const std::string& path, const ModelFields& fields) {
  read_model_file(read_tensor_file(path), path, fields);
}

}  // namespace rondo::tasks
