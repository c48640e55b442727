#include <algorithm>
#include <cmath>

#include "train/optimizers/optimizer_base.h"

// Adafactor (Shazeer and Stern 2018, arXiv:1804.04235) as in Keras 3. The mean square of a matrix of
// gradients is kept as the means of its rows and of its columns.

namespace rondo::detail {
namespace {

struct AdafactorOptions : CommonOptimizerOptions {
  static constexpr bool kKerasOnly = true;
  double beta_2_decay = -0.8, epsilon_1 = 1e-30, epsilon_2 = 1e-3, clip_threshold = 1;

  static AdafactorOptions defaults(bool) { return {}; }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("beta_2_decay", self.beta_2_decay, "the means' decay in step t is 1 - t^beta_2_decay");
    option("epsilon_1", self.epsilon_1, "added to squared gradients");
    option("epsilon_2", self.epsilon_2, "least size of the weights that a step is a share of");
    option("clip_threshold", self.clip_threshold,
           "largest root mean square of a step, before the learning rate");
  }
};

/// Its one slot has the array's shape. It holds the mean squares themselves where the array is a vector, or a
/// matrix of one row or column; of other matrices first the means of the rows, then those of the columns.
class Adafactor : public OptimizerOf<Adafactor, AdafactorOptions> {
 public:
  Adafactor(const std::string& name, const AdafactorOptions& o) : OptimizerOf(name, o, {"velocity"}) {
    require_option(!o.lazy, name, "lazy = false: a row's step hangs on all rows of its table");
    require_option(o.beta_2_decay < 0 && o.epsilon_1 > 0 && o.epsilon_2 >= 0 && o.clip_threshold > 0, name,
                   "beta_2_decay < 0, epsilon_1 > 0, epsilon_2 >= 0, clip_threshold > 0");
  }

  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const Shape& shape = p.array->shape;
    const std::int64_t cols = shape.size() < 2 ? p.count : shape.back(),
                       rows = shape.size() < 2 ? 1 : shape[shape.size() - 2];
    update_means(p, rows, cols);
    double size = 0, weights = 0;  // Σ of squares of the direction of the step, and of the weights
    each(p, rows, cols, [&](std::int64_t i, double direction) {
      size += direction * direction;
      weights += static_cast<double>(p.weights[i]) * static_cast<double>(p.weights[i]);
    });
    const auto count = static_cast<double>(p.count);
    // Keras shrinks the weights before it looks at their size.
    const double shrunk = 1 - static_cast<double>(p.prelude.shrink);
    const double share = std::max(options_.epsilon_2, std::sqrt(weights / count) * std::abs(shrunk));
    const double clip = std::max(1.0, std::sqrt(size / count) / options_.clip_threshold);
    const double step = share * rate_ / clip;
    each(p, rows, cols, [&](std::int64_t i, double direction) {
      const T w = p.weights[i] - p.weights[i] * p.prelude.shrink;
      p.weights[i] = w - static_cast<T>(step * direction);
    });
  }

 private:
  void begin_step(std::int64_t step, double rate) noexcept override {
    const auto t = static_cast<double>(step);
    rate_ = std::min(rate, 1 / std::sqrt(t));
    keep_ = 1 - std::pow(t, options_.beta_2_decay);
  }

  template <class T>
  static double gradient(const Piece<T>& p, std::int64_t i) {
    const T g = p.gradients[i] * p.prelude.scale, limit = p.prelude.limit;
    return static_cast<double>(g < -limit ? -limit : limit < g ? limit : g);
  }
  template <class T>
  double square(const Piece<T>& p, std::int64_t i) const {
    const double g = gradient(p, i);
    return g * g + options_.epsilon_1;
  }
  template <class T>
  void move_mean(T& mean, double value) const {
    mean = static_cast<T>(keep_ * static_cast<double>(mean) + (1 - keep_) * value);
  }

  template <class T>
  void update_means(const Piece<T>& p, std::int64_t rows, std::int64_t cols) const {
    T* const means = p.slots[0];
    if (rows == 1 || cols == 1) {
      for (std::int64_t i = 0; i < p.count; ++i) move_mean(means[i], square(p, i));
      return;
    }
    for (std::int64_t first = 0; first < p.count; first += rows * cols) {
      for (std::int64_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (std::int64_t c = 0; c < cols; ++c) sum += square(p, first + r * cols + c);
        move_mean(means[first + r], sum / static_cast<double>(cols));
      }
      for (std::int64_t c = 0; c < cols; ++c) {
        double sum = 0;
        for (std::int64_t r = 0; r < rows; ++r) sum += square(p, first + r * cols + c);
        move_mean(means[first + rows + c], sum / static_cast<double>(rows));
      }
    }
  }

  /// visit(element, its gradient over the root of its mean square).
  template <class T, class Visit>
  void each(const Piece<T>& p, std::int64_t rows, std::int64_t cols, Visit visit) const {
    const T* const means = p.slots[0];
    if (rows == 1 || cols == 1) {
      for (std::int64_t i = 0; i < p.count; ++i)
        visit(i, gradient(p, i) / std::sqrt(static_cast<double>(means[i])));
      return;
    }
    for (std::int64_t first = 0; first < p.count; first += rows * cols) {
      double total = 0;
      for (std::int64_t r = 0; r < rows; ++r) total += static_cast<double>(means[first + r]);
      const double mean = total / static_cast<double>(rows);
      for (std::int64_t r = 0; r < rows; ++r) {
        const double row = static_cast<double>(means[first + r]) / mean;
        for (std::int64_t c = 0; c < cols; ++c) {
          const double column = static_cast<double>(means[first + rows + c]);
          visit(first + r * cols + c, gradient(p, first + r * cols + c) / std::sqrt(row * column));
        }
      }
    }
  }
  double keep_ = 0;
};

}  // namespace

std::vector<OptimizerEntry> factored_moment_optimizers() { return {optimizer_entry<Adafactor>("adafactor")}; }

}  // namespace rondo::detail
