#include "tasks/check/pair_series.h"

#include <algorithm>
#include <cmath>

#include "tasks/check/orthogonal_fit.h"

namespace rondo::checking {

namespace {

constexpr std::int64_t kMaxPlaces = 4000;

}  // namespace

PairSeries::PairSeries(const Table& table, std::string_view target, std::string_view column,
                       std::span<const SeriesRows> places) {
  const auto ys = table.column(target).numbers(), xs = table.column(column).numbers();
  double n = 0, square = 0;
  for (const SeriesRows& place : places) {
    Pair pair;
    for (const std::int64_t row : place.rows) {
      pair.target.push_back(ys[static_cast<std::size_t>(row)]);
      pair.column.push_back(xs[static_cast<std::size_t>(row)]);
      if (!std::isnan(pair.target.back())) mean_ += (pair.target.back() - mean_) / ++n;
    }
    longest_ = std::max(longest_, pair.size());
    series_.push_back(std::move(pair));
  }
  for (const Pair& pair : series_) {
    for (const double v : pair.target) square += std::isnan(v) ? 0 : (v - mean_) * (v - mean_);
  }
  if (n > 0 && square > 0) deviation_ = std::sqrt(square / n);
  stride_ = std::max<std::int64_t>(1, table.rows() / kMaxPlaces);
}

/// f(column[t], target[t + ahead]) where both are there.
template <class F>
void PairSeries::each_pair(std::int64_t ahead, F&& f) const {
  for (const Pair& pair : series_) {
    const std::int64_t begin = std::max<std::int64_t>(0, -ahead);
    const std::int64_t end = pair.size() - std::max<std::int64_t>(0, ahead);
    for (std::int64_t t = begin; t < end; t += stride_) {
      if (!std::isnan(pair.x(t)) && !std::isnan(pair.y(t + ahead))) f(pair.x(t), pair.y(t + ahead));
    }
  }
}

double PairSeries::equal_share(std::int64_t ahead) const {
  double equal = 0, count = 0;
  each_pair(ahead, [&](double x, double y) {
    ++count;
    equal += std::abs(x - y) <= 1e-9 * (std::abs(x) + std::abs(y)) + 1e-12 * deviation_ ? 1 : 0;
  });
  return count >= kMinRows ? equal / count : 0;
}

double PairSeries::left_by_line(std::int64_t ahead) const {
  double n = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  each_pair(ahead, [&](double x, double y) {
    ++n;
    const double dx = x - mx, dy = y - my;
    mx += dx / n;
    my += dy / n;
    xx += dx * (x - mx);
    yy += dy * (y - my);
    xy += dx * (y - my);
  });
  if (n < kMinRows || !(xx > 0) || !(yy > 0)) return 1;
  return std::max(0.0, 1 - xy * xy / (xx * yy));
}

double PairSeries::left_by_ends(std::int64_t w) const {
  double dd = 0, xx = 0, xd = 0, n = 0;
  for (const Pair& pair : series_) {
    for (std::int64_t t = w + 1; t + w < pair.size(); t += stride_) {
      const double change = pair.x(t) - pair.x(t - 1), ends = pair.y(t + w) - pair.y(t - w - 1);
      if (std::isnan(change) || std::isnan(ends)) continue;
      ++n;
      dd += ends * ends;
      xx += change * change;
      xd += change * ends;
    }
  }
  if (n < kMinRows || !(dd > 0) || !(xx > 0)) return 1;
  return std::max(0.0, 1 - xd * xd / (dd * xx));
}

std::vector<PairSeries::Place> PairSeries::places_with(std::span<const std::int64_t> shifts,
                                                       bool changes) const {
  const auto [first, last] = std::minmax_element(shifts.begin(), shifts.end());
  const std::int64_t back = std::max<std::int64_t>(changes ? 1 : 0, -*first),
                     ahead = std::max<std::int64_t>(0, *last);
  std::vector<Place> places;
  for (const Pair& pair : series_) {
    for (std::int64_t t = back; t + ahead < pair.size(); ++t) {
      const bool whole = !std::isnan(pair.x(t)) && !(changes && std::isnan(pair.x(t - 1))) &&
                         std::none_of(shifts.begin(), shifts.end(),
                                      [&](std::int64_t shift) { return std::isnan(pair.y(t + shift)); });
      if (whole) places.push_back({&pair, t});
    }
  }
  const auto count = static_cast<std::int64_t>(places.size());
  if (count <= kMaxPlaces) return places;
  std::vector<Place> some;
  for (std::int64_t i = 0; i < kMaxPlaces; ++i)
    some.push_back(places[static_cast<std::size_t>(i * count / kMaxPlaces)]);
  return some;
}

std::optional<PairSeries::Regression> PairSeries::regress(std::span<const std::int64_t> shifts,
                                                          bool changes) const {
  const std::vector<Place> places = places_with(shifts, changes);
  const std::size_t rows = places.size(), columns = shifts.size() + 1;
  if (rows < 2 * columns + static_cast<std::size_t>(kMinRows)) return std::nullopt;
  std::vector<double> design(rows * columns, 1.0), values(rows);
  double middle = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto& [pair, t] = places[i];
    values[i] = changes ? pair->x(t) - pair->x(t - 1) : pair->x(t);
    middle += values[i] / static_cast<double>(rows);
    for (std::size_t k = 0; k < shifts.size(); ++k) {
      design[(k + 1) * rows + i] = (pair->y(t + shifts[k]) - mean_) / deviation_;
    }
  }
  double variance = 0;
  for (double& v : values) {
    v -= middle;
    variance += v * v;
  }
  if (!(variance > 0)) return std::nullopt;
  const OrthogonalFit::Result fit =
      OrthogonalFit(std::move(design), static_cast<std::int64_t>(rows)).fit(values);
  Regression out;
  for (std::size_t k = 1; k < fit.squares_left.size(); ++k)
    out.left.push_back(fit.squares_left[k] / variance);
  out.weights.assign(fit.coefficients.begin() + 1, fit.coefficients.end());
  return out;
}

}  // namespace rondo::checking
