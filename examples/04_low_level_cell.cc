// The low-level way: a recurrent cell of one's own, with its own weights, stepped by hand, and a training
// loop of one's own. No Model, no Trainer, no layer: a tape that records what is computed, and an optimiser.
//
// The task is to add two binary numbers, digit by digit from the right, as at school. At every step the cell
// sees one digit of each number and says one digit of the sum; the carry has to travel in its state. It
// learns from numbers of 8 digits. If it has understood adding, numbers of 24 digits are no harder.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <vector>

#include <rondo/rondo.h>

namespace {

namespace ops = rondo::ops;
using rondo::Tape;
using rondo::Tensor;
using rondo::Var;

constexpr std::int64_t kUnits = 16;
constexpr int kDigits = 8;
constexpr std::int64_t kBatch = 64;
constexpr int kTrainingSteps = 1500;
constexpr int kDisplayStep = 250;

// state' = tanh(x · input + state · recurrent + bias)      [batch, units]
// y      = state' · output + output_bias                   [batch, 1]: positive for digit 1, negative for 0
class Cell {
 public:
  // The store lists all weights with their gradients: what an optimiser wants.
  explicit Cell(std::uint64_t seed) {
    input_ = weights_.declare("input", {2, kUnits});
    recurrent_ = weights_.declare("recurrent", {kUnits, kUnits});
    bias_ = weights_.declare("bias", {1, kUnits});
    output_ = weights_.declare("output", {kUnits, 1});
    output_bias_ = weights_.declare("output_bias", {1, 1});
    weights_.allocate();  // zeros; biases stay so

    const rondo::RandomStream random(seed);
    std::uint64_t drawn = 0;
    for (const int index : {input_, recurrent_, output_}) {
      Tensor values(weights_.infos()[static_cast<std::size_t>(index)].shape);
      const double deviation = 1 / std::sqrt(static_cast<double>(values.dim(0)));
      for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, deviation * random.normal(drawn++));
      weights_.set(index, values);
    }
  }

  struct Result {
    Var y, state;
  };
  // One step. A Var stands for a value on the tape; what is computed with it here can be differentiated
  // later.
  Result step(Tape& tape, Var x, Var state) {
    const Var from_input = ops::matmul(tape, x, tape.parameter(weights_, input_));
    const Var from_state = ops::matmul(tape, state, tape.parameter(weights_, recurrent_));
    const Var sum = ops::add(tape, ops::add(tape, from_input, from_state), tape.parameter(weights_, bias_));
    const Var next = ops::tanh(tape, sum);
    const Var y = ops::add(tape, ops::matmul(tape, next, tape.parameter(weights_, output_)),
                           tape.parameter(weights_, output_bias_));
    return {y, next};
  }

  rondo::ParameterStore& weights() { return weights_; }

 private:
  rondo::ParameterStore weights_;
  int input_, recurrent_, bias_, output_, output_bias_;
};

// The digits of random sums, lowest first. x[t] is [batch, 2], one digit of each number; y[t] is [batch, 1].
struct Sums {
  std::vector<Tensor> x, y;
};

Sums make_sums(std::int64_t count, int digits, const rondo::RandomStream& random) {
  Sums sums;
  for (int t = 0; t < digits; ++t) {
    sums.x.emplace_back(rondo::Shape{count, 2});
    sums.y.emplace_back(rondo::Shape{count, 1});
  }
  for (std::int64_t i = 0; i < count; ++i) {
    // One digit is left free, so that the sum has room.
    const std::uint64_t limit = std::uint64_t{1} << (digits - 1);
    const std::uint64_t a = random.below(static_cast<std::uint64_t>(2 * i), limit);
    const std::uint64_t b = random.below(static_cast<std::uint64_t>(2 * i + 1), limit);
    for (int t = 0; t < digits; ++t) {
      const auto place = static_cast<std::size_t>(t);
      sums.x[place].set(2 * i, static_cast<double>(a >> t & 1));
      sums.x[place].set(2 * i + 1, static_cast<double>(b >> t & 1));
      sums.y[place].set(i, static_cast<double>((a + b) >> t & 1));
    }
  }
  return sums;
}

// The share of sums of which every digit is right.
double share_right(Cell& cell, Tape& tape, const Sums& sums) {
  const std::int64_t count = sums.x.front().dim(0);
  std::vector<bool> right(static_cast<std::size_t>(count), true);
  tape.reset({}, /*differentiating=*/false);  // nothing will be asked of the past: keep less
  Var state = tape.input(Tensor({count, kUnits}));
  for (std::size_t t = 0; t < sums.x.size(); ++t) {
    const Cell::Result result = cell.step(tape, tape.input(sums.x[t]), state);
    state = result.state;
    const Tensor y = tape.get(result.y).values();
    for (std::int64_t i = 0; i < count; ++i) {
      if ((y.at(i) > 0) != (sums.y[t].at(i) > 0.5)) right[static_cast<std::size_t>(i)] = false;
    }
  }
  return static_cast<double>(std::count(right.begin(), right.end(), true)) / static_cast<double>(count);
}

}  // namespace

int main() try {
  Cell cell(7);
  Tape tape;
  const auto optimizer = rondo::make_optimizer(
      rondo::Json::object({{"name", "adam"}, {"learning_rate", 0.01}, {"global_clipnorm", 1.0}}));

  for (int step = 1; step <= kTrainingSteps; ++step) {
    const Sums sums = make_sums(kBatch, kDigits, rondo::RandomStream(1, 0, static_cast<std::uint64_t>(step)));

    // Forward: through the digits, adding up how wrong each answer is. softplus(y) - target · y is the
    // cross-entropy of the probability sigmoid(y), written so that nothing overflows.
    tape.reset();
    Var state = tape.input(Tensor({kBatch, kUnits}));
    Var loss = tape.input(Tensor({1, 1}));
    for (std::size_t t = 0; t < sums.x.size(); ++t) {
      const Cell::Result result = cell.step(tape, tape.input(sums.x[t]), state);
      state = result.state;
      const Var target = tape.input(sums.y[t]);
      const Var wrong =
          ops::subtract(tape, ops::softplus(tape, result.y), ops::multiply(tape, target, result.y));
      loss = ops::add(tape, loss, ops::scale(tape, ops::mean(tape, wrong), 1.0 / kDigits));
    }

    // Backward: the tape plays everything in reverse and adds to the gradients, which therefore start at
    // zero.
    cell.weights().zero_gradients();
    tape.backward(loss);
    const double loss_value = tape.get(loss).values().at(0);
    const rondo::StepReport report = optimizer->step(cell.weights());

    if (step == 1 || step % kDisplayStep == 0) {
      const Sums fresh = make_sums(200, kDigits, rondo::RandomStream(2, 0, static_cast<std::uint64_t>(step)));
      std::printf("step %4d: loss %.4f, gradient norm %.3f, sums right %5.1f %%\n", step, loss_value,
                  report.gradient_norm, 100 * share_right(cell, tape, fresh));
    }
  }

  const double longer = share_right(cell, tape, make_sums(500, 3 * kDigits, rondo::RandomStream(3)));
  std::printf("numbers of %d digits, three times as long as any in training: %.1f %% of 500 sums right\n",
              3 * kDigits, 100 * longer);
  if (longer < 0.99) {
    std::cerr << "error: the cell should have learnt to add\n";
    return 1;
  }
  return 0;
} catch (const rondo::Error& error) {
  std::cerr << "error: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
