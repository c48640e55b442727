#include "data/leaks/leak_probe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/order_statistics.h"
#include "rondo/base/random.h"
#include "rondo/data/timeline.h"

namespace rondo::detail {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

bool is_kept(const Column& column, const std::vector<std::string>& keep) {
  return std::find(keep.begin(), keep.end(), column.name()) != keep.end();
}

/// Mean and deviation of the numbers that are there.
struct Spread {
  double mean = 0, deviation = 1;

  explicit Spread(std::span<const double> values) {
    double n = 0;
    for (const double v : values) {
      if (!std::isnan(v)) mean += (v - mean) / ++n;
    }
    double square = 0;
    for (const double v : values) {
      if (!std::isnan(v)) square += (v - mean) * (v - mean);
    }
    if (n > 0 && square > 0) deviation = std::sqrt(square / n);
  }
};

/// Far outside of what there was, in turns above and below; positive columns stay positive, so that a
/// logarithm does not refuse them.
double extreme_value(const Spread& spread, bool positive, std::size_t row) {
  constexpr double kFar = 1e6;
  const double far = kFar * spread.deviation;
  if (positive) return row % 2 == 0 ? spread.mean + far : spread.mean / kFar;
  return spread.mean + (row % 2 == 0 ? far : -far);
}

double other_value(const Spread& spread, bool positive, const RandomStream& stream, std::size_t row) {
  const double v = spread.mean + 2 * spread.deviation * stream.normal(row);
  return positive ? std::abs(v) + 1e-3 * spread.deviation : v;
}

Column changed_numbers(const Column& column, const Moments& moments, std::int64_t first, Change change,
                       std::uint64_t seed) {
  std::vector<double> values(column.numbers().begin(), column.numbers().end());
  const Spread spread(values);
  const bool positive = std::all_of(values.begin(), values.end(), [](double v) { return !(v <= 0); });
  const RandomStream stream(seed, purpose_key("leaks"), purpose_key(column.name().c_str()));
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (moments.of_row[row] < first) continue;
    values[row] = change == Change::missing   ? kNan
                  : change == Change::extreme ? extreme_value(spread, positive, row)
                                              : other_value(spread, positive, stream, row);
  }
  return {column.name(), std::move(values)};
}

/// Words stay words of the column: each becomes that of another row, a missing one empty.
Column changed_texts(const Column& column, const Moments& moments, std::int64_t first, Change change) {
  const TextList& texts = column.texts();
  TextList out;
  for (std::int64_t row = 0; row < texts.size(); ++row) {
    const bool tail = moments.of_row[static_cast<std::size_t>(row)] >= first;
    if (!tail) {
      out.push_back(texts[row]);
    } else {
      out.push_back(change == Change::missing ? std::string_view() : texts[texts.size() - 1 - row]);
    }
  }
  return {column.name(), std::move(out)};
}

Column without_tail(const Column& column, const Moments& moments, std::int64_t first) {
  std::vector<double> numbers;
  TextList texts;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (moments.of_row[static_cast<std::size_t>(row)] >= first) continue;
    if (column.is_number()) {
      numbers.push_back(column.numbers()[static_cast<std::size_t>(row)]);
    } else {
      texts.push_back(column.texts()[row]);
    }
  }
  if (column.is_number()) return {column.name(), std::move(numbers)};
  return {column.name(), std::move(texts)};
}

}  // namespace

Moments::Moments(const Table& table, const std::string& time, const TimeOptions& options) {
  const auto rows = static_cast<std::size_t>(table.rows());
  of_row.resize(rows);
  if (time.empty()) {
    for (std::size_t row = 0; row < rows; ++row) of_row[row] = static_cast<std::int64_t>(row);
    count = table.rows();
    return;
  }
  const Timeline times = read_times(table, time, options);
  std::vector<std::int64_t> distinct(times.ticks().begin(), times.ticks().end());
  detail::sort_unique(distinct);
  for (std::size_t row = 0; row < rows; ++row) {
    of_row[row] = std::lower_bound(distinct.begin(), distinct.end(), times.ticks()[row]) - distinct.begin();
  }
  count = static_cast<std::int64_t>(distinct.size());
}

const char* change_name(Change change) {
  constexpr std::array kNames{"other values", "extreme values", "missing values", "rows taken away"};
  return kNames[static_cast<std::size_t>(change)];
}

Table changed(const Table& table, const Moments& moments, std::int64_t first, Change change,
              const std::vector<std::string>& keep, std::uint64_t seed) {
  Table out(table.source());
  for (const Column& column : table.columns()) {
    if (change == Change::removed) {
      out.add(without_tail(column, moments, first));
    } else if (is_kept(column, keep)) {
      out.add(column);
    } else if (column.is_number()) {
      out.add(changed_numbers(column, moments, first, change, seed));
    } else {
      out.add(changed_texts(column, moments, first, change));
    }
  }
  return out;
}

Table with_missing(const Table& table, const Moments& moments, std::int64_t first, std::int64_t end,
                   const std::vector<std::string>& keep) {
  Table out(table.source());
  for (const Column& column : table.columns()) {
    if (!column.is_number() || is_kept(column, keep)) {
      out.add(column);
      continue;
    }
    std::vector<double> values(column.numbers().begin(), column.numbers().end());
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (moments.of_row[row] >= first && moments.of_row[row] < end) values[row] = kNan;
    }
    out.add(Column(column.name(), std::move(values)));
  }
  return out;
}

}  // namespace rondo::detail
