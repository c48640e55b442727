#include <rondo/rondo.h>

#include <cstdio>
#include <stdexcept>

using namespace rondo;

namespace {
void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

Tensor numbers(Shape shape, std::uint64_t seed) {
  Tensor out(std::move(shape));
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}
}  // namespace

int main() try {
  const Tensor x = numbers({32, 6, 2}, 1), y = numbers({32, 1}, 2), classes = numbers({32, 3}, 3);
  Sequential model({.sequence = true, .features = {2}},
                   {lstm({.units = 8, .return_sequences = true, .name = "lower"}),
                    lstm({.units = 8, .name = "upper"}), dense({.units = 1, .name = "head"})});
  model.compile({.optimizer = "adam", .loss = "mse"});
  model.fit(x, y, {.epochs = 2, .run = {.verbose = 0}});

  // One file: layers and options, weights, how it was compiled, the optimiser's state.
  model.save("model.rondo");
  Model loaded = Model::load("model.rondo");
  require(loaded.predict(x).values().at(0) == model.predict(x).values().at(0), "the same predictions");
  loaded.fit(x, y, {.epochs = 1, .run = {.verbose = 0}});  // goes on

  // Weights by name.
  const Tensor kernel = model.get_weight("head.kernel");  // [8, 1]
  loaded.set_weights({{"head.kernel", kernel}});
  for (const auto& [name, values] : model.get_weights())
    std::printf("%s %s\n", name.c_str(), to_string(values.shape()).c_str());

  // A new head on a trained body, which stays as it is: the layers are the same, and so are their weights.
  Sequential classifier({.sequence = true, .features = {2}}, {model.layer("lower"), model.layer("upper"),
                                                              dense({.units = 3, .activation = "softmax"})});
  model.layer("lower")->set_trainable(false);
  model.layer("upper")->set_trainable(false);
  const Tensor before = model.get_weight("lower.kernel");
  classifier.compile({.optimizer = "adam", .loss = "categorical_crossentropy"});
  classifier.fit(x, classes, {.epochs = 1, .run = {.verbose = 0}});
  require(model.get_weight("lower.kernel").at(0) == before.at(0), "frozen");

  // A part of a trained model, by the names of its values: what the second layer sees.
  Model features = model.part({model.network().input_name(0)}, {"lower"});
  require(features.predict(x).to_padded().shape() == Shape{32, 6, 8}, "the values inside");

  // Weights of another model, where names and shapes fit, with a report of what did not.
  Sequential wider({.sequence = true, .features = {2}},
                   {lstm({.units = 8, .return_sequences = true, .name = "lower"}),
                    lstm({.units = 16, .name = "upper"}), dense({.units = 1, .name = "new_head"})});
  wider.build(1);
  const CopiedWeights report = wider.copy_weights_of(model);
  for (const std::string& line : report.misshaped) std::printf("left alone: %s\n", line.c_str());
  require(!report.complete() && report.copied.size() == 3 && report.unused.size() == 2,
          "said what was copied");
  std::puts("saving: ok");
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
