#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/random.h"

namespace rondo::forecasting {

/// What a forecaster says about a value: the distributions that the likelihood losses learn.
enum class Likelihood { gaussian, student_t, negative_binomial, poisson };

/// From "gaussian", "student_t", "negative_binomial" or "poisson"; Error(usage) with the nearest name
/// otherwise.
Likelihood parse_likelihood(const std::string& name);
const char* likelihood_name(Likelihood likelihood);
/// The loss that learns it: "gaussian_nll" …
std::string likelihood_loss(Likelihood likelihood);
/// Numbers a network has to predict for every target: 2, 3, 2, 1.
std::int64_t likelihood_parameters(Likelihood likelihood);
/// Whether it explains whole numbers of 0 or more only.
bool is_count_likelihood(Likelihood likelihood);

/// One distribution. Its numbers mean
///
///     gaussian           location = mean, scale = standard deviation
///     student_t          location, scale, shape = degrees of freedom
///     negative_binomial  location = mean μ, shape = dispersion α: the variance is μ + αμ²
///     poisson            location = mean
struct Distribution {
  Likelihood likelihood = Likelihood::gaussian;
  double location = 0;
  double scale = 1;
  double shape = 0;

  /// From the raw numbers of one target, by the default options of the losses (softplus; see rondo/losses.h).
  /// `size` is the exposure of the count losses, the scale of the series (1: none).
  static Distribution from_raw(Likelihood likelihood, std::span<const double> raw, double size = 1);

  /// Infinite for a student_t of ν ≤ 2.
  double variance() const;
  /// log density, for counts log probability; −infinity for what cannot be (a count of −1 or 0.5).
  double log_density(double y) const;
  /// P(X ≤ y).
  double cdf(double y) const;
  /// The smallest y with cdf(y) ≥ p, for 0 < p < 1. A whole number for counts. −infinity (0 for counts) at p
  /// = 0 and infinity at 1; NaN outside.
  double quantile(double p) const;
  /// One draw: a function of the stream alone, so paths may be made in any order on any number of threads.
  double sample(const RandomStream& stream) const;
};

/// The stream of one draw. Different keys give independent draws.
RandomStream sample_stream(std::uint64_t seed, std::int64_t series, std::int64_t origin, std::int64_t path,
                           std::int64_t step);

/// Quantiles of samples by linear interpolation (Hyndman and Fan's type 7), one for each of `levels`.
/// `samples` are sorted by it. NaN without samples.
std::vector<double> sample_quantiles(std::span<double> samples, std::span<const double> levels);

}  // namespace rondo::forecasting
