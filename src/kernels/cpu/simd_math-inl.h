// Vector arithmetic and non-linear functions, compiled once per instruction set. Include inside namespace
// rondo::kernels::HWY_NAMESPACE, between HWY_BEFORE_NAMESPACE and HWY_AFTER_NAMESPACE, where `hn` is
// Highway's namespace and `FloatTag` the type of vectors. No include guard: that is the point.

// Errors are the largest of all 2^32 floats, with and without fused multiply-add, against double
// (tests/unit/kernels/simd_math_test.cc; RONDO_TEST_FULL=1 tries them all). NaN gives NaN. No function is
// monotone to the last digit: where x grows by one digit, the value may fall back by 3e-7 of itself (4e-7:
// softplus, log1p_unit). Denormal numbers count. AVX2, AVX-512 and NEON give the same bits; SSE4 and the
// plain target, without fused multiply-add, others.

using FloatVec = hn::Vec<FloatTag>;

/// A SIMD vector of float with the operators that formulas are written in.
struct Lanes {
  FloatVec v;
  Lanes() = default;
  HWY_INLINE Lanes(FloatVec raw) : v(raw) {}
  HWY_INLINE Lanes(double constant) : v(hn::Set(FloatTag(), static_cast<float>(constant))) {}
};

HWY_INLINE Lanes operator+(Lanes a, Lanes b) { return hn::Add(a.v, b.v); }
HWY_INLINE Lanes operator-(Lanes a, Lanes b) { return hn::Sub(a.v, b.v); }
HWY_INLINE Lanes operator*(Lanes a, Lanes b) { return hn::Mul(a.v, b.v); }
HWY_INLINE Lanes operator/(Lanes a, Lanes b) { return hn::Div(a.v, b.v); }
HWY_INLINE Lanes operator-(Lanes a) { return hn::Neg(a.v); }
/// a·b + c, rounded once where the machine can.
HWY_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return hn::MulAdd(a.v, b.v, c.v); }
HWY_INLINE Lanes abs(Lanes a) { return hn::Abs(a.v); }
/// a < b ? yes : no
HWY_INLINE Lanes if_less(Lanes a, Lanes b, Lanes yes, Lanes no) {
  return hn::IfThenElse(hn::Lt(a.v, b.v), yes.v, no.v);
}
/// NaN in `a` stays NaN, so that relu does not hide a diverged network.
HWY_INLINE Lanes max(Lanes a, Lanes b) { return if_less(a, b, b, a); }
/// NaN stays NaN.
HWY_INLINE Lanes clamp(Lanes x, double low, double high) {
  const FloatTag d;
  const FloatVec bottom = hn::Set(d, static_cast<float>(low)), top = hn::Set(d, static_cast<float>(high));
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  // The variable is the second operand of both: x86 returns that one when either is NaN.
  return hn::Max(bottom, hn::Min(top, x.v));
#else
  return hn::IfThenElse(hn::Lt(x.v, bottom), bottom, hn::IfThenElse(hn::Gt(x.v, top), top, x.v));
#endif
}

/// 2^z in two parts: scale = 2^n with n = round(z), fraction = 2^(z-n) - 1.
struct Exp2Parts {
  Lanes scale, fraction;
};
/// (2^f - 1) on [-1/2, 1/2]: f times a Chebyshev fit of degree 5; error of 2^f below 5.2e-9.
HWY_INLINE Lanes exp2_fraction(Lanes f) {
  Lanes p = 0.00015461447463230483;
  p = fma(p, f, 0.0013390867351457008);
  p = fma(p, f, 0.009618056669886268);
  p = fma(p, f, 0.055503571042528066);
  p = fma(p, f, 0.24022650922342728);
  p = fma(p, f, 0.6931471880293426);
  return f * p;
}
/// For z = x · factor with |z| <= 126. Added to a number whose last digit counts ones, z is rounded to n, and
/// n + 127, the exponent of 2^n, stands in the last bits: no conversion to integers.
HWY_INLINE Exp2Parts exp2_parts(Lanes x, double factor) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const Lanes k = factor, shift = 12582912.0 + 127.0;  // 1.5 · 2^23
  const Lanes t = fma(x, k, shift);
  const Lanes f = fma(x, k, shift - t);
  return {hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, t.v))), exp2_fraction(f)};
}

/// e^x; relative error below 1.3e-7 (1.5 units in the last place) for -87 <= x <= 88.72, absolute error
/// below 1.5e-45 for smaller x; 0 below -103.98, infinity above 88.73.
HWY_INLINE Lanes exp(Lanes x) {
  const FloatTag d;
  const Lanes bounded = clamp(x, -104.0, 89.0);
  const FloatVec n = hn::Round(hn::Mul(bounded.v, hn::Set(d, 1.44269504088896341f)));
  // x - n·ln 2 with ln 2 in two pieces (Cody and Waite), so that large |x| keeps its digits.
  FloatVec r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), bounded.v);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  const Lanes power = Lanes(1.0) + exp2_fraction(Lanes(r) * Lanes(1.44269504088896341));
  // 2^n in two factors: n reaches 128 and -150, beyond the exponents of one float.
  const hn::RebindToSigned<FloatTag> di;
  const auto whole = hn::ConvertTo(di, n);
  const auto half = hn::ShiftRight<1>(whole);
  const FloatVec s1 = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, hn::Set(di, 127))));
  const FloatVec s2 = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::Sub(whole, half), hn::Set(di, 127))));
  return power * Lanes(s1) * Lanes(s2);
}

/// 1 / (1 + e^-x); absolute error below 1e-7; relative error below 4e-6 for x >= -87, and never less than
/// 2^-126 = 1.2e-38. sigmoid(x) + sigmoid(-x) is 1 within 1e-7.
HWY_INLINE Lanes sigmoid(Lanes x) {
  const Exp2Parts e = exp2_parts(clamp(x, -87.0, 87.0), -1.44269504088896341);
  return Lanes(1.0) / (Lanes(1.0) + fma(e.scale, e.fraction, e.scale));
}

/// tanh by e^2x - 1 = 2^n·(2^f - 1) + (2^n - 1), which keeps relative accuracy near zero: relative error
/// below 2.7e-7 (3.9 units in the last place), absolute below 1.6e-7. tanh(-x) is -tanh(x) within 4e-7 of it;
/// to make it odd would cost a tenth of its time.
HWY_INLINE Lanes tanh(Lanes x) {
  const Exp2Parts e = exp2_parts(clamp(x, -9.1, 9.1), 2.88539008177792681);
  const Lanes expm1 = fma(e.scale, e.fraction, e.scale - Lanes(1.0));
  return expm1 / (expm1 + Lanes(2.0));
}

/// e^x - 1 for x <= 0; relative error below 1.9e-7. For x > 0 some finite number.
HWY_INLINE Lanes expm1_negative(Lanes x) {
  const Exp2Parts e = exp2_parts(clamp(x, -80.0, 0.0), 1.44269504088896341);
  return fma(e.scale, e.fraction, e.scale - Lanes(1.0));
}

/// ln(1 + x) for 0 <= x <= 1 as 2·atanh(x / (2 + x)), whose argument is at most 1/3; relative error
/// below 2.4e-7.
HWY_INLINE Lanes log1p_unit(Lanes x) {
  const Lanes s = x / (x + Lanes(2.0));
  const Lanes q = s * s;
  Lanes p = 2.0 / 13;
  p = fma(p, q, 2.0 / 11);
  p = fma(p, q, 2.0 / 9);
  p = fma(p, q, 2.0 / 7);
  p = fma(p, q, 2.0 / 5);
  p = fma(p, q, 2.0 / 3);
  p = fma(p, q, 2.0);
  return s * p;
}

/// A function of the standard library lane by lane, for what has no vector form yet.
template <class Function>
HWY_INLINE Lanes lane_by_lane(Lanes x, Function function) {
  HWY_ALIGN float lanes[hn::MaxLanes(FloatTag())];
  hn::Store(x.v, FloatTag(), lanes);
  for (std::size_t i = 0; i < hn::Lanes(FloatTag()); ++i) lanes[i] = function(lanes[i]);
  return hn::Load(FloatTag(), lanes);
}
HWY_INLINE Lanes erf(Lanes x) {
  return lane_by_lane(x, [](float v) { return std::erf(v); });
}
HWY_INLINE Lanes standard_exp(Lanes x) {
  return lane_by_lane(x, [](float v) { return std::exp(v); });
}

/// ln(1 + e^x) without overflow; relative error below 3e-7, absolute below 3e-45 where the result is a
/// denormal number.
HWY_INLINE Lanes softplus(Lanes x) { return max(x, Lanes(0.0)) + log1p_unit(exp(-abs(x))); }
