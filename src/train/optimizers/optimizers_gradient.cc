#include <cmath>

#include "train/optimizers/optimizer_base.h"

// SGD, RMSprop (Tieleman and Hinton 2012), Adagrad (Duchi, Hazan and Singer 2011) and Adadelta (Zeiler 2012,
// arXiv:1212.5701). Keras puts ε under the root, PyTorch beside it; Keras's momentum holds the learning rate,
// PyTorch's does not.

namespace rondo::detail {
namespace {

/// Calls f with a std::bool_constant for each flag, so that formulas choose without a branch in the loop.
template <class F>
void with_flag(bool a, F&& f) {
  if (a)
    f(std::true_type{});
  else
    f(std::false_type{});
}

struct SgdOptions : CommonOptimizerOptions {
  double momentum = 0;
  bool nesterov = false;

  static SgdOptions defaults(bool torch) {
    SgdOptions out;
    out.learning_rate = torch ? 0.001 : 0.01;
    if (torch) out.convention = "torch";
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("momentum", self.momentum, "share of the last move that is kept");
    option("nesterov", self.nesterov, "look ahead along the momentum");
  }
};

template <class T>
struct PlainRule {
  static constexpr int kSlots = 0;
  T rate;
  T operator()(T w, T g, std::array<T, 3>&) const { return w - rate * g; }
};

template <class T, bool torch, bool nesterov>
struct MomentumRule {
  static constexpr int kSlots = 1;
  T rate, momentum;
  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& v = slot[0];
    if constexpr (torch) {
      v = momentum * v + g;
      return w - rate * (nesterov ? g + momentum * v : v);
    } else {
      v = momentum * v - rate * g;
      return w + (nesterov ? momentum * v - rate * g : v);
    }
  }
};

class Sgd : public OptimizerOf<Sgd, SgdOptions> {
 public:
  Sgd(const std::string& name, const SgdOptions& o)
      : OptimizerOf(name, o,
                    o.momentum > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{}) {
    require_option(o.momentum >= 0 && o.momentum <= 1, name, "momentum from 0 to 1");
    // Without momentum there is nothing to look ahead along: Keras then ignores it, PyTorch refuses.
    require_option(!o.nesterov || o.momentum > 0 || !o.torch(), name, "momentum > 0 with nesterov");
  }
  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const T rate = static_cast<T>(rate_), momentum = static_cast<T>(options_.momentum);
    if (options_.momentum == 0) return run_rule(PlainRule<T>{rate}, p);
    with_flag(options_.torch(), [&](auto torch) {
      with_flag(options_.nesterov, [&](auto nesterov) {
        run_rule(MomentumRule<T, torch.value, nesterov.value>{rate, momentum}, p);
      });
    });
  }

 private:
  bool moves_without_gradient() const noexcept override { return options_.momentum != 0; }
};

struct RmspropOptions : CommonOptimizerOptions {
  double rho = 0.9, momentum = 0, epsilon = 1e-7;
  bool centered = false;

  static RmspropOptions defaults(bool torch) {
    RmspropOptions out;
    if (torch) out.convention = "torch", out.learning_rate = 0.01, out.rho = 0.99, out.epsilon = 1e-8;
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("rho", self.rho, "decay of the mean of squared gradients (PyTorch's alpha)");
    option("momentum", self.momentum, "share of the last move that is kept");
    option("epsilon", self.epsilon, "keeps the division finite");
    option("centered", self.centered, "divide by the standard deviation instead of the root mean square");
  }
};

template <class T, bool torch, bool with_momentum, bool centered>
struct RmspropRule {
  static constexpr int kSlots = 1 + int{with_momentum} + int{centered};
  T rate, rho, rest, momentum, epsilon;
  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& square = slot[0];
    square = rho * square + rest * (g * g);
    T spread = square;
    if constexpr (centered) {
      T& mean = slot[with_momentum ? 2 : 1];
      mean = rho * mean + rest * g;
      spread = square - mean * mean;
      if (spread < 0) spread = 0;  // rounding; Keras and PyTorch would give NaN
    }
    T move;
    if constexpr (torch)
      move = g / (std::sqrt(spread) + epsilon);
    else
      move = rate * g / std::sqrt(spread + epsilon);
    if constexpr (with_momentum) move = slot[1] = momentum * slot[1] + move;
    return torch ? w - rate * move : w - move;
  }
};

class Rmsprop : public OptimizerOf<Rmsprop, RmspropOptions> {
 public:
  Rmsprop(const std::string& name, const RmspropOptions& o) : OptimizerOf(name, o, slots(o)) {
    require_option(o.rho >= 0 && o.rho < 1 && o.momentum >= 0 && o.momentum <= 1 && o.epsilon >= 0, name,
                   "rho from 0 to below 1, momentum from 0 to 1, epsilon >= 0");
  }
  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const auto as = [](double x) { return static_cast<T>(x); };
    const T rate = as(rate_), rho = as(options_.rho), rest = as(1 - options_.rho);
    const T momentum = as(options_.momentum), epsilon = as(options_.epsilon);
    with_flag(options_.torch(), [&](auto torch) {
      with_flag(options_.momentum > 0, [&](auto moving) {
        with_flag(options_.centered, [&](auto centered) {
          run_rule(
              RmspropRule<T, torch.value, moving.value, centered.value>{rate, rho, rest, momentum, epsilon},
              p);
        });
      });
    });
  }

 private:
  static std::vector<std::string> slots(const RmspropOptions& o) {
    std::vector<std::string> names = {"velocity"};
    if (o.momentum > 0) names.emplace_back("momentum");
    if (o.centered) names.emplace_back("average_gradient");
    return names;
  }
};

struct AdagradOptions : CommonOptimizerOptions {
  double initial_accumulator_value = 0.1, epsilon = 1e-7;

  static AdagradOptions defaults(bool torch) {
    AdagradOptions out;
    if (torch) {
      out.convention = "torch";
      out.learning_rate = 0.01;
      out.initial_accumulator_value = 0;
      out.epsilon = 1e-10;
    }
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("initial_accumulator_value", self.initial_accumulator_value,
           "sum of squared gradients to begin with");
    option("epsilon", self.epsilon, "keeps the division finite");
  }
};

template <class T, bool torch>
struct AdagradRule {
  static constexpr int kSlots = 1;
  T rate, epsilon;
  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& sum = slot[0];
    sum = sum + g * g;
    return w - rate * g / (torch ? std::sqrt(sum) + epsilon : std::sqrt(sum + epsilon));
  }
};

class Adagrad : public OptimizerOf<Adagrad, AdagradOptions> {
 public:
  Adagrad(const std::string& name, const AdagradOptions& o)
      : OptimizerOf(name, o, {"accumulator"}, false, o.initial_accumulator_value) {
    require_option(o.initial_accumulator_value >= 0 && o.epsilon >= 0, name,
                   "initial_accumulator_value >= 0, epsilon >= 0");
  }
  template <class T>
  void run(const Piece<T>& p) const noexcept {
    with_flag(options_.torch(), [&](auto torch) {
      run_rule(AdagradRule<T, torch.value>{static_cast<T>(rate_), static_cast<T>(options_.epsilon)}, p);
    });
  }

 private:
  /// Without ε a weight that never had a gradient becomes 0 / 0.
  bool moves_without_gradient() const noexcept override {
    return options_.epsilon == 0 && options_.initial_accumulator_value == 0;
  }
};

struct AdadeltaOptions : CommonOptimizerOptions {
  double rho = 0.95, epsilon = 1e-7;

  static AdadeltaOptions defaults(bool torch) {
    AdadeltaOptions out;
    if (torch) out.convention = "torch", out.learning_rate = 1.0, out.rho = 0.9, out.epsilon = 1e-6;
    return out;
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_common(self, option);
    option("rho", self.rho, "decay of the means of squares");
    option("epsilon", self.epsilon, "keeps the division finite and the first moves above 0");
  }
};

template <class T>
struct AdadeltaRule {
  static constexpr int kSlots = 2;
  T rate, rho, rest, epsilon;
  T operator()(T w, T g, std::array<T, 3>& slot) const {
    T& gradients = slot[0];
    T& moves = slot[1];
    gradients = rho * gradients + rest * (g * g);
    const T move = std::sqrt(moves + epsilon) * g / std::sqrt(gradients + epsilon);
    moves = rho * moves + rest * (move * move);
    return w - rate * move;
  }
};

class Adadelta : public OptimizerOf<Adadelta, AdadeltaOptions> {
 public:
  Adadelta(const std::string& name, const AdadeltaOptions& o)
      : OptimizerOf(name, o, {"accumulated_gradient", "accumulated_move"}) {
    require_option(o.rho >= 0 && o.rho < 1 && o.epsilon > 0, name, "rho from 0 to below 1, epsilon > 0");
  }
  template <class T>
  void run(const Piece<T>& p) const noexcept {
    const auto as = [](double x) { return static_cast<T>(x); };
    run_rule(AdadeltaRule<T>{as(rate_), as(options_.rho), as(1 - options_.rho), as(options_.epsilon)}, p);
  }
};

}  // namespace

std::vector<OptimizerEntry> gradient_scale_optimizers() {
  return {optimizer_entry<Sgd>("sgd"), optimizer_entry<Rmsprop>("rmsprop"),
          optimizer_entry<Adagrad>("adagrad"), optimizer_entry<Adadelta>("adadelta")};
}

}  // namespace rondo::detail
