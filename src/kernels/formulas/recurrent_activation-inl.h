// Activations of recurrent cells as functions of a lane type, and their derivatives told from the value.
// Definitions as in Keras 3 (keras.activations). No include guard: included once per lane type.

// Not inlined: the switch would be copied into every formula, for a case that is rare.
template <class V>
HWY_NOINLINE V activate(ActivationKind kind, V x) {
  switch (kind) {
    case ActivationKind::tanh: return tanh(x);
    case ActivationKind::sigmoid: return sigmoid(x);
    case ActivationKind::relu: return max(x, V(0.0));
    case ActivationKind::hard_sigmoid: return clamp(x + V(3.0), 0.0, 6.0) * V(1.0 / 6.0);
    case ActivationKind::hard_tanh: return clamp(x, -1.0, 1.0);
    case ActivationKind::relu6: return clamp(x, 0.0, 6.0);
    case ActivationKind::leaky_relu: return if_less(x, V(0.0), x * V(0.2), x);
    case ActivationKind::elu: return if_less(x, V(0.0), expm1_negative(x), x);
    case ActivationKind::selu:
      return V(1.05070098735548049) * if_less(x, V(0.0), V(1.67326324235437728) * expm1_negative(x), x);
    case ActivationKind::softplus: return softplus(x);
    case ActivationKind::softsign: return x / (V(1.0) + abs(x));
    case ActivationKind::exponential: return exp(x);
    default: return x;
  }
}

/// dy · f'(x) where y = f(x).
template <class V>
HWY_INLINE V tanh_backward(V y, V dy) {
  return dy * fma(-y, y, V(1.0));
}
template <class V>
HWY_INLINE V sigmoid_backward(V y, V dy) {
  return dy * (y - y * y);
}
template <class V>
HWY_NOINLINE V activate_backward(ActivationKind kind, V y, V dy) {
  switch (kind) {
    case ActivationKind::tanh: return tanh_backward(y, dy);
    case ActivationKind::sigmoid: return sigmoid_backward(y, dy);
    case ActivationKind::relu: return if_less(V(0.0), y, dy, V(0.0));
    case ActivationKind::hard_sigmoid:
      return if_less(V(0.0), y, if_less(y, V(1.0), dy * V(1.0 / 6.0), V(0.0)), V(0.0));
    case ActivationKind::hard_tanh: return if_less(abs(y), V(1.0), dy, V(0.0));
    case ActivationKind::relu6: return if_less(V(0.0), y, if_less(y, V(6.0), dy, V(0.0)), V(0.0));
    case ActivationKind::leaky_relu: return if_less(y, V(0.0), dy * V(0.2), dy);
    case ActivationKind::elu: return if_less(y, V(0.0), dy * (y + V(1.0)), dy);
    case ActivationKind::selu:
      return dy *
             if_less(y, V(0.0), y + V(1.05070098735548049 * 1.67326324235437728), V(1.05070098735548049));
    case ActivationKind::softplus: return dy * (V(1.0) - exp(-y));
    case ActivationKind::softsign: {
      const V s = V(1.0) - abs(y);
      return dy * (s * s);
    }
    case ActivationKind::exponential: return dy * y;
    default: return dy;
  }
}
