#pragma once

#include <string>
#include <vector>

namespace rondo {

/// Files of a run that are one run's at a time: whoever holds the lock may write them. Another run that asks
/// meanwhile gets Error(resources), "another run is at work there", with `what` it is about. The lock of a
/// run that was killed is free. It is a file of that name, which goes with the lock.
class FileLock {
 public:
  FileLock(std::string path, const std::string& what);
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;

  /// That of a folder, for all that a run writes there, and of one file. What a killed run left half-written
  /// is removed.
  static FileLock of_folder(const std::string& folder);
  static FileLock of_file(const std::string& file);

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// Error(usage) when `output` is one of the files that the run reads, by this or another name: links are
/// followed. Names that are "" are left out, "-" is the standard output or input.
void check_is_no_input(const std::string& output, const std::vector<std::string>& inputs);

}  // namespace rondo
