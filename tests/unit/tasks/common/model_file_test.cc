#include "tasks/common/model_file.h"

#include <gtest/gtest.h>

#include "rondo/base/error.h"
#include "rondo/layers/layers.h"
#include "rondo/train/model.h"

namespace rondo::tasks {
namespace {

Network small_network(std::uint64_t seed) {
  Sequential model(ValueShape{true, -1, {2}}, {gru({.units = 3}), dense({.units = 1})});
  model.build(seed);
  return std::move(model.network());
}

std::vector<float> weights_of(const Network& network) {
  const Tensor all = network.parameters().values();
  const auto values = all.data<float>();
  return {values.begin(), values.end()};
}

TEST(ModelFile, HoldsSeveralNetworksAndSections) {
  Network first = small_network(1), second = small_network(2);
  std::string words = "a b c";
  const TensorFile file = make_model_file([&](Archive& archive) {
    archive_network(archive, first);
    archive_network(archive, "teacher", second);
    archive.section("vocabulary", [&] { archive.field("words", words); });
  });
  Network one, two;
  std::string read;
  read_model_file(decode_tensor_file(encode_tensor_file(file)), "FILE", [&](Archive& archive) {
    archive_network(archive, one);
    archive_network(archive, "teacher", two);
    archive.section("vocabulary", [&] { archive.field("words", read); });
  });
  EXPECT_EQ(weights_of(one), weights_of(first));
  EXPECT_EQ(weights_of(two), weights_of(second));
  EXPECT_EQ(read, words);
}

std::string error_of(const TensorFile& file) {
  try {
    Network network;
    read_model_file(file, "FILE", [&](Archive& archive) { archive_network(archive, network); });
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model_file);
    return error.what();
  }
  return "no error";
}

TEST(ModelFile, RefusesOtherFilesAndWhatIsLeftOver) {
  Network network = small_network(1);
  const TensorFile whole = make_model_file([&](Archive& archive) { archive_network(archive, network); });
  EXPECT_EQ(error_of(whole), "no error");
  TensorFile other = whole;
  other.metadata.clear();
  EXPECT_NE(error_of(other).find("not a model file"), std::string::npos) << error_of(other);
  TensorFile more = whole;
  more.tensors.emplace_back("stray", Tensor({1}, DType::float32));
  EXPECT_NE(error_of(more).find("'stray'"), std::string::npos) << error_of(more);
}

TEST(ModelFile, AllocatesNothingForANetworkWhoseArraysItDoesNotHold) {
  Network network = small_network(1);
  TensorFile file = make_model_file([&](Archive& archive) { archive_network(archive, network); });
  for (auto& [key, text] : file.metadata) {
    if (key != "spec") continue;
    const std::size_t at = text.find("\"units\":3");
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, 9, "\"units\":1000000");  // 12 TB of recurrent weights
  }
  EXPECT_NE(error_of(file).find("another shape"), std::string::npos) << error_of(file);
}

}  // namespace
}  // namespace rondo::tasks
