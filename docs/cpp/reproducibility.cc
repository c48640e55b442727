#include <rondo/rondo.h>

#include <cstdio>
#include <cstdlib>
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

/// The prediction for x after training on `threads` threads, by way of a checkpoint or without.
double trained(int threads, std::int64_t epochs_before_a_break) {
  const Tensor x = numbers({48, 12, 3}, 1), y = numbers({48, 1}, 2);
  const std::string checkpoint = "reproducibility.checkpoint";
  std::remove(checkpoint.c_str());
  for (const std::int64_t epochs : {epochs_before_a_break, std::int64_t{4}}) {
    Sequential model({lstm({.units = 8, .dropout = 0.2}), dense({.units = 1})});
    model.set_threads(threads);
    model.set_seed(7);
    model.compile({.optimizer = "adam", .loss = "mse"});
    model.fit(x, y,
              {.epochs = epochs, .seed = 3, .run = {.verbose = 0, .checkpoint = checkpoint, .resume = true}});
    if (epochs == 4) return model.predict(x).values().at(0);
  }
  std::abort();
}
}  // namespace

int main() try {
  const double value = trained(1, 4);
  require(trained(2, 4) == value, "the number of threads changes nothing");
  require(trained(1, 2) == value, "nor does a break in between");
  std::puts("reproducibility: ok");
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
