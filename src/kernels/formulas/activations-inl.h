// Every activation on a lane type `Lane`, with the functions of simd_math-inl.h or
// reference/scalar_math-inl.h in scope. Definitions as in Keras 3 (keras.activations). No include guard:
// included once for each lane type.
//
// An entry has a name, perhaps an alias, and
//   value(x)          y = f(x)
//   backward(y, dy)   dy·f'(x) from the value alone: what recurrent cells keep. Without it, no cell can use
//   it slope(x, y)       f'(x); absent where it is backward(y, 1)
// A new activation is an entry and its place in `Entries`. Entries without a value are functions of whole
// rows.

namespace activation {

struct Linear {
  static constexpr const char* kName = "linear";
  static HWY_INLINE Lane value(Lane x) { return x; }
  static HWY_INLINE Lane backward(Lane, Lane dy) { return dy; }
};
struct Tanh {
  static constexpr const char* kName = "tanh";
  static HWY_INLINE Lane value(Lane x) { return tanh(x); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return dy * fma(-y, y, Lane(1.0)); }
};
struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  static HWY_INLINE Lane value(Lane x) { return sigmoid(x); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return dy * (y - y * y); }
};
struct Relu {
  static constexpr const char* kName = "relu";
  static HWY_INLINE Lane value(Lane x) { return max(x, Lane(0.0)); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return if_less(Lane(0.0), y, dy, Lane(0.0)); }
};
/// relu6(x + 3) / 6
struct HardSigmoid {
  static constexpr const char* kName = "hard_sigmoid";
  static HWY_INLINE Lane value(Lane x) { return clamp(x + Lane(3.0), 0.0, 6.0) * Lane(1.0 / 6.0); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) {
    return if_less(Lane(0.0), y, if_less(y, Lane(1.0), dy * Lane(1.0 / 6.0), Lane(0.0)), Lane(0.0));
  }
  static HWY_INLINE Lane slope(Lane x, Lane) {
    return if_less(abs(x), Lane(3.0), Lane(1.0 / 6.0), Lane(0.0));
  }
};
struct HardTanh {
  static constexpr const char* kName = "hard_tanh";
  static HWY_INLINE Lane value(Lane x) { return clamp(x, -1.0, 1.0); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return if_less(abs(y), Lane(1.0), dy, Lane(0.0)); }
};
struct Softplus {
  static constexpr const char* kName = "softplus";
  static HWY_INLINE Lane value(Lane x) { return softplus(x); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return dy * (Lane(1.0) - exp(-y)); }
  static HWY_INLINE Lane slope(Lane x, Lane) { return sigmoid(x); }
};
struct Exponential {
  static constexpr const char* kName = "exponential";
  static HWY_INLINE Lane value(Lane x) { return exp(x); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return dy * y; }
};
struct Softmax {
  static constexpr const char* kName = "softmax";
};
struct LogSoftmax {
  static constexpr const char* kName = "log_softmax";
};
struct Relu6 {
  static constexpr const char* kName = "relu6";
  static HWY_INLINE Lane value(Lane x) { return clamp(x, 0.0, 6.0); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) {
    return if_less(Lane(0.0), y, if_less(y, Lane(6.0), dy, Lane(0.0)), Lane(0.0));
  }
};
struct LeakyRelu {
  static constexpr const char* kName = "leaky_relu";
  static HWY_INLINE Lane value(Lane x) { return if_less(x, Lane(0.0), x * Lane(0.2), x); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return if_less(y, Lane(0.0), dy * Lane(0.2), dy); }
};
struct Elu {
  static constexpr const char* kName = "elu";
  static HWY_INLINE Lane value(Lane x) { return if_less(x, Lane(0.0), expm1_negative(x), x); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) { return if_less(y, Lane(0.0), dy * (y + Lane(1.0)), dy); }
};
struct Selu {
  static constexpr const char* kName = "selu";
  static constexpr double kScale = 1.05070098735548049, kAlpha = 1.67326324235437728;
  static HWY_INLINE Lane value(Lane x) {
    return Lane(kScale) * if_less(x, Lane(0.0), Lane(kAlpha) * expm1_negative(x), x);
  }
  static HWY_INLINE Lane backward(Lane y, Lane dy) {
    return dy * if_less(y, Lane(0.0), y + Lane(kScale * kAlpha), Lane(kScale));
  }
};
struct Softsign {
  static constexpr const char* kName = "softsign";
  static HWY_INLINE Lane value(Lane x) { return x / (Lane(1.0) + abs(x)); }
  static HWY_INLINE Lane backward(Lane y, Lane dy) {
    const Lane s = Lane(1.0) - abs(y);
    return dy * (s * s);
  }
};

/// Beyond ±200 the functions below are their asymptotes, while products of infinity and zero would be NaN.
HWY_INLINE Lane not_too_negative(Lane x) { return max(x, Lane(-200.0)); }

struct Silu {
  static constexpr const char *kName = "silu", *kAlias = "swish";
  static HWY_INLINE Lane value(Lane x) { return not_too_negative(x) * sigmoid(x); }
  static HWY_INLINE Lane slope(Lane x, Lane) {
    const Lane s = sigmoid(x);
    return fma(clamp(x, -200, 200), s * (Lane(1.0) - s), s);
  }
};
/// x·Φ(x), by the standard library lane by lane.
struct Gelu {
  static constexpr const char* kName = "gelu";
  static constexpr bool kFused = false;  ///< the product with dy and its sum are rounded each
  static HWY_INLINE Lane cdf(Lane x) { return Lane(0.5) * (Lane(1.0) + erf(x / Lane(std::numbers::sqrt2))); }
  static HWY_INLINE Lane value(Lane x) {
    return Lane(0.5) * x * (Lane(1.0) + erf(x / Lane(std::numbers::sqrt2)));
  }
  static HWY_INLINE Lane slope(Lane x, Lane) {
    return cdf(x) +
           x * standard_exp(Lane(-0.5) * x * x) * Lane(std::numbers::inv_sqrtpi) / Lane(std::numbers::sqrt2);
  }
};
/// Its form with tanh, x·(1 + tanh(a·(x + b·x³))) / 2, which is x·sigmoid(2·a·(x + b·x³)).
struct GeluTanh {
  static constexpr const char* kName = "gelu_tanh";
  static constexpr double kTwoA = 2 * std::numbers::inv_sqrtpi * std::numbers::sqrt2, kB = 0.044715;
  static HWY_INLINE Lane inner(Lane x) { return Lane(kTwoA) * fma(Lane(kB) * x * x, x, x); }
  static HWY_INLINE Lane value(Lane x) { return not_too_negative(x) * sigmoid(inner(x)); }
  static HWY_INLINE Lane slope(Lane x, Lane) {
    const Lane v = clamp(x, -200, 200), z = inner(v), s = sigmoid(z);
    const Lane steepness = fma(Lane(3 * kB) * v, v, Lane(1.0)) * Lane(kTwoA);
    return fma(v * steepness, s * sigmoid(-z), s);  // 1 - s would lose the digits that the product shows
  }
};
struct Mish {
  static constexpr const char* kName = "mish";
  static HWY_INLINE Lane value(Lane x) { return not_too_negative(x) * tanh(softplus(x)); }
  static HWY_INLINE Lane slope(Lane x, Lane) {
    const Lane t = tanh(softplus(x));
    return fma(clamp(x, -200, 200) * fma(-t, t, Lane(1.0)), sigmoid(x), t);
  }
};
struct LogSigmoid {
  static constexpr const char* kName = "log_sigmoid";
  static HWY_INLINE Lane value(Lane x) { return -softplus(-x); }
  static HWY_INLINE Lane slope(Lane x, Lane) { return sigmoid(-x); }
};

template <class... Entry>
struct List {};
/// In the order of ActivationKind, then those that no code asks for by name.
using Entries =
    List<Linear, Tanh, Sigmoid, Relu, HardSigmoid, HardTanh, Softplus, Exponential, Softmax, LogSoftmax,
         Relu6, LeakyRelu, Elu, Selu, Softsign, Silu, Gelu, GeluTanh, Mish, LogSigmoid>;

template <class Entry>
constexpr bool kHasValue = requires(Lane v) {
  Entry::value(v);
};
/// Whether the derivative follows from the value.
template <class Entry>
constexpr bool kIsRecurrent = requires(Lane v) {
  Entry::backward(v, v);
};

template <class Entry>
HWY_INLINE Lane slope_of(Lane x, Lane y) {
  if constexpr (requires { Entry::slope(x, y); }) {
    return Entry::slope(x, y);
  } else {
    return Entry::backward(y, Lane(1.0));
  }
}
/// to + dy · f'(x)
template <class Entry>
HWY_INLINE Lane add_gradient(Lane x, Lane y, Lane dy, Lane to) {
  const Lane slope = slope_of<Entry>(x, y);
  if constexpr (requires { Entry::kFused; }) return to + dy * slope;
  return fma(dy, slope, to);
}

// What recurrent cells run, by kind. A function each that is not inlined, for a case that is rare: as callers
// see what it does, their values stay in registers.
template <class Entry>
HWY_INLINE bool set_value(bool is_kind, Lane x, Lane& y) {
  if constexpr (kIsRecurrent<Entry>) {
    if (is_kind) y = Entry::value(x);
  }
  return is_kind;
}
template <class Entry>
HWY_INLINE bool set_backward(bool is_kind, Lane y, Lane dy, Lane& d) {
  if constexpr (kIsRecurrent<Entry>) {
    if (is_kind) d = Entry::backward(y, dy);
  }
  return is_kind;
}
template <class... Entry>
HWY_NOINLINE Lane value_of(std::size_t kind, Lane x, List<Entry...>) {
  Lane y = x;
  std::size_t place = 0;
  static_cast<void>((set_value<Entry>(kind == place++, x, y) || ...));
  return y;
}
template <class... Entry>
HWY_NOINLINE Lane backward_of(std::size_t kind, Lane y, Lane dy, List<Entry...>) {
  Lane d = dy;
  std::size_t place = 0;
  static_cast<void>((set_backward<Entry>(kind == place++, y, dy, d) || ...));
  return d;
}

}  // namespace activation
