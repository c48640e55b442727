// rondo inspect: what is in a model file, from its header alone.

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

#include "options.h"
#include "rondo/base/error.h"
#include "rondo/model/network.h"
#include "rondo/tensor/tensor_file.h"

namespace rondo::cli {
namespace {

struct InspectRequest {
  std::string file;
  bool json = false, tensors = false;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("tensors", self.tensors, "list every array with type and shape");
    option("json", self.json, "print everything but the numbers as one JSON object");
  }
};

const std::string* find(const TensorFileHeader& header, std::string_view key) {
  for (const auto& [name, text] : header.metadata) {
    if (name == key) return &text;
  }
  return nullptr;
}

/// A text of the metadata that should be JSON, as JSON where it is.
Json parsed(const std::string& text) {
  try {
    return parse_json(text);
  } catch (const Error&) {
    return Json(text);
  }
}

/// The largest whole number in a spec: no layer is wider than that.
std::int64_t largest_size(const Json& config) {
  std::int64_t largest = 0;
  if (config.is_integer()) largest = config.as_integer();
  if (config.is_array()) {
    for (const Json& item : config.as_array()) largest = std::max(largest, largest_size(item));
  }
  if (config.is_object()) {
    for (const auto& [key, value] : config.as_object()) largest = std::max(largest, largest_size(value));
  }
  return largest;
}

/// The network as described. Parameters are counted by building it, unless the description claims sizes that
/// a look at a file should not take memory for.
Network network_of(const std::string& text, const std::string& path) {
  constexpr std::int64_t kWidest = 8192;
  try {
    const Json spec = parse_json(text);
    Network network = Network::from_spec(spec);
    if (largest_size(spec) <= kWidest) network.build(0);
    return network;
  } catch (const Error& error) {
    throw Error(ErrorKind::model_file, "the description of the model in the file cannot be used")
        .where(path)
        .seen(error.what())
        .fix("the file is damaged or comes from a newer version: make or fetch it again");
  }
}

void print_header(const TensorFileHeader& header) {
  Json metadata = Json::object(), tensors = Json::array();
  for (const auto& [key, text] : header.metadata) metadata.set(key, parsed(text));
  for (const TensorFileEntry& entry : header.entries) {
    tensors.push_back(
        Json::object({{"name", entry.name}, {"dtype", entry.dtype}, {"shape", Json::list(entry.shape)}}));
  }
  const Json all = Json::object({{"bytes", header.file_bytes}, {"metadata", metadata}, {"tensors", tensors}});
  print_json(all);
}

void print_tensors(const TensorFileHeader& header) {
  for (const TensorFileEntry& entry : header.entries) {
    std::printf("%-48s %-5s %s\n", entry.name.c_str(), entry.dtype.c_str(), to_string(entry.shape).c_str());
  }
}

void run(const InspectRequest& request) {
  const TensorFileHeader header = read_tensor_file_header(request.file);
  const std::string* spec = find(header, "spec");
  if (spec == nullptr && !request.tensors && !request.json) {
    throw Error(ErrorKind::model_file, "this is not a model that rondo wrote")
        .where(request.file)
        .seen("a safetensors file without a description of a network")
        .fix("list its arrays with --tensors");
  }
  if (request.json) {
    print_header(header);
    return;
  }
  std::printf("file      %s, %llu bytes, %zu arrays\n", request.file.c_str(),
              static_cast<unsigned long long>(header.file_bytes), header.entries.size());
  for (const auto& [key, text] : header.metadata) {
    constexpr std::size_t kLongest = 300;
    if (key == "spec") continue;
    std::printf("%-9s %s%s\n", key.c_str(), text.substr(0, kLongest).c_str(),
                text.size() > kLongest ? " …" : "");
  }
  std::printf("\n");
  std::fflush(stdout);
  if (spec != nullptr) std::cout << network_of(*spec, request.file).summary("model") << '\n' << std::flush;
  if (request.tensors) print_tensors(header);
}

}  // namespace

void add_inspect(CLI::App& app) {
  CLI::App* verb = add_verb(app, "inspect", "Contents of a model file: layers, parameters, sections",
                            "rondo inspect run/model.rondo\n"
                            "rondo inspect run/model.rondo --tensors\n"
                            "rondo inspect run/model.rondo --json");
  const auto request = std::make_shared<InspectRequest>();
  verb->add_option("MODEL", request->file, "model or checkpoint")->required();
  add_options(*verb, *request);
  verb->callback([request] { run(*request); });
}

}  // namespace rondo::cli
