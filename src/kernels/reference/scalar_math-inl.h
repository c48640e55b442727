// The same names as simd_math-inl.h on one double: the oracle that every instruction set is measured against.

using Real = double;

inline Real fma(Real a, Real b, Real c) { return a * b + c; }
inline Real abs(Real a) { return std::abs(a); }
inline Real max(Real a, Real b) { return a < b ? b : a; }
inline Real if_less(Real a, Real b, Real yes, Real no) { return a < b ? yes : no; }
inline Real clamp(Real x, double low, double high) { return x < low ? low : x > high ? high : x; }
inline Real exp(Real x) { return std::exp(x); }
inline Real sigmoid(Real x) { return 1.0 / (1.0 + std::exp(-x)); }
inline Real tanh(Real x) { return std::tanh(x); }
inline Real expm1_negative(Real x) { return std::expm1(x < 0.0 ? x : 0.0); }
inline Real softplus(Real x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
