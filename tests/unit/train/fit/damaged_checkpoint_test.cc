// Checkpoints whose numbers lead outside of the data or the network: each is refused, with Error(model_file).

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>

#include "rondo/base/error.h"
#include "rondo/base/json.h"
#include "rondo/layers/layers.h"
#include "rondo/tensor/tensor_file.h"
#include "rondo/train/callbacks.h"
#include "rondo/train/training.h"
#include "support/scratch_folder.h"

namespace rondo {
namespace {

ArrayDataset twenty_samples() {
  Tensor x({20, 3, 2}), y({20, 1});
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, 0.01 * static_cast<double>(i % 17));
  for (std::int64_t i = 0; i < y.size(); ++i) y.set(i, 0.1 * static_cast<double>(i % 7));
  return {Samples(x), Samples(y)};
}

class DamagedCheckpoint : public testing::Test {
 protected:
  /// Trains up to this epoch, from the checkpoint if there is one.
  void train(std::int64_t epochs) {
    Network network;
    const int x = network.add_input("x", ValueShape{true, -1, {2}});
    const int h = network.add(lstm({.units = 3, .stateful = true}), {x})[0];
    network.set_outputs(network.add(dense({.units = 1}), {h}));
    network.build(1);
    Trainer trainer(network, {.optimizer = "adam", .loss = "mse", .metrics = {"mae"}});
    const ArrayDataset data = twenty_samples();
    FitOptions options{.batch_size = 5, .epochs = epochs, .validation_split = 0.25};
    options.reset_states_every_epoch = false;  // those of the checkpoint are used
    options.callbacks.push_back(
        std::make_shared<EarlyStopping>(EarlyStoppingOptions{.patience = 9, .restore_best_weights = true}));
    options.callbacks.push_back(std::make_shared<CsvLogger>(folder_ / "history.csv"));
    options.run.verbose = 0;
    options.run.checkpoint = path_;
    options.run.resume = true;
    trainer.fit(data, options);
  }

  TensorFile intact() {
    std::filesystem::remove(path_);
    train(2);
    return read_tensor_file(path_);
  }

  void expect_refused(const TensorFile& file, const std::string& what,
                      ErrorKind kind = ErrorKind::model_file) {
    write_tensor_file(path_, file);
    try {
      train(4);
      ADD_FAILURE() << "accepted: " << what;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << what << ": " << error.what();
    }
  }

  ScratchFolder folder_;
  const std::string path_ = folder_ / "checkpoint.rondo";
};

TEST_F(DamagedCheckpoint, IsWholeWithoutDamage) {
  write_tensor_file(path_, intact());
  EXPECT_NO_THROW(train(4));
}

TEST_F(DamagedCheckpoint, PlacesOutsideOfTheDataAreRefused) {
  const TensorFile file = intact();
  const std::int64_t huge = std::int64_t{1} << 62;
  const Json two_epochs = Json::list(std::vector<std::int64_t>{0, 1});
  const std::vector<std::pair<const char*, Json>> damages = {
      {"batch", -1},
      {"batch", 4},
      {"batch", huge},
      {"batch", "x"},
      {"batch", 0.5},
      {"epoch", -1},
      {"epoch", huge},
      {"epoch", 1},
      {"epoch", Json()},
      {"stopped", 3},
      {"history", Json()},
      {"history", Json::object()},
      {"meters", Json()},
      {"carried", "x"},
      {"callbacks", 7},
      {"callbacks", Json::list(two_epochs.as_array())},
      {"meters",
       Json::object({{"weight", 1}, {"loss", 1}, {"losses", Json::array()}, {"metrics", Json::array()}})},
      {"carried", Json::list(std::vector<Json>{Json::object({{"layer", "lstm"}, {"states", huge}})})},
      {"carried", Json::list(std::vector<Json>{Json::object({{"layer", "lstm"}, {"states", 1}})})},
      {"carried", Json::list(std::vector<Json>{Json::object({{"layer", "lstm"}, {"states", -1}})})},
  };
  for (const auto& [key, value] : damages) {
    TensorFile damaged = file;
    for (auto& [name, text] : damaged.metadata) {
      if (name != "training") continue;
      Json training = parse_json(text);
      training.set(key, value);
      text = to_json(training);
    }
    expect_refused(damaged, std::string(key) + " = " + to_json(value));
  }
}

TEST_F(DamagedCheckpoint, ArraysOfAnotherShapeAreRefused) {
  const TensorFile file = intact();
  for (const auto& [name, tensor] : file.tensors) {
    for (const Tensor& other : {Tensor({tensor.size() + 2}), Tensor({2, 1, 1}), Tensor({2, 3}),
                                Tensor(tensor.shape(), DType::float64)}) {
      TensorFile damaged = file;
      for (auto& item : damaged.tensors) {
        if (item.first == name) item.second = other;
      }
      // Carried states are looked at by their layer, which knows how many rows the batch has.
      const bool of_another_batch =
          name.starts_with("carried/") && other.shape().size() == 2 && other.dtype() == DType::float32;
      expect_refused(damaged, name + " as " + to_string(other.shape()) + " " + dtype_name(other.dtype()),
                     of_another_batch ? ErrorKind::usage : ErrorKind::model_file);
    }
  }
}

}  // namespace
}  // namespace rondo
