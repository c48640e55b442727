#include <cmath>

#include "kernels/moments.h"
#include "train/optimizers/optimizer_base.h"

// Adam (Kingma and Ba 2015, arXiv:1412.6980), AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), AMSGrad
// (Reddi, Kale and Kumar 2018) and Nadam (Dozat 2016). Keras adds ε to √v and corrects the bias in the
// learning rate ("ε hat"); PyTorch corrects v first.

namespace rondo::detail {
namespace {

struct AdamOptions : CommonOptimizerOptions {
  double beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  bool amsgrad = false;

  static AdamOptions defaults(bool torch) {
    AdamOptions out;
    if (torch) out.convention = "torch", out.epsilon = 1e-8;
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("beta_1", self.beta_1, "decay of the mean of gradients");
    option("beta_2", self.beta_2, "decay of the mean of squared gradients");
    option("epsilon", self.epsilon, "keeps the division finite");
    option("amsgrad", self.amsgrad, "divide by the largest mean square so far");
  }
};

struct AdamWOptions : AdamOptions {
  static AdamWOptions defaults(bool torch) {
    AdamWOptions out;
    static_cast<AdamOptions&>(out) = AdamOptions::defaults(torch);
    out.weight_decay = torch ? 0.01 : 0.004;
    return out;
  }
};

struct AmsgradOptions : AdamOptions {
  static AmsgradOptions defaults(bool torch) {
    AmsgradOptions out;
    static_cast<AdamOptions&>(out) = AdamOptions::defaults(torch);
    out.amsgrad = true;
    return out;
  }
};

void check_moments(const AdamOptions& o, const std::string& name) {
  require_option(o.beta_1 >= 0 && o.beta_1 < 1 && o.beta_2 >= 0 && o.beta_2 < 1 && o.epsilon >= 0, name,
                 "beta_1 and beta_2 from 0 to below 1, epsilon >= 0");
}

std::vector<std::string> moment_slots(bool amsgrad) {
  std::vector<std::string> names = {"momentum", "velocity"};
  if (amsgrad) names.emplace_back("velocity_hat");
  return names;
}

/// Numbers of one step, in double.
struct MomentNumbers {
  double a = 0, b = 0, s = 1;
};

class MomentOptimizer : public OptimizerBase {
 protected:
  MomentOptimizer(const AdamOptions& options, bool decoupled_decay)
      : OptimizerBase(options, moment_slots(options.amsgrad), decoupled_decay), moments_(options) {}

  MomentNumbers numbers_;

 private:
  void update(const Piece<float>& piece) const noexcept override { run(piece); }
  void update(const Piece<double>& piece) const noexcept override { run(piece); }

  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const auto as = [](double x) { return static_cast<T>(x); };
    const kernels::MomentStep<T> step{p.prelude,           as(1 - moments_.beta_1), as(1 - moments_.beta_2),
                                      as(numbers_.a),      as(numbers_.b),          as(numbers_.s),
                                      as(moments_.epsilon)};
    kernels::update_moments(step, p.weights, p.gradients, p.slots[0], p.slots[1],
                            moments_.amsgrad ? p.slots[2] : nullptr, p.count);
  }

  AdamOptions moments_;
};

template <class Options>
class Adam : public MomentOptimizer {
 public:
  Adam(std::string name, const Options& options, bool decoupled)
      : MomentOptimizer(options, decoupled || !options.torch()), name_(std::move(name)), options_(options) {
    check_moments(options_, name_);
  }
  std::string name() const override { return name_; }
  Json config() const override {
    Json out = rondo::to_config(options_);
    out.set("name", name_);
    return out;
  }

 private:
  void begin_step(std::int64_t step, double rate) noexcept override {
    const auto t = static_cast<double>(step);
    const double bias_1 = 1 - std::pow(options_.beta_1, t),
                 root_2 = std::sqrt(1 - std::pow(options_.beta_2, t));
    if (options_.torch())
      numbers_ = {rate / bias_1, 0, 1 / root_2};
    else
      numbers_ = {rate * root_2 / bias_1, 0, 1};
  }
  std::string name_;
  Options options_;
};

struct NadamOptions : AdamOptions {
  double momentum_decay = 1;

  static NadamOptions defaults(bool torch) {
    NadamOptions out;
    static_cast<AdamOptions&>(out) = AdamOptions::defaults(torch);
    if (torch) out.learning_rate = 0.002, out.momentum_decay = 0.004;
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("beta_1", self.beta_1, "decay of the mean of gradients");
    option("beta_2", self.beta_2, "decay of the mean of squared gradients");
    option("epsilon", self.epsilon, "keeps the division finite");
    option("momentum_decay", self.momentum_decay, "how fast the momentum reaches beta_1");
  }
};

/// The momentum of step t is β₁·(1 − ½·0.96^(t·decay)); the mean looks one step ahead with that of t + 1.
/// Keras and PyTorch differ in nothing but their defaults: both correct v before ε is added.
class Nadam : public MomentOptimizer {
 public:
  explicit Nadam(const NadamOptions& options)
      : MomentOptimizer(options, !options.torch()), options_(options) {
    check_moments(options_, "nadam");
  }
  std::string name() const override { return "nadam"; }
  Json config() const override {
    Json out = rondo::to_config(options_);
    out.set("name", "nadam");
    return out;
  }

 private:
  double momentum(double step) const {
    return options_.beta_1 * (1 - 0.5 * std::pow(0.96, step * options_.momentum_decay));
  }
  void begin_step(std::int64_t step, double rate) noexcept override {
    const auto t = static_cast<double>(step);
    const double now = momentum(t), next = momentum(t + 1);
    product_ *= now;
    const double root_2 = std::sqrt(1 - std::pow(options_.beta_2, t));
    numbers_ = {rate * next / (1 - product_ * next), rate * (1 - now) / (1 - product_), 1 / root_2};
  }
  void write_numbers(Json& numbers) const override { numbers.set("momentum_product", product_); }
  void read_numbers(const Json& numbers) override {
    product_ = numbers.at("momentum_product", "state of optimizer nadam").as_real("momentum_product");
  }
  NadamOptions options_;
  double product_ = 1;
};

template <class Options>
OptimizerEntry adam_entry(std::string name, bool decoupled) {
  return {name,
          [name, decoupled](const Json& config) -> std::unique_ptr<Optimizer> {
            return std::make_unique<Adam<Options>>(name, optimizer_settings<Options>(config, name),
                                                   decoupled);
          },
          optimizer_option_list<Options>};
}

}  // namespace

std::vector<OptimizerEntry> adaptive_moment_optimizers() {
  return {adam_entry<AdamOptions>("adam", false),
          adam_entry<AdamWOptions>("adamw", true),
          adam_entry<AmsgradOptions>("amsgrad", false),
          {"nadam",
           [](const Json& config) -> std::unique_ptr<Optimizer> {
             return std::make_unique<Nadam>(optimizer_settings<NadamOptions>(config, "nadam"));
           },
           optimizer_option_list<NadamOptions>}};
}

}  // namespace rondo::detail
