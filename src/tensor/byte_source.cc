#include "tensor/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/system_call.h"
#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

[[noreturn]] void throw_cut_short(const std::string& path) {
  throw Error(ErrorKind::model_file, "the file ended while it was read")
      .where(path)
      .fix("do not change a file while it is read");
}

}  // namespace

void MemorySource::read(std::uint64_t position, std::span<std::byte> out) const {
  if (position > bytes_.size() || out.size() > bytes_.size() - position) throw_cut_short("memory");
  if (!out.empty()) std::memcpy(out.data(), bytes_.data() + position, out.size());
}

FileSource::FileSource(const std::string& path) : path_(path) {
  // O_NONBLOCK: a pipe of that name must not make us wait; it is refused below.
  descriptor_ =
      detail::uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
  if (descriptor_ < 0) throw_unreadable(path, errno);
  struct stat info {};
  const int failed = ::fstat(descriptor_, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
  if (failed != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor_);
    descriptor_ = -1;
    if (failed != 0) throw_unreadable(path, failed);
    throw Error(ErrorKind::data, "cannot read " + path)
        .seen("a device, pipe or socket")
        .expected("an ordinary file");
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
}

FileSource::~FileSource() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileSource::read(std::uint64_t position, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t done = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(position));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) throw_unreadable(path_, errno);
    if (done == 0) throw_cut_short(path_);
    position += static_cast<std::uint64_t>(done);
    out = out.subspan(static_cast<std::size_t>(done));
  }
}

}  // namespace rondo
