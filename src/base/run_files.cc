#include "rondo/base/run_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/abandoned.h"
#include "base/system_call.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

/// The file behind a name, if there is one; "-" is what stands at the descriptor.
std::optional<struct stat> file_behind(const std::string& path, int descriptor) {
  struct stat info {};
  const int failed = path == "-" ? ::fstat(descriptor, &info) : ::stat(path.c_str(), &info);
  return failed == 0 ? std::optional(info) : std::nullopt;
}

bool are_same(const std::string& output, const std::string& input) {
  const auto a = file_behind(output, STDOUT_FILENO), b = file_behind(input, STDIN_FILENO);
  // A terminal is both.
  if (a && b) return a->st_dev == b->st_dev && a->st_ino == b->st_ino && S_ISREG(a->st_mode);
  if (a || b || output == "-" || input == "-") return false;
  // Neither is there yet: two outputs of one run.
  std::error_code ignored;
  const auto plain = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
  };
  return plain(output) == plain(input);
}

}  // namespace

FileLock::FileLock(std::string path, const std::string& what) : path_(std::move(path)) {
  while (true) {
    descriptor_ = detail::uninterrupted(
        [&] { return ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666); });
    if (descriptor_ < 0) {
      throw Error(ErrorKind::resources, "cannot write to " + what)
          .where(path_)
          .seen(std::generic_category().message(errno))
          .fix("choose another place, or give yourself the right to write there");
    }
    const int refused = ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (refused == EWOULDBLOCK) {
      ::close(std::exchange(descriptor_, -1));
      throw Error(ErrorKind::resources, "another run is at work there")
          .where(what)
          .seen("it holds " + path_)
          .fix("wait for its end, or write to another place");
    }
    // A run that was ending may have removed the file between our opening and locking it. Where locks do not
    // exist, there is nothing to hold.
    struct stat info {};
    if (refused != 0 || ::fstat(descriptor_, &info) != 0 || info.st_nlink > 0) break;
    ::close(std::exchange(descriptor_, -1));
  }
}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ < 0) return;
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

FileLock FileLock::of_folder(const std::string& folder) {
  FileLock lock((std::filesystem::path(folder) / ".rondo.lock").string(), "the folder " + folder);
  detail::remove_abandoned(folder, ".");
  return lock;
}

FileLock FileLock::of_file(const std::string& file) {
  const std::filesystem::path path(file);
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  const std::string hidden = "." + path.filename().string() + ".";
  FileLock lock((std::filesystem::path(folder) / (hidden + "lock")).string(), file);
  detail::remove_abandoned(folder, hidden);
  return lock;
}

void check_is_no_input(const std::string& output, const std::vector<std::string>& inputs) {
  if (output.empty()) return;
  for (const std::string& input : inputs) {
    if (input.empty() || !are_same(output, input)) continue;
    throw Error(ErrorKind::usage, "an output of the run is one of its inputs")
        .where(output)
        .seen(input == "-"      ? "the standard input"
              : input == output ? ""
                                : "the same file as " + input)
        .fix("write to another place: the input would be lost");
  }
}

}  // namespace rondo
