#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/tensor/tensor.h"

namespace rondo {

/// How a column is brought to a size that networks like.
struct ScalerOptions {
  std::string kind = "standard";  ///< "none", "standard", "min_max" or "robust"
  bool log = false;               ///< take log(x + offset) first
  /// min_max: what the smallest and the largest training value become.
  double low = 0, high = 1;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("kind", self.kind,
           "'none', 'standard' (mean, deviation), 'min_max' or 'robust' (median, quartiles)");
    option("log", self.log, "take the logarithm first; columns with values <= 0 are moved up before");
    option("low", self.low, "min_max: what the smallest value becomes");
    option("high", self.high, "min_max: what the largest value becomes");
  }
};

/// y = (log?(x + offset) - shift) / scale, column by column, with numbers learnt from the training part by
/// `fit`.
///
///   standard  shift = mean, scale = standard deviation (population);
///   min_max   maps [min, max] to [low, high];
///   robust    shift = median, scale = q75 - q25 (linear interpolation between order statistics).
///
/// NaN is ignored by `fit` and stays NaN. A column that is constant (or has no spread by the rule of its
/// kind) gets scale 1 and is listed by `constant_columns`. With `log`, offset is 0 for a column of positive
/// values, else spread/100 - min (spread = max - min, or 1).
class Scaler {
 public:
  explicit Scaler(ScalerOptions options = {});

  /// `values` is [time, columns] or [rows..., columns], float32 or float64: the training part only. Throws
  /// Error(data) when a column has no value at all or an infinite one.
  void fit(const Tensor& values);
  /// More parts of the training data, as several series: statistics over all of them together.
  void fit(std::span<const Tensor> parts);

  bool fitted() const { return !scale_.empty(); }
  std::int64_t columns() const { return static_cast<std::int64_t>(scale_.size()); }
  const ScalerOptions& options() const { return options_; }

  /// [..., columns] to the same shape and type. Throws Error(usage) before `fit` or with another number of
  /// columns, Error(data) for a value whose logarithm does not exist.
  Tensor transform(const Tensor& values) const;
  /// The inverse of `transform`.
  Tensor inverse(const Tensor& values) const;
  double transform(double value, std::int64_t column) const;
  double inverse(double value, std::int64_t column) const;

  std::span<const double> offset() const {
    return offset_;
  }  ///< added before the logarithm; empty without log
  std::span<const double> shift() const { return shift_; }
  std::span<const double> scale() const { return scale_; }
  /// Columns that were constant when fitted.
  std::vector<std::int64_t> constant_columns() const;
  /// Only the given columns, in that order: such as those of the targets, to invert a forecast.
  Scaler select(std::span<const std::int64_t> columns) const;

  /// All of it; from_config(to_config()) is the same to the last bit. from_config throws Error(usage) naming
  /// a bad key.
  Json to_config() const;
  static Scaler from_config(const Json& config, std::string_view path = "scaler");

  bool operator==(const Scaler&) const;

 private:
  double log_of(double value, std::int64_t column) const;

  ScalerOptions options_;
  std::vector<double> offset_, shift_, scale_;
  std::vector<std::uint8_t> constant_;
};

/// Scales every window by what stands in its own inputs, so that series of any level share a model.
enum class WindowScaling : std::uint8_t {
  none,
  last,      ///< subtract the last value
  last_std,  ///< subtract the last value, divide by the window's standard deviation
  mean_std,  ///< subtract the mean, divide by the standard deviation
  mean_abs   ///< divide by the mean absolute value
};

/// "none", "last", "last_std", "mean_std" or "mean_abs"; anything else throws Error(usage) with the nearest
/// name.
WindowScaling parse_window_scaling(std::string_view name);

/// y = (x - shift) / scale.
struct WindowScale {
  double shift = 0, scale = 1;

  double transform(double x) const { return (x - shift) / scale; }
  double inverse(double y) const { return y * scale + shift; }
};

/// The scale of one column of one window; NaN is ignored; a constant window has scale 1, one without values
/// {0, 1}.
WindowScale window_scale(std::span<const double> values, WindowScaling scaling);

}  // namespace rondo
