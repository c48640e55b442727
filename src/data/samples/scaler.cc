#include "rondo/data/scaler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/order_statistics.h"
#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/base/options.h"

namespace rondo {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// The values of a column over all parts, without NaN.
std::vector<double> column_values(std::span<const Tensor> parts, std::int64_t column, std::int64_t columns) {
  std::vector<double> values;
  for (const Tensor& part : parts) {
    for (std::int64_t at = column; at < part.size(); at += columns) {
      const double v = part.at(at);
      if (std::isnan(v)) continue;
      if (std::isinf(v)) {
        throw Error(ErrorKind::data, "an infinite value cannot be scaled")
            .where("column " + std::to_string(column + 1) + ", row " + std::to_string(at / columns + 1));
      }
      values.push_back(v);
    }
  }
  if (values.empty()) {
    throw Error(ErrorKind::data, "a column has no value to fit a scaler on")
        .where("column " + std::to_string(column + 1))
        .fix("leave the column out, or give a longer training part");
  }
  return values;
}

struct Spread {
  double shift = 0, scale = 1;
  bool constant = false;
};

Spread standard(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double v : values) mean += v / n;
  double square = 0, correction = 0;
  for (const double v : values) {
    square += (v - mean) * (v - mean);
    correction += v - mean;
  }
  const double variance = std::max(0.0, (square - correction * correction / n) / n);
  return {mean, std::sqrt(variance), false};
}

Spread min_max(const std::vector<double>& values, double low, double high) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  const double scale = *max / (high - low) - *min / (high - low);
  return {*min - low * scale, scale, false};
}

Spread robust(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {detail::quantile_of_sorted(values, 0.5),
          detail::quantile_of_sorted(values, 0.75) - detail::quantile_of_sorted(values, 0.25), false};
}

Spread spread_of(const std::vector<double>& values, const ScalerOptions& options) {
  Spread out;
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  // Rounding leaves a constant column with a tiny deviation; dividing by that would blow up noise.
  const double noise = 1e-14 * std::max(std::abs(*min), std::abs(*max));
  const bool constant = *max - *min <= noise;
  if (options.kind == "standard") out = standard(values);
  if (options.kind == "min_max") out = min_max(values, options.low, options.high);
  if (options.kind == "robust") out = robust(values);
  out.constant = constant;
  if (options.kind == "none") return out;
  if (constant) {
    out.shift = options.kind == "min_max" ? *min - options.low : *min;
    out.scale = 1;
  } else if (!(out.scale > noise)) {  // robust: more than half of the values are equal
    out.scale = 1;
    out.constant = true;
  }
  return out;
}

double log_offset(const std::vector<double>& values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  if (*min > 0) return 0;
  const double spread = *max > *min ? *max - *min : 1;
  return spread / 100 - *min;
}

}  // namespace

Scaler::Scaler(ScalerOptions options) : options_(std::move(options)) {
  detail::place_among({"none", "standard", "min_max", "robust"}, options_.kind,
                      "there is no scaler '" + options_.kind + "'");
  if (!(options_.high > options_.low)) {
    throw Error(ErrorKind::usage, "the range of a min_max scaler is empty")
        .seen(std::to_string(options_.low) + " to " + std::to_string(options_.high))
        .expected("high > low");
  }
}

void Scaler::fit(const Tensor& values) { fit(std::span<const Tensor>(&values, 1)); }

void Scaler::fit(std::span<const Tensor> parts) {
  if (parts.empty()) throw Error(ErrorKind::usage, "a scaler needs values to fit on");
  for (const Tensor& part : parts) {
    if (part.rank() >= 1 && part.dim(-1) == parts.front().dim(-1)) continue;
    throw Error(ErrorKind::usage, "the parts differ in their number of columns")
        .seen("shape " + to_string(part.shape()))
        .expected("[time, columns] as " + to_string(parts.front().shape()));
  }
  const std::int64_t columns = parts.front().dim(-1);
  std::vector<double> offsets, shifts, scales;
  std::vector<std::uint8_t> constants;
  for (std::int64_t c = 0; c < columns; ++c) {
    std::vector<double> values = column_values(parts, c, columns);
    if (options_.log) {
      offsets.push_back(log_offset(values));
      for (double& v : values) v = std::log(v + offsets.back());
    }
    const Spread spread = spread_of(values, options_);
    if (!std::isfinite(spread.shift) || !std::isfinite(spread.scale)) {
      throw Error(ErrorKind::data, "the values of a column are too large to be scaled")
          .where("column " + std::to_string(c + 1))
          .seen("values up to " +
                detail::print("%.3g",
                              *std::ranges::max_element(values, {}, [](double v) { return std::abs(v); })))
          .fix("give the column in a larger unit");
    }
    shifts.push_back(spread.shift);
    scales.push_back(spread.scale);
    constants.push_back(spread.constant ? 1 : 0);
  }
  offset_ = std::move(offsets);
  shift_ = std::move(shifts);
  scale_ = std::move(scales);
  constant_ = std::move(constants);
}

double Scaler::log_of(double value, std::int64_t column) const {
  const double moved = value + offset_[static_cast<std::size_t>(column)];
  if (moved > 0 || std::isnan(moved)) return std::log(moved);
  throw Error(ErrorKind::data, "the logarithm of a value does not exist")
      .where("column " + std::to_string(column + 1))
      .seen(std::to_string(value))
      .expected("more than " + std::to_string(-offset_[static_cast<std::size_t>(column)]) +
                ", by what the training part suggested")
      .fix("scale without log");
}

double Scaler::transform(double value, std::int64_t column) const {
  const auto c = static_cast<std::size_t>(column);
  return ((options_.log ? log_of(value, column) : value) - shift_.at(c)) / scale_[c];
}

double Scaler::inverse(double value, std::int64_t column) const {
  const auto c = static_cast<std::size_t>(column);
  const double raw = value * scale_.at(c) + shift_[c];
  return options_.log ? std::exp(raw) - offset_[c] : raw;
}

namespace {

template <class F>
Tensor by_column(const Tensor& values, std::int64_t columns, F&& f) {
  if (columns == 0)
    throw Error(ErrorKind::usage, "the scaler has not been fitted").fix("call fit on the training part");
  if (values.rank() < 1 || values.dim(-1) != columns) {
    throw Error(ErrorKind::usage, "the scaler was fitted on another number of columns")
        .seen("shape " + to_string(values.shape()))
        .expected("[..., " + std::to_string(columns) + "]");
  }
  Tensor out(values.shape(), values.dtype());
  with_dtype(values.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto in = values.data<T>();
    const auto result = out.data<T>();
    std::int64_t column = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      result[i] = static_cast<T>(f(static_cast<double>(in[i]), column));
      if (++column == columns) column = 0;
    }
  });
  return out;
}

}  // namespace

Tensor Scaler::transform(const Tensor& values) const {
  return by_column(values, columns(), [&](double v, std::int64_t c) { return transform(v, c); });
}

Tensor Scaler::inverse(const Tensor& values) const {
  return by_column(values, columns(), [&](double v, std::int64_t c) { return inverse(v, c); });
}

std::vector<std::int64_t> Scaler::constant_columns() const {
  std::vector<std::int64_t> out;
  for (std::size_t c = 0; c < constant_.size(); ++c) {
    if (constant_[c] != 0) out.push_back(static_cast<std::int64_t>(c));
  }
  return out;
}

Scaler Scaler::select(std::span<const std::int64_t> chosen) const {
  Scaler out(options_);
  for (const std::int64_t column : chosen) {
    const auto c = static_cast<std::size_t>(column);
    detail::check_index(column, columns(), "the scaler has no such column");
    if (options_.log) out.offset_.push_back(offset_[c]);
    out.shift_.push_back(shift_[c]);
    out.scale_.push_back(scale_[c]);
    out.constant_.push_back(constant_[c]);
  }
  return out;
}

bool Scaler::operator==(const Scaler& other) const {
  return rondo::to_config(options_) == rondo::to_config(other.options_) && offset_ == other.offset_ &&
         shift_ == other.shift_ && scale_ == other.scale_ && constant_ == other.constant_;
}

Json Scaler::to_config() const {
  Json config = rondo::to_config(options_);
  if (options_.log) config.set("offset", Json::list(offset_));
  config.set("shift", Json::list(shift_));
  config.set("scale", Json::list(scale_));
  config.set("constant", Json::list(constant_columns()));
  return config;
}

Scaler Scaler::from_config(const Json& config, std::string_view path) {
  ScalerOptions options;
  read_options(options, config, path, {"offset", "shift", "scale", "constant"});
  Scaler out(options);
  const auto read = [&](const char* key, auto& values) {
    detail::from_config(config.at(key, path), values, std::string(path) + "." + key);
  };
  read("shift", out.shift_);
  read("scale", out.scale_);
  if (options.log) read("offset", out.offset_);
  std::vector<std::int64_t> constants;
  read("constant", constants);
  const auto columns = out.columns();
  const bool sizes =
      out.shift_.size() == out.scale_.size() && (!options.log || out.offset_.size() == out.scale_.size());
  const bool places =
      std::all_of(constants.begin(), constants.end(), [&](auto c) { return c >= 0 && c < columns; });
  const bool usable =
      std::all_of(out.scale_.begin(), out.scale_.end(), [](double s) { return s > 0 && std::isfinite(s); });
  if (!sizes || !places || !usable) {
    throw Error(ErrorKind::usage, "a saved scaler is not consistent")
        .where(std::string(path))
        .expected("shift, scale and offset of equal lengths, scales above 0");
  }
  out.constant_.assign(static_cast<std::size_t>(columns), 0);
  for (const std::int64_t c : constants) out.constant_[static_cast<std::size_t>(c)] = 1;
  return out;
}

WindowScaling parse_window_scaling(std::string_view name) {
  return static_cast<WindowScaling>(
      detail::place_among({"none", "last", "last_std", "mean_std", "mean_abs"}, name,
                          "there is no scaling of windows '" + std::string(name) + "'"));
}

WindowScale window_scale(std::span<const double> values, WindowScaling scaling) {
  double sum = 0, absolute = 0, last = kMissing;
  std::int64_t count = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    sum += v;
    absolute += std::abs(v);
    last = v;
    ++count;
  }
  if (count == 0 || scaling == WindowScaling::none) return {};
  const auto n = static_cast<double>(count);
  const double mean = sum / n;
  double square = 0;
  for (const double v : values) {
    if (!std::isnan(v)) square += (v - mean) * (v - mean);
  }
  const double deviation = std::sqrt(square / n);
  const auto spread = [](double s, double size) { return s > 1e-12 * std::abs(size) ? s : 1.0; };
  switch (scaling) {
    case WindowScaling::last: return {last, 1};
    case WindowScaling::last_std: return {last, spread(deviation, absolute / n)};
    case WindowScaling::mean_std: return {mean, spread(deviation, absolute / n)};
    case WindowScaling::mean_abs: return {0, absolute > 0 ? absolute / n : 1};
    case WindowScaling::none: break;
  }
  return {};
}

}  // namespace rondo
