// A recurrent cell of one's own: its formulas are in ligru-inl.h, rondo_add_cells() compiles them for every
// instruction set.
#include <rondo/model/testing.h>
#include <rondo/rondo.h>

#include <cstdio>

#include "cell_cells.h"

using namespace rondo;

int main() try {
  register_cell_cells();

  // The checks that rondo's own cells must pass: gradients, float against double, a sequence alone, threads,
  // steps.
  const std::string report = testing::check_all(
      {.name = "ligru",
       .make =
           [] { return recurrent("ligru", {.units = 5, .return_sequences = true, .return_state = true}); },
       .inputs = {{.sequence = true, .features = {3}}, {.features = {5}}},  // and the initial state
       .splits_in_time = true});
  if (!report.empty()) return std::puts(report.c_str()), 1;

  // It learns whether the sum of a sequence of numbers is positive, and its file is read like any other.
  constexpr std::int64_t kSamples = 256, kSteps = 12;
  Tensor x({kSamples, kSteps, 1}), y({kSamples, 1});
  const RandomStream random(1);
  for (std::int64_t i = 0; i < kSamples; ++i) {
    double sum = 0;
    for (std::int64_t k = i * kSteps; k < (i + 1) * kSteps; ++k) {
      x.set(k, random.normal(static_cast<std::uint64_t>(k)));
      sum += x.at(k);
    }
    y.set(i, sum > 0 ? 1 : 0);
  }
  Sequential model({recurrent("ligru", {.units = 16}), dense({.units = 1, .activation = "sigmoid"})});
  model.compile({.optimizer = "adam", .loss = "binary_crossentropy", .metrics = {"accuracy"}});
  model.fit(x, y, {.epochs = 60});
  model.save("ligru.rondo");
  Model loaded = Model::load("ligru.rondo");
  const double accuracy = loaded.evaluate(x, y).at(1).second;

  // Step by step, as in real time: the bits of the whole sequence.
  Session session(loaded.network());
  float answer = 0;
  for (std::int64_t t = 0; t < kSteps; ++t)
    session.step(x.data<float>().subspan(static_cast<std::size_t>(t), 1), {&answer, 1});
  const float whole = loaded.predict(x).values().data<float>()[0];

  std::printf("accuracy %.3f; stream %.6f, whole sequence %.6f\n", accuracy, answer, whole);
  return accuracy > 0.9 && answer == whole ? 0 : 1;
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
