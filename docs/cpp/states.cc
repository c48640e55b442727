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

bool equal(const Tensor& a, const Tensor& b) {
  for (std::int64_t i = 0; i < a.size(); ++i) {
    if (a.at(i) != b.at(i)) return false;
  }
  return a.shape() == b.shape();
}
}  // namespace

int main() try {
  {
    // An encoder hands its final states to a decoder.
    GraphBuilder g;
    const auto question = g.input("question", {.sequence = true, .features = {4}});
    const auto answer = g.input("answer", {.sequence = true, .features = {3}});
    const auto encoded = g.apply_all(lstm({.units = 8, .return_state = true}), {question});  // output, h, c
    const auto decoded =
        g.apply(lstm({.units = 8, .return_sequences = true}), {answer, encoded[1], encoded[2]});
    Model model = g.model({g.apply(dense({.units = 3}), {decoded})});
    const std::vector<Samples> y =
        model.predict(ArrayDataset({Samples(numbers({2, 5, 4}, 1)), Samples(numbers({2, 7, 3}, 2))}, {}));
    require(y[0].to_padded().shape() == Shape{2, 7, 3}, "a decoder over its own steps");
  }
  {
    // A stateful layer goes on where the batch before ended: row i of a batch from row i of the one before.
    const Tensor x = numbers({2, 6, 3}, 3);
    Sequential model({.sequence = true, .features = {3}}, {gru({.units = 4, .stateful = true})});
    model.build(1);
    const auto part = [&](std::int64_t begin) {
      Tensor out({2, 3, 3});
      for (std::int64_t b = 0; b < 2; ++b) {
        for (std::int64_t i = 0; i < 9; ++i) out.set(b * 9 + i, x.at(b * 18 + begin * 3 + i));
      }
      return out;
    };
    const Tensor whole = model.predict(x).to_padded();
    model.reset_states();
    model.predict(part(0));
    const Tensor halves = model.predict(part(3)).to_padded();
    require(equal(whole, halves), "two halves are the whole, to the bit");
  }
  {
    // Long sequences: gradients go back 10 steps, states go on from chunk to chunk.
    Sequential model({lstm({.units = 8, .return_sequences = true}), dense({.units = 1})});
    model.compile({.optimizer = "adam", .loss = "mse"});
    model.fit(numbers({4, 100, 2}, 4), numbers({4, 100, 1}, 5),
              {.epochs = 1, .tbptt = 10, .run = {.verbose = 0}});
  }
  std::puts("states: ok");
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
