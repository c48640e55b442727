#include "kernels/activations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>

#include "kernels/float_activations.h"
#include "rondo/base/error.h"
#include "rondo/base/json.h"

namespace rondo::kernels {
namespace {

using Kind = ActivationKind;

constexpr std::pair<const char*, Kind> kNames[] = {{"linear", Kind::linear},
                                                   {"tanh", Kind::tanh},
                                                   {"sigmoid", Kind::sigmoid},
                                                   {"relu", Kind::relu},
                                                   {"hard_sigmoid", Kind::hard_sigmoid},
                                                   {"hard_tanh", Kind::hard_tanh},
                                                   {"relu6", Kind::relu6},
                                                   {"leaky_relu", Kind::leaky_relu},
                                                   {"elu", Kind::elu},
                                                   {"selu", Kind::selu},
                                                   {"softplus", Kind::softplus},
                                                   {"softsign", Kind::softsign},
                                                   {"exponential", Kind::exponential},
                                                   {"silu", Kind::silu},
                                                   {"gelu", Kind::gelu},
                                                   {"gelu_tanh", Kind::gelu_tanh},
                                                   {"mish", Kind::mish},
                                                   {"log_sigmoid", Kind::log_sigmoid},
                                                   {"softmax", Kind::softmax},
                                                   {"log_softmax", Kind::log_softmax},
                                                   {"swish", Kind::silu}};

template <class T>
T logistic(T x) {
  return T{1} / (T{1} + std::exp(-x));
}
template <class T>
T soft_plus(T x) {
  return std::max(x, T{0}) + std::log1p(std::exp(-std::abs(x)));
}
constexpr double kSeluScale = 1.05070098735548049, kSeluAlpha = 1.67326324235437728;

/// Definitions as in Keras 3 (keras.activations): leaky_relu has slope 0.2, hard_sigmoid is relu6(x + 3) / 6.
template <class T>
T value(Kind kind, T x) {
  switch (kind) {
    case Kind::tanh: return std::tanh(x);
    case Kind::sigmoid: return logistic(x);
    case Kind::relu: return std::max(x, T{0});
    case Kind::hard_sigmoid: return std::clamp(x + T{3}, T{0}, T{6}) / T{6};
    case Kind::hard_tanh: return std::clamp(x, T{-1}, T{1});
    case Kind::relu6: return std::clamp(x, T{0}, T{6});
    case Kind::leaky_relu: return x < 0 ? T(0.2) * x : x;
    case Kind::elu: return x < 0 ? std::expm1(x) : x;
    case Kind::selu: return T(kSeluScale) * (x < 0 ? T(kSeluAlpha) * std::expm1(x) : x);
    case Kind::softplus: return soft_plus(x);
    case Kind::softsign: return x / (T{1} + std::abs(x));
    case Kind::exponential: return std::exp(x);
    case Kind::silu: return x * logistic(x);
    case Kind::gelu: return T(0.5) * x * (T{1} + std::erf(x / std::numbers::sqrt2_v<T>));
    case Kind::gelu_tanh: {
      const T inner =
          T(std::numbers::inv_sqrtpi_v<T> * std::numbers::sqrt2_v<T>) * (x + T(0.044715) * x * x * x);
      return T(0.5) * x * (T{1} + std::tanh(inner));
    }
    case Kind::mish: return x * std::tanh(soft_plus(x));
    case Kind::log_sigmoid: return -soft_plus(-x);
    default: return x;
  }
}

template <class T>
T derivative(Kind kind, T x, T y) {
  switch (kind) {
    case Kind::tanh: return T{1} - y * y;
    case Kind::sigmoid: return y - y * y;
    case Kind::relu: return x > 0 ? T{1} : T{0};
    case Kind::hard_sigmoid: return x > -3 && x < 3 ? T{1} / T{6} : T{0};
    case Kind::hard_tanh: return x > -1 && x < 1 ? T{1} : T{0};
    case Kind::relu6: return x > 0 && x < 6 ? T{1} : T{0};
    case Kind::leaky_relu: return x < 0 ? T(0.2) : T{1};
    case Kind::elu: return x < 0 ? y + T{1} : T{1};
    case Kind::selu: return x < 0 ? y + T(kSeluScale * kSeluAlpha) : T(kSeluScale);
    case Kind::softplus: return logistic(x);
    case Kind::softsign: return (T{1} - std::abs(y)) * (T{1} - std::abs(y));
    case Kind::exponential: return y;
    case Kind::silu: {
      const T s = logistic(x);
      return s + x * s * (T{1} - s);
    }
    case Kind::gelu: {
      const T cdf = T(0.5) * (T{1} + std::erf(x / std::numbers::sqrt2_v<T>));
      return cdf + x * std::exp(T(-0.5) * x * x) * std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>;
    }
    case Kind::gelu_tanh: {
      const T a = std::numbers::inv_sqrtpi_v<T> * std::numbers::sqrt2_v<T>;
      const T t = std::tanh(a * (x + T(0.044715) * x * x * x));
      return T(0.5) * (T{1} + t) + T(0.5) * x * (T{1} - t * t) * a * (T{1} + T(3 * 0.044715) * x * x);
    }
    case Kind::mish: {
      const T t = std::tanh(soft_plus(x));
      return t + x * (T{1} - t * t) * logistic(x);
    }
    case Kind::log_sigmoid: return logistic(-x);
    default: return T{1};
  }
}

}  // namespace

const char* activation_name(ActivationKind kind) {
  for (const auto& [name, k] : kNames) {
    if (k == kind) return name;
  }
  return "linear";
}

std::vector<std::string> activation_names() {
  std::vector<std::string> out;
  for (const auto& [name, kind] : kNames) out.emplace_back(name);
  return out;
}

ActivationKind parse_activation(const std::string& name, const std::string& where) {
  for (const auto& [known, kind] : kNames) {
    if (name == known) return kind;
  }
  std::string list;
  for (const auto& [known, kind] : kNames) list += (list.empty() ? "" : ", ") + std::string(known);
  Error error(ErrorKind::usage, "unknown activation '" + name + "'");
  error.where(where).expected("one of " + list);
  const std::string near = nearest_name(name, activation_names());
  if (!near.empty()) error.fix("did you mean '" + near + "'?");
  throw error;
}

template <class T>
void activate_rows(ActivationKind kind, View<const T> x, View<T> y) {
  if constexpr (std::is_same_v<T, float>) {
    if (activate_float_rows(kind, x, y)) return;
  }
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const T* from = x.row(r);
    T* to = y.row(r);
    if (kind == Kind::softmax || kind == Kind::log_softmax) {
      const T top = x.cols == 0 ? T{0} : *std::max_element(from, from + x.cols);
      T total{0};
      for (std::int64_t c = 0; c < x.cols; ++c) total += std::exp(from[c] - top);
      const T log_total = std::log(total);
      for (std::int64_t c = 0; c < x.cols; ++c) {
        const T shifted = from[c] - top;
        to[c] = kind == Kind::softmax ? std::exp(shifted) / total : shifted - log_total;
      }
    } else {
      for (std::int64_t c = 0; c < x.cols; ++c) to[c] = value(kind, from[c]);
    }
  }
}

template <class T>
void activate_rows_backward(ActivationKind kind, View<const T> x, View<const T> y, View<const T> dy,
                            View<T> dx) {
  if constexpr (std::is_same_v<T, float>) {
    if (activate_float_rows_backward(kind, x, y, dy, dx)) return;
  }
  for (std::int64_t r = 0; r < y.rows; ++r) {
    const T *out = y.row(r), *up = dy.row(r);
    T* to = dx.row(r);
    if (kind == Kind::softmax || kind == Kind::log_softmax) {
      T dot{0};
      for (std::int64_t c = 0; c < y.cols; ++c) dot += kind == Kind::softmax ? up[c] * out[c] : up[c];
      for (std::int64_t c = 0; c < y.cols; ++c) {
        to[c] += kind == Kind::softmax ? out[c] * (up[c] - dot) : up[c] - std::exp(out[c]) * dot;
      }
    } else {
      for (std::int64_t c = 0; c < y.cols; ++c) to[c] += up[c] * derivative(kind, x(r, c), out[c]);
    }
  }
}

template void activate_rows<float>(ActivationKind, View<const float>, View<float>);
template void activate_rows<double>(ActivationKind, View<const double>, View<double>);
template void activate_rows_backward<float>(ActivationKind, View<const float>, View<const float>,
                                            View<const float>, View<float>);
template void activate_rows_backward<double>(ActivationKind, View<const double>, View<const double>,
                                             View<const double>, View<double>);

}  // namespace rondo::kernels
