#include <gtest/gtest.h>

#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/train/training.h"

// sparse_categorical_crossentropy {ignore_class}: rows of that class are no rows.

namespace rondo {
namespace {

constexpr std::int64_t kRows = 12, kColumns = 3;

Tensor normal_rows(std::uint64_t seed) {
  Tensor out({kRows, kColumns});
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// Classes 0 … 2, every third row `ignored`.
Tensor classes(double ignored) {
  Tensor out({kRows, 1});
  for (std::int64_t i = 0; i < kRows; ++i)
    out.set(i, i % 3 == 1 ? ignored : static_cast<double>(i * i % 5 % 3));
  return out;
}

Network class_network() {
  Network net;
  const int x = net.add_input("x", ValueShape{false, -1, {kColumns}});
  net.set_outputs(net.add(dense({.units = 3, .activation = "softmax"}), {x}));
  net.build(5);
  return net;
}

Json sparse_loss(std::int64_t ignored) {
  return Json::object({{"name", "sparse_categorical_crossentropy"}, {"ignore_class", ignored}});
}

CompileOptions with_loss(const Json& loss) {
  CompileOptions options;
  options.optimizer = Json::object({{"name", "sgd"}, {"learning_rate", 0.5}});
  options.loss = loss;
  options.metrics = {"accuracy", loss};
  return options;
}

/// The rows that count.
Batch without_ignored(const Tensor& x, const Tensor& y, double ignored) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < kRows; ++i) {
    if (y.at(i) != ignored) rows.push_back(i);
  }
  Batch out;
  out.inputs = {Samples(x.gather(rows))};
  out.targets = {Samples(y.gather(rows))};
  return out;
}

TEST(IgnoredClass, TrainsAsIfItsRowsWereNotThere) {
  for (const std::int64_t ignored : {-1, 1, 255}) {
    const Tensor x = normal_rows(1), y = classes(static_cast<double>(ignored));
    Batch all;
    all.inputs = {Samples(x)};
    all.targets = {Samples(y)};
    Network one = class_network(), two = class_network();
    Trainer a(one, with_loss(sparse_loss(ignored))), b(two, with_loss(sparse_loss(ignored)));
    for (int step = 0; step < 3; ++step) {
      const NamedValues seen = a.train_on_batch(all),
                        expected = b.train_on_batch(without_ignored(x, y, static_cast<double>(ignored)));
      EXPECT_EQ(seen, expected) << "class " << ignored << ": loss and metrics";
    }
    for (std::int64_t i = 0; i < one.parameters().total_count(); ++i)
      EXPECT_EQ(one.parameters().get(0).at(i % 9), two.parameters().get(0).at(i % 9));
  }
}

TEST(IgnoredClass, CountsOnceForAllPiecesOfABatch) {
  const ArrayDataset data(Samples(normal_rows(1)), Samples(classes(-1)));
  FitOptions whole{.batch_size = kRows, .epochs = 2};
  whole.run.verbose = 0;
  FitOptions pieces = whole;
  pieces.micro_batch_size = 5;
  Network one = class_network(), two = class_network();
  const double loss = Trainer(one, with_loss(sparse_loss(-1))).fit(data, whole).at("loss").back();
  EXPECT_NEAR(Trainer(two, with_loss(sparse_loss(-1))).fit(data, pieces).at("loss").back(), loss, 1e-6);
}

TEST(IgnoredClass, IsAClassLikeAnyOtherWithoutTheOption) {
  Network net = class_network();
  Trainer trainer(net, with_loss("sparse_categorical_crossentropy"));
  Batch all;
  all.inputs = {Samples(normal_rows(1))};
  all.targets = {Samples(classes(-1))};
  EXPECT_THROW(trainer.train_on_batch(all), Error);
}

TEST(IgnoredClass, OfNothingButItselfGivesALossOfZero) {
  Network net = class_network();
  Trainer trainer(net, with_loss(sparse_loss(-1)));
  Batch all;
  all.inputs = {Samples(normal_rows(1))};
  all.targets = {Samples(Tensor::full({kRows, 1}, -1))};
  EXPECT_EQ(trainer.test_on_batch(all).front().second, 0);
}

}  // namespace
}  // namespace rondo
