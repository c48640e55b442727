#include "tasks/forecast/panel/transform.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace rondo::forecasting {

static constexpr std::array kNames{"none", "log", "sqrt"};

const char* transform_name(Transform transform) { return kNames[static_cast<std::size_t>(transform)]; }

Transform parse_transform(std::string_view name) {
  const std::size_t place = detail::place_among({kNames.begin(), kNames.end()}, name,
                                                "there is no transform '" + std::string(name) + "'");
  return static_cast<Transform>(place);
}

bool is_applicable(Transform transform, std::span<const double> values) {
  if (transform == Transform::none) return true;
  return std::all_of(values.begin(), values.end(),
                     [&](double v) { return transform == Transform::log ? v > 0 : v >= 0; });
}

double apply(Transform transform, double value) {
  switch (transform) {
    case Transform::log: return std::log(value);
    case Transform::sqrt: return std::sqrt(value);
    default: return value;
  }
}

double invert(Transform transform, double value) {
  switch (transform) {
    case Transform::log: return std::exp(value);
    case Transform::sqrt: return value > 0 ? value * value : 0.0;
    default: return value;
  }
}

SeriesScale fit_transformed_scale(std::vector<double> x, Transform transform, bool difference) {
  SeriesScale result{transform, 0, 1};
  const std::size_t n = x.size();
  if (n == 0) return result;
  double sum = 0;
  for (const double v : x) sum += v;
  result.center = sum / static_cast<double>(n);

  if (difference) {
    for (std::size_t i = n; i-- > 1;) x[i] -= x[i - 1];
    x.erase(x.begin());
  }
  if (x.empty()) return result;
  double mean = 0, square = 0;
  for (const double v : x) mean += v;
  mean /= static_cast<double>(x.size());
  for (const double v : x) square += (v - mean) * (v - mean);
  const double deviation = std::sqrt(square / static_cast<double>(x.size()));
  if (deviation > 1e-12 * (std::abs(result.center) + 1e-300)) result.scale = deviation;
  return result;
}

}  // namespace rondo::forecasting
