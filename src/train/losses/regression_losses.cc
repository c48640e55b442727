#include <algorithm>
#include <cmath>

#include "train/losses/row_loss.h"

// Losses of a number against a number: formulas of one prediction p and one target t.

namespace rondo::detail {
namespace {

class MeanSquaredError : public ElementLoss<MeanSquaredError, NoOptions> {
 public:
  static constexpr const char* kName = "mean_squared_error";
  using ElementLoss::ElementLoss;
  auto value(auto p, auto t) const { return (p - t) * (p - t); }
  auto slope(auto p, auto t) const { return 2 * (p - t); }
};

template <class T>
T sign(T x) {
  return x > 0 ? T(1) : x < 0 ? T(-1) : x;  // 0 stays 0, NaN stays NaN
}

class MeanAbsoluteError : public ElementLoss<MeanAbsoluteError, NoOptions> {
 public:
  static constexpr const char* kName = "mean_absolute_error";
  using ElementLoss::ElementLoss;
  auto value(auto p, auto t) const { return std::abs(p - t); }
  auto slope(auto p, auto t) const { return sign(p - t); }
};

class MeanAbsolutePercentageError : public ElementLoss<MeanAbsolutePercentageError, NoOptions> {
 public:
  static constexpr const char* kName = "mean_absolute_percentage_error";
  using ElementLoss::ElementLoss;
  auto value(auto p, auto t) const { return 100 * std::abs(p - t) / size(t); }
  auto slope(auto p, auto t) const { return 100 * sign(p - t) / size(t); }

 private:
  template <class T>
  static T size(T t) {
    return std::max(std::abs(t), T(1e-7));
  }
};

class LogCosh : public ElementLoss<LogCosh, NoOptions> {
 public:
  static constexpr const char* kName = "log_cosh";
  using ElementLoss::ElementLoss;
  template <class T>
  T value(T p, T t) const {
    const T size = std::abs(p - t);  // log cosh x without overflow
    return size + std::log1p(std::exp(T(-2) * size)) - T(0.69314718055994530942);
  }
  auto slope(auto p, auto t) const { return std::tanh(p - t); }
};

struct HuberOptions {
  double delta = 1;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("delta", self.delta, "error from which the loss grows linearly");
  }
  void check(const std::string& loss) const {
    check_option(delta > 0, loss + ".delta", "be positive", delta);
  }
};

class Huber : public ElementLoss<Huber, HuberOptions> {
 public:
  static constexpr const char* kName = "huber";
  using ElementLoss::ElementLoss;
  template <class T>
  T value(T p, T t) const {
    const T size = std::abs(p - t), delta = static_cast<T>(options.delta);
    return size <= delta ? T(0.5) * size * size : delta * size - T(0.5) * delta * delta;
  }
  template <class T>
  T slope(T p, T t) const {
    const T error = p - t, delta = static_cast<T>(options.delta);
    return std::abs(error) <= delta ? error : delta * sign(error);
  }
};

struct QuantileOptions {
  std::vector<double> levels = {0.1, 0.5, 0.9};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("levels", self.levels, "quantiles to learn, each between 0 and 1");
  }
  void check(const std::string& loss) const {
    if (levels.empty()) throw Error(ErrorKind::usage, loss + ".levels is empty").fix("name a level");
    for (const double level : levels)
      check_option(level > 0 && level < 1, loss + ".levels", "lie between 0 and 1", level);
  }
};

/// Mean over targets and levels of the pinball loss max(τ·(t − p), (τ − 1)·(t − p)).
class Quantile : public RowLoss<Quantile, QuantileOptions> {
 public:
  static constexpr const char* kName = "quantile";
  using RowLoss::RowLoss;
  std::int64_t target_columns(std::int64_t columns) const override {
    const auto levels = static_cast<std::int64_t>(options.levels.size());
    if (columns % levels != 0) {
      throw Error(ErrorKind::usage, "the prediction must have one column for every level of every target")
          .where("loss quantile")
          .seen(std::to_string(columns) + " columns for " + std::to_string(levels) + " levels")
          .fix("give the last layer a multiple of " + std::to_string(levels) + " units");
    }
    return columns / levels;
  }
  std::int64_t prediction_columns(std::int64_t columns) const override {
    return columns * static_cast<std::int64_t>(options.levels.size());
  }
  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const std::size_t levels = options.levels.size(), columns = prediction.size();
    const T share = T(1) / static_cast<T>(columns);
    double sum = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      const T level = static_cast<T>(options.levels[c % levels]);
      const T error = target[c / levels] - prediction[c];
      sum += static_cast<double>(error > 0 ? level * error : (level - T(1)) * error);
      if (gradient != nullptr) gradient[c] = share * (error > 0 ? -level : error < 0 ? T(1) - level : error);
    }
    return sum / static_cast<double>(columns);
  }
};

}  // namespace

std::vector<LossEntry> regression_losses() {
  return {loss_entry<MeanSquaredError>({"mse"}),
          loss_entry<MeanAbsoluteError>({"mae"}),
          loss_entry<MeanAbsolutePercentageError>({"mape"}),
          loss_entry<LogCosh>({"logcosh"}),
          loss_entry<Huber>({"huber_loss", "smooth_l1"}),
          loss_entry<Quantile>({"pinball"})};
}

}  // namespace rondo::detail
