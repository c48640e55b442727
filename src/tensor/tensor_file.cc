// The container of rondo's weights: safetensors, written and read strictly.

#include "rondo/tensor/tensor_file.h"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "tensor/byte_source.h"
#include "tensor/number_format.h"

namespace rondo {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's byte order is taken as it is");

constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{16} << 20;
constexpr std::size_t kMaxTensors = 65536;
constexpr std::size_t kMaxRank = Shape::kMaxAxes;
constexpr std::uint64_t kMaxArrayBytes = std::uint64_t{1} << 55;
constexpr std::uint64_t kLengthBytes = 8;
constexpr const char* kMetadataKey = "__metadata__";

std::string quoted(std::string_view text) { return to_json(Json(text)); }

class Refusal {
 public:
  explicit Refusal(std::string where) : where_(std::move(where)) {}

  [[noreturn]] void operator()(std::string what, std::string seen = {}, std::string expected = {}) const {
    throw Error(ErrorKind::model_file, std::move(what))
        .where(where_)
        .seen(std::move(seen))
        .expected(std::move(expected))
        .fix("the file is damaged, cut short or not a safetensors file: make or fetch it again");
  }

 private:
  std::string where_;
};

// ---- header to entries ----

std::uint64_t checked_offset(const Json& value, const std::string& name, const Refusal& refuse) {
  if (!value.is_integer() || value.as_integer() < 0) {
    refuse("an offset of " + name + " is not a whole number from 0", to_json(value));
  }
  return static_cast<std::uint64_t>(value.as_integer());
}

/// Bytes of an array; refuses sizes that no memory could address, even beside a size of 0.
std::uint64_t checked_bytes(const Shape& shape, std::uint64_t item_bytes, const std::string& name,
                            const Refusal& refuse) {
  std::uint64_t bytes = item_bytes;
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size == 0) {
      empty = true;
      continue;
    }
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &product) ||
        product > kMaxArrayBytes) {
      refuse("the shape of " + name + " is too large", to_string(shape));
    }
    bytes = product;
  }
  return empty ? 0 : bytes;
}

TensorFileEntry read_entry(const std::string& key, const Json& value, const Refusal& refuse) {
  const std::string name = quoted(key);
  if (!value.is_object()) refuse("the entry of " + name + " is not an object", value.type_name());
  for (const auto& [field, unused] : value.as_object()) {
    if (field != "dtype" && field != "shape" && field != "data_offsets") {
      refuse("the entry of " + name + " has an unknown key", quoted(field), "dtype, shape and data_offsets");
    }
  }
  const Json *dtype = value.find("dtype"), *shape = value.find("shape"),
             *offsets = value.find("data_offsets");
  if (!dtype || !dtype->is_string())
    refuse("the entry of " + name + " has no dtype", "", "a string such as \"F32\"");
  if (!shape || !shape->is_array()) refuse("the entry of " + name + " has no shape", "", "an array of sizes");
  if (!offsets || !offsets->is_array() || offsets->as_array().size() != 2) {
    refuse("the entry of " + name + " has no data_offsets", "", "an array of two offsets");
  }
  TensorFileEntry entry;
  entry.name = key;
  entry.dtype = dtype->as_string();
  const NumberFormat* format = find_number_format(entry.dtype);
  if (!format)
    refuse("the type of " + name + " is not one that can be read", quoted(entry.dtype),
           number_format_names());
  if (shape->as_array().size() > kMaxRank) {
    refuse(name + " has too many dimensions", std::to_string(shape->as_array().size()),
           "at most " + std::to_string(kMaxRank));
  }
  for (const Json& size : shape->as_array()) {
    if (!size.is_integer() || size.as_integer() < 0) {
      refuse("a size of " + name + " is not a whole number from 0", to_json(*shape));
    }
    entry.shape.push_back(size.as_integer());
  }
  entry.begin = checked_offset(offsets->as_array()[0], name, refuse);
  entry.end = checked_offset(offsets->as_array()[1], name, refuse);
  if (entry.end < entry.begin) refuse("the offsets of " + name + " run backwards", to_json(*offsets));
  const std::uint64_t wanted = checked_bytes(entry.shape, format->bytes, name, refuse);
  if (entry.end - entry.begin != wanted) {
    refuse("the offsets of " + name + " disagree with its shape",
           std::to_string(entry.end - entry.begin) + " bytes",
           std::to_string(wanted) + " bytes for " + to_string(entry.shape) + " of " + entry.dtype);
  }
  return entry;
}

void read_metadata(const Json& value, TensorFileHeader& header, const Refusal& refuse) {
  if (!value.is_object()) refuse("__metadata__ is not an object", value.type_name());
  for (const auto& [key, text] : value.as_object()) {
    if (!text.is_string()) refuse("the metadata " + quoted(key) + " is not a string", text.type_name());
    header.metadata.emplace_back(key, text.as_string());
  }
}

/// Arrays must follow each other without hole or overlap from the end of the header to the end of the file.
void check_cover(const TensorFileHeader& header, std::uint64_t data_bytes, const Refusal& refuse) {
  std::uint64_t position = 0;
  for (const TensorFileEntry& entry : header.entries) {
    if (entry.begin != position) {
      refuse(quoted(entry.name) +
                 (entry.begin > position ? " leaves a hole before it" : " overlaps another array"),
             "begins at " + std::to_string(entry.begin), "begins at " + std::to_string(position));
    }
    position = entry.end;
  }
  if (position > data_bytes) {
    refuse("the file is cut short", std::to_string(data_bytes) + " bytes of numbers",
           std::to_string(position) + " bytes");
  }
  if (position < data_bytes) {
    refuse("the file is longer than its header says", std::to_string(data_bytes) + " bytes of numbers",
           std::to_string(position) + " bytes");
  }
}

TensorFileHeader read_header(const ByteSource& source, std::uint64_t& data_begin, const Refusal& refuse) {
  TensorFileHeader header;
  header.file_bytes = source.size();
  if (source.size() < kLengthBytes) {
    refuse("the file is too short", std::to_string(source.size()) + " bytes", "at least 8 bytes");
  }
  std::uint64_t length = 0;
  source.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > kMaxHeaderBytes) {
    refuse("the header's length is not plausible", std::to_string(length),
           "at most " + std::to_string(kMaxHeaderBytes));
  }
  if (length > source.size() - kLengthBytes) {
    refuse("the file is cut short in its header", std::to_string(source.size()) + " bytes",
           std::to_string(length + kLengthBytes) + " bytes or more");
  }
  if (length == 0) refuse("the header is empty", "", "a JSON object");
  std::string text(length, '\0');
  source.read(kLengthBytes, std::as_writable_bytes(std::span(text)));
  if (text[0] != '{') refuse("the header does not begin with '{'", quoted_byte(text[0]));

  Json tree;
  try {
    tree = parse_json(text, "header");
  } catch (const Error& error) {
    refuse("the header is not valid JSON", error.what());
  }
  std::string().swap(text);  // its strings are in the tree
  if (tree.as_object().size() > kMaxTensors + 1) {
    refuse("the file has too many arrays", std::to_string(tree.as_object().size()),
           "at most " + std::to_string(kMaxTensors));
  }
  for (const auto& [key, value] : tree.as_object()) {
    if (key == kMetadataKey) {
      read_metadata(value, header, refuse);
    } else {
      header.entries.push_back(read_entry(key, value, refuse));
    }
  }
  if (header.entries.size() > kMaxTensors) {
    refuse("the file has too many arrays", std::to_string(header.entries.size()),
           "at most " + std::to_string(kMaxTensors));
  }
  std::stable_sort(header.entries.begin(), header.entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  data_begin = kLengthBytes + length;
  check_cover(header, source.size() - data_begin, refuse);
  return header;
}

// ---- numbers ----

Tensor read_numbers(const ByteSource& source, std::uint64_t position, const TensorFileEntry& entry,
                    const Refusal& refuse) {
  const NumberFormat& format = *find_number_format(entry.dtype);
  Tensor tensor(entry.shape, format.becomes);
  if (format.convert == nullptr) {
    source.read(position, std::span(tensor.bytes(), static_cast<std::size_t>(entry.end - entry.begin)));
    return tensor;
  }
  std::vector<std::byte> raw(static_cast<std::size_t>(entry.end - entry.begin));
  source.read(position, raw);
  if (!format.convert(raw, tensor)) {
    refuse("a number of " + quoted(entry.name) + " is too large for float64", entry.dtype,
           "whole numbers up to 2^53 in size");
  }
  return tensor;
}

TensorFile read_all(const ByteSource& source, const std::string& where) {
  const Refusal refuse(where);
  std::uint64_t data_begin = 0;
  TensorFileHeader header = read_header(source, data_begin, refuse);
  TensorFile file;
  file.metadata = std::move(header.metadata);
  file.tensors.reserve(header.entries.size());
  for (const TensorFileEntry& entry : header.entries) {
    file.tensors.emplace_back(entry.name, read_numbers(source, data_begin + entry.begin, entry, refuse));
  }
  return file;
}

// ---- writing ----

using Named = std::pair<std::string, Tensor>;

std::vector<const Named*> in_file_order(const TensorFile& file) {
  std::vector<const Named*> order;
  for (const Named& item : file.tensors) order.push_back(&item);
  std::sort(order.begin(), order.end(), [](const Named* a, const Named* b) {
    const std::size_t wide_a = dtype_size(a->second.dtype()), wide_b = dtype_size(b->second.dtype());
    return wide_a != wide_b ? wide_a > wide_b : a->first < b->first;
  });
  return order;
}

void check_writable(const TensorFile& file) {
  const auto refuse = [](const std::string& what, const std::string& fix) {
    throw Error(ErrorKind::usage, what).where("tensor file to write").fix(fix);
  };
  if (file.tensors.size() > kMaxTensors)
    refuse("there are too many arrays", "at most 65536 go into one file");
  std::unordered_set<std::string_view> names;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == kMetadataKey) refuse("an array cannot be called __metadata__", "choose another name");
    if (!names.insert(name).second) refuse("two arrays are called " + quoted(name), "give each its own name");
    if (element_count(tensor.shape()) != tensor.size())
      refuse(quoted(name) + " is empty", "give it a shape and values");
  }
  std::unordered_set<std::string_view> keys;
  for (const auto& [key, text] : file.metadata) {
    if (!keys.insert(key).second) refuse("two metadata are called " + quoted(key), "give each its own name");
  }
}

const char* format_name(DType dtype) {
  return dtype == DType::float32 ? "F32" : dtype == DType::float64 ? "F64" : "I32";
}

std::string encode_header(const TensorFile& file, const std::vector<const Named*>& order) {
  Json::Object members;
  if (!file.metadata.empty()) {
    auto sorted = file.metadata;
    std::sort(sorted.begin(), sorted.end());
    Json::Object texts;
    for (auto& [key, text] : sorted) texts.emplace_back(key, Json(std::move(text)));
    members.emplace_back(kMetadataKey, Json(std::move(texts)));
  }
  std::int64_t position = 0;
  for (const Named* item : order) {
    const Tensor& tensor = item->second;
    const std::int64_t end = position + tensor.size() * static_cast<std::int64_t>(dtype_size(tensor.dtype()));
    members.emplace_back(
        item->first, Json::object({{"dtype", format_name(tensor.dtype())},
                                   {"shape", Json::list(tensor.shape())},
                                   {"data_offsets", Json::list(std::vector<std::int64_t>{position, end})}}));
    position = end;
  }
  std::string text = to_json(Json(std::move(members)));
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the numbers start at a multiple of 8
  try {
    parse_json(text);  // names and texts must be valid UTF-8
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, "a name or a text for the tensor file is not valid UTF-8")
        .seen(error.what());
  }
  if (text.size() > kMaxHeaderBytes) {
    throw Error(ErrorKind::usage, "the header of the tensor file would be too long")
        .seen(std::to_string(text.size()) + " bytes")
        .expected("at most " + std::to_string(kMaxHeaderBytes) + " bytes");
  }
  const std::uint64_t length = text.size();
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  return out + text;
}

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {tensor.bytes(), static_cast<std::size_t>(tensor.size()) * dtype_size(tensor.dtype())};
}

/// Calls put(bytes) for every piece of the file, in order.
void write_pieces(const TensorFile& file, auto&& begin, auto&& put) {
  check_writable(file);
  const std::vector<const Named*> order = in_file_order(file);
  const std::string header = encode_header(file, order);
  std::uint64_t total = header.size();
  for (const Named* item : order) total += bytes_of(item->second).size();
  begin(total);
  put(std::as_bytes(std::span(header)));
  for (const Named* item : order) put(bytes_of(item->second));
}

}  // namespace

const Tensor* TensorFile::find(std::string_view name) const {
  for (const auto& [key, tensor] : tensors) {
    if (key == name) return &tensor;
  }
  return nullptr;
}

const std::string* TensorFile::find_metadata(std::string_view key) const {
  for (const auto& [name, text] : metadata) {
    if (name == key) return &text;
  }
  return nullptr;
}

std::string encode_tensor_file(const TensorFile& file) {
  std::string out;
  write_pieces(
      file, [&](std::uint64_t total) { out.reserve(total); },
      [&](std::span<const std::byte> bytes) {
        out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      });
  return out;
}

void write_tensor_file(const std::string& path, const TensorFile& file) {
  AtomicFiles files;
  write_tensor_file(files, path, file);
  files.commit();
}

void write_tensor_file(AtomicFiles& files, const std::string& path, const TensorFile& file) {
  AtomicFile* out = nullptr;
  write_pieces(
      file, [&](std::uint64_t total) { out = &files.add(path, total); },
      [&](std::span<const std::byte> bytes) { out->write(bytes); });
}

TensorFile decode_tensor_file(std::string_view bytes, const std::string& where) {
  return read_all(MemorySource(bytes), where);
}

TensorFile read_tensor_file(const std::string& path) { return read_all(FileSource(path), path); }

TensorFileHeader read_tensor_file_header(const std::string& path) {
  std::uint64_t data_begin = 0;
  return read_header(FileSource(path), data_begin, Refusal(path));
}

}  // namespace rondo
