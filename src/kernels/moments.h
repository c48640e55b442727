#pragma once

#include <cstdint>

#include "kernels/sweep.h"

namespace rondo::kernels {

/// Numbers of one step of an optimiser with two moments: m ← m + (g − m)·rest_1, v ← v + (g² − v)·rest_2, and
/// then one formula that serves Adam in both conventions and Nadam: w ← w − (a·m + b·g) / (√v·s + ε).
template <class T>
struct MomentStep {
  Prelude<T> prelude;
  T rest_1, rest_2;  ///< 1 − β
  T a, b, s, epsilon;
};

/// The step for `count` weights that do not overlap with anything else. `largest` null: without AMSGrad,
/// which divides by the largest v so far. The bits do not depend on the instruction set.
template <class T>
void update_moments(const MomentStep<T>& step, T* weights, const T* gradients, T* mean, T* square, T* largest,
                    std::int64_t count) noexcept;

}  // namespace rondo::kernels
