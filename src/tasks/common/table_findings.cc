#include "tasks/common/table_findings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "base/index_range.h"
#include "base/order_statistics.h"
#include "rondo/base/error.h"

namespace rondo::tasks {

namespace {

bool is_one_way(const Timeline& times) {
  const auto ticks = times.ticks();
  return times.is_sorted() ||
         std::adjacent_find(ticks.begin(), ticks.end(), std::less_equal<>()) == ticks.end();
}

}  // namespace

std::vector<SeriesRows> series_rows(const Table& table, const std::string& id, const Timeline* times) {
  std::vector<SeriesRows> series;
  const std::int64_t rows = table.rows();
  if (id.empty()) {
    series.push_back({"", detail::range(0, rows)});
  } else {
    const Column& ids = table.column(id);
    std::map<std::string, std::size_t> places;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::string name = ids.text(row);
      const auto [place, is_new] = places.try_emplace(name, series.size());
      if (is_new) series.push_back({name, {}});
      series[place->second].rows.push_back(row);
    }
  }
  if (times == nullptr) return series;
  const auto ticks = times->ticks();
  for (SeriesRows& one : series) {
    std::stable_sort(one.rows.begin(), one.rows.end(), [&](std::int64_t a, std::int64_t b) {
      return ticks[static_cast<std::size_t>(a)] < ticks[static_cast<std::size_t>(b)];
    });
  }
  return series;
}

std::string guess_time(const Table& table) {
  constexpr std::size_t kColumnsToTry = 3;
  constexpr std::int64_t kCells = 30;
  for (std::size_t i = 0; i < table.columns().size() && i < kColumnsToTry; ++i) {
    const Column& column = table.columns()[i];
    try {
      Timeline times;
      if (column.is_number()) {
        times = parse_times(column.numbers());
      } else {
        TextList first;  // a bad cell further down is a finding, not a reason to look elsewhere
        for (std::int64_t row = 0; row < std::min(kCells, column.size()); ++row) {
          first.push_back(column.texts()[row]);
        }
        times = parse_times(first);
      }
      if (times.format().is_calendar() && (!column.is_number() || is_one_way(times))) return column.name();
    } catch (const Error&) {
      // not a column of times
    }
  }
  return "";
}

Outliers find_outliers(std::span<const double> values, std::span<const SeriesRows> series) {
  constexpr double kFar = 10, kNormal = 1.4826, kNormalMean = 1.2533;
  constexpr std::size_t kMinCount = 12;
  Outliers found;
  double farthest = 0;
  for (const SeriesRows& one : series) {
    std::vector<double> there, distances;
    for (const std::int64_t row : one.rows) {
      const double v = values[static_cast<std::size_t>(row)];
      if (!std::isnan(v)) there.push_back(v);
    }
    if (there.size() < kMinCount) continue;
    const double median = detail::median_of(there);
    double mean = 0;
    for (const double v : there) {
      distances.push_back(std::abs(v - median));
      mean += distances.back() / static_cast<double>(there.size());
    }
    double deviation = kNormal * detail::median_of(distances);
    if (deviation == 0) deviation = kNormalMean * mean;
    if (deviation == 0) continue;
    for (const std::int64_t row : one.rows) {
      const double v = values[static_cast<std::size_t>(row)], distance = std::abs(v - median) / deviation;
      if (!(distance > kFar)) continue;
      ++found.count;
      if (distance <= farthest) continue;
      farthest = distance;
      found.row = row;
      found.worst = v;
      found.median = median;
    }
  }
  if (found.count > 0) found.repeats = std::count(values.begin(), values.end(), found.worst);
  return found;
}

bool is_code_for_missing(double value) {
  constexpr std::array kCodes{99.0,   999.0, 9999.0,       99999.0,   999999.0, 9999999.0, 99999999.0,
                              99.9,   999.9, 9999.9,       99.99,     999.99,   9999.99,   888.0,
                              8888.0, 777.0, 7777.0,       32767.0,   32768.0,  65535.0,   2147483647.0,
                              1e20,   1e30,  2147483648.0, 9.96921e36};
  return std::find(kCodes.begin(), kCodes.end(), std::abs(value)) != kCodes.end();
}

namespace {

/// Whether `value` is far from the values that are no codes, of which there are enough to say so.
bool stands_apart(double value, const std::vector<double>& others) {
  constexpr double kFar = 10, kNormal = 1.4826;
  constexpr std::size_t kMinCount = 12;
  if (others.size() < kMinCount) return false;
  const auto [low, high] = std::minmax_element(others.begin(), others.end());
  const double gap = value < *low ? *low - value : value - *high;
  if (gap <= 0) return false;
  const double median = detail::median_of(others);
  std::vector<double> distances;
  for (const double v : others) distances.push_back(std::abs(v - median));
  return gap > *high - *low || std::abs(value - median) > kFar * kNormal * detail::median_of(distances);
}

}  // namespace

MissingCode find_missing_code(std::span<const double> values, std::span<const SeriesRows> series) {
  std::map<double, MissingCode> found;
  for (const SeriesRows& one : series) {
    std::vector<double> others;
    std::map<double, MissingCode> here;
    for (const std::int64_t row : one.rows) {
      const double v = values[static_cast<std::size_t>(row)];
      if (std::isnan(v)) continue;
      if (!is_code_for_missing(v)) {
        others.push_back(v);
      } else {
        ++here.try_emplace(v, MissingCode{v, 0, row}).first->second.count;
      }
    }
    for (const auto& [code, its] : here) {
      if (!stands_apart(code, others)) continue;
      found.try_emplace(code, MissingCode{code, 0, its.row}).first->second.count += its.count;
    }
  }
  MissingCode most;
  for (const auto& [code, its] : found) {
    if (its.count >= 2 && its.count > most.count) most = its;
  }
  return most;
}

}  // namespace rondo::tasks
