#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::forecasting {

/// A change of scale under which a series may be easier to forecast: none, the logarithm (growth in per cent)
/// or the square root (counts).
enum class Transform { none, log, sqrt };

const char* transform_name(Transform transform);
/// Throws Error(usage) with the nearest name.
Transform parse_transform(std::string_view name);

/// Whether every value lies where the transform is defined: log needs > 0, sqrt >= 0.
bool is_applicable(Transform transform, std::span<const double> values);

double apply(Transform transform, double value);
/// The exact inverse; what lies outside the transform's range (a negative square root) becomes its nearest
/// end.
double invert(Transform transform, double value);

/// A transform followed by (value - center) / scale, fitted on some first rows of a series.
struct SeriesScale {
  Transform transform = Transform::none;
  double center = 0;
  double scale = 1;

  double forward(double value) const { return (apply(transform, value) - center) / scale; }
  double backward(double scaled) const { return invert(transform, scaled * scale + center); }
};

/// Center is the mean of the transformed values; scale is the standard deviation of what will be forecast: of
/// their differences when `difference`, else of the values. A constant series gets scale 1.
SeriesScale fit_scale(std::span<const double> training_values, Transform transform, bool difference);

}  // namespace rondo::forecasting
