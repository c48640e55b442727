#include "tasks/forecast/statistical/fitting/minimise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rondo::forecasting::statistical {

namespace {

using Numbers = std::vector<double>;

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// BFGS's approximation of the Hessian, [size, size].
class Hessian {
 public:
  explicit Hessian(std::size_t size) : size_(size), cells_(size * size, 0.0), product_(size) {}

  void reset(double diagonal) {
    std::fill(cells_.begin(), cells_.end(), 0.0);
    for (std::size_t i = 0; i < size_; ++i) cells_[i * size_ + i] = diagonal;
  }

  void update(std::span<const double> step, Numbers change) {
    for (std::size_t i = 0; i < size_; ++i) product_[i] = dot({&cells_[i * size_], size_}, step);
    const double curvature = dot(step, product_), seen = dot(step, change);
    if (!(curvature > 0)) return;
    if (seen < 0.2 * curvature) {  // Powell's damping
      const double share = 0.8 * curvature / (curvature - seen);
      for (std::size_t i = 0; i < size_; ++i) change[i] = share * change[i] + (1 - share) * product_[i];
    }
    const double along = dot(step, change);
    for (std::size_t i = 0; i < size_; ++i) {
      for (std::size_t j = 0; j < size_; ++j) {
        cells_[i * size_ + j] += change[i] * change[j] / along - product_[i] * product_[j] / curvature;
      }
    }
  }

  /// Solves for the step of the free variables by Cholesky; false where the matrix is not positive.
  bool newton_step(std::span<const double> gradient, std::span<const std::size_t> free, Numbers& step) {
    const std::size_t n = free.size();
    factor_.resize(n * n);
    solution_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = cells_[free[i] * size_ + free[j]];
        for (std::size_t k = 0; k < j; ++k) sum -= factor_[i * n + k] * factor_[j * n + k];
        if (i == j && !(sum > 0)) return false;
        factor_[i * n + j] = i == j ? std::sqrt(sum) : sum / factor_[j * n + j];
      }
      double sum = -gradient[free[i]];
      for (std::size_t k = 0; k < i; ++k) sum -= factor_[i * n + k] * solution_[k];
      solution_[i] = sum / factor_[i * n + i];
    }
    std::fill(step.begin(), step.end(), 0.0);
    for (std::size_t i = n; i-- > 0;) {
      double sum = solution_[i];
      for (std::size_t k = i + 1; k < n; ++k) sum -= factor_[k * n + i] * solution_[k];
      solution_[i] = sum / factor_[i * n + i];
      step[free[i]] = solution_[i];
    }
    return true;
  }

 private:
  std::size_t size_;
  Numbers cells_, product_, factor_, solution_;
};

/// Variables in units of their scale.
struct Scaled {
  const Objective& objective;
  std::span<const double> scale;
  mutable Numbers plain;

  double operator()(std::span<const double> point, std::span<double> gradient) const {
    for (std::size_t i = 0; i < point.size(); ++i) plain[i] = point[i] * scale[i];
    const double value = objective(plain, gradient);
    for (std::size_t i = 0; i < point.size(); ++i) gradient[i] *= scale[i];
    return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
  }
};

class Descent {
 public:
  Descent(const Objective& objective, std::span<const double> point, std::span<const double> lower,
          std::span<const double> upper, std::span<const double> scale)
      : objective_{objective, scale, Numbers(point.size())},
        point_(point.begin(), point.end()),
        lower_(lower.begin(), lower.end()),
        upper_(upper.begin(), upper.end()),
        gradient_(point.size()),
        step_(point.size()),
        next_(point.size()),
        next_gradient_(point.size()),
        hessian_(point.size()) {
    for (std::size_t i = 0; i < point_.size(); ++i) {
      point_[i] /= scale[i];
      lower_[i] /= scale[i];
      upper_[i] /= scale[i];
    }
    value_ = objective_(point_, gradient_);
    restart();
  }

  /// Runs to the end and returns the value; the point is `point()`.
  double run(const MinimiseOptions& options) {
    int small = 0;
    for (int i = 0; i < options.iterations && std::isfinite(value_); ++i) {
      const double before = value_;
      if (!improve()) {
        if (fresh_) break;
        restart();  // the curvature may be to blame
        continue;
      }
      small = before - value_ < options.tolerance ? small + 1 : 0;
      if (small == 2) break;
    }
    return value_;
  }
  std::span<const double> point() const { return point_; }

 private:
  void restart() {
    const double size = std::sqrt(dot(gradient_, gradient_));
    hessian_.reset(size > 0 ? size : 1.0);  // a first step of length 1
    fresh_ = true;
  }

  void find_free() {
    free_.clear();
    for (std::size_t i = 0; i < point_.size(); ++i) {
      const bool held =
          (point_[i] <= lower_[i] && gradient_[i] >= 0) || (point_[i] >= upper_[i] && gradient_[i] <= 0);
      if (!held) free_.push_back(i);
    }
  }

  bool improve() {
    find_free();
    if (free_.empty() || !hessian_.newton_step(gradient_, free_, step_)) return false;
    double length = 1;
    for (int halvings = 0; halvings < 25; ++halvings, length *= halvings < 2 ? 0.5 : 0.25) {
      double expected = 0;
      for (std::size_t i = 0; i < point_.size(); ++i) {
        next_[i] = std::clamp(point_[i] + length * step_[i], lower_[i], upper_[i]);
        expected += gradient_[i] * (next_[i] - point_[i]);
      }
      if (!(expected < 0)) return false;
      const double value = objective_(next_, next_gradient_);
      if (!(value <= value_ + 1e-4 * expected)) continue;
      accept(value);
      return true;
    }
    return false;
  }

  void accept(double value) {
    Numbers change(point_.size());
    for (std::size_t i = 0; i < point_.size(); ++i) {
      step_[i] = next_[i] - point_[i];
      change[i] = next_gradient_[i] - gradient_[i];
    }
    const double along = dot(step_, change);
    if (fresh_ && along > 0) hessian_.reset(dot(change, change) / along);
    fresh_ = false;
    hessian_.update(step_, std::move(change));
    std::swap(point_, next_);
    std::swap(gradient_, next_gradient_);
    value_ = value;
  }

  Scaled objective_;
  Numbers point_, lower_, upper_, gradient_, step_, next_, next_gradient_;
  Hessian hessian_;
  std::vector<std::size_t> free_;
  double value_ = 0;
  bool fresh_ = true;
};

}  // namespace

double minimise(const Objective& objective, std::span<double> point, std::span<const double> lower,
                std::span<const double> upper, std::span<const double> scale,
                const MinimiseOptions& options) {
  for (std::size_t i = 0; i < point.size(); ++i) point[i] = std::clamp(point[i], lower[i], upper[i]);
  Descent descent(objective, point, lower, upper, scale);
  const double value = descent.run(options);
  for (std::size_t i = 0; i < point.size(); ++i) {
    point[i] = std::clamp(descent.point()[i] * scale[i], lower[i], upper[i]);
  }
  return value;
}

}  // namespace rondo::forecasting::statistical
