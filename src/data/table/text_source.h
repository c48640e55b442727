#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace rondo::detail {

/// Bytes of a text file, plain or gzip, or of a text in memory, block by block. Refuses what is no text: NUL
/// bytes, UTF-16, other compressions. A UTF-8 byte order mark is taken away.
class TextSource {
 public:
  /// Throws Error(data) when the file cannot be opened.
  explicit TextSource(const std::filesystem::path& path);
  /// Refers to `text`.
  TextSource(std::string_view text, std::string name);
  TextSource(TextSource&&) noexcept;
  TextSource& operator=(TextSource&&) noexcept;
  ~TextSource();

  /// The next block, at most `size` bytes, appended to `to`; false at the end. Throws Error(data) for a
  /// broken file.
  bool append(std::string& to, std::size_t size);
  /// For messages.
  const std::string& name() const { return name_; }

 private:
  struct File;
  std::size_t read(char* to, std::size_t size);
  void check_start(std::string_view bytes) const;

  std::string name_;
  std::unique_ptr<File> file_;
  std::string_view memory_;
  bool started_ = false;
};

}  // namespace rondo::detail
