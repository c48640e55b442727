#include <cmath>

#include "train/optimizers/optimizer_base.h"

// Optimisers without a mean of squares: Adamax (Kingma and Ba 2015, section 7.1), which divides by the
// largest gradient so far, and Lion (Chen et al. 2023, arXiv:2302.06675), which takes a sign.

namespace rondo::detail {
namespace {

struct AdamaxOptions : CommonOptimizerOptions {
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;

  static AdamaxOptions defaults(bool torch) {
    AdamaxOptions out;
    if (torch) out.convention = "torch", out.learning_rate = 0.002, out.epsilon = 1e-8;
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("beta_1", self.beta_1, "decay of the mean of gradients");
    option("beta_2", self.beta_2, "decay of the largest gradient");
    option("epsilon", self.epsilon, "keeps the division finite");
  }
};

/// Keras adds ε where it divides, PyTorch to the gradient's size before the larger one is kept.
template <class T, bool torch>
struct AdamaxRule {
  static constexpr int kSlots = 2;
  T rate, rest_1, beta_2, epsilon;  // rate: corrected for the bias of the mean
  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& mean = slot[0];
    T& largest = slot[1];
    mean = mean + (g - mean) * rest_1;
    const T size = torch ? std::abs(g) + epsilon : std::abs(g), faded = beta_2 * largest;
    largest = size < faded ? faded : size;  // NaN stays
    return w - rate * mean / (torch ? largest : largest + epsilon);
  }
};

class Adamax : public OptimizerOf<Adamax, AdamaxOptions> {
 public:
  Adamax(const std::string& name, const AdamaxOptions& o) : OptimizerOf(name, o, {"momentum", "norm"}) {
    require_option(o.beta_1 >= 0 && o.beta_1 < 1 && o.beta_2 >= 0 && o.beta_2 < 1 && o.epsilon > 0, name,
                   "beta_1 and beta_2 from 0 to below 1, epsilon > 0");
  }
  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const auto as = [](double x) { return static_cast<T>(x); };
    const T rest = as(1 - options_.beta_1), decay = as(options_.beta_2), epsilon = as(options_.epsilon);
    if (options_.torch())
      run_rule(AdamaxRule<T, true>{as(rate_), rest, decay, epsilon}, p);
    else
      run_rule(AdamaxRule<T, false>{as(rate_), rest, decay, epsilon}, p);
  }

 private:
  void begin_step(std::int64_t step, double rate) noexcept override {
    rate_ = rate / (1 - std::pow(options_.beta_1, static_cast<double>(step)));
  }
};

struct LionOptions : CommonOptimizerOptions {
  static constexpr bool kKerasOnly = true;
  double beta_1 = 0.9, beta_2 = 0.99;

  static LionOptions defaults(bool) { return {}; }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("beta_1", self.beta_1, "share of the mean in the direction of a step");
    option("beta_2", self.beta_2, "decay of the mean of gradients");
  }
};

template <class T>
struct LionRule {
  static constexpr int kSlots = 1;
  T rate, beta_1, rest_1, beta_2, rest_2;
  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& mean = slot[0];
    const T direction = mean * beta_1 + g * rest_1;
    mean = mean * beta_2 + g * rest_2;
    // A gradient that is not a number must show.
    const T sign = direction > 0 ? T{1} : direction < 0 ? T{-1} : direction;
    return w - rate * sign;
  }
};

class Lion : public OptimizerOf<Lion, LionOptions> {
 public:
  Lion(const std::string& name, const LionOptions& o) : OptimizerOf(name, o, {"momentum"}) {
    require_option(o.beta_1 > 0 && o.beta_1 <= 1 && o.beta_2 >= 0 && o.beta_2 <= 1, name,
                   "beta_1 above 0 to 1, beta_2 from 0 to 1");
  }
  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const auto as = [](double x) { return static_cast<T>(x); };
    run_rule(LionRule<T>{as(rate_), as(options_.beta_1), as(1 - options_.beta_1), as(options_.beta_2),
                         as(1 - options_.beta_2)},
             p);
  }
};

}  // namespace

std::vector<OptimizerEntry> first_moment_optimizers() {
  return {optimizer_entry<Adamax>("adamax"), optimizer_entry<Lion>("lion")};
}

}  // namespace rondo::detail
