// To be included within a namespace, once for each instruction set; needs <array> and kernels/sweep.h.

/// The one pass over memory of an optimiser's step. `rule(weight, gradient, slots)` returns the new weight
/// and changes the slots. The pointers do not overlap, so that the compiler can use SIMD; unused slots may be
/// null. No operation is fused, hence the same bits on every instruction set.
template <class T, class Rule>
void sweep(const Rule& rule, const kernels::Prelude<T>& prelude, T* __restrict weights,
           const T* __restrict gradients, T* __restrict a, T* __restrict b, T* __restrict c,
           std::int64_t count) noexcept {
  const kernels::Prelude<T> pre = prelude;
  const Rule update = rule;
  for (std::int64_t i = 0; i < count; ++i) {
    std::array<T, 3> slots{};
    if constexpr (Rule::kSlots > 0) slots[0] = a[i];
    if constexpr (Rule::kSlots > 1) slots[1] = b[i];
    if constexpr (Rule::kSlots > 2) slots[2] = c[i];
    T w = weights[i];
    T g = gradients[i] * pre.scale;
    g = g < -pre.limit ? -pre.limit : g;
    g = pre.limit < g ? pre.limit : g;
    g = g + pre.l2 * w;
    w = w - w * pre.shrink;
    weights[i] = update(w, g, slots);
    if constexpr (Rule::kSlots > 0) a[i] = slots[0];
    if constexpr (Rule::kSlots > 1) b[i] = slots[1];
    if constexpr (Rule::kSlots > 2) c[i] = slots[2];
  }
}
