// Model files that describe a network which they do not hold: refused before memory is taken for it.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/tensor/tensor_file.h"
#include "rondo/train/model.h"
#include "support/instrumented.h"
#include "support/scratch_folder.h"

namespace rondo {
namespace {

using Clock = std::chrono::steady_clock;

TEST(CraftedModel, IsRefusedBeforeItsNetworkIsMade) {
  const ScratchFolder folder;
  const auto spec = [](const std::string& features, const std::string& layer) {
    return R"({"input": {"sequence": true, "steps": -1, "features": [)" + features + R"(]}, "layers": [)" +
           layer + "]}";
  };
  const std::string specs[] = {
      spec("8192", R"({"type": "lstm", "units": 8192})"),
      spec("8", R"({"type": "dense", "units": 1000000000000})"),
      spec("1", R"({"type": "embedding", "input_dim": 1000000000000, "output_dim": 1})"),
      spec("4", R"({"type": "gru", "units": 3074457345618258603, "use_bias": false})"),
      spec("4611686018427387904, 8", R"({"type": "dense", "units": 1})"),
      spec("8", R"({"type": "bidirectional", "layer": {"type": "lstm", "units": 100000000}})"),
  };
  for (const std::string& text : specs) {
    TensorFile file;
    file.metadata = {{"format", "rondo-model-1"}, {"spec", text}};
    write_tensor_file(folder / "model.rondo", file);
    const auto start = Clock::now();
    try {
      Model::load(folder / "model.rondo");
      ADD_FAILURE() << "loaded: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::model_file) << error.what();
    }
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(kInstrumented ? 60 : 2)) << text;
  }
}

TEST(CraftedModel, OfManyLayersTakesTimeByTheirNumber) {
  const ScratchFolder folder;
  const auto seconds_for = [&](int layers) {
    Json list = Json::array();
    for (int i = 0; i < layers; ++i)
      list.push_back(Json::object({{"type", "activation"}, {"activation", "relu"}}));
    const Json spec = Json::object(
        {{"input",
          Json::object({{"sequence", true}, {"steps", -1}, {"features", Json::list(std::vector<int>{1})}})},
         {"layers", list}});
    TensorFile file;
    file.metadata = {{"format", "rondo-model-1"}, {"spec", to_json(spec)}};
    write_tensor_file(folder / "model.rondo", file);
    const auto start = Clock::now();
    try {
      Model::load(folder / "model.rondo");
    } catch (const Error&) {  // no matter
    }
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  if (kInstrumented) GTEST_SKIP() << "a sanitizer changes the time";
  EXPECT_LT(seconds_for(10'000), 3) << "it was 16 s for 4,000";
}

}  // namespace
}  // namespace rondo
