#include <rondo/rondo.h>

#include <cstdio>
#include <vector>

using namespace rondo;

namespace {
void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}
}  // namespace

int main() try {
  // Three sequences of two features, 4, 2 and 1 steps long.
  const std::vector<Tensor> sequences = {Tensor::from({1, 2, 3, 4, 5, 6, 7, 8}, {4, 2}),
                                         Tensor::from({1, 1, 2, 2}, {2, 2}), Tensor::from({9, 9}, {1, 2})};
  const Samples ragged = Samples::ragged(sequences);

  // The same as a padded array [batch, time, features] with lengths, or with a mask.
  const Tensor array = ragged.to_padded();  // [3, 4, 2], zeros behind the ends
  const std::vector<std::int64_t> lengths = {4, 2, 1};
  const Samples padded = Samples::padded(array, lengths);
  const std::vector<std::uint8_t> mask = {1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0};
  const Samples masked = Samples::masked(array, mask);

  Sequential model({lstm({.units = 8, .return_sequences = true}), dense({.units = 1})});
  const Samples answers = model.predict(ragged);
  const Tensor by_time = answers.to_padded();  // [3, 4, 1]
  const Tensor second = answers.sample(1);     // [2, 1]: the sequence alone
  const auto steps = answers.layout()->lengths();
  require(by_time.shape() == Shape{3, 4, 1} && second.shape() == Shape{2, 1} && steps[1] == 2, "shapes");

  // However a sequence comes, and whatever stands beside it: the same bits.
  for (const Samples& other : {padded, masked, Samples::ragged({&sequences[1], 1})}) {
    const Samples again = model.predict(other);
    const Tensor alone = again.sample(again.size() == 1 ? 0 : 1);
    require(alone.at(0) == second.at(0) && alone.at(1) == second.at(1), "the same bits");
  }

  // Targets of sequences: a number a step, where the padded array has one; what stands behind an end is not
  // looked at.
  const Tensor y = Tensor::from({1, 2, 3, 4, 1, 2, 0, 0, 1, 0, 0, 0}, {3, 4});
  model.compile({.optimizer = "adam", .loss = "mse"});
  model.fit(ragged, y, {.epochs = 2, .run = {.verbose = 0}});

  // Ids of words: an embedding turns each into a vector; 0 is padding with mask_zero.
  Sequential words({embedding({.input_dim = 100, .output_dim = 4, .mask_zero = true}), gru({.units = 3})});
  const Tensor ids = Tensor::from({5, 17, 99, 8, 0, 0}, {2, 3});
  const Tensor last =
      words.predict(Samples::tokens(ids)).to_padded();  // [2, 3]: each after its own last word
  require(last.shape() == Shape{2, 3}, "one vector a sentence");
  std::puts("sequences: ok");
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
