#pragma once

#include <cmath>
#include <cstdint>
#include <span>

namespace rondo::forecasting::statistical {

/// Columns that are known of the past and of the rows to forecast, row by row; a missing number counts as 0.
struct KnownColumns {
  std::int64_t columns = 0;
  std::span<const double> past;    ///< [rows, columns]
  std::span<const double> future;  ///< [horizon, columns]

  /// Row of the past, or behind it of the future.
  double at(std::int64_t row, std::int64_t column) const {
    const std::int64_t rows = columns > 0 ? std::ssize(past) / columns : 0;
    const double value = row < rows ? past[row * columns + column] : future[(row - rows) * columns + column];
    return std::isnan(value) ? 0 : value;
  }
  /// Without the first rows of the past.
  KnownColumns from(std::int64_t row) const { return {columns, past.subspan(row * columns), future}; }
};

}  // namespace rondo::forecasting::statistical
