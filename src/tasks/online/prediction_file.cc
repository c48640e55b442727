#include "tasks/online/prediction_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/system_call.h"
#include "data/table/cell_text.h"
#include "rondo/base/error.h"

namespace rondo::online {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

}  // namespace

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

PredictionFile::~PredictionFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void PredictionFile::fail(const char* doing, int error_number) const {
  throw Error(ErrorKind::resources, std::string("cannot ") + doing + " the file of predictions")
      .where(path_)
      .seen(std::strerror(error_number))
      .fix(error_number == ENOSPC ? "make room on the disk, then continue with --resume"
                                  : "name another file with --out");
}

void PredictionFile::open(const std::string& path, std::int64_t length, const std::string& header) {
  path_ = path;
  buffer_.reserve(kBufferBytes + 4096);
  const bool standard = path == "-";
  descriptor_ = detail::uninterrupted([&] {
    return standard ? ::dup(STDOUT_FILENO) : ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  });
  if (descriptor_ < 0) fail("open", errno);
  struct stat info {};
  const bool ordinary = ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode) && !standard;
  if (ordinary) {
    if (length > info.st_size) {
      throw Error(ErrorKind::data, "the file of predictions is shorter than when the snapshot was written")
          .where(path)
          .seen(std::to_string(info.st_size) + " bytes")
          .expected(std::to_string(length) + " bytes")
          .fix("put the file back, or name another one with --out");
    }
    if (::ftruncate(descriptor_, length) != 0 || ::lseek(descriptor_, length, SEEK_SET) < 0)
      fail("shorten", errno);
  }
  length_ = length;
  if (length == 0) {
    buffer_ += header;
    length_ += static_cast<std::int64_t>(header.size());
  }
}

void PredictionFile::write_row(std::int64_t row, const std::string* time, std::span<const double> actual,
                               std::span<const double> forecast, std::span<const double> next) {
  const std::size_t before = buffer_.size();
  buffer_ += std::to_string(row);
  if (time != nullptr) {
    buffer_ += ',' + csv_cell(*time);
  }
  for (std::size_t d = 0; d < forecast.size(); ++d) {
    for (const double value : {actual[d], forecast[d], next[d]}) buffer_ += ',' + detail::number_text(value);
  }
  buffer_ += '\n';
  length_ += static_cast<std::int64_t>(buffer_.size() - before);
  if (buffer_.size() >= kBufferBytes) flush();
}

void PredictionFile::flush(bool durable) {
  if (descriptor_ < 0) return;
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t done = ::write(descriptor_, left.data(), left.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) {
      const int reason = errno;
      buffer_.erase(0, buffer_.size() - left.size());
      fail("write", reason);
    }
    left.remove_prefix(static_cast<std::size_t>(done));
  }
  buffer_.clear();
  // Pipes and terminals cannot be synchronised and need not be.
  if (durable && detail::uninterrupted([&] { return ::fsync(descriptor_); }) != 0 && errno != EINVAL &&
      errno != EROFS)
    fail("save", errno);
}

}  // namespace rondo::online
