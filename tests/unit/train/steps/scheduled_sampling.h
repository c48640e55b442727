#pragma once

#include <cstring>

#include "rondo/train/training_step.h"

namespace rondo::examples {

/// Scheduled sampling in two passes (Bengio et al., "Scheduled sampling for sequence prediction with
/// recurrent neural networks", 2015; Mihaylova and Martins, 2019): a network that predicts the next step from
/// the true one learns to go on from its own predictions. Each input but the first is replaced, with a
/// probability, by what the network predicted for it from the true sequence; gradients do not flow through
/// predictions that are fed back. Evaluation sees true inputs.
class ScheduledSampling : public TrainingStep {
 public:
  explicit ScheduledSampling(double probability) : probability_(probability) {}

  Json config() const override {
    return Json::object({{"name", "scheduled_sampling"}, {"probability", probability_}});
  }
  void run(TrainingPass& pass) override {
    Tape& tape = pass.tape();
    Vars predictions = pass.forward();
    if (pass.training()) {
      const Mix& mix = tape.make<Mix>(pass.random("scheduled sampling"), probability_);
      const Var fed_back = ops::stop_gradient(tape, predictions[0]);
      const Var input = tape.apply_one(mix, {tape.input(pass.inputs()[0]), fed_back});
      predictions = pass.network().run(tape, std::span<const Var>(&input, 1));
    }
    pass.add_objectives(predictions);
    pass.update_metrics(predictions);
  }

 private:
  /// Step t of a sequence is input 0's, or with a probability input 1's of step t − 1.
  class Mix final : public Operation {
   public:
    Mix(RandomStream random, double probability) : random_(random), probability_(probability) {}
    void forward(Call& call) const override {
      const Value &truth = call.input(0), &predicted = call.input(1);
      const Layout& layout = *truth.layout;
      const Matrix out = call.make_output(0, truth.layout, truth.features);
      const std::size_t bytes = static_cast<std::size_t>(out.cols) * dtype_size(out.dtype);
      for (std::int64_t t = 0; t < layout.longest(); ++t) {
        for (std::int64_t r = 0; r < layout.rows(t); ++r) {
          const std::int64_t b = layout.order()[static_cast<std::size_t>(r)];
          const auto coin = random_.uniform(static_cast<std::uint64_t>(b * layout.steps() + t));
          const bool own = t > 0 && coin < probability_;
          const Matrix& from = own ? predicted.data : truth.data;
          const std::int64_t row = own ? layout.offset(t - 1) + r : layout.offset(t) + r;
          std::memcpy(
              static_cast<std::byte*>(out.data) + static_cast<std::size_t>(layout.offset(t) + r) * bytes,
              static_cast<const std::byte*>(from.data) + static_cast<std::size_t>(row) * bytes, bytes);
        }
      }
    }
    void backward(Call&) const override {}  // inputs are constants

   private:
    RandomStream random_;
    double probability_;
  };

  double probability_;
};

}  // namespace rondo::examples
