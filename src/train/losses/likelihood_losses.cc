#include <cmath>
#include <numbers>
#include <optional>

#include "train/losses/row_loss.h"
#include "train/losses/special_functions.h"

// Negative log-likelihoods of a target under a distribution whose parameters the network predicts. Columns
// are grouped by parameter: all locations first, then all raw scales, then all raw degrees of freedom. The
// arithmetic is in double: rows are narrow here, and exp and log of a float would lose what the tails are
// about.

namespace rondo {
double likelihood_scale(const std::string& scale, double raw, double min_scale) {
  return detail::link(detail::is_logarithmic(scale, "likelihood_scale"), raw, min_scale).value;
}

double student_t_degrees_of_freedom(double raw) { return 2 + detail::softplus(raw); }

bool detail::is_logarithmic(const std::string& link, const std::string& where) {
  if (link == "log") return true;
  if (link == "softplus") return false;
  throw Error(ErrorKind::usage, "there is no link called '" + link + "'")
      .where(where)
      .expected("\"softplus\" or \"log\"");
}

std::int64_t detail::split_columns(const char* loss, std::int64_t columns, std::int64_t parameters) {
  if (columns % parameters == 0) return columns / parameters;
  throw Error(ErrorKind::usage,
              "the prediction must have " + std::to_string(parameters) + " columns for every target")
      .where(std::string("loss ") + loss)
      .seen(std::to_string(columns) + " columns")
      .fix("give the last layer a multiple of " + std::to_string(parameters) + " units");
}

namespace detail {
namespace {

struct ScaleOptions {
  std::string scale = "softplus";
  double min_scale = 1e-6;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("scale", self.scale,
           "\"softplus\": σ = softplus(raw) + min_scale; \"log\": σ = exp(raw) + min_scale");
    option("min_scale", self.min_scale, "added to every σ");
  }
  void check(const std::string& loss) const {
    check_option(min_scale >= 0 && std::isfinite(min_scale), loss + ".min_scale", "not be negative",
                 min_scale);
  }
};

/// A location and a scale, mean over the targets of a row. `Self` has
///
///     std::int64_t parameters() const;
///     double term(double z, const Linked& sigma, double raw_shape, double share, double* slopes) const;
///
/// which returns −log p(t) for z = (t − μ)/σ and, unless `slopes` is null, writes share times its derivatives
/// by the raw parameters.
template <class Self, class Options>
class LikelihoodLoss : public RowLoss<Self, Options> {
 public:
  using RowLoss<Self, Options>::options;

  explicit LikelihoodLoss(const Json& config)
      : RowLoss<Self, Options>(config),
        logarithmic_(is_logarithmic(options.scale, std::string(Self::kName) + ".scale")) {}
  std::int64_t target_columns(std::int64_t columns) const override {
    return split_columns(Self::kName, columns, self().parameters());
  }
  std::int64_t prediction_columns(std::int64_t columns) const override {
    return self().parameters() * columns;
  }
  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const std::size_t n = target.size();
    const double share = 1 / static_cast<double>(n);
    double sum = 0, slopes[3] = {};
    for (std::size_t i = 0; i < n; ++i) {
      const Linked sigma = link(logarithmic_, prediction[n + i], options.min_scale);
      const double z = (static_cast<double>(target[i]) - static_cast<double>(prediction[i])) / sigma.value;
      const double raw = self().parameters() > 2 ? static_cast<double>(prediction[2 * n + i]) : 0;
      sum += self().term(z, sigma, raw, share, gradient == nullptr ? nullptr : slopes);
      for (std::size_t p = 0; gradient != nullptr && p * n < prediction.size(); ++p)
        gradient[p * n + i] = static_cast<T>(slopes[p]);
    }
    return sum * share;
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
  bool logarithmic_;
};

/// ½·log 2π + log σ + ½·z².
class GaussianNll : public LikelihoodLoss<GaussianNll, ScaleOptions> {
 public:
  static constexpr const char* kName = "gaussian_nll";
  using LikelihoodLoss::LikelihoodLoss;
  std::int64_t parameters() const { return 2; }
  double term(double z, const Linked& sigma, double, double share, double* slopes) const {
    if (slopes != nullptr) {
      slopes[0] = -share * z / sigma.value;
      slopes[1] = share * (1 - z * z) / sigma.value * sigma.slope;
    }
    constexpr double kHalfLogTwoPi = 0.91893853320467274178;
    return kHalfLogTwoPi + std::log(sigma.value) + 0.5 * z * z;
  }
};

struct StudentTOptions : ScaleOptions {
  std::optional<double> degrees_of_freedom;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    ScaleOptions::visit(self, option);
    option("degrees_of_freedom", self.degrees_of_freedom, "ν; null: learnt, ν = 2 + softplus(raw)");
  }
  void check(const std::string& loss) const {
    ScaleOptions::check(loss);
    const double nu = degrees_of_freedom.value_or(1);
    check_option(nu > 0, loss + ".degrees_of_freedom", "be positive", nu);
  }
};

/// −log Γ((ν+1)/2) + log Γ(ν/2) + ½·log(νπ) + log σ + (ν+1)/2 · log(1 + z²/ν).
class StudentTNll : public LikelihoodLoss<StudentTNll, StudentTOptions> {
 public:
  static constexpr const char* kName = "student_t_nll";
  using LikelihoodLoss::LikelihoodLoss;
  std::int64_t parameters() const { return options.degrees_of_freedom ? 2 : 3; }
  double term(double z, const Linked& sigma, double raw, double share, double* slopes) const {
    const double nu = options.degrees_of_freedom.value_or(student_t_degrees_of_freedom(raw));
    const double tail = std::log1p(z * z / nu);
    if (slopes != nullptr) {
      const double pull = (nu + 1) * z / (nu + z * z);  // d/dz of the last term
      const double by_nu = 0.5 * (digamma(nu / 2) - digamma((nu + 1) / 2) + 1 / nu + tail - pull * z / nu);
      slopes[0] = -share * pull / sigma.value;
      slopes[1] = share * (1 - pull * z) / sigma.value * sigma.slope;
      slopes[2] = share * by_nu * logistic(raw);
    }
    return log_gamma(nu / 2) - log_gamma((nu + 1) / 2) + 0.5 * std::log(nu * std::numbers::pi) +
           std::log(sigma.value) + 0.5 * (nu + 1) * tail;
  }
};

}  // namespace

std::vector<LossEntry> likelihood_losses() {
  return {loss_entry<GaussianNll>({"gaussian"}), loss_entry<StudentTNll>({"student_t"})};
}

}  // namespace detail
}  // namespace rondo
