#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/base/atomic_file.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// Named arrays and named texts, as a safetensors file holds them: an 8-byte length, a JSON header, then the
/// numbers, little-endian and row-major. Nothing in such a file is code.
struct TensorFile {
  std::vector<std::pair<std::string, Tensor>> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;

  /// nullptr when there is none of that name.
  const Tensor* find(std::string_view name) const;
  const std::string* find_metadata(std::string_view key) const;
};

/// One array of a file, as its header describes it.
struct TensorFileEntry {
  std::string name;
  std::string dtype;  ///< the file's own word: "F32", "BF16" …
  Shape shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes, from the end of the header
};

/// What can be known about a file without taking memory for its numbers.
struct TensorFileHeader {
  std::vector<TensorFileEntry> entries;  ///< in the order of their bytes
  std::vector<std::pair<std::string, std::string>> metadata;
  std::uint64_t file_bytes = 0;
};

/// The bytes of a file: float64 arrays first, then float32 and int32, each by name, so that every number
/// stands at a multiple of its size. The same content gives the same bytes, whatever order it is in. Throws
/// Error(usage) for doubled or invalid names, rank > 8, or more than 65,536 arrays.
std::string encode_tensor_file(const TensorFile& file);

/// Writes it in one step (AtomicFile); throws Error(resources) as well.
void write_tensor_file(const std::string& path, const TensorFile& file);
/// As one of several files that change together.
void write_tensor_file(AtomicFiles& files, const std::string& path, const TensorFile& file);

/// Reads and checks everything before it takes memory for numbers. F32, F64 and I32 come as they are; F16,
/// BF16, I8, U8, I16 and U16 as float32; U32 and I64 as float64. Throws Error(model_file) for anything out of
/// order: a header over 16 MiB or not JSON, more than 65,536 arrays, rank > 8, a size that overflows or
/// disagrees with its bytes, arrays that overlap, leave holes or do not end with the file, doubled names,
/// unknown types or keys, whole numbers that float64 cannot hold. `where` names the source in messages.
TensorFile decode_tensor_file(std::string_view bytes, const std::string& where = "tensor data");

/// The same from a file, without holding its bytes twice; Error(data) when the file cannot be opened.
TensorFile read_tensor_file(const std::string& path);
TensorFileHeader read_tensor_file_header(const std::string& path);

}  // namespace rondo
