// Regression on sequences of unequal length, without padding.
//
// A tank is filled a little at every step and loses a fifth of what it holds. Given all that flowed in, how
// full is it at the end? Some tanks were watched for 3 steps, others for 30.

#include <cmath>
#include <cstdio>
#include <iostream>
#include <vector>

#include <rondo/rondo.h>

namespace {

struct Tanks {
  std::vector<rondo::Tensor> inflow;  // one [steps, 1] a tank; steps differ
  rondo::Tensor level;                // [tanks, 1]
};

Tanks watch_tanks(std::int64_t count, std::uint64_t seed) {
  Tanks tanks{{}, rondo::Tensor({count, 1})};
  const rondo::RandomStream random(seed);
  std::uint64_t drawn = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto steps = static_cast<std::int64_t>(3 + random.below(drawn++, 28));
    rondo::Tensor inflow({steps, 1});
    double level = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      const double poured = random.uniform(drawn++);
      inflow.set(t, poured);
      level = 0.8 * level + poured;
    }
    tanks.inflow.push_back(std::move(inflow));
    tanks.level.set(i, level);
  }
  return tanks;
}

// Root of the mean squared difference.
double rmse(const rondo::Tensor& predicted, const rondo::Tensor& actual) {
  double sum = 0;
  for (std::int64_t i = 0; i < actual.size(); ++i) sum += std::pow(predicted.at(i) - actual.at(i), 2);
  return std::sqrt(sum / static_cast<double>(actual.size()));
}

}  // namespace

int main() try {
  const Tanks train = watch_tanks(1500, 1);
  const Tanks test = watch_tanks(300, 2);

  // A ragged batch stores the steps that exist and nothing else: no padding to choose, no mask to forget.
  const rondo::Samples x_train = rondo::Samples::ragged(train.inflow);
  const rondo::Samples x_test = rondo::Samples::ragged(test.inflow);
  std::printf("%d tanks, %d steps in all, the longest sequence has %d\n", static_cast<int>(x_train.size()),
              static_cast<int>(x_train.layout()->total()), static_cast<int>(x_train.layout()->longest()));

  rondo::Sequential model({
      rondo::simple_rnn({.units = 24}),
      rondo::dense({.units = 1}),
  });
  // A name alone takes the optimiser's defaults; an object sets its options.
  const auto adam = rondo::Json::object({{"name", "adam"}, {"learning_rate", 0.003}});
  model.compile({.optimizer = adam, .loss = "mse", .metrics = {"mae"}});
  model.fit(x_train, train.level, {.epochs = 25, .run = {.verbose = 2}});

  const rondo::Tensor predicted = model.predict(x_test).values();  // [tanks, 1]
  for (std::int64_t i = 0; i < 5; ++i) {
    std::printf("tank watched for %2d steps: holds %.3f, predicted %.3f\n",
                static_cast<int>(test.inflow[static_cast<std::size_t>(i)].dim(0)), test.level.at(i),
                predicted.at(i));
  }

  // What would somebody reach who never looked at the inflow and always said the mean?
  double sum = 0;
  for (std::int64_t i = 0; i < train.level.size(); ++i) sum += train.level.at(i);
  const double mean = sum / static_cast<double>(train.level.size());
  const double network = rmse(predicted, test.level);
  const double constant = rmse(rondo::Tensor::full(test.level.shape(), mean), test.level);
  std::printf("root mean squared error on %d new tanks: %.3f (always saying the mean: %.3f)\n",
              static_cast<int>(test.level.dim(0)), network, constant);

  if (!(network < constant / 5)) {
    std::cerr << "error: the network should be at least five times better than the mean\n";
    return 1;
  }
  return 0;
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
