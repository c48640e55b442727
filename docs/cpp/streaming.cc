#include <rondo/rondo.h>

#include <cstdio>
#include <stdexcept>
#include <vector>

using namespace rondo;

namespace {
void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}
}  // namespace

int main() try {
  Sequential model({.sequence = true, .features = {2}},
                   {lstm({.units = 16, .return_sequences = true}), dense({.units = 1})});
  model.build(1);

  // One stream: a step in, an answer out. No allocation, lock, exception or system call.
  Session session(model.network());
  const std::vector<float> readings = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};
  float answer = 0;
  for (std::size_t t = 0; t < 3; ++t) session.step(std::span(readings).subspan(2 * t, 2), {&answer, 1});

  // The bits of the pass over the whole sequence.
  const Tensor whole = model.predict(Tensor::from(std::span<const float>(readings), {1, 3, 2})).to_padded();
  require(answer == whole.data<float>()[2], "the same bits");

  // A state is a value: keep it, come back to it, give it to another stream.
  const Session::State after_three = session.snapshot();
  session.step(std::span(readings).first(2), {&answer, 1});
  session.restore(0, after_three);
  require(session.snapshot() == after_three, "restored");

  // A thousand streams over the same packed weights; those that have something new are stepped together.
  Session server(session.frozen(), 1000);
  const std::vector<int> ready = {3, 500, 999};
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};  // [ready, features]
  std::vector<float> y(3);                          // [ready, outputs]
  server.step(ready, {x.data(), 3, 2, 2}, {y.data(), 3, 1, 1});
  server.fork(3, 4);  // stream 4 goes on from where stream 3 is

  // Steps that can be taken back, for a decoder that tries and rejects.
  Session trying(session.frozen(), 1, {.rollback = 2});
  trying.step({x.data(), 2}, {y.data(), 1});
  const Session::State one = trying.snapshot();
  trying.step({x.data() + 2, 2}, {y.data(), 1});
  require(trying.rollback(0, 1) && trying.snapshot() == one, "taken back");
  std::puts("streaming: ok");
} catch (const std::exception& e) {
  return std::fprintf(stderr, "%s\n", e.what()), 1;
}
