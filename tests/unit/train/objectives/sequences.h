#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/train/model.h"

// What tests of objectives of sequences share.

namespace rondo::examples {

inline Tensor noise(Shape shape, std::uint64_t seed, DType dtype = DType::float64) {
  Tensor out(shape, dtype);
  const RandomStream random(seed);
  for (std::int64_t i = 0; i < out.size(); ++i) out.set(i, random.normal(static_cast<std::uint64_t>(i)));
  return out;
}

/// Sequences [length, width] of noise.
inline Samples ragged_noise(const std::vector<std::int64_t>& lengths, std::int64_t width, std::uint64_t seed,
                            DType dtype = DType::float64) {
  std::vector<Tensor> sequences;
  for (const std::int64_t length : lengths) sequences.push_back(noise({length, width}, ++seed, dtype));
  return Samples::ragged(sequences);
}

inline Samples label_sequences(const std::vector<std::vector<std::int64_t>>& labels) {
  std::vector<Tensor> sequences;
  for (const auto& one : labels) {
    Tensor& sequence = sequences.emplace_back(Shape{static_cast<std::int64_t>(one.size()), 1});
    for (std::size_t i = 0; i < one.size(); ++i)
      sequence.set(static_cast<std::int64_t>(i), static_cast<double>(one[i]));
  }
  return Samples::ragged(sequences);
}

struct Differentiated {
  double value = 0;
  Tensor gradient;  ///< of the prediction
};

/// The objective of a prediction that is given, divided by its own count.
inline Differentiated differentiate(const Objective& objective, const Samples& prediction,
                                    const Target& target, ParameterStore& parameters) {
  Tape tape(parameters.dtype());
  tape.reset({}, true);
  const std::vector<Var> predictions = {tape.input(prediction, true)};
  const std::vector<Value> values = {tape.value(predictions[0])};
  const double count = objective.count(values, target);
  const Var loss = objective.record(tape, predictions, target, count);
  parameters.zero_gradients();
  tape.backward(loss);
  return {tape.number(loss), tape.gradient(predictions[0])};
}

/// Changes each number of `values` a little and expects of `value` what `gradient` says.
template <class Values, class F>
void expect_gradient(Values&& values, const Tensor& gradient, F&& value) {
  ASSERT_EQ(values.size(), gradient.size());
  constexpr double kStep = 1e-5;
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const double before = values.at(i);
    values.set(i, before + kStep);
    const double up = value();
    values.set(i, before - kStep);
    const double down = value();
    values.set(i, before);
    EXPECT_NEAR(gradient.at(i), (up - down) / (2 * kStep), 1e-8) << "number " << i;
  }
}

/// Calls f for every sequence of `length` numbers below `base`.
template <class F>
void each_sequence(std::int64_t length, std::int64_t base, F&& f) {
  std::vector<std::int64_t> sequence(static_cast<std::size_t>(length), 0);
  for (;;) {
    f(sequence);
    std::size_t i = 0;
    while (i < sequence.size() && ++sequence[i] == base) sequence[i++] = 0;
    if (i == sequence.size()) return;
  }
}

template <class F>
Error error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::check_failed, "(no error)");
}

inline Json sgd(double learning_rate) {
  return Json::object({{"name", "sgd"}, {"learning_rate", learning_rate}});
}

}  // namespace rondo::examples
