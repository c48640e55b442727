// rondo inspect: what is in a model file, from its header alone.

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string_view>
#include <unordered_map>

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
  if (text.empty() || std::string_view("{[\"-0123456789tfn").find(text.front()) == std::string_view::npos)
    return Json(text);
  try {
    return parse_json(text);
  } catch (const Error&) {
    return Json(text);
  }
}

/// The network as described, without memory for its parameters; Error(model_file) unless the file has them
/// all.
Network network_of(const std::string& text, const TensorFileHeader& header, const std::string& path) {
  const auto refuse = [&](const std::string& seen) {
    throw Error(ErrorKind::model_file, "the description of the model in the file cannot be used")
        .where(path)
        .seen(seen)
        .fix("the file is damaged or comes from a newer version: make or fetch it again");
  };
  std::unordered_map<std::string_view, const TensorFileEntry*> arrays;
  for (const TensorFileEntry& entry : header.entries) arrays.emplace(entry.name, &entry);
  try {
    Network network = Network::from_spec(parse_json(text));
    for (const ParameterInfo& info : network.declare().infos()) {
      const auto found = arrays.find(info.name);
      if (found != arrays.end() && found->second->shape == info.shape) continue;
      refuse((found == arrays.end() ? "no array '" + info.name + "'"
                                    : "'" + info.name + "' of shape " + to_string(found->second->shape)) +
             " where the description asks for shape " + to_string(info.shape));
    }
    return network;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::model_file) throw;
    refuse(error.what());
    throw;
  }
}

void print_header(const TensorFileHeader& header) {
  Json::Object metadata;  // keys differ: the reader has looked
  Json::Array tensors;
  for (const auto& [key, text] : header.metadata) metadata.emplace_back(key, parsed(text));
  for (const TensorFileEntry& entry : header.entries) {
    tensors.push_back(
        Json::object({{"name", entry.name}, {"dtype", entry.dtype}, {"shape", Json::list(entry.shape)}}));
  }
  Json::Object all;
  all.emplace_back("bytes", header.file_bytes);
  all.emplace_back("metadata", std::move(metadata));
  all.emplace_back("tensors", std::move(tensors));
  print_json(Json(std::move(all)));
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
  if (spec != nullptr)
    std::cout << network_of(*spec, header, request.file).summary("model") << '\n' << std::flush;
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
