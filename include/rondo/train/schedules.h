#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/base/options.h"

namespace rondo {

/// A learning rate as a function of the number of optimiser steps already made.
class Schedule {
 public:
  virtual ~Schedule() = default;
  virtual std::string name() const = 0;
  /// {"name": ..., every option}: make_schedule(config()) is this schedule again.
  virtual Json config() const = 0;
  virtual double at(std::int64_t step) const = 0;
};

/// A schedule from a number (constant) or from {"name": ..., options}. s is the number of steps made;
/// defaults in brackets; formulas and names of options as in Keras 3 or, where marked (torch), as in PyTorch,
/// per step. Unknown names and options throw Error(usage).
///
///     constant {learning_rate}
///     exponential_decay {initial_learning_rate, decay_steps, decay_rate, staircase: false}: initial ·
///     rate^(s / steps) inverse_time_decay {the same}: initial / (1 + rate · s / steps)
///     piecewise_constant_decay {boundaries, values}: values[i] up to and including step boundaries[i]
///     polynomial_decay {initial_learning_rate, decay_steps, end_learning_rate: 0.0001, power: 1, cycle:
///     false} cosine_decay {initial_learning_rate, decay_steps, alpha: 0, warmup_target: null, warmup_steps:
///     0}: linear from
///       initial to warmup_target, then half a cosine down to alpha times the peak
///     cosine_decay_restarts {initial_learning_rate, first_decay_steps, t_mul: 2, m_mul: 1, alpha: 0}: half
///       cosines, each t_mul times as long and m_mul times as high as the one before
///     step_decay (torch) {initial_learning_rate, step_size, gamma: 0.1}: initial · gamma^⌊s / step_size⌋
///     multi_step_decay (torch) {initial_learning_rate, milestones, gamma: 0.1}: one factor gamma from each
///     milestone on cosine_annealing (torch) {initial_learning_rate, T_max, eta_min: 0} one_cycle (torch)
///     {max_lr, total_steps, pct_start: 0.3, div_factor: 25, final_div_factor: 10000,
///       anneal_strategy: "cos" | "linear", three_phase: false}: max / div up to max, then down to max / div
///       / final_div, which stays
std::shared_ptr<const Schedule> make_schedule(const Json& number_or_config);

std::vector<std::string> schedule_names();

/// Makes `name` one that make_schedule knows and CompileOptions, configuration files and the compiled part of
/// a saved model can name. `make` gets the options that stand beside the name ({"name": "focal", "gamma": 2}:
/// {"gamma": 2}). A name that is taken, an alias among them, is an Error(usage). From any thread.
void register_schedule(std::string name,
                       std::function<std::shared_ptr<const Schedule>(const Json& options)> make);

}  // namespace rondo
