#pragma once

#include <span>

#include "tape/workspace.h"

// Who can run a recurrence: a list of drivers, each of which runs whole ragged batches of sequences in one
// call, forwards and through time backwards. A family of recurrences has a plan, which names its arguments
// and its gradients (RecurrentPlan: cells of pointwise formulas), and a list of its own.

namespace rondo {

/// What a forward pass keeps for the backward pass of the same driver, which alone knows what it is.
struct RecurrentTrace {};

template <class Plan>
struct RecurrentDriver {
  const char* name;
  /// Whether this driver should run the plan, if none before it does. Depends on shapes, lengths and options
  /// only: a choice that the number of threads had a say in would change bits.
  bool (*applies)(const Plan& plan, Workspace& workspace);
  /// Returns null unless `keep`. The trace lives as long as the workspace's memory.
  const RecurrentTrace* (*forward)(const Plan& plan, const typename Plan::Args& args, Workspace& workspace,
                                   bool keep);
  /// `plan` and `args` are those of the forward pass; their y and final states are not read.
  void (*backward)(const Plan& plan, const typename Plan::Args& args, const RecurrentTrace& trace,
                   const typename Plan::Gradients& gradients, Workspace& workspace);
};

/// In the order in which they are asked; the last one runs everything.
template <class Plan>
std::span<const RecurrentDriver<Plan>> recurrent_drivers();

/// The only place where a driver is chosen.
template <class Plan>
const RecurrentDriver<Plan>& choose_driver(const Plan& plan, Workspace& workspace) {
  const std::span<const RecurrentDriver<Plan>> drivers = recurrent_drivers<Plan>();
  for (const RecurrentDriver<Plan>& driver : drivers) {
    if (driver.applies(plan, workspace)) return driver;
  }
  return drivers.back();
}

/// A driver and its trace: what a layer keeps between its two passes.
template <class Plan>
struct RecurrentPass {
  const RecurrentDriver<Plan>* driver;
  const RecurrentTrace* trace;

  static RecurrentPass forward(const Plan& plan, const typename Plan::Args& args, Workspace& workspace,
                               bool keep) {
    const RecurrentDriver<Plan>& driver = choose_driver(plan, workspace);
    return {&driver, driver.forward(plan, args, workspace, keep)};
  }
  void backward(const Plan& plan, const typename Plan::Args& args, const typename Plan::Gradients& gradients,
                Workspace& workspace) const {
    driver->backward(plan, args, *trace, gradients, workspace);
  }
};

}  // namespace rondo
