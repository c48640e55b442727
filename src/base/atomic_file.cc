#include "rondo/base/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/abandoned.h"
#include "base/system_call.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo {
namespace {

std::string reason_text(int error_number) { return std::generic_category().message(error_number); }

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

const char* fix_for(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free some space there or choose another folder; what stood under the name is untouched";
    case EFBIG: return "raise the limit on file sizes (ulimit -f) or choose another file system";
    case EACCES:
    case EPERM: return "give yourself the right to write there or choose another folder";
    case EROFS: return "this file system is read-only: choose another folder";
    case ENOENT: return "make the folder first";
    case ENOTDIR: return "a part of the path is a file, not a folder";
    case ENAMETOOLONG: return "choose a shorter name";
    default: return "choose another folder; what stood under the name is untouched";
  }
}

struct CloseDescriptor {
  int descriptor;
  ~CloseDescriptor() { ::close(descriptor); }
};

/// Whether it is ".NAME.PROCESS.tmp" or ".NAME.PROCESS-N.tmp", as open_temporary() calls its files.
bool is_temporary(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(".tmp")) return false;
  name.remove_suffix(4);
  const std::string_view process = name.substr(name.rfind('.') + 1);
  return process.size() < name.size() - 1 && !process.empty() &&
         process.find_first_not_of("0123456789-old") == std::string_view::npos && process[0] >= '0' &&
         process[0] <= '9';
}

}  // namespace

void detail::remove_abandoned(const std::string& folder, const std::string& prefix) {
  // Not std::filesystem::directory_iterator: that of libstdc++ ends the program when memory runs out.
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix) || !is_temporary(name)) continue;
    const std::string path = folder + "/" + entry->d_name;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    const CloseDescriptor closer{descriptor};
    struct stat info {
    }, named{};
    const bool ordinary = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
    if (!ordinary || ::flock(descriptor, LOCK_EX | LOCK_NB) != 0) continue;
    // Somebody else may have removed it meanwhile, and the name be that of a new file.
    if (::lstat(path.c_str(), &named) == 0 && named.st_ino == info.st_ino) ::unlink(path.c_str());
  }
}

AtomicFile::AtomicFile(std::string path, std::uint64_t expected_bytes)
    : path_(std::move(path)), target_(path_), expected_(expected_bytes) {
  if (path_.empty() || path_.find('\0') != std::string::npos || path_.back() == '/') {
    throw Error(ErrorKind::resources, "'" + path_ + "' is not the name of a file")
        .fix("give the file a name");
  }
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0) {
    if (!S_ISREG(info.st_mode)) {
      throw Error(ErrorKind::resources, "cannot replace " + path_)
          .seen(S_ISDIR(info.st_mode) ? "a folder of that name" : "a device, pipe or socket of that name")
          .expected("an ordinary file or nothing")
          .fix("choose another name");
    }
    if (::access(path_.c_str(), W_OK) != 0) fail("cannot replace", errno);
    if (const std::unique_ptr<char, void (*)(void*)> real(::realpath(path_.c_str(), nullptr), std::free);
        real) {
      target_ = real.get();
    }
  }
  folder_ = folder_of(target_);
  open_temporary();
  if (S_ISREG(info.st_mode) && ::fchmod(descriptor_, info.st_mode & 07777) != 0) {
    // Keeping the old permissions is a courtesy; some file systems have none.
  }
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::open_temporary() {
  const std::string prefix = "." + name_of(target_) + ".";
  detail::remove_abandoned(folder_, prefix);
  const std::string stem = folder_ + "/" + prefix + std::to_string(::getpid());
  constexpr int kTries =
      1000;  // another thread, or a dead process that had our number, may hold the first names
  for (int i = 0; i < kTries; ++i) {
    std::string name = stem + (i == 0 ? "" : "-" + std::to_string(i)) + ".tmp";
    descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) {
      if (errno == EEXIST || errno == EINTR) continue;
      break;
    }
    temporary_ = std::move(name);  // which takes no memory: a copy that failed would leave the file behind
    // Says "in use"; a file system without locks is no reason to stop. Before the lock it looked abandoned:
    // somebody may be about to remove it.
    const bool wanted = ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    struct stat info {};
    if (!wanted && (::fstat(descriptor_, &info) != 0 || info.st_nlink > 0)) return;
    temporary_.clear();  // the name may be another file's by now
    discard();
  }
  fail("cannot write", errno);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) throw Error(ErrorKind::usage, "the file " + path_ + " is already complete");
  while (!bytes.empty()) {
    constexpr std::size_t kPiece = std::size_t{1} << 30;  // one call takes less than 2 GiB
    const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size() < kPiece ? bytes.size() : kPiece);
    if (done < 0) {
      if (errno == EINTR) continue;
      fail("cannot write", errno);
    }
    if (done == 0) fail("cannot write", ENOSPC);
    written_ += static_cast<std::uint64_t>(done);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
}

void AtomicFile::commit() {
  force_to_disk();
  rename_into_place();
}

void AtomicFile::force_to_disk() {
  if (descriptor_ < 0) throw Error(ErrorKind::usage, "the file " + path_ + " is already complete");
  if (detail::uninterrupted([&] { return ::fsync(descriptor_); }) != 0)
    fail("cannot force to the disk", errno);
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) fail("cannot check", errno);
  if (static_cast<std::uint64_t>(info.st_size) != written_) fail("cannot write", EIO);
}

void AtomicFile::rename_into_place() {
  if (detail::uninterrupted([&] { return ::rename(temporary_.c_str(), target_.c_str()); }) != 0)
    fail("cannot rename to", errno);
  temporary_.clear();
  const int file = descriptor_;
  descriptor_ = -1;
  ::close(file);  // its data are on the disk: fsync has said so

  const int folder =
      detail::uninterrupted([&] { return ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (folder < 0) return;  // a folder that may be written but not read; the rename stands
  const CloseDescriptor closer{folder};
  if (detail::uninterrupted([&] { return ::fsync(folder); }) == 0) return;
  if (errno == EINVAL || errno == ENOTSUP || errno == EBADF) return;  // this file system has no such call
  fail("cannot force to the disk the folder of", errno);
}

void AtomicFile::discard() noexcept {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::fail(const char* doing, int error_number) {
  discard();
  std::string seen = reason_text(error_number);
  if (written_ > 0 || expected_ > 0) {
    seen += ", after " + std::to_string(written_) +
            (expected_ > 0 ? " of " + std::to_string(expected_) : "") + " bytes";
  }
  if (struct statvfs space{}; ::statvfs(folder_.empty() ? "." : folder_.c_str(), &space) == 0) {
    seen += "; " + std::to_string(std::uint64_t{space.f_bavail} * space.f_frsize) + " bytes are free there";
  }
  throw Error(ErrorKind::resources, std::string(doing) + " " + path_)
      .seen(std::move(seen))
      .expected(expected_ > 0 ? "room for " + std::to_string(expected_) + " bytes"
                              : "a folder that can be written")
      .fix(fix_for(error_number));
}

AtomicFile& AtomicFiles::add(const std::string& path, std::uint64_t expected_bytes) {
  files_.push_back(std::make_unique<AtomicFile>(path, expected_bytes));
  return *files_.back();
}

void AtomicFiles::commit() {
  /// A file that has changed, and what it was: "" where there was none.
  struct Changed {
    std::string target, old;
  };
  std::vector<Changed> changed;
  for (const auto& file : files_) file->force_to_disk();
  for (const auto& file : files_) {
    Changed now{file->target_, file->temporary_};
    now.old.insert(now.old.size() - 4, "-old");
    // There are file systems without links: there the others change nevertheless.
    const bool one_of_several = files_.size() > 1;
    const bool kept = one_of_several && ::link(now.target.c_str(), now.old.c_str()) == 0;
    const bool is_new = one_of_several && !kept && errno == ENOENT;
    if (is_new) now.old.clear();
    if (kept || is_new) changed.push_back(std::move(now));
    try {
      file->rename_into_place();
    } catch (...) {  // this one may have changed, too, or not
      for (const Changed& one : changed) {
        if (!one.old.empty()) ::rename(one.old.c_str(), one.target.c_str());
        ::unlink(one.old.empty() ? one.target.c_str() : one.old.c_str());
      }
      throw;
    }
  }
  for (const Changed& file : changed) {
    if (!file.old.empty()) ::unlink(file.old.c_str());
  }
  files_.clear();
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  AtomicFile file(path, bytes.size());
  file.write(bytes);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void throw_unreadable(const std::string& path, int error_number) {
  Error error(ErrorKind::data, "cannot read " + (path.empty() ? std::string("a file without a name") : path));
  error.seen(reason_text(error_number));
  if (error_number == ENOENT) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_of(path), ignored)) {
      names.push_back(entry.path().filename().string());
      if (names.size() > 10000) break;
    }
    const std::string nearest = nearest_name(name_of(path), names);
    error.expected("an existing file")
        .fix(nearest.empty() ? "check the path; relative paths start at the current folder"
                             : "did you mean '" + nearest + "'?");
  } else if (error_number == EISDIR) {
    error.expected("a file").fix("name a file in that folder");
  } else if (error_number == EACCES) {
    error.fix("give yourself the right to read it");
  }
  throw error;
}

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  const int descriptor = detail::uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (descriptor < 0) throw_unreadable(path, errno);
  const CloseDescriptor closer{descriptor};
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) throw_unreadable(path, errno);
  if (S_ISDIR(info.st_mode)) throw_unreadable(path, EISDIR);

  const auto refuse_length = [&](std::uint64_t length) {
    throw Error(ErrorKind::data, path + " is too long")
        .seen(std::to_string(length) + " bytes")
        .expected("at most " + std::to_string(max_bytes) + " bytes");
  };
  const auto declared = static_cast<std::uint64_t>(info.st_size);
  if (declared > max_bytes) refuse_length(declared);

  std::string content;
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  std::size_t used = 0;
  content.resize(declared > 0 ? declared + 1 : kPiece);  // one more, to meet the end without growing
  while (true) {
    if (used == content.size()) content.resize(content.size() * 2);
    const ssize_t done = ::read(descriptor, content.data() + used, content.size() - used);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_unreadable(path, errno);
    if (done == 0) break;
    used += static_cast<std::size_t>(done);
    if (used > max_bytes) refuse_length(used);
  }
  content.resize(used);
  return content;
}

}  // namespace rondo
