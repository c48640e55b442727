#include <rondo/rondo.h>

#include <cstdio>
#include <stdexcept>

using namespace rondo;

namespace {
void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

/// Sums of random sequences [samples, steps, 1].
Dataset& examples() {
  static ArrayDataset data = [] {
    Tensor x({64, 10, 1}), y({64, 1});
    const RandomStream random(1);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      x.set(i, random.normal(static_cast<std::uint64_t>(i)));
      y.set(i / 10, y.at(i / 10) + x.at(i) / 10);
    }
    return ArrayDataset(Samples(std::move(x)), Samples(std::move(y)));
  }();
  return data;
}

/// Training with noise: the loss is the mean of two passes of the network.
class TwoPasses final : public TrainingStep {
 public:
  Json config() const override { return Json::object({{"name", "two_passes"}}); }
  void run(TrainingPass& pass) override {
    for (int k = 0; k < 2; ++k) {
      const Vars predictions = pass.forward();
      pass.add_objectives(predictions, 0.5);
      if (k == 0) pass.update_metrics(predictions);
    }
  }
};
}  // namespace

int main() try {
  Dataset& data = examples();
  {
    Sequential model({lstm({.units = 8}), dense({.units = 1})});
    model.compile(
        {.optimizer = optimizers::adam({.learning_rate = 0.01}), .loss = "mse", .metrics = {"mae"}});
    auto stop = std::make_shared<EarlyStopping>(
        EarlyStoppingOptions{.monitor = "val_loss", .patience = 5, .restore_best_weights = true});
    const History history =
        model.fit(data, {.epochs = 30, .validation_split = 0.25, .callbacks = {stop}, .run = {.verbose = 0}});
    std::printf("val_loss %.4f after %zu epochs\n", history.at("val_loss").back(), history.epochs.size());
    require(history.at("val_loss").back() < history.at("val_loss").front(), "it learns");
  }
  {
    Sequential model({gru({.units = 8}), dense({.units = 1})});
    model.compile({.optimizer = "adam", .loss = "mse", .step = std::make_shared<TwoPasses>()});
    model.fit(data, {.epochs = 2, .run = {.verbose = 0}});
  }
  {
    Sequential model({simple_rnn({.units = 8}), dense({.units = 1})});
    model.compile({.optimizer = "sgd", .loss = "mse"});
    const std::vector<std::int64_t> indices = {0, 1, 2, 3};
    const Batch batch = data.gather(indices, DType::float32);
    double first = 0, last = 0;
    for (int step = 0; step < 50; ++step) {
      const NamedValues& values = model.train_on_batch(batch);
      (step == 0 ? first : last) = values[0].second;
    }
    require(last < first, "a loop of one's own learns");
  }
  std::puts("training: ok");
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
