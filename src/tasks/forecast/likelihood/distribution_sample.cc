#include <cmath>

#include "tasks/forecast/likelihood/distribution.h"
#include "train/losses/special_functions.h"

// Draws by rejection from a counter-based stream: how many numbers a draw takes does not disturb any other
// draw, since each has a stream of its own.

namespace rondo::forecasting {

namespace {

/// The numbers of one stream, one after the other.
class Draws {
 public:
  explicit Draws(const RandomStream& stream) : stream_(stream) {}

  /// Uniform in (0, 1) with 53 bits.
  double uniform() {
    const auto words = stream_.block(next_++);
    const std::uint64_t bits = (std::uint64_t{words[0]} << 21) ^ (words[1] >> 11);
    return (static_cast<double>(bits) + 0.5) * 0x1p-53;
  }
  double normal() { return stream_.normal(2 * next_++); }  // the same block as uniform() would take

  /// Gamma with mean = shape (Marsaglia, Tsang 2000).
  double gamma(double shape) {
    if (shape < 1) {
      const double power = std::pow(uniform(), 1 / shape);
      return gamma(shape + 1) * power;
    }
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    while (true) {
      const double x = normal(), v = std::pow(1 + c * x, 3);
      if (v > 0 && std::log(uniform()) < 0.5 * x * x + d * (1 - v + std::log(v))) return d * v;
    }
  }

  double poisson(double mean) { return mean < 10 ? small_poisson(mean) : large_poisson(mean); }

 private:
  /// By going up the distribution function.
  double small_poisson(double mean) {
    const double u = uniform();
    double k = 0, probability = std::exp(-mean), sum = probability;
    while (u > sum && probability > 0) {
      probability *= mean / ++k;
      sum += probability;
    }
    return k;
  }

  /// Hörmann's transformed rejection (PTRS, 1993) for means of at least 10.
  double large_poisson(double mean) {
    const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), certain = 0.9277 - 3.6224 / (b - 2);
    while (true) {
      const double u = uniform() - 0.5, v = uniform();
      const double us = 0.5 - std::abs(u);
      const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= certain) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      const double ratio = std::log(v * inverse_alpha / (a / (us * us) + b));
      if (ratio <= k * std::log(mean) - mean - detail::log_gamma(k + 1)) return k;
    }
  }

  const RandomStream& stream_;
  std::uint64_t next_ = 0;
};

std::uint64_t mixed(std::uint64_t key, std::int64_t value) {
  std::uint64_t z = key ^ (static_cast<std::uint64_t>(value) + 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

RandomStream sample_stream(std::uint64_t seed, std::int64_t series, std::int64_t origin, std::int64_t path,
                           std::int64_t step) {
  static const std::uint64_t purpose = purpose_key("forecast.sample");
  const auto counter = (static_cast<std::uint64_t>(path) << 32) | static_cast<std::uint64_t>(step);
  return RandomStream(seed, mixed(mixed(purpose, series), origin), counter);
}

double Distribution::sample(const RandomStream& stream) const {
  Draws draws(stream);
  switch (likelihood) {
    case Likelihood::gaussian: return location + scale * draws.normal();
    case Likelihood::student_t: {
      const double z = draws.normal();
      return location + scale * z / std::sqrt(draws.gamma(shape / 2) / (shape / 2));
    }
    case Likelihood::negative_binomial: {
      if (shape < 1e-10) return draws.poisson(location);
      // A Poisson whose mean is itself a gamma with that mean and the variance αμ².
      return draws.poisson(draws.gamma(1 / shape) * shape * location);
    }
    default: return draws.poisson(location);
  }
}

}  // namespace rondo::forecasting
