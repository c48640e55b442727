#include "rondo/data/missing.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo {

MissingPolicy parse_missing_policy(std::string_view name) {
  return static_cast<MissingPolicy>(detail::place_among({"error", "previous", "linear", "mask"}, name,
                                                        "unknown policy for missing values"));
}

namespace {

/// One column of a table of numbers.
struct Strided {
  std::span<double> all;
  std::size_t column, columns;
  std::size_t size() const { return all.size() / columns; }
  double& operator[](std::size_t row) const { return all[row * columns + column]; }
};

std::size_t first_value(const Strided& x) {
  std::size_t row = 0;
  while (row < x.size() && std::isnan(x[row])) ++row;
  return row;
}

std::int64_t carry_forward(const Strided& x) {
  std::int64_t filled = 0;
  for (std::size_t row = first_value(x) + 1; row < x.size(); ++row) {
    if (!std::isnan(x[row])) continue;
    x[row] = x[row - 1];
    ++filled;
  }
  return filled;
}

std::int64_t interpolate(const Strided& x) {
  std::int64_t filled = 0;
  const std::size_t first = first_value(x);
  for (std::size_t row = 0; row < first; ++row, ++filled) x[row] = x[first];
  std::size_t left = first;
  for (std::size_t row = first + 1; row < x.size(); ++row) {
    if (std::isnan(x[row])) continue;
    for (std::size_t hole = left + 1; hole < row; ++hole, ++filled) {
      const double share = static_cast<double>(hole - left) / static_cast<double>(row - left);
      x[hole] = x[left] + share * (x[row] - x[left]);
    }
    left = row;
  }
  for (std::size_t row = left + 1; row < x.size(); ++row, ++filled) x[row] = x[left];
  return filled;
}

std::string column_name(const std::vector<std::string>& columns, std::size_t c) {
  return c < columns.size() ? "column '" + columns[c] + "'" : "column " + std::to_string(c + 1);
}

}  // namespace

FilledValues fill_missing(const Tensor& values, MissingPolicy policy, const std::vector<std::string>& columns,
                          std::string_view where) {
  if (values.rank() != 2) {
    throw Error(ErrorKind::usage, "values of a series must be [time, columns]")
        .seen("shape " + to_string(values.shape()));
  }
  FilledValues out{values.dtype() == DType::float64 ? values : values.cast(DType::float64), 0, 0};
  const auto width = static_cast<std::size_t>(values.dim(1));
  const std::span<double> numbers = out.values.data<double>();
  for (std::size_t c = 0; c < width; ++c) {
    const Strided x{numbers, c, width};
    std::size_t row = 0;
    while (row < x.size() && !std::isnan(x[row])) ++row;
    if (row == x.size()) continue;
    const std::string place = std::string(where) + ", " + column_name(columns, c);
    if (policy == MissingPolicy::error) {
      std::int64_t count = 0;
      for (std::size_t r = 0; r < x.size(); ++r) count += std::isnan(x[r]) ? 1 : 0;
      throw Error(ErrorKind::data, "a value is missing")
          .where(place + ", row " + std::to_string(row + 1))
          .seen(std::to_string(count) + " of " + std::to_string(x.size()) + " values missing")
          .expected("a number in every row")
          .fix(
              "fill them: missing = previous (last value before), linear (between neighbours) or mask (leave "
              "out)");
    }
    if (policy == MissingPolicy::mask) continue;
    const std::size_t first = first_value(x);
    if (first == x.size()) {
      throw Error(ErrorKind::data, "a column has no value at all")
          .where(place)
          .seen(std::to_string(x.size()) + " rows, all missing")
          .fix("leave the column out");
    }
    if (policy == MissingPolicy::previous) {
      out.filled += carry_forward(x);
      out.leading = std::max(out.leading, static_cast<std::int64_t>(first));
    } else {
      out.filled += interpolate(x);
    }
  }
  if (values.dtype() != DType::float64) out.values = out.values.cast(values.dtype());
  return out;
}

}  // namespace rondo
