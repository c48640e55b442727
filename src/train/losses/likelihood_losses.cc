#include <cmath>
#include <optional>

#include "train/losses/row_loss.h"
#include "train/losses/special_functions.h"

// Negative log-likelihoods of a target under a distribution whose parameters the network predicts. Columns
// are grouped by parameter: all locations first, then all raw scales, then all raw degrees of freedom. The
// arithmetic is in double: rows are narrow here, and exp and log of a float would lose what the tails are
// about.

namespace rondo {
namespace {

constexpr double kHalfLogTwoPi = 0.91893853320467274178;

struct Scale {
  double value, slope;  // σ and dσ/draw
};

Scale scale_of(bool logarithmic, double raw, double min_scale) {
  if (logarithmic) {
    const double e = std::exp(raw);
    return {e + min_scale, e};
  }
  return {detail::softplus(raw) + min_scale, detail::logistic(raw)};
}

bool is_logarithmic(const std::string& scale, const std::string& where) {
  if (scale == "log") return true;
  if (scale == "softplus") return false;
  throw Error(ErrorKind::usage, "there is no scale called '" + scale + "'")
      .where(where)
      .expected("\"softplus\" or \"log\"");
}

}  // namespace

double likelihood_scale(const std::string& scale, double raw, double min_scale) {
  return scale_of(is_logarithmic(scale, "likelihood_scale"), raw, min_scale).value;
}

double student_t_degrees_of_freedom(double raw) { return 2 + detail::softplus(raw); }

namespace detail {
namespace {

/// Splits columns into `groups` equal groups, or says that this cannot be.
std::int64_t split_columns(const char* name, std::int64_t columns, std::int64_t groups) {
  if (columns % groups == 0) return columns / groups;
  throw Error(ErrorKind::usage,
              "the prediction must have " + std::to_string(groups) + " columns for every target")
      .where(std::string("loss ") + name)
      .seen(std::to_string(columns) + " columns")
      .fix("give the last layer a multiple of " + std::to_string(groups) + " units");
}

void check_min_scale(const char* name, double min_scale) {
  if (min_scale >= 0 && std::isfinite(min_scale)) return;
  throw Error(ErrorKind::usage, std::string(name) + ".min_scale must not be negative")
      .seen(std::to_string(min_scale));
}

struct GaussianOptions {
  std::string scale = "softplus";
  double min_scale = 1e-6;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("scale", self.scale,
           "\"softplus\": σ = softplus(raw) + min_scale; \"log\": σ = exp(raw) + min_scale");
    option("min_scale", self.min_scale, "added to every σ");
  }
};

/// ½·log 2π + log σ + ½·((t − μ)/σ)², mean over the targets of a row.
class GaussianNll : public RowLoss<GaussianNll, GaussianOptions> {
 public:
  static constexpr const char* kName = "gaussian_nll";
  explicit GaussianNll(const Json& config)
      : RowLoss(config), logarithmic_(is_logarithmic(options.scale, "gaussian_nll.scale")) {
    check_min_scale(kName, options.min_scale);
  }
  std::int64_t target_columns(std::int64_t columns) const override {
    return split_columns(kName, columns, 2);
  }
  std::int64_t prediction_columns(std::int64_t columns) const override { return 2 * columns; }

  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const std::size_t n = target.size();
    const double share = 1 / static_cast<double>(n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Scale sigma = scale_of(logarithmic_, prediction[n + i], options.min_scale);
      const double z = (static_cast<double>(target[i]) - static_cast<double>(prediction[i])) / sigma.value;
      sum += kHalfLogTwoPi + std::log(sigma.value) + 0.5 * z * z;
      if (gradient == nullptr) continue;
      gradient[i] = static_cast<T>(-share * z / sigma.value);
      gradient[n + i] = static_cast<T>(share * (1 - z * z) / sigma.value * sigma.slope);
    }
    return sum * share;
  }

 private:
  bool logarithmic_;
};

struct StudentTOptions {
  std::string scale = "softplus";
  double min_scale = 1e-6;
  std::optional<double> degrees_of_freedom;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("scale", self.scale,
           "\"softplus\": σ = softplus(raw) + min_scale; \"log\": σ = exp(raw) + min_scale");
    option("min_scale", self.min_scale, "added to every σ");
    option("degrees_of_freedom", self.degrees_of_freedom, "ν; null: learnt, ν = 2 + softplus(raw)");
  }
};

/// −log Γ((ν+1)/2) + log Γ(ν/2) + ½·log(νπ) + log σ + (ν+1)/2 · log(1 + z²/ν), z = (t − μ)/σ.
class StudentTNll : public RowLoss<StudentTNll, StudentTOptions> {
 public:
  static constexpr const char* kName = "student_t_nll";
  explicit StudentTNll(const Json& config)
      : RowLoss(config), logarithmic_(is_logarithmic(options.scale, "student_t_nll.scale")) {
    check_min_scale(kName, options.min_scale);
    if (options.degrees_of_freedom && !(*options.degrees_of_freedom > 0)) {
      throw Error(ErrorKind::usage, "student_t_nll.degrees_of_freedom must be positive")
          .seen(std::to_string(*options.degrees_of_freedom));
    }
  }
  std::int64_t target_columns(std::int64_t columns) const override {
    return split_columns(kName, columns, groups());
  }
  std::int64_t prediction_columns(std::int64_t columns) const override { return groups() * columns; }

  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const std::size_t n = target.size();
    const double share = 1 / static_cast<double>(n);
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const Scale sigma = scale_of(logarithmic_, prediction[n + i], options.min_scale);
      const double raw = options.degrees_of_freedom ? 0 : static_cast<double>(prediction[2 * n + i]);
      const double nu = options.degrees_of_freedom.value_or(student_t_degrees_of_freedom(raw));
      const double z = (static_cast<double>(target[i]) - static_cast<double>(prediction[i])) / sigma.value;
      const double tail = std::log1p(z * z / nu);
      sum += log_gamma(nu / 2) - log_gamma((nu + 1) / 2) + 0.5 * std::log(nu * 3.14159265358979323846) +
             std::log(sigma.value) + 0.5 * (nu + 1) * tail;
      if (gradient == nullptr) continue;
      const double pull = (nu + 1) * z / (nu + z * z);  // d/dz of the last term
      gradient[i] = static_cast<T>(-share * pull / sigma.value);
      gradient[n + i] = static_cast<T>(share * (1 - pull * z) / sigma.value * sigma.slope);
      if (options.degrees_of_freedom) continue;
      const double slope = 0.5 * (digamma(nu / 2) - digamma((nu + 1) / 2) + 1 / nu + tail - pull * z / nu);
      gradient[2 * n + i] = static_cast<T>(share * slope * logistic(raw));
    }
    return sum * share;
  }

 private:
  std::int64_t groups() const { return options.degrees_of_freedom ? 2 : 3; }
  bool logarithmic_;
};

}  // namespace

std::vector<LossEntry> likelihood_losses() {
  return {loss_entry<GaussianNll>({"gaussian"}), loss_entry<StudentTNll>({"student_t"})};
}

}  // namespace detail
}  // namespace rondo
