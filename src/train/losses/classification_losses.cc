#include <algorithm>
#include <cmath>
#include <optional>

#include "train/losses/row_loss.h"

// Cross-entropies. From probabilities they follow Keras 3: clipped to [ε, 1 − ε] with ε = 1e-7, the clipped
// part without gradient; the categorical one divides by the sum of the row first, the sparse one does not.

namespace rondo::detail {
namespace {

struct CrossentropyOptions {
  bool from_logits = false;
  double label_smoothing = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("from_logits", self.from_logits, "predictions are logits, not probabilities");
    option("label_smoothing", self.label_smoothing,
           "how far targets are moved towards the uniform distribution");
  }
  void check(const std::string& loss) const {
    check_option(label_smoothing >= 0 && label_smoothing <= 1, loss + ".label_smoothing",
                 "lie between 0 and 1", label_smoothing);
  }
};

template <class T>
constexpr T kLowest = T(1e-7);
template <class T>
constexpr T kHighest = T(1 - 1e-7);

template <class T>
T clipped(T p) {
  return p < kLowest<T> ? kLowest<T> : p > kHighest<T> ? kHighest<T> : p;
}
template <class T>
bool inside(T p) {
  return !(p < kLowest<T> || p > kHighest<T>);
}

class BinaryCrossentropy : public ElementLoss<BinaryCrossentropy, CrossentropyOptions> {
 public:
  static constexpr const char* kName = "binary_crossentropy";
  using ElementLoss::ElementLoss;
  template <class T>
  T value(T p, T t) const {
    t = smoothed(t);
    if (options.from_logits) return std::max(p, T(0)) - p * t + std::log1p(std::exp(-std::abs(p)));
    const T q = clipped(p);
    return -(t * std::log(q) + (T(1) - t) * std::log(T(1) - q));
  }
  template <class T>
  T slope(T p, T t) const {
    t = smoothed(t);
    if (options.from_logits) {
      const T small = std::exp(-std::abs(p));  // no overflow on either side
      return (p >= 0 ? T(1) / (T(1) + small) : small / (T(1) + small)) - t;
    }
    if (!inside(p)) return T(0);
    return (T(1) - t) / (T(1) - p) - t / p;
  }

 private:
  template <class T>
  T smoothed(T t) const {
    const T s = static_cast<T>(options.label_smoothing);
    return t * (T(1) - s) + T(0.5) * s;
  }
};

/// Σ_c target(c) · log softmax(logits)_c, negated, for a target given as a function of the class.
template <class T, class Target>
double softmax_crossentropy(std::span<const T> logits, Target&& target, T* gradient) {
  T top = logits[0];
  for (const T x : logits) top = std::max(top, x);
  double total = 0;
  for (const T x : logits) total += std::exp(static_cast<double>(x - top));
  const double log_total = std::log(total) + static_cast<double>(top);
  double sum = 0, mass = 0;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    const auto t = static_cast<double>(target(c));
    mass += t;
    if (t != 0) sum -= t * (static_cast<double>(logits[c]) - log_total);
  }
  if (gradient != nullptr) {
    const T share = static_cast<T>(mass / total);
    for (std::size_t c = 0; c < logits.size(); ++c)
      gradient[c] = std::exp(logits[c] - top) * share - target(c);
  }
  return sum;
}

class CategoricalCrossentropy : public RowLoss<CategoricalCrossentropy, CrossentropyOptions> {
 public:
  static constexpr const char* kName = "categorical_crossentropy";
  using RowLoss::RowLoss;
  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    const T keep = static_cast<T>(1 - options.label_smoothing);
    const T floor = static_cast<T>(options.label_smoothing / static_cast<double>(prediction.size()));
    const auto smoothed = [&](std::size_t c) { return target[c] * keep + floor; };
    if (options.from_logits) return softmax_crossentropy<T>(prediction, smoothed, gradient);
    T mass = 0;
    for (const T p : prediction) mass += p;
    double sum = 0;
    T common = 0;  // Σ_c (dl/dq_c)·q_c of the normalised q, for the gradient through the division
    for (std::size_t c = 0; c < prediction.size(); ++c) {
      const T q = prediction[c] / mass, t = smoothed(c);
      sum -= static_cast<double>(t * std::log(clipped(q)));
      if (inside(q)) common -= t;
    }
    if (gradient != nullptr) {
      for (std::size_t c = 0; c < prediction.size(); ++c) {
        const T q = prediction[c] / mass;
        gradient[c] = ((inside(q) ? -smoothed(c) / q : T(0)) - common) / mass;
      }
    }
    return sum;
  }
};

struct SparseCrossentropyOptions : CrossentropyOptions {
  std::optional<std::int64_t> ignore_class;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    CrossentropyOptions::visit(self, option);
    option("ignore_class", self.ignore_class, "rows whose target is this number have no part in the loss");
  }
};

class SparseCategoricalCrossentropy
    : public RowLoss<SparseCategoricalCrossentropy, SparseCrossentropyOptions> {
 public:
  static constexpr const char* kName = "sparse_categorical_crossentropy";
  using RowLoss::RowLoss;
  std::optional<std::int64_t> ignored_class() const override { return options.ignore_class; }
  std::int64_t target_columns(std::int64_t) const override { return 1; }
  std::int64_t prediction_columns(std::int64_t) const override { return -1; }

  template <class T>
  double row(std::span<const T> prediction, std::span<const T> target, T* gradient) const {
    if (options.ignore_class &&
        static_cast<double>(target[0]) == static_cast<double>(*options.ignore_class)) {
      if (gradient != nullptr) std::fill_n(gradient, prediction.size(), T(0));
      return 0;
    }
    const std::size_t classes = prediction.size(),
                      truth = class_number(static_cast<double>(target[0]), classes);
    const T floor = static_cast<T>(options.label_smoothing / static_cast<double>(classes));
    const T peak = static_cast<T>(1 - options.label_smoothing) + floor;
    const auto smoothed = [&](std::size_t c) { return c == truth ? peak : floor; };
    if (options.from_logits) return softmax_crossentropy<T>(prediction, smoothed, gradient);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const T t = smoothed(c);
      if (gradient != nullptr) gradient[c] = 0;
      if (t == 0) continue;
      sum -= static_cast<double>(t * std::log(clipped(prediction[c])));
      if (gradient != nullptr && inside(prediction[c])) gradient[c] = -t / prediction[c];
    }
    return sum;
  }

 private:
  static std::size_t class_number(double value, std::size_t classes) {
    if (value >= 0 && value < static_cast<double>(classes) && value == std::floor(value)) {
      return static_cast<std::size_t>(value);
    }
    throw Error(ErrorKind::data, "a target is no class number")
        .where(std::string("loss ") + kName)
        .seen(to_json(Json(value)))
        .expected("a whole number from 0 to " + std::to_string(classes - 1))
        .fix("give the last layer one unit a class, and number classes from 0");
  }
};

}  // namespace

std::vector<LossEntry> classification_losses() {
  return {loss_entry<BinaryCrossentropy>({"bce"}), loss_entry<CategoricalCrossentropy>({"cce"}),
          loss_entry<SparseCategoricalCrossentropy>({"scce"})};
}

}  // namespace rondo::detail
