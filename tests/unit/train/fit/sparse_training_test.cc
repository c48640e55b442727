#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <limits>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"

// Training of a network with an embedding: ids are int32, and the rows that a batch does not touch cost
// nothing.

namespace rondo {
namespace {

constexpr std::int64_t kSamples = 24, kSteps = 6, kVocabulary = 40;

struct Options {
  double l2 = 0;
  bool every_step = false;
};

Network word_network(const Options& options = {}) {
  Network net;
  const int x = net.add_input("x", ValueShape{true, -1, {}});
  int h = net.add(embedding({.input_dim = kVocabulary,
                             .output_dim = 5,
                             .mask_zero = true,
                             .embeddings_regularizer = {.l2 = options.l2}}),
                  {x})[0];
  h = net.add(lstm({.units = 4, .return_sequences = options.every_step}), {h})[0];
  net.set_outputs(net.add(dense({.units = 3, .activation = "softmax"}), {h}));
  net.build(7);
  return net;
}

Tensor random_ids(Shape shape, std::uint64_t below, std::uint64_t seed) {
  Tensor out(shape, DType::int32);
  const RandomStream random(seed);
  std::uint64_t i = 0;
  for (std::int32_t& id : out.data<std::int32_t>()) id = static_cast<std::int32_t>(random.below(i++, below));
  return out;
}

ArrayDataset word_data(bool every_step = false, DType targets = DType::int32) {
  const Tensor ids = random_ids({kSamples, kSteps}, kVocabulary, 1);
  const Tensor classes = random_ids(every_step ? Shape{kSamples, kSteps, 1} : Shape{kSamples, 1}, 3, 2);
  return ArrayDataset(Samples::tokens(ids), Samples(classes.cast(targets)));
}

FitOptions quiet_fit(std::int64_t epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 4;
  options.run.verbose = 0;
  options.seed = 3;
  return options;
}

/// Counts every row as touched before a step: what training was before rows were sparse.
class DenseTwin : public Optimizer {
 public:
  explicit DenseTwin(const Json& config) : inner_(make_optimizer(config)) {}
  std::string name() const override { return inner_->name(); }
  Json config() const override { return inner_->config(); }
  StepReport step(ParameterStore& parameters) override {
    parameters.mutable_gradients();
    return inner_->step(parameters);
  }
  std::int64_t iterations() const override { return inner_->iterations(); }
  double learning_rate() const override { return inner_->learning_rate(); }
  void set_learning_rate(double rate) override { inner_->set_learning_rate(rate); }
  OptimizerState state(const ParameterStore& parameters) const override { return inner_->state(parameters); }
  void restore(const ParameterStore& parameters, const OptimizerState& state) override {
    inner_->restore(parameters, state);
  }

 private:
  std::unique_ptr<Optimizer> inner_;
};

CompileOptions compiled(const Json& optimizer, bool dense = false) {
  CompileOptions out{
      .optimizer = optimizer, .loss = "sparse_categorical_crossentropy", .metrics = {"accuracy"}};
  if (dense) out.custom_optimizer = std::make_shared<DenseTwin>(optimizer);
  return out;
}

bool equal_parameters(const Network& a, const Network& b) {
  const Tensor &x = a.parameters().values(), &y = b.parameters().values();
  return x.size() == y.size() &&
         std::memcmp(x.bytes(), y.bytes(), static_cast<std::size_t>(x.size()) * dtype_size(x.dtype())) == 0;
}

std::vector<Json> optimizers() {
  return {parse_json(R"({"name": "sgd", "learning_rate": 0.1, "global_clipnorm": 0.5})"),
          parse_json(R"({"name": "adagrad", "learning_rate": 0.1})"),
          parse_json(R"({"name": "adam", "clipnorm": 0.1})"),
          parse_json(R"({"name": "sgd", "momentum": 0.9})")};
}

const Json kLazy =
    parse_json(R"({"name": "adam", "learning_rate": 0.01, "lazy": true, "global_clipnorm": 1})");

TEST(SparseTraining, HasTheBitsOfDenseTraining) {
  for (const bool every_step : {false, true}) {
    for (const double l2 : {0.0, 0.01}) {
      for (const Json& optimizer : optimizers()) {
        Network sparse = word_network({l2, every_step}), dense = word_network({l2, every_step});
        FitOptions options = quiet_fit(2);
        options.tbptt = every_step ? 4 : 0;
        const ArrayDataset data = word_data(every_step);
        const History a = Trainer(sparse, compiled(optimizer)).fit(data, options),
                      b = Trainer(dense, compiled(optimizer, true)).fit(data, options);
        EXPECT_TRUE(equal_parameters(sparse, dense)) << to_json(optimizer) << l2;
        EXPECT_EQ(a.values, b.values) << to_json(optimizer);
      }
    }
  }
}

TEST(SparseTraining, OfALazyOptimizerMovesTheRowsOfTheBatchOnly) {
  Network net = word_network();
  Trainer trainer(net, compiled(kLazy));
  Batch batch;
  batch.inputs = {Samples::tokens(Tensor::from({3, 5, 3, 9, 5, 0}, {2, 3}))};
  batch.targets = {Samples(Tensor::from({0, 2}, {2, 1}, DType::int32))};
  const Tensor before = net.parameters().get(0);
  for (int step = 0; step < 3; ++step) trainer.train_on_batch(batch);
  EXPECT_EQ(net.parameters().touched_rows(0), 3);
  const Tensor after = net.parameters().get(0);
  for (std::int64_t row = 0; row < kVocabulary; ++row) {
    const bool moved = before.at(row * 5) != after.at(row * 5);
    EXPECT_EQ(moved, row == 3 || row == 5 || row == 9) << row;
  }
}

TEST(SparseTraining, OfALazyOptimizerHasTheSameBitsWithOneAndTwoThreads) {
  Network one = word_network(), two = word_network();
  Pool pool(2);
  Trainer(one, compiled(kLazy)).fit(word_data(), quiet_fit(2));
  Trainer(two, compiled(kLazy), &pool).fit(word_data(), quiet_fit(2));
  EXPECT_TRUE(equal_parameters(one, two));
}

TEST(SparseTraining, OfALazyOptimizerResumesWithTheSameBits) {
  const auto path =
      (std::filesystem::temp_directory_path() / ("rondo_sparse_" + std::to_string(::getpid()))).string();
  const ArrayDataset data = word_data();
  Network whole = word_network(), resumed = word_network();
  FitOptions options = quiet_fit(4);
  Trainer(whole, compiled(kLazy)).fit(data, options);
  options.run.checkpoint = path;
  options.epochs = 2;
  Trainer(resumed, compiled(kLazy)).fit(data, options);
  resumed = word_network();
  options.epochs = 4;
  options.run.resume = true;
  Trainer(resumed, compiled(kLazy)).fit(data, options);
  EXPECT_TRUE(equal_parameters(whole, resumed));
  std::filesystem::remove_all(path);
}

TEST(SparseTraining, TakesClassesAsIdsOrAsNumbers) {
  for (const bool every_step : {false, true}) {
    Network ids = word_network({.every_step = every_step}), reals = word_network({.every_step = every_step});
    const History a = Trainer(ids, compiled("adam")).fit(word_data(every_step, DType::int32), quiet_fit(2)),
                  b = Trainer(reals, compiled("adam"))
                          .fit(word_data(every_step, DType::float32), quiet_fit(2));
    EXPECT_TRUE(equal_parameters(ids, reals));
    EXPECT_EQ(a.values, b.values);
  }
}

TEST(SparseTraining, StopsAtAGradientThatIsNotFinite) {
  for (const bool lazy : {false, true}) {
    Network net = word_network();
    Tensor table = net.parameters().get(0);
    table.set(3 * 5, std::numeric_limits<double>::quiet_NaN());
    net.parameters().set(0, table);
    Json optimizer = parse_json(R"({"name": "adam"})");
    FitOptions options = quiet_fit(1);
    options.terminate_on_nan = true;
    Trainer trainer(net, compiled(optimizer.set("lazy", lazy)));
    EXPECT_THROW(trainer.fit(word_data(), options), Error);
  }
}

}  // namespace
}  // namespace rondo
