#include <cmath>

#include "kernels/moments.h"
#include "train/optimizers/optimizer_base.h"

// Adam (Kingma and Ba 2015, arXiv:1412.6980), AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), AMSGrad
// (Reddi, Kale and Kumar 2018) and Nadam (Dozat 2016). Keras adds ε to √v and corrects the bias in the
// learning rate ("ε hat"); PyTorch corrects v first.

namespace rondo::detail {
namespace {

struct MomentOptions : CommonOptimizerOptions {
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool amsgrad = false;
  template <class Self, class V>
  static void visit_moments(Self& self, V&& option) {
    visit_common(self, option);
    option("beta_1", self.beta_1, "decay of the mean of gradients");
    option("beta_2", self.beta_2, "decay of the mean of squared gradients");
    option("epsilon", self.epsilon, "keeps the division finite");
  }

 protected:
  explicit MomentOptions(bool torch) {
    if (torch) convention = "torch", epsilon = 1e-8;
  }
};

struct AdamOptions : MomentOptions {
  using MomentOptions::MomentOptions;
  static constexpr bool kDecoupled = false;
  static AdamOptions defaults(bool torch) { return AdamOptions(torch); }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_moments(self, option);
    option("amsgrad", self.amsgrad, "divide by the largest mean square so far");
  }
};

struct AdamWOptions : AdamOptions {
  using AdamOptions::AdamOptions;
  static constexpr bool kDecoupled = true;
  static AdamWOptions defaults(bool torch) {
    AdamWOptions out(torch);
    out.weight_decay = torch ? 0.01 : 0.004;
    return out;
  }
};

struct AmsgradOptions : AdamOptions {
  using AdamOptions::AdamOptions;
  static AmsgradOptions defaults(bool torch) {
    AmsgradOptions out(torch);
    out.amsgrad = true;
    return out;
  }
};

std::vector<std::string> moment_slots(bool amsgrad) {
  std::vector<std::string> names = {"momentum", "velocity"};
  if (amsgrad) names.emplace_back("velocity_hat");
  return names;
}

/// `Self::begin_step` makes the three numbers of one step, in double.
template <class Self, class Options>
class MomentOptimizer : public OptimizerOf<Self, Options> {
 public:
  template <class T>
  void run(const OptimizerBase::Piece<T>& p) const noexcept {
    const auto as = [](double x) { return static_cast<T>(x); };
    const MomentOptions& o = this->options_;
    const kernels::MomentStep<T> step{p.prelude, as(1 - o.beta_1), as(1 - o.beta_2), as(a_),
                                      as(b_),    as(s_),           as(o.epsilon)};
    kernels::update_moments(step, p.weights, p.gradients, p.slots[0], p.slots[1],
                            o.amsgrad ? p.slots[2] : nullptr, p.count);
  }

 protected:
  MomentOptimizer(const std::string& name, const Options& o, bool always_decoupled)
      : OptimizerOf<Self, Options>(name, o, moment_slots(o.amsgrad), always_decoupled) {
    require_option(o.beta_1 >= 0 && o.beta_1 < 1 && o.beta_2 >= 0 && o.beta_2 < 1 && o.epsilon >= 0, name,
                   "beta_1 and beta_2 from 0 to below 1, epsilon >= 0");
  }
  double root_2(double step) const { return std::sqrt(1 - std::pow(this->options_.beta_2, step)); }
  double a_ = 0, b_ = 0, s_ = 1;
};

template <class Options>
class Adam : public MomentOptimizer<Adam<Options>, Options> {
 public:
  Adam(const std::string& name, const Options& options)
      : MomentOptimizer<Adam, Options>(name, options, Options::kDecoupled) {}

 private:
  void begin_step(std::int64_t step, double rate) noexcept override {
    const auto t = static_cast<double>(step);
    const double bias_1 = 1 - std::pow(this->options_.beta_1, t), root_2 = this->root_2(t);
    const bool torch = this->options_.torch();
    this->a_ = torch ? rate / bias_1 : rate * root_2 / bias_1;
    this->s_ = torch ? 1 / root_2 : 1;
  }
};

struct NadamOptions : MomentOptions {
  using MomentOptions::MomentOptions;
  double momentum_decay = 1;
  static NadamOptions defaults(bool torch) {
    NadamOptions out(torch);
    if (torch) out.learning_rate = 0.002, out.momentum_decay = 0.004;
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_moments(self, option);
    option("momentum_decay", self.momentum_decay, "how fast the momentum reaches beta_1");
  }
};

/// The momentum of step t is β₁·(1 − ½·0.96^(t·decay)); the mean looks one step ahead with that of t + 1.
/// Keras and PyTorch differ in nothing but their defaults: both correct v before ε is added.
class Nadam : public MomentOptimizer<Nadam, NadamOptions> {
 public:
  Nadam(const std::string& name, const NadamOptions& options) : MomentOptimizer(name, options, false) {}

 private:
  double momentum(double step) const {
    return options_.beta_1 * (1 - 0.5 * std::pow(0.96, step * options_.momentum_decay));
  }
  void begin_step(std::int64_t step, double rate) noexcept override {
    const auto t = static_cast<double>(step);
    const double now = momentum(t), next = momentum(t + 1);
    if (step != step_) product_ *= now;
    step_ = step;
    a_ = rate * next / (1 - product_ * next);
    b_ = rate * (1 - now) / (1 - product_);
    s_ = 1 / root_2(t);
  }
  void write_numbers(Json& numbers) const override { numbers.set("momentum_product", product_); }
  void read_numbers(const Json& numbers) override {
    product_ = numbers.at("momentum_product", "state of optimizer nadam").as_real("momentum_product");
  }
  double product_ = 1;      // of the momenta up to this step
  std::int64_t step_ = -1;  // that it knows of
};

}  // namespace

std::vector<OptimizerEntry> adaptive_moment_optimizers() {
  return {optimizer_entry<Adam<AdamOptions>>("adam"), optimizer_entry<Adam<AdamWOptions>>("adamw"),
          optimizer_entry<Adam<AmsgradOptions>>("amsgrad"), optimizer_entry<Nadam>("nadam")};
}

}  // namespace rondo::detail
