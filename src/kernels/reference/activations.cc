#include "kernels/activations.h"

#include <hwy/base.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string_view>

// The table of activations in double by the standard library, plain loops for functions of whole rows.

namespace rondo::kernels {
namespace {

using Lane = double;
#include "kernels/reference/scalar_math-inl.h"
// After the functions that it is written in.
#include "kernels/formulas/activations-inl.h"

template <class Entry>
constexpr const char* alias_of() {
  if constexpr (requires { Entry::kAlias; }) return Entry::kAlias;
  return nullptr;
}
template <class... Entry>
constexpr auto infos_of(activation::List<Entry...>) {
  return std::array{ActivationInfo{Entry::kName, alias_of<Entry>(), activation::kIsRecurrent<Entry>}...};
}
constexpr auto kInfos = infos_of(activation::Entries());

constexpr bool is_named(ActivationKind kind, std::string_view name) {
  return name == kInfos[static_cast<std::size_t>(kind)].name;
}
using Kind = ActivationKind;
static_assert(is_named(Kind::linear, "linear") && is_named(Kind::tanh, "tanh") &&
              is_named(Kind::sigmoid, "sigmoid") && is_named(Kind::relu, "relu") &&
              is_named(Kind::hard_sigmoid, "hard_sigmoid") && is_named(Kind::hard_tanh, "hard_tanh") &&
              is_named(Kind::softplus, "softplus") && is_named(Kind::exponential, "exponential") &&
              is_named(Kind::softmax, "softmax") && is_named(Kind::log_softmax, "log_softmax"));

/// Calls job.operator()<Entry>() for the entry of a kind.
template <class Job, class... Entry>
void with_entry(Kind kind, Job job, activation::List<Entry...>) {
  std::size_t i = 0;
  ((i++ == static_cast<std::size_t>(kind) ? job.template operator()<Entry>() : void()), ...);
}

void softmax(bool logarithm, const double* x, double* y, std::int64_t n) {
  const double top = n == 0 ? 0.0 : *std::max_element(x, x + n);
  double total = 0;
  for (std::int64_t c = 0; c < n; ++c) total += std::exp(x[c] - top);
  for (std::int64_t c = 0; c < n; ++c)
    y[c] = logarithm ? (x[c] - top) - std::log(total) : std::exp(x[c] - top) / total;
}

void softmax_backward(bool logarithm, const double* y, const double* dy, double* dx, std::int64_t n) {
  double dot = 0;
  for (std::int64_t c = 0; c < n; ++c) dot += logarithm ? dy[c] : dy[c] * y[c];
  for (std::int64_t c = 0; c < n; ++c)
    dx[c] += logarithm ? dy[c] - std::exp(y[c]) * dot : y[c] * (dy[c] - dot);
}

}  // namespace

std::span<const ActivationInfo> activations() { return kInfos; }

template <>
void activate_rows(Kind kind, View<const double> x, View<double> y) {
  with_entry(
      kind,
      [&]<class Entry>() {
        for (std::int64_t r = 0; r < x.rows; ++r) {
          if constexpr (activation::kHasValue<Entry>) {
            for (std::int64_t c = 0; c < x.cols; ++c) y(r, c) = Entry::value(x(r, c));
          } else {
            softmax(kind == Kind::log_softmax, x.row(r), y.row(r), x.cols);
          }
        }
      },
      activation::Entries());
}

template <>
void activate_rows_backward(Kind kind, View<const double> x, View<const double> y, View<const double> dy,
                            View<double> dx) {
  with_entry(
      kind,
      [&]<class Entry>() {
        for (std::int64_t r = 0; r < y.rows; ++r) {
          if constexpr (activation::kHasValue<Entry>) {
            for (std::int64_t c = 0; c < y.cols; ++c)
              dx(r, c) = activation::add_gradient<Entry>(x(r, c), y(r, c), dy(r, c), dx(r, c));
          } else {
            softmax_backward(kind == Kind::log_softmax, y.row(r), dy.row(r), dx.row(r), y.cols);
          }
        }
      },
      activation::Entries());
}

}  // namespace rondo::kernels
