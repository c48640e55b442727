#pragma once

#include <string>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo::golden {

/// How far a number may be from the oracle's: absolute + relative · |expected| + scaled · (largest |expected|
/// of its tensor).
struct Tolerance {
  double absolute = 0, relative = 0, scaled = 0;
};

/// Outputs, losses, metrics.
Tolerance forward_tolerance(DType dtype);
/// `largest`: the largest gradient of the case, which says how much its smaller ones can have cancelled.
Tolerance gradient_tolerance(DType dtype, double largest);
double largest_magnitude(const Tensor& tensor);
/// After 100 training steps.
Tolerance training_tolerance(DType dtype);

/// Gathers what differs in one case.
class Comparison {
 public:
  /// `oracle_error`: how far from exact the expected numbers are themselves, relative to the largest of a
  /// tensor.
  explicit Comparison(std::string case_name, double oracle_error = 0)
      : case_name_(std::move(case_name)), oracle_error_(oracle_error) {}

  /// Every element of `seen` against `expected`, in row-major order. Shapes may differ, counts may not.
  void compare(const std::string& tensor, const Tensor& seen, const Tensor& expected, Tolerance tolerance);
  void compare(const std::string& tensor, double seen, double expected, Tolerance tolerance);
  /// Something else that is wrong.
  void report(const std::string& tensor, const std::string& what);

  bool passed() const { return differences_ == 0; }
  std::int64_t numbers() const { return numbers_; }
  /// One line for each of the first mismatches of each tensor: case, tensor, index, seen, expected.
  std::string message() const;

 private:
  std::string case_name_;
  double oracle_error_;
  std::vector<std::string> lines_;
  std::int64_t differences_ = 0, numbers_ = 0;
};

}  // namespace rondo::golden
