#include "rondo/train/tensorboard.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

// A reader of its own, from the two specifications: records, then protocol buffers.

template <class Number>
Number take(std::string_view& bytes) {
  if (bytes.size() < sizeof(Number)) throw std::runtime_error("cut short");
  Number number{};
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

std::vector<std::string> read_records(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const std::string_view length_bytes = bytes.substr(0, 8);
    const auto length = take<std::uint64_t>(bytes);
    EXPECT_EQ(take<std::uint32_t>(bytes), masked_crc32c(std::as_bytes(std::span(length_bytes))));
    const std::string_view data = bytes.substr(0, length);
    bytes.remove_prefix(length);
    EXPECT_EQ(take<std::uint32_t>(bytes), masked_crc32c(std::as_bytes(std::span(data))));
    out.emplace_back(data);
  }
  return out;
}

struct Field {
  std::uint64_t number = 0;  // varint, or the bits of a fixed-width value
  std::string bytes;
};

std::uint64_t take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take<std::uint8_t>(bytes);
    value |= std::uint64_t{byte & 127u} << shift;
    if (byte < 128) return value;
  }
}

std::map<int, Field> read_message(std::string_view bytes) {
  std::map<int, Field> out;
  while (!bytes.empty()) {
    const std::uint64_t key = take_varint(bytes);
    Field& field = out[static_cast<int>(key >> 3)];
    switch (key & 7) {
      case 0: field.number = take_varint(bytes); break;
      case 1: field.number = take<std::uint64_t>(bytes); break;
      case 5: field.number = take<std::uint32_t>(bytes); break;
      default:
        EXPECT_EQ(key & 7, 2u);
        const std::uint64_t length = take_varint(bytes);
        field.bytes = std::string(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
  }
  return out;
}

class EventFileTest : public testing::Test {
 protected:
  EventFileTest() : folder_(fs::temp_directory_path() / ("rondo-events-" + std::to_string(getpid()))) {}
  ~EventFileTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

std::uint32_t crc_of(std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

TEST(Crc32cTest, AgreesWithTheKnownAnswersOfRfc3720) {
  EXPECT_EQ(crc_of(""), 0u);
  EXPECT_EQ(crc_of("123456789"), 0xE3069283u);
  EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc_of(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST_F(EventFileTest, ScalarsReadBack) {
  std::string path;
  {
    EventFileWriter writer((folder_ / "train").string());
    writer.scalar("epoch_loss", 0.5, 0, 1700000000.25);
    writer.scalar("epoch_loss", 1e-7, 300, 1700000001.5);
    writer.scalar("nan", NAN, 1);
    path = writer.path();
  }
  EXPECT_EQ(fs::path(path).filename().string().find("events.out.tfevents."), 0u);
  const std::vector<std::string> records = read_records(read_file(path));
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(read_message(records[0])[3].bytes, "brain.Event:2");

  auto event = read_message(records[2]);
  EXPECT_EQ(std::bit_cast<double>(event[1].number), 1700000001.5);
  EXPECT_EQ(event[2].number, 300u);
  auto value = read_message(read_message(event[5].bytes)[1].bytes);
  EXPECT_EQ(value[1].bytes, "epoch_loss");
  EXPECT_EQ(std::bit_cast<float>(static_cast<std::uint32_t>(value[2].number)), 1e-7f);
  EXPECT_EQ(read_message(records[1]).count(2), 0u) << "step 0 is the default and is left out";
}

TEST_F(EventFileTest, WhatIsFlushedIsWholeForAReader) {
  EventFileWriter writer(folder_.string());
  for (int step = 0; step < 1000; ++step) {
    writer.scalar("loss", step, step);
    if (step % 100 == 99) {
      writer.flush();
      EXPECT_EQ(read_records(read_file(writer.path())).size(), static_cast<std::size_t>(step + 2));
    }
  }
}

TEST_F(EventFileTest, TwoWritersOfOneFolderHaveTwoFiles) {
  const EventFileWriter a(folder_.string()), b(folder_.string());
  EXPECT_NE(a.path(), b.path());
}

TEST_F(EventFileTest, AFolderThatCannotBeMadeIsAnError) {
  fs::create_directories(folder_);
  write_file_atomically((folder_ / "file").string(), "x");
  try {
    const EventFileWriter writer((folder_ / "file" / "below").string());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::resources);
    EXPECT_NE(std::string(error.what()).find("below"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace rondo
