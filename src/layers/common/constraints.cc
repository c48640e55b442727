#include "rondo/layers/constraints.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "rondo/base/error.h"
#include "rondo/base/random.h"

namespace rondo {
namespace {

constexpr double kKerasEpsilon = 1e-7;

struct Rule {
  std::string name;
  std::vector<std::string> options;
  double max_value = 0;
};
const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {{"non_neg", {}},
                                        {"unit_norm", {"axis"}},
                                        {"max_norm", {"max_value", "axis"}, 2},
                                        {"min_max_norm", {"min_value", "max_value", "rate", "axis"}, 1},
                                        {"spectral_norm", {"max_value"}, 1}};
  return all;
}

const Rule& rule_of(const Constraint& constraint, const std::string& where) {
  std::vector<std::string> names;
  for (const Rule& rule : rules()) {
    if (rule.name == constraint.name) return rule;
    names.push_back(rule.name);
  }
  throw Error(ErrorKind::usage, "unknown constraint '" + constraint.name + "'")
      .where(where)
      .expected("one of " + detail::listed(names))
      .fix(detail::did_you_mean(constraint.name, names));
}

/// scale(norm) is the factor of the weights that have this norm. Axis 0 runs over rows.
template <class T, class Scale>
void scale_by_norms(View<T> w, std::int64_t axis, Scale scale) {
  const bool by_column = axis == 0;
  const std::int64_t vectors = by_column ? w.cols : w.rows, length = by_column ? w.rows : w.cols;
  for (std::int64_t v = 0; v < vectors; ++v) {
    const auto at = [&](std::int64_t i) -> T& { return by_column ? w(i, v) : w(v, i); };
    double squares = 0;
    for (std::int64_t i = 0; i < length; ++i)
      squares += static_cast<double>(at(i)) * static_cast<double>(at(i));
    const double factor = scale(std::sqrt(squares));
    for (std::int64_t i = 0; i < length; ++i) at(i) = static_cast<T>(static_cast<double>(at(i)) * factor);
  }
}

/// ‖W‖₂ by the power method on WᵀW.
template <class T>
double largest_singular_value(View<T> w) {
  constexpr int kMostRounds = 500;
  std::vector<double> x(static_cast<std::size_t>(w.cols)), y(static_cast<std::size_t>(w.rows));
  const RandomStream random(1);
  for (std::size_t c = 0; c < x.size(); ++c) x[c] = random.normal(c);
  double sigma = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    double norm = 0;
    for (const double v : x) norm += v * v;
    norm = std::sqrt(norm);
    if (norm == 0) return 0;
    for (std::int64_t r = 0; r < w.rows; ++r) {
      double& sum = y[static_cast<std::size_t>(r)] = 0;
      for (std::int64_t c = 0; c < w.cols; ++c)
        sum += static_cast<double>(w(r, c)) * x[static_cast<std::size_t>(c)] / norm;
    }
    double squares = 0;
    for (const double v : y) squares += v * v;
    const double now = std::sqrt(squares);
    std::ranges::fill(x, 0.0);
    for (std::int64_t r = 0; r < w.rows; ++r) {
      for (std::int64_t c = 0; c < w.cols; ++c)
        x[static_cast<std::size_t>(c)] += static_cast<double>(w(r, c)) * y[static_cast<std::size_t>(r)];
    }
    if (std::abs(now - sigma) <= 1e-9 * now) return now;
    sigma = now;
  }
  return sigma;
}

template <class T>
void apply(const Constraint& constraint, const Rule& rule, View<T> w) {
  const double most = constraint.max_value.value_or(rule.max_value);
  if (rule.name == "non_neg") {
    for (std::int64_t i = 0; i < w.rows * w.cols; ++i) w.data[i] = w.data[i] < 0 ? T{0} : w.data[i];
  } else if (rule.name == "spectral_norm") {
    const double sigma = largest_singular_value(w);
    if (!(sigma > most)) return;
    for (std::int64_t i = 0; i < w.rows * w.cols; ++i)
      w.data[i] = static_cast<T>(static_cast<double>(w.data[i]) * (most / sigma));
  } else {
    scale_by_norms(w, constraint.axis, [&](double norm) {
      if (rule.name == "unit_norm") return 1 / (kKerasEpsilon + norm);
      if (rule.name == "max_norm") return std::min(norm, most) / (kKerasEpsilon + norm);
      const double wanted =
          constraint.rate * std::clamp(norm, constraint.min_value, most) + (1 - constraint.rate) * norm;
      return wanted / (kKerasEpsilon + norm);
    });
  }
}

}  // namespace

void check_constraint(const Constraint& constraint, std::size_t axes, const std::string& where) {
  if (constraint == Constraint{}) return;
  const Rule& rule = rule_of(constraint, where);
  const Json given = to_config(constraint), defaults = to_config(Constraint{});
  for (const auto& [key, value] : given.as_object()) {
    if (key == "name" || value == defaults.at(key)) continue;
    if (std::ranges::find(rule.options, key) == rule.options.end()) {
      throw Error(ErrorKind::usage, "constraint '" + rule.name + "' has no option '" + key + "'")
          .where(where)
          .seen(to_json(value));
    }
  }
  const double most = constraint.max_value.value_or(rule.max_value);
  const bool fits =
      constraint.axis >= 0 && constraint.axis < std::max<std::int64_t>(static_cast<std::int64_t>(axes), 1);
  const bool holds = most >= constraint.min_value && constraint.min_value >= 0 && std::isfinite(most) &&
                     constraint.rate >= 0 && constraint.rate <= 1 && fits;
  if (holds && !(rule.name == "spectral_norm" && axes < 2)) return;
  throw Error(ErrorKind::usage, "an option of a constraint is out of range")
      .where(where)
      .seen(to_json(OptionCodec<Constraint>::write(constraint)) + " of an array of " + std::to_string(axes) +
            " axes")
      .expected(
          "0 <= min_value <= max_value, rate from 0 to 1, an axis of the array; spectral_norm of matrices");
}

void apply_constraint(const Constraint& constraint, const Shape& shape, Matrix weights) {
  if (constraint.name.empty()) return;
  const Rule& rule = rule_of(constraint, "a constraint");
  with_dtype(weights.dtype, [&]<class T>(T) {
    const View<T> w = weights.view<T>();
    const bool vector = shape.size() < 2;  // one column, whose norm is that of all
    apply(constraint, rule, vector ? View<T>{w.data, w.rows * w.cols, 1, 1} : w);
  });
}

Json OptionCodec<Constraint>::write(const Constraint& value) {
  if (value.name.empty()) return Json();
  Constraint plain;
  plain.name = value.name;
  if (value == plain) return Json(value.name);
  Json out = Json::object({{"name", value.name}});
  const Json options = to_config(value), defaults = to_config(plain);
  for (const auto& [key, option] : options.as_object()) {
    if (option != defaults.at(key)) out.set(key, option);
  }
  return out;
}

void OptionCodec<Constraint>::read(const Json& config, Constraint& value, std::string_view path) {
  value = {};
  if (config.is_null()) return;
  if (config.is_string())
    value.name = config.as_string(path);
  else
    read_options(value, config, path);
  rule_of(value, std::string(path));
}

namespace constraints {

Constraint non_neg() { return {.name = "non_neg"}; }
Constraint unit_norm(std::int64_t axis) { return {.name = "unit_norm", .axis = axis}; }
Constraint max_norm(double max_value, std::int64_t axis) {
  return {.name = "max_norm", .max_value = max_value, .axis = axis};
}
Constraint min_max_norm(double min_value, double max_value, double rate, std::int64_t axis) {
  return {.name = "min_max_norm", .max_value = max_value, .min_value = min_value, .rate = rate, .axis = axis};
}
Constraint spectral_norm(double max_value) { return {.name = "spectral_norm", .max_value = max_value}; }

}  // namespace constraints

}  // namespace rondo
