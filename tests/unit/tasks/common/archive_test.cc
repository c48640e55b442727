#include "tasks/common/archive.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "rondo/base/error.h"

namespace rondo::tasks {
namespace {

struct Scale {
  double center = 0, spread = 1;
  bool active = false;
  std::int64_t first = 0;
  std::string id;
  std::optional<std::vector<std::string>> words;
  std::vector<double> waves;

  void archive(Archive& archive) {
    archive.field("center", center);
    archive.field("spread", spread, 1e-300, 1e300);
    archive.field("active", active);
    archive.field("first", first);
    archive.field("id", id);
    archive.field("words", words);
    archive.field("waves", waves);
  }
};

struct Options {
  std::int64_t units = 8;
  std::string cell = "gru";
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("units", self.units, "size");
    option("cell", self.cell, "kind");
  }
};

enum class Kind : std::uint8_t { plain, fancy };
constexpr const char* kKinds[] = {"plain", "fancy"};

struct Everything {
  double real = 0;
  std::uint64_t hash = 0;
  Kind kind = Kind::plain;
  std::vector<std::string> names;
  std::vector<double> weights;
  Options options;
  std::vector<Scale> scales;
  std::vector<float> state = {0, 0, 0};

  void archive(Archive& archive) {
    archive.version(3);
    archive.field("real", real);
    archive.field("hash", hash);
    archive.choice("kind", kind, kKinds);
    archive.field("names", names);
    archive.field("weights", weights);
    archive.field("options", options);
    archive.field("scales", scales);
    archive.array("state", std::span(state));
  }
};

Everything example() {
  Everything all;
  all.real = -0.1;
  all.hash = 0xFEDCBA9876543210ULL;
  all.kind = Kind::fancy;
  all.names = {"a", "b"};
  all.weights = {0.1, 1e-310, 3};
  all.options = {16, "lstm"};
  all.scales = {{1, 2, true, 4000000000000000001, "x", std::vector<std::string>{"u", "v"}, {1, 2}},
                {0.3, 4, false, -7, "y", std::nullopt, {}}};
  all.state = {1, 2, 3};
  return all;
}

TensorFile write(Everything all) {
  TensorFile file;
  Archive archive = Archive::writer(file);
  archive.section("all", [&] { all.archive(archive); });
  return file;
}

Everything read(const TensorFile& file) {
  Everything all;
  Archive archive = Archive::reader(file, "FILE");
  archive.section("all", [&] { all.archive(archive); });
  archive.finish();
  return all;
}

TEST(Archive, GivesBackWhatItWroteToTheBit) {
  // Through the bytes of a file.
  const Everything all = read(decode_tensor_file(encode_tensor_file(write(example()))));
  const Everything expected = example();
  EXPECT_EQ(all.real, expected.real);
  EXPECT_EQ(all.hash, expected.hash);
  EXPECT_EQ(all.kind, Kind::fancy);
  EXPECT_EQ(all.names, expected.names);
  EXPECT_EQ(all.weights, expected.weights);
  EXPECT_EQ(all.options.units, 16);
  EXPECT_EQ(all.options.cell, "lstm");
  EXPECT_EQ(all.state, expected.state);
  ASSERT_EQ(all.scales.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(all.scales[i].center, expected.scales[i].center);
    EXPECT_EQ(all.scales[i].active, expected.scales[i].active);
    EXPECT_EQ(all.scales[i].first, expected.scales[i].first);
    EXPECT_EQ(all.scales[i].id, expected.scales[i].id);
    EXPECT_EQ(all.scales[i].words, expected.scales[i].words);
    EXPECT_EQ(all.scales[i].waves, expected.scales[i].waves);
  }
}

TEST(Archive, RealFieldsOfAListAreOneArrayEach) {
  const TensorFile file = write(example());
  ASSERT_NE(file.find("all/scales.center"), nullptr);
  EXPECT_EQ(file.find("all/scales.center")->shape(), (Shape{2}));
  EXPECT_EQ(parse_json(*file.find_metadata("all")).at("scales.id"),
            Json::list(std::vector<std::string>{"x", "y"}));
}

std::string error_of(const std::function<void(TensorFile&)>& damage) {
  TensorFile file = write(example());
  damage(file);
  try {
    read(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model_file);
    EXPECT_NE(std::string(error.what()).find("FILE"), std::string::npos);
    return error.what();
  }
  return "no error";
}

/// The section's values, changed.
std::string error_of_values(const std::function<void(Json&)>& damage) {
  return error_of([&](TensorFile& file) {
    Json values = parse_json(file.metadata.at(0).second);
    damage(values);
    file.metadata.at(0).second = to_json(values);
  });
}

void expect_names(const std::string& message, const std::string& field, const std::string& problem) {
  EXPECT_NE(message.find(field), std::string::npos) << message;
  EXPECT_NE(message.find(problem), std::string::npos) << message;
}

TEST(Archive, NamesAFieldThatCannotBeUsed) {
  expect_names(error_of_values([](Json& v) { v.erase("names"); }), "'all/names'", "is missing");
  expect_names(error_of_values([](Json& v) { v.set("more", 1); }), "'all/more'", "not a field");
  expect_names(error_of_values([](Json& v) { v.set("names", 1); }), "'all/names'", "");
  expect_names(error_of_values([](Json& v) { v.set("real", "x"); }), "'all/real'", "is not a number");
  expect_names(error_of_values([](Json& v) { v.set("real", Json()); }), "'all/real'", "is not a number");
  expect_names(error_of_values([](Json& v) { v.set("real", "nan"); }), "'all/real'", "NaN");
  expect_names(error_of_values([](Json& v) { v.set("version", 4); }), "'all/version'", "another version");
  expect_names(error_of_values([](Json& v) { v.set("kind", "odd"); }), "'all/kind'", "unknown value");
  expect_names(error_of_values([](Json& v) { v.find("options")->erase("cell"); }), "'all/options'", "cell");
  expect_names(error_of_values([](Json& v) { v.find("options")->set("cel", 1); }), "'all/options'", "cel");
  expect_names(error_of([](TensorFile& f) { f.metadata.at(0).second = "{"; }), "section 'all'", "");
  expect_names(error_of([](TensorFile& f) { f.metadata.clear(); }), "section 'all'", "is missing");
  expect_names(error_of([](TensorFile& f) { f.metadata.emplace_back("other", "{}"); }), "'other'",
               "more than");
}

TEST(Archive, NamesAnArrayThatCannotBeUsed) {
  const auto without = [](const char* name) {
    return [name](TensorFile& f) { std::erase_if(f.tensors, [&](auto& t) { return t.first == name; }); };
  };
  const auto with = [](const char* name, Tensor tensor) {
    return [name, tensor](TensorFile& f) {
      std::erase_if(f.tensors, [&](auto& t) { return t.first == name; });
      f.tensors.emplace_back(name, tensor);
    };
  };
  expect_names(error_of(without("all/weights")), "'all/weights'", "is missing");
  expect_names(error_of(without("all/scales.center")), "'all/scales.center'", "is missing");
  expect_names(error_of(with("all/state", Tensor({4}, DType::float32))), "'all/state'", "another size");
  expect_names(error_of(with("all/state", Tensor({3}, DType::float64))), "'all/state'",
               "another size or type");
  expect_names(error_of(with("all/scales.center", Tensor({1}, DType::float64))), "'all/scales.center'",
               "fewer");
  expect_names(error_of(with("all/scales.center", Tensor({3}, DType::float64))), "'all/scales.center'",
               "more");
  expect_names(error_of(with("all/more", Tensor({3}, DType::float64))), "'all/more'", "not an array");
  expect_names(error_of(with("more", Tensor({3}, DType::float64))), "'more'", "more than");
  expect_names(error_of(with("all/scales.spread", Tensor({2}, DType::float64))), "'all/scales.spread'",
               "out of range");
  const double infinite = std::numeric_limits<double>::infinity();
  expect_names(error_of(with("all/weights", Tensor::from(std::span(&infinite, 1), {1}))), "'all/weights'",
               "infinity");
}

TEST(Archive, ListsCannotClaimMoreItemsThanTheFileHolds) {
  for (const std::int64_t count :
       {std::int64_t{3}, std::numeric_limits<std::int64_t>::max(), std::int64_t{-1}})
    expect_names(error_of_values([&](Json& v) { v.set("scales", count); }), "'all/scales", "");
  expect_names(error_of_values([](Json& v) { v.set("scales", 1); }), "'all/scales.",
               "more values than items");
  expect_names(error_of_values([](Json& v) {
                 Json counts = Json::array();
                 counts.push_back(std::numeric_limits<std::int64_t>::max());
                 counts.push_back(0);
                 v.set("scales.waves.count", counts);
               }),
               "'all/scales.waves'", "fewer values");
}

TEST(Archive, KeepsNonfiniteNumbersWhereTheyAreAllowed) {
  const double values[] = {std::nan(""), std::numeric_limits<double>::infinity(), -0.0};
  for (double expected : values) {
    TensorFile file;
    Archive writer = Archive::writer(file);
    writer.section("s", [&] { writer.field("x", expected); });
    double seen = 1;
    Archive reader = Archive::reader(file, "FILE");
    reader.allow_nonfinite();
    reader.section("s", [&] { reader.field("x", seen); });
    EXPECT_TRUE(std::isnan(expected) ? std::isnan(seen)
                                     : seen == expected && std::signbit(seen) == std::signbit(expected));
  }
}

}  // namespace
}  // namespace rondo::tasks
