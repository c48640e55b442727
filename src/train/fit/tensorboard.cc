#include "rondo/train/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "rondo/base/error.h"

namespace rondo {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kCastagnoliReversed = 0x82F63B78u;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? kCastagnoliReversed : 0u);
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

/// A protocol-buffer message under construction: numbered fields, one after the other.
class Message {
 public:
  void add_varint(int field, std::uint64_t value) {
    key(field, 0);
    varint(value);
  }
  void add_double(int field, double value) {
    key(field, 1);
    raw(std::bit_cast<std::uint64_t>(value), 8);
  }
  void add_float(int field, float value) {
    key(field, 5);
    raw(std::bit_cast<std::uint32_t>(value), 4);
  }
  void add_bytes(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
  }
  void add_message(int field, const Message& message) { add_bytes(field, message.bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, unsigned wire_type) { varint((static_cast<std::uint64_t>(field) << 3) | wire_type); }
  void varint(std::uint64_t value) {
    while (value >= 128) {
      bytes_ += static_cast<char>((value & 127) | 128);
      value >>= 7;
    }
    bytes_ += static_cast<char>(value);
  }
  void raw(std::uint64_t value, int count) {  // little-endian
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 255);
  }

  std::string bytes_;
};

// Field numbers of event.proto, summary.proto, tensor.proto and tensor_shape.proto.
namespace event {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
}
namespace summary {
constexpr int kValue = 1;
}
namespace value {
constexpr int kTag = 1, kSimpleValue = 2;
}
Message event_at(double wall_time, std::int64_t step) {
  Message message;
  message.add_double(event::kWallTime, wall_time);
  if (step != 0) message.add_varint(event::kStep, static_cast<std::uint64_t>(step));
  return message;
}

template <class Number>
std::string little_endian(Number number) {
  static_assert(std::endian::native == std::endian::little);
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

[[noreturn]] void throw_cannot(const char* doing, const std::string& path, int error_number) {
  throw Error(ErrorKind::resources, std::string("cannot ") + doing + " " + path)
      .seen(std::generic_category().message(error_number))
      .fix("free some space, or choose another folder for the TensorBoard events");
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  std::uint32_t crc = ~0u;
  for (const std::byte byte : bytes)
    crc = kCrcTable[(crc ^ static_cast<std::uint32_t>(byte)) & 255u] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t masked_crc32c(std::span<const std::byte> bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u;
}

EventFileWriter::EventFileWriter(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw_cannot("make the folder", folder, failed.value());
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') std::strcpy(host, "localhost");
  const std::string stem = (std::filesystem::path(folder) / "events.out.tfevents.").string() +
                           std::to_string(static_cast<std::int64_t>(now())) + "." + host + "." +
                           std::to_string(::getpid()) + ".";
  constexpr int kMaxWriters = 10000;
  for (int i = 0; i < kMaxWriters && !file_; ++i) {  // two writers of one second get different names
    path_ = stem + std::to_string(i) + ".v2";
    file_.reset(std::fopen(path_.c_str(), "wbx"));
    if (!file_ && errno != EEXIST) break;
  }
  if (!file_) throw_cannot("write", path_, errno);
  Message version = event_at(now(), 0);
  version.add_bytes(event::kFileVersion, "brain.Event:2");
  write_event(version.bytes());
  flush();
}

double EventFileWriter::now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void EventFileWriter::scalar(std::string_view tag, double number, std::int64_t step, double wall_time) {
  Message one;
  one.add_bytes(value::kTag, tag);
  one.add_float(value::kSimpleValue, static_cast<float>(number));
  Message all, record = event_at(wall_time, step);
  all.add_message(summary::kValue, one);
  record.add_message(event::kSummary, all);
  write_event(record.bytes());
}

void EventFileWriter::write_event(std::string_view event) {
  const std::string length = little_endian(static_cast<std::uint64_t>(event.size()));
  std::string record = length + little_endian(masked_crc32c(std::as_bytes(std::span(length))));
  record += event;
  record += little_endian(masked_crc32c(std::as_bytes(std::span(event))));
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size())
    throw_cannot("write", path_, errno);
}

void EventFileWriter::flush() {
  if (std::fflush(file_.get()) != 0) throw_cannot("write", path_, errno);
}

}  // namespace rondo
