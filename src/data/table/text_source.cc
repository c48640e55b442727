#include "data/table/text_source.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"

namespace rondo::detail {

namespace {

struct Signature {
  std::string_view bytes;
  const char* meaning;
  const char* fix;
};

using namespace std::string_view_literals;

/// Text packs to a tenth, a column of zeros to a fifth of a per cent: what unpacks to more is made to fill
/// the memory.
constexpr std::int64_t kSureToBeSmall = std::int64_t{32} << 20;
constexpr std::int64_t kLargestRatio = 400;

constexpr std::array kForeign = {
    Signature{"PK\x03\x04"sv, "a ZIP archive or an Excel workbook", "unpack it, or save the sheet as CSV"},
    Signature{"\xD0\xCF\x11\xE0"sv, "an old Excel workbook", "save the sheet as CSV"},
    Signature{"\xFD"
              "7zXZ"sv,
              "an xz archive", "unpack it with xz -d, or pack it with gzip"},
    Signature{"\x28\xB5\x2F\xFD"sv, "a zstd archive", "unpack it with zstd -d, or pack it with gzip"},
    Signature{"BZh"sv, "a bzip2 archive", "unpack it with bunzip2, or pack it with gzip"},
    Signature{"PAR1"sv, "a Parquet file", "export it as CSV"},
    Signature{"\xFF\xFE"sv, "UTF-16 text", "save it as UTF-8"},
    Signature{"\xFE\xFF"sv, "UTF-16 text", "save it as UTF-8"},
    Signature{"%PDF"sv, "a PDF document", "export the table as CSV"},
};

void refuse_bomb(std::int64_t unpacked, std::int64_t packed, const std::string& name) {
  if (unpacked < kSureToBeSmall || packed <= 0 || unpacked / packed < kLargestRatio) return;
  throw Error(ErrorKind::data, "the gzip file unpacks to far more than a table would")
      .where(name)
      .seen(std::to_string(unpacked >> 20) + " MiB so far from " + std::to_string(packed >> 10) + " KiB")
      .expected("at most " + std::to_string(kLargestRatio) + " times its size")
      .fix("if it is a table indeed, unpack it with gunzip and give the plain file");
}

}  // namespace

struct TextSource::File {
  gzFile handle = nullptr;
  std::int64_t unpacked = 0;
  std::int64_t packed_bytes() const { return static_cast<std::int64_t>(gzoffset(handle)); }
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (handle != nullptr) gzclose_r(handle);
  }
};

TextSource::TextSource(const std::filesystem::path& path)
    : name_(path.string()), file_(std::make_unique<File>()) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw_unreadable(name_, EISDIR);
  do {
    errno = 0;
    file_->handle = gzopen(path.c_str(), "rb");  // reads plain files as they are
  } while (file_->handle == nullptr && errno == EINTR);
  if (file_->handle == nullptr) throw_unreadable(name_, errno != 0 ? errno : ENOMEM);
  gzbuffer(file_->handle, 1U << 17);
}

TextSource::TextSource(std::string_view text, std::string name) : name_(std::move(name)), memory_(text) {}
TextSource::TextSource(TextSource&&) noexcept = default;
TextSource& TextSource::operator=(TextSource&&) noexcept = default;
TextSource::~TextSource() = default;

std::size_t TextSource::read(char* to, std::size_t size) {
  if (file_ == nullptr) {
    const std::size_t count = std::min(size, memory_.size());
    std::memcpy(to, memory_.data(), count);
    memory_.remove_prefix(count);
    return count;
  }
  const int count = gzread(file_->handle, to, static_cast<unsigned>(size));
  int code = Z_OK;
  const char* reason = gzerror(file_->handle, &code);
  if (count >= 0 && code == Z_OK) {
    file_->unpacked += count;
    refuse_bomb(file_->unpacked, file_->packed_bytes(), name_);
    return static_cast<std::size_t>(count);
  }
  if (code == Z_ERRNO) throw_unreadable(name_, errno);
  throw Error(ErrorKind::data,
              code == Z_BUF_ERROR ? "the gzip file ends too early" : "the gzip file is damaged")
      .where(name_)
      .seen(reason)
      .fix("fetch or pack the file again; gzip -t checks it");
}

void TextSource::check_start(std::string_view bytes) const {
  for (const Signature& foreign : kForeign) {
    if (!bytes.starts_with(foreign.bytes)) continue;
    throw Error(ErrorKind::data, "the file is not a text file")
        .where(name_)
        .seen(foreign.meaning)
        .expected("CSV text, plain or gzip")
        .fix(foreign.fix);
  }
}

bool TextSource::append(std::string& to, std::size_t size) {
  const std::size_t old = to.size();
  to.resize(old + size);
  const std::size_t count = read(to.data() + old, size);
  to.resize(old + count);
  const std::string_view added = std::string_view(to).substr(old);
  if (!started_) {
    started_ = true;
    check_start(added);
    if (added.starts_with("\xEF\xBB\xBF")) {
      to.erase(old, 3);
      return count > 0;
    }
  }
  if (added.find('\0') != std::string_view::npos) {
    throw Error(ErrorKind::data, "the file is not a text file")
        .where(name_)
        .seen("a byte of value 0")
        .expected("CSV text in UTF-8, plain or gzip")
        .fix("export the table as CSV");
  }
  return count > 0;
}

}  // namespace rondo::detail
