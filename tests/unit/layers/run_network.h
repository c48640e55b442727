#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/tape/tape.h"

namespace rondo {

/// A built network of one layer; `inputs` are named "a", "b", …
inline Network network_of(LayerPtr layer, std::vector<ValueShape> inputs, DType dtype = DType::float32) {
  Network network(dtype);
  std::vector<int> ids;
  for (ValueShape& spec : inputs)
    ids.push_back(network.add_input(std::string(1, static_cast<char>('a' + ids.size())), spec));
  network.set_outputs(network.add(std::move(layer), ids));
  network.build(3);
  RandomStream random(9);
  const auto values = network.parameters().values();  // biases too are worth testing
  for (std::int64_t i = 0; i < values.size(); ++i) {
    if (values.at(i) == 0) values.set(i, 0.3 * random.normal(static_cast<std::uint64_t>(i)));
  }
  return network;
}

inline std::vector<Samples> run(Network& network, const std::vector<Samples>& inputs,
                                RunOptions options = {}) {
  Tape tape(network.parameters().dtype());
  tape.reset(options, options.training);
  std::vector<Samples> out;
  for (const Var v : network.run(tape, inputs)) out.push_back(tape.get(v));
  return out;
}

inline Tensor normal(Shape shape, std::uint64_t seed, DType dtype = DType::float32) {
  Tensor t(std::move(shape), dtype);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < t.size(); ++i) t.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return t;
}

inline std::vector<double> numbers(const Tensor& t) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < t.size(); ++i) out.push_back(t.at(i));
  return out;
}

inline bool all_finite(const Tensor& t) {
  for (std::int64_t i = 0; i < t.size(); ++i) {
    if (!std::isfinite(t.at(i))) return false;
  }
  return true;
}

/// `act` throws an Error(usage) that has every piece in its message.
template <class F>
void expect_usage_error(std::initializer_list<std::string> pieces, F&& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.kind()), static_cast<int>(ErrorKind::usage)) << error.what();
    const std::string text = error.what();
    for (const std::string& piece : pieces)
      EXPECT_NE(text.find(piece), std::string::npos) << "'" << piece << "' is not in:\n" << text;
    return;
  }
  ADD_FAILURE() << "nothing was thrown";
}

}  // namespace rondo
