#pragma once

#include <span>
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

/// A transform followed by (value - season - center) / scale, fitted on some first rows of a series. What the
/// season of the year, say, adds to a transformed value is 0 where none is taken out.
struct SeriesScale {
  Transform transform = Transform::none;
  double center = 0;
  double scale = 1;

  double forward(double value, double season = 0) const {
    return (apply(transform, value) - season - center) / scale;
  }
  double backward(double scaled, double season = 0) const {
    return invert(transform, scaled * scale + center + season);
  }
};

/// From transformed values that may have lost their season. Center is their mean; scale is the standard
/// deviation of what will be forecast: of their differences when `difference`, else of the values. A constant
/// series gets scale 1.
SeriesScale fit_transformed_scale(std::vector<double> transformed, Transform transform, bool difference);

}  // namespace rondo::forecasting
