#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::checking {

/// Least squares by Householder reflections (Golub & Van Loan, Matrix Computations, 5.2), which unlike normal
/// equations can tell an exact fit from a very good one. Columns are taken in order, so that one
/// factorisation says how well the first columns alone do.
class OrthogonalFit {
 public:
  /// `design` is column by column, [columns, rows], rows > columns. Columns that depend on those before count
  /// as zero.
  OrthogonalFit(std::vector<double> design, std::int64_t rows);

  struct Result {
    std::vector<double> squares_left;  ///< after the first 0, 1 … columns: sum of squared residuals
    std::vector<double> coefficients;  ///< of all columns
  };
  Result fit(std::span<const double> values) const;

 private:
  std::int64_t rows_, columns_;
  std::vector<double> reflectors_;  ///< in the place of the design
  std::vector<double> diagonal_;
  std::vector<std::int64_t> pivot_;  ///< by column: row of its diagonal, -1 for a dependent column
};

}  // namespace rondo::checking
