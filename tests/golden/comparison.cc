#include "golden/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rondo::golden {
namespace {

constexpr int kLinesPerTensor = 3;

}  // namespace

Tolerance forward_tolerance(DType dtype) {
  if (dtype == DType::float64) return {.absolute = 1e-9, .relative = 1e-9};
  return {.absolute = 1e-6, .relative = 1e-6};
}

Tolerance gradient_tolerance(DType dtype, double largest) {
  if (dtype == DType::float64) return {.absolute = 1e-10 + 1e-9 * largest};
  return {.absolute = 1e-7 + 1e-5 * largest};
}

double largest_magnitude(const Tensor& tensor) {
  double largest = 0;
  for (std::int64_t i = 0; i < tensor.size(); ++i) largest = std::max(largest, std::abs(tensor.at(i)));
  return largest;
}

Tolerance training_tolerance(DType dtype) {
  // The floor is for a single weight that happens to end near zero.
  if (dtype == DType::float64) return {.absolute = 1e-10, .scaled = 1e-9};
  return {.absolute = 1e-6, .scaled = 1e-4};
}

void Comparison::compare(const std::string& tensor, const Tensor& seen, const Tensor& expected,
                         Tolerance tolerance) {
  if (seen.size() != expected.size()) {
    report(tensor,
           fmt::format("seen shape {}, expected {}", to_string(seen.shape()), to_string(expected.shape())));
    return;
  }
  const double scaled = std::max(tolerance.scaled, oracle_error_) * largest_magnitude(expected);
  int told = 0;
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const double want = expected.at(i), got = seen.at(i);
    const double allowed = tolerance.absolute + tolerance.relative * std::abs(want) + scaled;
    if (std::abs(got - want) <= allowed) continue;  // false for NaN
    ++differences_;
    if (++told <= kLinesPerTensor) {
      lines_.push_back(fmt::format("{}: {}[{}] seen {:.12g} expected {:.12g} (off by {:.2g}, allowed {:.2g})",
                                   case_name_, tensor, i, got, want, got - want, allowed));
    }
  }
  if (told > kLinesPerTensor)
    lines_.push_back(
        fmt::format("{}: {} differs in {} of {} places", case_name_, tensor, told, expected.size()));
  numbers_ += expected.size();
}

void Comparison::compare(const std::string& tensor, double seen, double expected, Tolerance tolerance) {
  compare(tensor, Tensor::full({}, seen, DType::float64), Tensor::full({}, expected, DType::float64),
          tolerance);
}

void Comparison::report(const std::string& tensor, const std::string& what) {
  ++differences_;
  lines_.push_back(fmt::format("{}: {}: {}", case_name_, tensor, what));
}

std::string Comparison::message() const { return fmt::format("{}", fmt::join(lines_, "\n")); }

}  // namespace rondo::golden
