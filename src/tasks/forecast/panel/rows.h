#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rondo::forecasting {

/// Rows of numbers, row-major: element (r, c) is values[r * columns + c].
struct Rows {
  std::int64_t columns = 0;
  std::vector<double> values;

  std::int64_t count() const { return columns == 0 ? 0 : static_cast<std::int64_t>(values.size()) / columns; }
  std::span<double> row(std::int64_t r) {
    return {values.data() + r * columns, static_cast<std::size_t>(columns)};
  }
  std::span<const double> row(std::int64_t r) const {
    return {values.data() + r * columns, static_cast<std::size_t>(columns)};
  }
  std::span<double> append() {
    values.resize(values.size() + static_cast<std::size_t>(columns));
    return row(count() - 1);
  }
};

/// How a forecast after the first `rows` rows of a series went: truth less forecast by step, NaN where no
/// truth is known (yet).
struct OriginErrors {
  std::vector<double> errors;
  std::int64_t rows = 0;
};

}  // namespace rondo::forecasting
