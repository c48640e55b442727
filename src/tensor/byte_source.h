#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rondo {

/// Bytes of known number that can be read from any position: memory or a file.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills `out` from `position`; throws Error(model_file) when the source has not so much.
  virtual void read(std::uint64_t position, std::span<std::byte> out) const = 0;
};

/// Does not own the bytes.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t position, std::span<std::byte> out) const override;

 private:
  std::string_view bytes_;
};

/// An ordinary file, open for reading; throws Error(data) when it cannot be opened.
class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::string& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t position, std::span<std::byte> out) const override;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace rondo
