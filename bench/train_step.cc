// One training step of rondo, timed on request: the counterpart of bench/run.py, which interleaves it with its rivals.
// Reads lines "cell inputs units batch steps threads seconds" and answers each with the median time of a step in µs.

#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>
#include <vector>

#include "rondo/layers.h"
#include "rondo/losses.h"
#include "rondo/network.h"
#include "rondo/optimizers.h"

namespace {

using namespace rondo;
using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

/// Cell → last step → Dense(1) → MSE → backward → Adam, as in `work: train_step`.
class Step {
 public:
  Step(const std::string& cell, std::int64_t inputs, std::int64_t units, std::int64_t batch,
       std::int64_t steps, int threads)
      : pool_(threads),
        tape_(DType::float32, &pool_),
        optimizer_(make_optimizer("adam")),
        loss_(make_loss("mse")) {
    const int x = network_.add_input("x", {true, steps, {inputs}});
    const int h = network_.add(recurrent(cell, {.units = units}), {x})[0];
    network_.set_outputs(network_.add(dense({.units = 1}), {h}));
    network_.build(1);
    const RandomStream random(1);
    Tensor values({batch, steps, inputs}), target({batch, 1});
    for (std::int64_t i = 0; i < values.size(); ++i)
      values.set(i, random.normal(static_cast<std::uint64_t>(i)));
    for (std::int64_t i = 0; i < target.size(); ++i)
      target.set(i, random.normal(static_cast<std::uint64_t>(i) + 1000000));
    input_.emplace_back(values);
    target_ = target;
    gradient_ = Tensor({batch, 1});
  }

  double run() {
    network_.parameters().zero_gradients();
    tape_.reset({.training = true});
    const std::vector<Var> out = network_.run(tape_, input_);
    const double loss =
        loss_->value_and_gradient(tape_.value(out[0]).data, as_matrix(std::as_const(target_)), {},
                                  static_cast<double>(target_.dim(0)), as_matrix(gradient_));
    tape_.backward(out, std::span<const Tensor>(&gradient_, 1));
    optimizer_->step(network_.parameters());
    return loss;
  }

 private:
  Pool pool_;
  Tape tape_;
  Network network_;
  std::unique_ptr<Optimizer> optimizer_;
  std::shared_ptr<const Loss> loss_;
  std::vector<Batch> input_;
  Tensor target_, gradient_;
};

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string cell;
    std::int64_t inputs = 0, units = 0, batch = 0, steps = 0;
    int threads = 1;
    double seconds = 0.3;
    words >> cell >> inputs >> units >> batch >> steps >> threads >> seconds;
    Step step(cell, inputs, units, batch, steps, threads);
    step.run();
    std::vector<double> times;
    const auto start = Clock::now();
    while (times.size() < 5 || microseconds(Clock::now() - start) < seconds * 1e6) {
      const auto begin = Clock::now();
      step.run();
      times.push_back(microseconds(Clock::now() - begin));
    }
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    std::cout << times[times.size() / 2] << std::endl;
  }
}
