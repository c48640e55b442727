#include "tasks/forecast/likelihood/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/order_statistics.h"
#include "base/text.h"
#include "rondo/train/losses.h"
#include "train/losses/probability_functions.h"
#include "train/losses/special_functions.h"

namespace rondo::forecasting {

namespace {

constexpr std::array<const char*, 4> kNames{"gaussian", "student_t", "negative_binomial", "poisson"};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSmallest = 1e-6;  // min_scale, min_mean and min_dispersion of the losses

/// A negative binomial of (almost) no dispersion is a Poisson: 1/α would overflow.
bool is_poisson(const Distribution& d) { return d.likelihood == Likelihood::poisson || d.shape < 1e-10; }

double log_probability(const Distribution& d, double y) {
  if (!(y >= 0) || y != std::floor(y) || std::isinf(y)) return std::isnan(y) ? y : -kInfinity;
  const double mu = d.location;
  if (mu == 0) return y == 0 ? 0 : -kInfinity;
  if (is_poisson(d)) return y * std::log(mu) - mu - detail::log_gamma(y + 1);
  const double r = 1 / d.shape;
  return detail::log_gamma_ratio(r, y) - detail::log_gamma(y + 1) - r * std::log1p(d.shape * mu) +
         y * (std::log(mu) - std::log(r + mu));
}

double count_cdf(const Distribution& d, double y) {
  if (std::isnan(y)) return y;
  if (y < 0) return 0;
  if (std::isinf(y)) return 1;
  const double k = std::floor(y);
  if (is_poisson(d)) return detail::incomplete_gamma_upper(k + 1, d.location);
  const double odds = d.shape * d.location;
  return detail::incomplete_beta(1 / d.shape, k + 1, 1 / (1 + odds), odds / (1 + odds));
}

/// The smallest whole number with cdf ≥ p: a bracket around the normal guess, then bisection.
double count_quantile(const Distribution& d, double p) {
  if (!(p >= 0 && p <= 1)) return std::nan("");
  if (p == 0 || d.location == 0) return 0;
  if (p == 1) return kInfinity;
  const double spread = std::sqrt(d.variance());
  double high = std::max(std::floor(d.location + detail::normal_quantile(p) * spread), 0.0), low = -1;
  for (double step = std::floor(spread / 8) + 1; count_cdf(d, high) < p && high < 1e15; step *= 2) {
    low = high;
    high += step;
  }
  for (double step = std::floor(spread / 8) + 1; low < 0 && high - step >= 0; step *= 2) {
    if (count_cdf(d, high - step) < p) {
      low = high - step;
    } else {
      high -= step;
    }
  }
  while (high - low > 1) {
    const double middle = std::floor(0.5 * (low + high));
    (count_cdf(d, middle) < p ? low : high) = middle;
  }
  return high;
}

}  // namespace

Likelihood parse_likelihood(const std::string& name) {
  return static_cast<Likelihood>(detail::place_among({kNames.begin(), kNames.end()}, name,
                                                     "there is no likelihood called '" + name + "'"));
}

const char* likelihood_name(Likelihood likelihood) { return kNames[static_cast<std::size_t>(likelihood)]; }

std::string likelihood_loss(Likelihood likelihood) {
  return std::string(likelihood_name(likelihood)) + "_nll";
}

std::int64_t likelihood_parameters(Likelihood likelihood) {
  switch (likelihood) {
    case Likelihood::student_t: return 3;
    case Likelihood::poisson: return 1;
    default: return 2;
  }
}

bool is_count_likelihood(Likelihood likelihood) {
  return likelihood == Likelihood::negative_binomial || likelihood == Likelihood::poisson;
}

Distribution Distribution::from_raw(Likelihood likelihood, std::span<const double> raw, double size) {
  Distribution out;
  out.likelihood = likelihood;
  if (is_count_likelihood(likelihood)) {
    out.location = size * (detail::softplus(raw[0]) + kSmallest);
    if (likelihood == Likelihood::negative_binomial) {
      out.shape = (detail::softplus(raw[1]) + kSmallest) / std::sqrt(size);
    }
    return out;
  }
  out.location = raw[0];
  out.scale = likelihood_scale("softplus", raw[1], kSmallest);
  if (likelihood == Likelihood::student_t) out.shape = student_t_degrees_of_freedom(raw[2]);
  return out;
}

double Distribution::variance() const {
  switch (likelihood) {
    case Likelihood::gaussian: return scale * scale;
    case Likelihood::student_t: return shape > 2 ? scale * scale * shape / (shape - 2) : kInfinity;
    case Likelihood::negative_binomial: return location * (1 + shape * location);
    default: return location;
  }
}

double Distribution::log_density(double y) const {
  if (is_count_likelihood(likelihood)) return log_probability(*this, y);
  const double z = (y - location) / scale;
  if (likelihood == Likelihood::student_t) return detail::student_t_log_density(z, shape) - std::log(scale);
  return -0.5 * (z * z + std::log(2 * std::numbers::pi)) - std::log(scale);
}

double Distribution::cdf(double y) const {
  if (is_count_likelihood(likelihood)) return count_cdf(*this, y);
  const double z = (y - location) / scale;
  return likelihood == Likelihood::student_t ? detail::student_t_cdf(z, shape) : detail::normal_cdf(z);
}

double Distribution::quantile(double p) const {
  if (is_count_likelihood(likelihood)) return count_quantile(*this, p);
  return location + scale * (likelihood == Likelihood::student_t ? detail::student_t_quantile(p, shape)
                                                                 : detail::normal_quantile(p));
}

std::vector<double> sample_quantiles(std::span<double> samples, std::span<const double> levels) {
  std::vector<double> out(levels.size(), std::nan(""));
  if (samples.empty()) return out;
  std::sort(samples.begin(), samples.end());
  for (std::size_t i = 0; i < levels.size(); ++i) out[i] = detail::quantile_of_sorted(samples, levels[i]);
  return out;
}

}  // namespace rondo::forecasting
