#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rondo/tasks/online.h"
#include "tasks/common/archive.h"
#include "tasks/online/learning/history.h"

namespace rondo::online {

/// A recurrent network that steps through a stream and learns from it. It has three sets of weights, each
/// with a state of its own: those that learn, their running mean (Polyak and Juditsky, "Acceleration of
/// stochastic approximation by averaging", 1992), which is steadier where the stream stays what it is, and
/// the last good ones, which come back when those that learn have been led astray.
class Learner {
 public:
  enum Weights { live, mean, good, kinds };

  Learner() = default;
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;
  virtual ~Learner() = default;

  /// One step of every state. `row` counts from 0 without gaps; inputs [inputs]; outputs [kinds][targets].
  virtual void step(std::int64_t row, std::span<const float> inputs,
                    std::span<const std::span<float>> outputs) = 0;
  /// The aims of rows below `known` are known, `known` - 1 being new. False when learning gave numbers that
  /// are not finite: the weights are to be thrown away.
  virtual bool learn(const History& history, std::int64_t known) = 0;
  /// Rows that `learn` looks back, from the newest known one.
  virtual std::int64_t look_back() const = 0;

  /// The weights of now become the good ones, with their optimiser.
  virtual void keep() = 0;
  /// The good ones come back.
  virtual void roll_back() = 0;

  virtual void archive(tasks::Archive& archive) = 0;
};

/// By the options' cell and gradient; null for cell "none". Throws Error(usage) for what is not known or does
/// not fit.
std::unique_ptr<Learner> make_learner(const OnlineOptions& options, std::int64_t inputs,
                                      std::int64_t targets);

/// Truncated backpropagation through time (Williams and Peng 1990): at every `every`-th row the last `chunk`
/// rows are gone through from the state that was there, and the optimiser makes a step. Any cell of the
/// library.
std::unique_ptr<Learner> make_truncated_learner(const OnlineOptions& options, std::int64_t inputs,
                                                std::int64_t targets);
/// Real-time recurrent learning (Williams and Zipser 1989): exact gradients without going back. Diagonal
/// cells.
std::unique_ptr<Learner> make_real_time_learner(const OnlineOptions& options, std::int64_t inputs,
                                                std::int64_t targets);

}  // namespace rondo::online
