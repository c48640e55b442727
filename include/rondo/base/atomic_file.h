#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo {

/// A file that appears under its name complete or not at all. The bytes go to a temporary file in the same
/// folder; `commit` forces them to the disk and renames. Without `commit` (an exception, a full disk, a kill)
/// whatever stood under the name before stands there still, and the destructor removes the temporary.
///
/// Every failure throws Error(resources) with the path, the system's reason and the fix. A name that is a
/// folder or a device is refused; where it is a symbolic link, the file behind the link is replaced.
class AtomicFile {
 public:
  /// `expected_bytes` (0: not known) is only for messages about a full disk.
  explicit AtomicFile(std::string path, std::uint64_t expected_bytes = 0);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Makes the file appear under its name and survive a power cut. Only once.
  void commit();

  std::uint64_t bytes_written() const { return written_; }
  const std::string& path() const { return path_; }

 private:
  friend class AtomicFiles;

  void open_temporary();
  void force_to_disk();
  void rename_into_place();
  void discard() noexcept;
  [[noreturn]] void fail(const char* doing, int error_number);

  std::string path_;    // as the caller gave it, for messages
  std::string target_;  // links followed
  std::string folder_;
  std::string temporary_;  // empty when there is none
  int descriptor_ = -1;
  std::uint64_t written_ = 0;
  std::uint64_t expected_ = 0;
};

/// Files that change together: each is written as an AtomicFile, and when all are complete they are renamed
/// one after the other. When one cannot be, those before it become what they were. Without `commit` nothing
/// changes.
class AtomicFiles {
 public:
  /// To write to; it lives as long as this.
  AtomicFile& add(const std::string& path, std::uint64_t expected_bytes = 0);
  void add(const std::string& path, std::string_view text) { add(path, text.size()).write(text); }
  void commit();

 private:
  std::vector<std::unique_ptr<AtomicFile>> files_;
};

/// Replaces or creates `path` in one step: see AtomicFile.
void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::string& path, std::string_view text);

/// The whole content. Throws Error(data) when the file is missing (the nearest name in its folder is
/// suggested), is a folder, cannot be read or is longer than `max_bytes`.
std::string read_file(const std::string& path, std::uint64_t max_bytes = std::uint64_t{1} << 34);

/// The error for a path that cannot be opened for reading, as `read_file` throws it; for other readers of
/// files.
[[noreturn]] void throw_unreadable(const std::string& path, int error_number);

}  // namespace rondo
