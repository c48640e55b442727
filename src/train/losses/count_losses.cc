#include <cmath>

#include "train/losses/probability_functions.h"
#include "train/losses/row_loss.h"
#include "train/losses/special_functions.h"

// Negative log-likelihoods of counts (Poisson 1837; negative binomial as in DeepAR, Salinas, Flunkert,
// Gasthaus 2017). Columns are grouped by parameter as in losses_likelihood.cc: all raw means first, then all
// raw dispersions. With `exposure` the targets are all counts, then all scales: a series of large numbers and
// one of small ones then look alike to the network. Targets need not be whole: Γ says what is between.

namespace rondo {

std::int64_t check_counts(std::span<const double> values, const std::string& where) {
  std::int64_t broken = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double value = values[row];
    if (value < 0 || std::isinf(value)) {
      throw Error(ErrorKind::data, "a likelihood for counts cannot explain " +
                                       std::string(value < 0 ? "a negative value" : "an infinite value"))
          .where((where.empty() ? "" : where + ", ") + std::string("row ") + std::to_string(row))
          .seen(std::to_string(value))
          .expected("counts: 0, 1, 2, … (missing values are left out)")
          .fix("choose the likelihood gaussian or student_t");
    }
    broken += value != std::floor(value) && !std::isnan(value) ? 1 : 0;
  }
  return broken;
}

namespace detail {
namespace {

struct CountOptions {
  std::string mean = "softplus";
  double min_mean = 1e-6;
  bool exposure = false;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("mean", self.mean, "\"softplus\": μ = softplus(raw) + min_mean; \"log\": μ = exp(raw) + min_mean");
    option("min_mean", self.min_mean, "added to every μ");
    option("exposure", self.exposure,
           "targets are all counts, then all scales; a mean is multiplied by its scale");
  }
  void check(const std::string& loss) const {
    check_option(min_mean > 0 && std::isfinite(min_mean), loss + ".min_mean", "be positive", min_mean);
  }
};

struct NegativeBinomialOptions : CountOptions {
  double min_dispersion = 1e-6;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    CountOptions::visit(self, option);
    option("min_dispersion", self.min_dispersion,
           "added to every α = softplus(raw); α is divided by the square root of the scale");
  }
  void check(const std::string& loss) const {
    CountOptions::check(loss);
    check_option(min_dispersion > 0 && std::isfinite(min_dispersion), loss + ".min_dispersion", "be positive",
                 min_dispersion);
  }
};

/// What the count losses share. `Self` has
///
///     static constexpr std::int64_t kParameters;
///     double count(double y, const Linked& mean, double raw_dispersion, double scale, double* slopes) const;
///
/// which returns −log p(y) and, unless `slopes` is null, writes its derivatives by the raw parameters.
template <class Self, class Options>
class CountLoss : public RowLoss<Self, Options> {
 public:
  using RowLoss<Self, Options>::options;

  explicit CountLoss(const Json& config)
      : RowLoss<Self, Options>(config),
        logarithmic_(is_logarithmic(options.mean, std::string(Self::kName) + ".mean")) {}

  std::int64_t target_columns(std::int64_t columns) const override {
    return split_columns(Self::kName, columns, Self::kParameters) * groups();
  }
  std::int64_t prediction_columns(std::int64_t columns) const override {
    if (columns % groups() != 0) {
      throw Error(ErrorKind::usage, "with exposure there must be a scale for every count")
          .where(std::string("loss ") + Self::kName)
          .seen(std::to_string(columns) + " target columns")
          .fix("give the targets as all counts, then all scales");
    }
    return columns / groups() * Self::kParameters;
  }

  double value_and_gradient(ConstMatrix prediction, ConstMatrix target, std::span<const double> weights,
                            double divisor, Matrix gradient) const override {
    check_loss_call(*this, prediction, target, weights, divisor, gradient);
    with_dtype(target.dtype, [&](auto zero) { check_targets(target.view<const decltype(zero)>(), weights); });
    return RowLoss<Self, Options>::value_and_gradient(prediction, target, weights, divisor, gradient);
  }

  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const auto& self = static_cast<const Self&>(*this);
    const std::size_t n = prediction.size() / static_cast<std::size_t>(Self::kParameters);
    const double share = 1 / static_cast<double>(n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double scale = options.exposure ? static_cast<double>(target[n + i]) : 1;
      const double raw = Self::kParameters > 1 ? static_cast<double>(prediction[n + i]) : 0;
      double slopes[2] = {0, 0};
      sum += self.count(static_cast<double>(target[i]), mean_of(static_cast<double>(prediction[i]), scale),
                        raw, scale, gradient == nullptr ? nullptr : slopes);
      if (gradient == nullptr) continue;
      for (std::size_t p = 0; p < static_cast<std::size_t>(Self::kParameters); ++p) {
        gradient[p * n + i] = static_cast<T>(share * slopes[p]);
      }
    }
    return sum * share;
  }

 private:
  std::int64_t groups() const { return options.exposure ? 2 : 1; }

  Linked mean_of(double raw, double scale) const {
    const Linked mean = link(logarithmic_, raw, options.min_mean);
    return {scale * mean.value, scale * mean.slope};
  }
  template <class T>
  void check_targets(View<const T> target, std::span<const double> weights) const {
    const std::int64_t counts = target.cols / groups();
    for (std::int64_t r = 0; r < target.rows; ++r) {
      if (!weights.empty() && weights[static_cast<std::size_t>(r)] == 0) continue;
      for (std::int64_t c = 0; c < target.cols; ++c) {
        const auto value = static_cast<double>(target.row(r)[c]);
        if (c < counts ? !(value < 0) && !std::isinf(value) : value > 0 && std::isfinite(value)) continue;
        throw Error(ErrorKind::data, c < counts ? "a likelihood for counts needs targets of 0 or more"
                                                : "the scale of a count must be positive")
            .where(std::string("loss ") + Self::kName + ", row " + std::to_string(r) + ", column " +
                   std::to_string(c))
            .seen(std::to_string(value))
            .fix(c < counts ? "use gaussian_nll or student_t_nll for such targets"
                            : "give every count the size of its series, at least 1");
      }
    }
  }

  bool logarithmic_;
};

/// μ − y log μ + log Γ(y + 1).
class PoissonNll : public CountLoss<PoissonNll, CountOptions> {
 public:
  static constexpr const char* kName = "poisson_nll";
  static constexpr std::int64_t kParameters = 1;
  using CountLoss::CountLoss;

  double count(double y, const Linked& mean, double, double, double* slopes) const {
    if (slopes != nullptr) slopes[0] = (1 - y / mean.value) * mean.slope;
    return mean.value - y * std::log(mean.value) + log_gamma(y + 1);
  }
};

/// With r = 1/α: log Γ(r) − log Γ(y + r) + log Γ(y + 1) + r log(1 + αμ) − y log(αμ / (1 + αμ)); the variance
/// is μ + αμ². Written so that it goes over into Poisson's as α goes to 0.
class NegativeBinomialNll : public CountLoss<NegativeBinomialNll, NegativeBinomialOptions> {
 public:
  static constexpr const char* kName = "negative_binomial_nll";
  static constexpr std::int64_t kParameters = 2;
  using CountLoss::CountLoss;

  double count(double y, const Linked& mean, double raw, double scale, double* slopes) const {
    const double shrink = 1 / std::sqrt(scale);
    const double alpha = shrink * (softplus(raw) + options.min_dispersion);
    const double r = 1 / alpha, mu = mean.value;
    if (slopes != nullptr) {
      slopes[0] = (mu - y) / (mu * (1 + alpha * mu)) * mean.slope;
      const double distance = (y - mu) / (r + mu);
      const double by_r =
          r >= 10 ? (digamma_difference(r, y) - std::log1p(y / r)) + (std::log1p(distance) - distance)
                  : digamma_difference(r, y) - std::log1p(mu / r) - distance;
      slopes[1] = by_r * r * r * shrink * logistic(raw);  // dr/dα = −r², and it is −log p
    }
    return log_gamma(y + 1) - log_gamma_ratio(r, y) + r * std::log1p(alpha * mu) -
           y * (std::log(mu) - std::log(r + mu));
  }
};

}  // namespace

std::vector<LossEntry> count_losses() {
  return {loss_entry<NegativeBinomialNll>({"negative_binomial"}), loss_entry<PoissonNll>({"poisson"})};
}

}  // namespace detail
}  // namespace rondo
