// A layer of one's own in a model: trained, saved, loaded, cast and streamed like those of rondo.
#include <rondo/model/testing.h>

#include <cmath>
#include <cstdio>

#include "moving_average.h"

using namespace rondo;

int main() try {
  // From here on specs and model files can name it.
  register_layer("moving_average", moving_average);

  // The checks that rondo's own layers must pass.
  for (const bool sequences : {true, false}) {
    const std::string report = testing::check_all(
        {.name = "moving_average",
         .make =
             [=] { return moving_average({.rate_initializer = "normal", .return_sequences = sequences}); },
         .inputs = {{.sequence = true, .features = {3}}}});
    if (!report.empty()) return std::puts(report.c_str()), 1;
  }

  // A target that is a moving average with a rate of 0.2: the layer finds the rate.
  constexpr std::int64_t kSamples = 64, kSteps = 30;
  Tensor x({kSamples, kSteps, 1}), y({kSamples, kSteps, 1});
  const RandomStream random(1);
  for (std::int64_t b = 0; b < kSamples; ++b) {
    double average = 0;
    for (std::int64_t k = b * kSteps; k < (b + 1) * kSteps; ++k) {
      x.set(k, random.normal(static_cast<std::uint64_t>(k)));
      average += 0.2 * (x.at(k) - average);
      y.set(k, average);
    }
  }
  Sequential model({moving_average()});
  model.compile({.optimizer = optimizers::adam({.learning_rate = 0.05}), .loss = "mse"});
  model.fit(x, y, {.epochs = 100, .run = {.verbose = 0}});
  model.save("average.rondo");

  Model loaded = Model::load("average.rondo");
  const ParameterStore& weights = loaded.network().parameters();
  const double rate = 1 / (1 + std::exp(-weights.get(weights.find("moving_average.rate")).at(0)));
  const Tensor whole = loaded.predict(x).to_padded();

  Session session(loaded.network());
  float answer = 0;
  for (std::size_t t = 0; t < kSteps; ++t) session.step(x.data<float>().subspan(t, 1), {&answer, 1});

  std::printf("rate %.4f; stream %.6f, whole sequence %.6f\n", rate, answer, whole.at(kSteps - 1));
  return std::abs(rate - 0.2) < 1e-3 && answer == whole.data<float>()[kSteps - 1] ? 0 : 1;
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
