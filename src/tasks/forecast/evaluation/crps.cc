#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "rondo/tasks/forecast_accuracy.h"
#include "tasks/forecast/likelihood/distribution.h"
#include "train/losses/probability_functions.h"
#include "train/losses/special_functions.h"

namespace rondo::accuracy {

namespace {

using forecasting::Distribution;

constexpr double kTail = 1e-11;     // of the probability, left out at both ends of a sum
constexpr double kMaxCounts = 1e5;  // that are summed one by one

/// Σ over counts k of [low, high] of (F(k) − 1{k ≥ y})², by the recurrence of the probabilities.
double count_by_count(const Distribution& d, double y, double low, double high) {
  const double alpha = d.shape, mu = d.location;
  double probability = std::exp(d.log_density(low)), below = d.cdf(low), sum = 0;
  for (double k = low; k <= high; ++k) {
    const double miss = k >= y ? 1 - below : below;
    sum += miss * miss;
    // p(k + 1) / p(k) = μ(1 + αk) / ((1 + αμ)(k + 1)), which is Poisson's μ/(k + 1) at α = 0
    probability *= mu * (1 + alpha * k) / ((1 + alpha * mu) * (k + 1));
    below = std::min(below + probability, 1.0);
  }
  return sum;
}

/// The same as an integral over a continuous distribution function, by Gauss and Legendre on pieces that grow
/// with the distance from the lower end.
double piece_by_piece(const Distribution& d, double y, double low, double high) {
  constexpr std::array<double, 3> place{0.0, 0.53846931010568309, 0.90617984593866399};
  constexpr std::array<double, 3> weight{0.56888888888888889, 0.47862867049936647, 0.23692688505618909};
  const auto integral = [&](double from, double to) {
    constexpr int kPieces = 48;
    double sum = 0;
    for (int piece = 0; piece < kPieces; ++piece) {
      const double a = from + (to - from) * piece * piece / double{kPieces * kPieces};
      const double b = from + (to - from) * (piece + 1) * (piece + 1) / double{kPieces * kPieces};
      const double center = 0.5 * (a + b), half = 0.5 * (b - a);
      for (std::size_t i = 0; i < place.size(); ++i) {
        for (const double side : {-1.0, 1.0}) {
          if (i == 0 && side > 0) continue;
          const double x = center + side * half * place[i];
          const double below = d.cdf(x), miss = x >= y ? 1 - below : below;
          sum += half * weight[i] * miss * miss;
        }
      }
    }
    return sum;
  };
  const double middle = std::clamp(y, low, high);
  return integral(low, middle) + integral(middle, high);
}

double crps_of_counts(const Distribution& d, double y) {
  if (std::isnan(y) || !(d.location >= 0) || !(d.shape >= 0)) return std::nan("");
  if (d.location == 0) return std::abs(y);
  const double low = d.quantile(kTail), high = d.quantile(1 - kTail);
  // Outside of the distribution's support every count between it and y is missed fully.
  const double outside = std::max({low - std::max(y, 0.0), y - high - 1, 0.0}) + std::max(-y, 0.0);
  if (high - low > kMaxCounts) return outside + piece_by_piece(d, y, low, high);
  // A value between two counts belongs to the step function at once above it, and so does one after the last
  // that is summed: the step of `high` ends at high + 1.
  const double part = y > low && y < high + 1 ? std::ceil(y) - y : 0;
  double sum = count_by_count(d, y, low, high);
  if (part > 0) {
    const double below = d.cdf(std::floor(y));
    sum += part * ((1 - below) * (1 - below) - below * below);
  }
  return outside + sum;
}

}  // namespace

double crps_from_quantiles(double y, Values quantiles, Values levels) {
  if (quantiles.size() != levels.size() || levels.empty()) {
    throw Error(ErrorKind::usage, "there must be one quantile for each level")
        .where("accuracy::crps_from_quantiles")
        .seen(std::to_string(quantiles.size()) + " quantiles, " + std::to_string(levels.size()) + " levels");
  }
  const std::size_t n = levels.size();
  double sum = 0;
  for (std::size_t k = 0; k < n; ++k) {
    const double from = k == 0 ? 0 : 0.5 * (levels[k - 1] + levels[k]);
    const double to = k + 1 == n ? 1 : 0.5 * (levels[k] + levels[k + 1]);
    if (!(levels[k] > (k == 0 ? 0 : levels[k - 1]) && levels[k] < 1)) {
      throw Error(ErrorKind::usage, "levels lie between 0 and 1 and ascend")
          .where("accuracy::crps_from_quantiles")
          .seen(std::to_string(levels[k]));
    }
    const double miss = y - quantiles[k];
    sum += 2 * (to - from) * (miss > 0 ? levels[k] * miss : (levels[k] - 1) * miss);
  }
  return sum;
}

double crps_from_samples(double y, Values samples) {
  const auto missing = [](double x) { return std::isnan(x); };
  if (samples.empty() || std::any_of(samples.begin(), samples.end(), missing)) return std::nan("");
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  double distance = 0, spread = 0;  // spread: Σ over i < j of x_j − x_i
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    distance += std::abs(sorted[i] - y);
    spread += (2 * static_cast<double>(i) + 1 - n) * sorted[i];
  }
  return distance / n - (sorted.size() > 1 ? spread / (n * (n - 1)) : 0);
}

double crps_gaussian(double y, double mean, double standard_deviation) {
  const double sigma = standard_deviation;
  if (!(sigma >= 0)) return std::nan("");
  if (sigma == 0) return std::abs(y - mean);
  const double z = (y - mean) / sigma;
  return sigma *
         (z * (2 * detail::normal_cdf(z) - 1) + 2 * detail::normal_density(z) - std::numbers::inv_sqrtpi);
}

double crps_student_t(double y, double location, double scale, double degrees_of_freedom) {
  const double nu = degrees_of_freedom;
  if (!(nu > 1) || !(scale >= 0)) return std::nan("");
  if (scale == 0) return std::abs(y - location);
  const double z = (y - location) / scale;
  const double density = std::exp(detail::student_t_log_density(z, nu));
  // B(½, ν − ½) / B(½, ν/2)² = Γ(ν − ½)/Γ(ν) · (Γ((ν+1)/2)/Γ(ν/2))² / √π
  const double beta =
      std::exp(2 * detail::log_gamma_ratio(nu / 2, 0.5) - detail::log_gamma_ratio(nu - 0.5, 0.5)) *
      std::numbers::inv_sqrtpi;
  return scale * (z * (2 * detail::student_t_cdf(z, nu) - 1) + 2 * density * (nu + z * z) / (nu - 1) -
                  2 * std::sqrt(nu) / (nu - 1) * beta);
}

double crps_negative_binomial(double y, double mean, double dispersion) {
  return crps_of_counts({forecasting::Likelihood::negative_binomial, mean, 1, dispersion}, y);
}

double crps_poisson(double y, double mean) {
  return crps_of_counts({forecasting::Likelihood::poisson, mean, 1, 0}, y);
}

}  // namespace rondo::accuracy
