#include "rondo/tensor/tensor_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

std::string length_bytes(std::uint64_t length) {
  return std::string(reinterpret_cast<const char*>(&length), sizeof length);
}

/// A file of this header and `data` bytes of zeros.
std::string file_of(const std::string& header, std::size_t data = 0) {
  return length_bytes(header.size()) + header + std::string(data, '\0');
}

template <class... Numbers>
std::string raw(Numbers... numbers) {
  std::string out;
  (out.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return out;
}

TensorFile sample() {
  TensorFile file;
  file.tensors.emplace_back("b", Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3}));
  file.tensors.emplace_back("a", Tensor::from({-0.5}, {}, DType::float64));
  file.tensors.emplace_back("nothing", Tensor({0, 4}));
  file.tensors.emplace_back("a.b.\"c\" \xE6\xB0\xB4", Tensor::from({INFINITY, 1e-45}, {2}));
  file.metadata = {{"format", "rondo"}, {"empty", ""}};
  return file;
}

std::string refusal_of(const std::string& bytes) {
  try {
    decode_tensor_file(bytes, "x.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model_file) << error.what();
    EXPECT_NE(std::string(error.what()).find("x.safetensors"), std::string::npos) << error.what();
    return error.what();
  }
  return "accepted";
}

TEST(TensorFileTest, ReadsBackTheSameBits) {
  const TensorFile file = sample();
  const TensorFile back = decode_tensor_file(encode_tensor_file(file));
  ASSERT_EQ(back.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    const Tensor* other = back.find(name);
    ASSERT_NE(other, nullptr) << name;
    EXPECT_EQ(other->shape(), tensor.shape());
    ASSERT_EQ(other->dtype(), tensor.dtype());
    const std::size_t bytes = static_cast<std::size_t>(tensor.size()) * dtype_size(tensor.dtype());
    EXPECT_TRUE(bytes == 0 || std::memcmp(other->bytes(), tensor.bytes(), bytes) == 0) << name;
  }
  EXPECT_EQ(*back.find_metadata("format"), "rondo");
  EXPECT_EQ(*back.find_metadata("empty"), "");
  EXPECT_EQ(back.find_metadata("other"), nullptr);
  EXPECT_EQ(back.find("other"), nullptr);
}

TEST(TensorFileTest, TheSameContentGivesTheSameBytesInAnyOrder) {
  TensorFile file = sample();
  const std::string bytes = encode_tensor_file(file);
  std::reverse(file.tensors.begin(), file.tensors.end());
  std::reverse(file.metadata.begin(), file.metadata.end());
  EXPECT_EQ(encode_tensor_file(file), bytes);
}

TEST(TensorFileTest, EveryNumberStandsAtAMultipleOfItsSize) {
  const fs::path path = fs::temp_directory_path() / ("rondo-aligned-" + std::to_string(getpid()));
  write_tensor_file(path.string(), sample());
  const std::string bytes = read_file(path.string());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  for (const TensorFileEntry& entry : read_tensor_file_header(path.string()).entries) {
    EXPECT_EQ(entry.begin % (entry.dtype == "F64" ? 8 : 4), 0u) << entry.name;
  }
  fs::remove(path);
}

TEST(TensorFileTest, AnEmptyFileOfNoArraysIsAFile) {
  const TensorFile back = decode_tensor_file(encode_tensor_file({}));
  EXPECT_TRUE(back.tensors.empty());
  EXPECT_TRUE(back.metadata.empty());
}

TEST(TensorFileTest, TheHeaderTellsWhatIsInside) {
  const fs::path path = fs::temp_directory_path() / ("rondo-header-" + std::to_string(getpid()));
  write_tensor_file(path.string(), sample());
  const TensorFileHeader header = read_tensor_file_header(path.string());
  EXPECT_EQ(header.file_bytes, fs::file_size(path));
  ASSERT_EQ(header.entries.size(), 4u);
  EXPECT_EQ(header.entries[0].name, "a");
  EXPECT_EQ(header.entries[0].dtype, "F64");
  EXPECT_EQ(header.metadata.size(), 2u);
  const TensorFile file = read_tensor_file(path.string());
  EXPECT_EQ(file.find("b")->at(5), 6.0);
  fs::remove(path);
}

TEST(TensorFileTest, ArraysMayBeListedInAnyOrder) {
  const std::string header = R"({"late":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
                             R"("early":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const TensorFile file = decode_tensor_file(length_bytes(header.size()) + header + raw(1.5f, 2.5f));
  EXPECT_EQ(file.find("early")->at(0), 1.5);
  EXPECT_EQ(file.find("late")->at(0), 2.5);
}

TEST(TensorFileTest, IdsComeBackAsTheyWere) {
  const std::vector<std::int64_t> ids = {16'777'217, -1, 2'147'483'647, 0};
  TensorFile file;
  file.tensors.emplace_back("ids", Tensor::from(ids, {2, 2}));
  file.tensors.emplace_back("a", Tensor::from({1.5}, {1}, DType::float64));
  file.tensors.emplace_back("z", Tensor::from({2.5}, {1}));
  const TensorFile back = decode_tensor_file(encode_tensor_file(file));
  const Tensor& seen = *back.find("ids");
  EXPECT_EQ(seen.dtype(), DType::int32);
  EXPECT_EQ(seen.shape(), (Shape{2, 2}));
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(seen.data<std::int32_t>()[i], ids[i]);
  EXPECT_EQ(back.find("a")->at(0), 1.5);
  EXPECT_EQ(back.find("z")->at(0), 2.5);
}

TEST(TensorFileTest, OtherNumbersBecomeReals) {
  const auto read = [](const std::string& type, const std::string& numbers, std::size_t count) {
    const std::string header = R"({"x":{"dtype":")" + type + R"(","shape":[)" + std::to_string(count) +
                               R"(],"data_offsets":[0,)" + std::to_string(numbers.size()) + "]}}";
    return decode_tensor_file(length_bytes(header.size()) + header + numbers).tensors.at(0).second;
  };
  const auto expect = [](const Tensor& seen, DType dtype, const std::vector<double>& values) {
    EXPECT_EQ(seen.dtype(), dtype);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_EQ(seen.at(static_cast<std::int64_t>(i)), values[i]);
  };
  expect(read("I64", raw(std::int64_t{-3}, std::int64_t{1} << 53), 2), DType::float64,
         {-3, 9007199254740992.0});
  expect(read("I32", raw(std::int32_t{-2147483647}), 1), DType::int32, {-2147483647});
  expect(read("U32", raw(std::uint32_t{4294967295u}), 1), DType::float64, {4294967295.0});
  expect(read("I16", raw(std::int16_t{-32768}), 1), DType::float32, {-32768});
  expect(read("U16", raw(std::uint16_t{65535}), 1), DType::float32, {65535});
  expect(read("I8", raw(std::int8_t{-128}, std::int8_t{127}), 2), DType::float32, {-128, 127});
  expect(read("U8", raw(std::uint8_t{0}, std::uint8_t{255}), 2), DType::float32, {0, 255});
  expect(read("BF16", raw(std::uint16_t{0x3FC0}, std::uint16_t{0xFF80}), 2), DType::float32,
         {1.5, -INFINITY});
  expect(read("F16",
              raw(std::uint16_t{0x3E00}, std::uint16_t{0xFBFF}, std::uint16_t{0x0001}, std::uint16_t{0x7C00}),
              4),
         DType::float32, {1.5, -65504, 0x1p-24, INFINITY});
  EXPECT_TRUE(std::isnan(read("F16", raw(std::uint16_t{0x7E00}), 1).at(0)));
  EXPECT_TRUE(std::signbit(read("F16", raw(std::uint16_t{0x8000}), 1).at(0)));
}

/// All 65,536 values of binary16, against their definition.
TEST(TensorFileTest, EveryHalfIsReadExactly) {
  std::string numbers;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) numbers += raw(static_cast<std::uint16_t>(bits));
  const std::string header = R"({"x":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}})";
  const TensorFile file = decode_tensor_file(length_bytes(header.size()) + header + numbers);
  const auto values = file.tensors[0].second.data<float>();
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    if (exponent == 31) {
      EXPECT_EQ(fraction == 0, std::isinf(values[bits])) << bits;
      continue;
    }
    const double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    ASSERT_EQ(values[bits], static_cast<float>(bits & 0x8000 ? -size : size)) << bits;
  }
}

struct BadFile {
  const char* why;  // what is wrong, and the name of the case
  std::string bytes;
  const char* phrase;  // what the message says
};

std::string one(const std::string& entry, std::size_t data) { return file_of("{\"x\":" + entry + "}", data); }

std::vector<BadFile> bad_files() {
  const std::string good = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  std::string many = "{";
  for (int i = 0; i <= 65536; ++i) {
    many += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  }
  many += "}";
  return {
      {"nothing", "", "too short"},
      {"seven bytes", std::string(7, '\0'), "too short"},
      {"length zero", length_bytes(0), "header is empty"},
      {"length beyond the file", length_bytes(100) + "{}", "cut short in its header"},
      {"length one beyond the file", length_bytes(3) + "{}", "cut short in its header"},
      {"length over the limit", length_bytes((16u << 20) + 1) + std::string((16u << 20) + 1, ' '),
       "not plausible"},
      {"length of all ones", length_bytes(~std::uint64_t{0}) + "{}", "not plausible"},
      {"length with the sign bit", length_bytes(std::uint64_t{1} << 63) + "{}", "not plausible"},
      {"another kind of file", "PK\x03\x04 a zip archive, not a model", "not plausible"},
      {"blank before the brace", file_of(" {}"), "does not begin with '{'"},
      {"an array for a header", file_of("[]"), "does not begin with '{'"},
      {"a header of zeros", file_of(std::string(16, '\0')), "does not begin with '{'"},
      {"broken JSON", file_of("{\"x\":"), "not valid JSON"},
      {"text after the JSON", file_of("{} x"), "not valid JSON"},
      {"zeros after the JSON", file_of(std::string("{}\0\0", 4)), "not valid JSON"},
      {"invalid UTF-8", file_of("{\"\xff\":" + good + "}", 8), "not valid JSON"},
      {"a doubled name", file_of("{\"x\":" + good + ",\"x\":" + good + "}", 8), "occurs twice"},
      {"a doubled key in an entry", one(R"({"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]})", 8),
       "occurs twice"},
      {"deep nesting", file_of("{\"x\":" + std::string(200, '[') + std::string(200, ']') + "}"),
       "nested too deeply"},
      {"an entry that is a number", one("1", 0), "entry of \"x\" is not an object"},
      {"an entry that is null", one("null", 0), "entry of \"x\" is not an object"},
      {"an unknown key", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"code":"rm"})", 8),
       "unknown key"},
      {"no dtype", one(R"({"shape":[2],"data_offsets":[0,8]})", 8), "has no dtype"},
      {"a dtype that is a number", one(R"({"dtype":32,"shape":[2],"data_offsets":[0,8]})", 8),
       "has no dtype"},
      {"an unknown dtype", one(R"({"dtype":"Q4","shape":[2],"data_offsets":[0,8]})", 8),
       "not one that can be read"},
      {"no shape", one(R"({"dtype":"F32","data_offsets":[0,8]})", 8), "has no shape"},
      {"a shape that is a number", one(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", 8),
       "has no shape"},
      {"a negative size", one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8),
       "not a whole number"},
      {"a size that is a real", one(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", 8),
       "not a whole number"},
      {"a size that is text", one(R"({"dtype":"F32","shape":["2"],"data_offsets":[0,8]})", 8),
       "not a whole number"},
      {"a size beyond 64 bits",
       one(R"({"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]})", 8),
       "not a whole number"},
      {"nine dimensions", one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})", 8),
       "too many dimensions"},
      {"sizes whose product wraps to the right number",
       one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", 0), "too large"},
      {"bytes that wrap", one(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]})", 0),
       "too large"},
      {"overflow beside a zero",
       one(R"({"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]})", 0), "too large"},
      {"a zero before an overflow",
       one(R"({"dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0]})", 0), "too large"},
      {"no offsets", one(R"({"dtype":"F32","shape":[2]})", 8), "has no data_offsets"},
      {"one offset", one(R"({"dtype":"F32","shape":[2],"data_offsets":[8]})", 8), "has no data_offsets"},
      {"three offsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4,8]})", 8),
       "has no data_offsets"},
      {"a negative offset", one(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})", 8),
       "not a whole number"},
      {"an offset that is a real", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8.5]})", 8),
       "not a whole number"},
      {"offsets that run backwards", one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", 8),
       "run backwards"},
      {"more offsets than shape", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})", 8), "disagree"},
      {"more shape than offsets", one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", 8), "disagree"},
      {"another width", one(R"({"dtype":"F64","shape":[2],"data_offsets":[0,8]})", 8), "disagree"},
      {"declared larger than the file",
       one(R"({"dtype":"F32","shape":[1000000],"data_offsets":[0,4000000]})", 8), "cut short"},
      {"one byte short", one(good, 7), "cut short"},
      {"one byte long", one(good, 9), "longer than its header says"},
      {"numbers without arrays", file_of("{}", 8), "longer than its header says"},
      {"a hole at the start", one(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", 12),
       "leaves a hole"},
      {"a hole between",
       file_of("{\"x\":" + good + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})", 16),
       "leaves a hole"},
      {"an overlap",
       file_of("{\"x\":" + good + R"(,"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12),
       "overlaps"},
      {"the same bytes twice", file_of("{\"x\":" + good + ",\"y\":" + good + "}", 8), "overlaps"},
      {"an empty array inside another",
       file_of("{\"x\":" + good + R"(,"y":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}})", 8),
       "overlaps"},
      {"metadata that is an array", file_of(R"({"__metadata__":[]})"), "__metadata__ is not an object"},
      {"metadata of numbers", file_of(R"({"__metadata__":{"a":1}})"), "is not a string"},
      {"metadata of objects", file_of(R"({"__metadata__":{"a":{}}})"), "is not a string"},
      {"too many arrays", file_of(many), "too many arrays"},
      {"a whole number that float64 cannot hold",
       file_of(R"({"x":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})") +
           raw((std::int64_t{1} << 53) + 1),
       "too large for float64"},
      {"the least whole number",
       file_of(R"({"x":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})") + raw(INT64_MIN),
       "too large for float64"},
  };
}

TEST(TensorFileTest, EveryBadFileIsRefusedForItsOwnReason) {
  ASSERT_EQ(refusal_of(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 8)), "accepted");
  const std::vector<BadFile> files = bad_files();
  EXPECT_GE(files.size(), 30u);
  for (const BadFile& file : files) {
    const std::string message = refusal_of(file.bytes);
    EXPECT_NE(message.find(file.phrase), std::string::npos) << file.why << ": " << message;
  }
}

TEST(TensorFileTest, ATruncatedFileIsRefusedWhereverItEnds) {
  const std::string bytes = encode_tensor_file(sample());
  ASSERT_EQ(refusal_of(bytes), "accepted");
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(refusal_of(bytes.substr(0, n)), "accepted") << n;
  EXPECT_NE(refusal_of(bytes + '\0'), "accepted");
}

TEST(TensorFileTest, TheLongestHeaderIsRead) {
  std::string header = "{}";
  header.resize(16u << 20, ' ');
  EXPECT_EQ(refusal_of(file_of(header)), "accepted");
}

TEST(TensorFileTest, RefusesToWriteWhatItWouldNotRead) {
  const auto refused = [](const TensorFile& file) {
    try {
      encode_tensor_file(file);
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return true;
    }
  };
  EXPECT_TRUE(refused({{{"x", Tensor({1})}, {"x", Tensor({1})}}, {}}));
  EXPECT_TRUE(refused({{{"__metadata__", Tensor({1})}}, {}}));
  EXPECT_TRUE(refused({{{"\xff", Tensor({1})}}, {}}));
  EXPECT_TRUE(refused({{{"x", Tensor()}}, {}}));
  EXPECT_TRUE(refused({{}, {{"a", "1"}, {"a", "2"}}}));
  EXPECT_TRUE(refused({{}, {{"a", "\xff"}}}));
}

TEST(TensorFileTest, AMissingFileAFolderAndADeviceAreDataErrors) {
  for (const std::string path : {"/no/such/file", "/", "/dev/null"}) {
    try {
      read_tensor_file(path);
      ADD_FAILURE() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
    }
  }
}

TEST(TensorFileTest, ARefusedWriteLeavesTheOldFile) {
  const std::string path = (fs::temp_directory_path() / ("rondo-old-" + std::to_string(getpid()))).string();
  write_tensor_file(path, sample());
  const std::string before = read_file(path);
  EXPECT_THROW(write_tensor_file(path, {{{"x", Tensor()}}, {}}), Error);
  EXPECT_EQ(read_file(path), before);
  fs::remove(path);
}

}  // namespace
}  // namespace rondo
