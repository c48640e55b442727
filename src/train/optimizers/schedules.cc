#include "rondo/train/schedules.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "rondo/base/error.h"
#include "train/named_config.h"
#include "train/registered.h"

namespace rondo {
namespace {

constexpr double kPi = 3.14159265358979323846;

void require(bool holds, const char* schedule, const char* rule) {
  if (!holds)
    throw Error(ErrorKind::usage, "an option of a schedule is out of range").where(schedule).expected(rule);
}

/// A schedule that is its options: the formula is Options::at, the checks Options::check.
template <class Options>
class ScheduleOf : public Schedule {
 public:
  explicit ScheduleOf(const Json& config) {
    read_options(options_, config, Options::kName);
    options_.check();
  }
  std::string name() const override { return Options::kName; }
  Json config() const override { return detail::named_config(Options::kName, options_); }
  double at(std::int64_t step) const override { return options_.at(static_cast<double>(step)); }

 private:
  Options options_;
};

struct Constant {
  static constexpr const char* kName = "constant";
  double learning_rate = 0.001;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("learning_rate", self.learning_rate, "the learning rate of every step");
  }
  void check() const { require(learning_rate >= 0, kName, "learning_rate >= 0"); }
  double at(double) const { return learning_rate; }
};

struct Decay {
  double initial_learning_rate = 0.001, decay_steps = 1000, decay_rate = 0.96;
  bool staircase = false;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("decay_steps", self.decay_steps, "steps after which one decay_rate is reached");
    option("decay_rate", self.decay_rate, "how much the learning rate decays in decay_steps");
    option("staircase", self.staircase, "decay at once after every decay_steps instead of smoothly");
  }
  double periods(double step) const {
    return staircase ? std::floor(step / decay_steps) : step / decay_steps;
  }
  void check_as(const char* name) const {
    require(initial_learning_rate >= 0 && decay_steps > 0 && decay_rate > 0, name,
            "initial_learning_rate >= 0, decay_steps > 0, decay_rate > 0");
  }
};

struct Exponential : Decay {
  static constexpr const char* kName = "exponential_decay";
  void check() const { check_as(kName); }
  double at(double step) const { return initial_learning_rate * std::pow(decay_rate, periods(step)); }
};

struct InverseTime : Decay {
  static constexpr const char* kName = "inverse_time_decay";
  void check() const { check_as(kName); }
  double at(double step) const { return initial_learning_rate / (1 + decay_rate * periods(step)); }
};

struct StepDecay {
  static constexpr const char* kName = "step_decay";
  double initial_learning_rate = 0.001, step_size = 1000, gamma = 0.1;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("step_size", self.step_size, "steps between two drops");
    option("gamma", self.gamma, "what a drop multiplies the learning rate by");
  }
  void check() const {
    require(initial_learning_rate >= 0 && step_size > 0 && gamma > 0, kName,
            "initial_learning_rate >= 0, step_size > 0, gamma > 0");
  }
  double at(double step) const {
    return initial_learning_rate * std::pow(gamma, std::floor(step / step_size));
  }
};

struct MultiStepDecay {
  static constexpr const char* kName = "multi_step_decay";
  double initial_learning_rate = 0.001, gamma = 0.1;
  std::vector<double> milestones;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("milestones", self.milestones, "steps at which the learning rate drops, increasing");
    option("gamma", self.gamma, "what a drop multiplies the learning rate by");
  }
  void check() const {
    require(initial_learning_rate >= 0 && gamma > 0, kName, "initial_learning_rate >= 0, gamma > 0");
    require(std::is_sorted(milestones.begin(), milestones.end()), kName, "increasing milestones");
  }
  double at(double step) const {
    const auto drops = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
    return initial_learning_rate * std::pow(gamma, static_cast<double>(drops));
  }
};

struct Piecewise {
  static constexpr const char* kName = "piecewise_constant_decay";
  std::vector<double> boundaries, values = {0.001};
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("boundaries", self.boundaries, "last steps of all pieces but the last, increasing");
    option("values", self.values, "learning rates, one more than boundaries");
  }
  void check() const {
    require(values.size() == boundaries.size() + 1, kName, "one more value than boundaries");
    require(std::is_sorted(boundaries.begin(), boundaries.end()), kName, "increasing boundaries");
  }
  double at(double step) const {
    const auto piece = std::lower_bound(boundaries.begin(), boundaries.end(), step) - boundaries.begin();
    return values[static_cast<std::size_t>(piece)];
  }
};

struct Polynomial {
  static constexpr const char* kName = "polynomial_decay";
  double initial_learning_rate = 0.001, decay_steps = 1000, end_learning_rate = 0.0001, power = 1;
  bool cycle = false;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("decay_steps", self.decay_steps, "steps until end_learning_rate");
    option("end_learning_rate", self.end_learning_rate, "smallest learning rate");
    option("power", self.power, "exponent; 1 is a straight line");
    option("cycle", self.cycle, "begin again, over a longer way, after decay_steps");
  }
  void check() const {
    require(decay_steps > 0 && initial_learning_rate >= 0 && end_learning_rate >= 0, kName,
            "decay_steps > 0 and learning rates >= 0");
  }
  double at(double step) const {
    const double way = cycle ? decay_steps * std::max(1.0, std::ceil(step / decay_steps)) : decay_steps;
    const double left = 1 - std::min(step, way) / way;
    return (initial_learning_rate - end_learning_rate) * std::pow(left, power) + end_learning_rate;
  }
};

struct Cosine {
  static constexpr const char* kName = "cosine_decay";
  double initial_learning_rate = 0.001, decay_steps = 1000, alpha = 0;
  std::optional<double> warmup_target;
  double warmup_steps = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("decay_steps", self.decay_steps, "steps of the decay, after the warm-up");
    option("alpha", self.alpha, "smallest learning rate as a share of the largest");
    option("warmup_target", self.warmup_target, "learning rate that the warm-up leads to; null: no warm-up");
    option("warmup_steps", self.warmup_steps, "steps of the warm-up");
  }
  void check() const {
    require(decay_steps > 0 && warmup_steps >= 0 && initial_learning_rate >= 0, kName,
            "decay_steps > 0, warmup_steps >= 0, initial_learning_rate >= 0");
  }
  double at(double step) const {
    if (warmup_target && step < warmup_steps) {
      return initial_learning_rate + (*warmup_target - initial_learning_rate) * step / warmup_steps;
    }
    const double peak = warmup_target.value_or(initial_learning_rate);
    const double done = std::min(step - (warmup_target ? warmup_steps : 0), decay_steps) / decay_steps;
    return peak * ((1 - alpha) * 0.5 * (1 + std::cos(kPi * done)) + alpha);
  }
};

/// Half cosines, one after the other, each t_mul times as long and m_mul times as high as the one before
/// (Loshchilov and Hutter 2017, "SGDR").
struct CosineRestarts {
  static constexpr const char* kName = "cosine_decay_restarts";
  double initial_learning_rate = 0.001, first_decay_steps = 1000, t_mul = 2, m_mul = 1, alpha = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("first_decay_steps", self.first_decay_steps, "steps until the first restart");
    option("t_mul", self.t_mul, "how much longer each period is than the one before");
    option("m_mul", self.m_mul, "how much higher each period begins than the one before");
    option("alpha", self.alpha, "smallest learning rate as a share of the first");
  }
  void check() const {
    require(first_decay_steps > 0 && initial_learning_rate >= 0 && t_mul > 0 && m_mul >= 0, kName,
            "first_decay_steps > 0, t_mul > 0, m_mul >= 0, initial_learning_rate >= 0");
  }
  double at(double step) const {
    double done = step / first_decay_steps, restarts = 0;  // done: periods of the first length
    if (t_mul == 1) {
      restarts = std::floor(done);
      done -= restarts;
    } else {
      // The periods before the n-th take (1 − t_mul^n) / (1 − t_mul). Periods that get shorter come to an
      // end.
      const double left = 1 - done * (1 - t_mul);
      if (left <= 0) return initial_learning_rate * alpha;
      restarts = std::floor(std::log(left) / std::log(t_mul));
      const double before = (1 - std::pow(t_mul, restarts)) / (1 - t_mul);
      done = (done - before) / std::pow(t_mul, restarts);
    }
    const double height = 0.5 * std::pow(m_mul, restarts) * (1 + std::cos(kPi * done));
    return initial_learning_rate * ((1 - alpha) * height + alpha);
  }
};

struct CosineAnnealing {
  static constexpr const char* kName = "cosine_annealing";
  double initial_learning_rate = 0.001, T_max = 1000, eta_min = 0;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("initial_learning_rate", self.initial_learning_rate, "learning rate of the first step");
    option("T_max", self.T_max, "steps of half a cosine; then it rises again");
    option("eta_min", self.eta_min, "smallest learning rate");
  }
  void check() const {
    require(T_max > 0 && initial_learning_rate >= 0, kName, "T_max > 0 and learning rates >= 0");
  }
  double at(double step) const {
    return eta_min + (initial_learning_rate - eta_min) * (1 + std::cos(kPi * step / T_max)) / 2;
  }
};

struct OneCycle {
  static constexpr const char* kName = "one_cycle";
  double max_lr = 0.01, total_steps = 1000, pct_start = 0.3, div_factor = 25, final_div_factor = 1e4;
  std::string anneal_strategy = "cos";
  bool three_phase = false;
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("max_lr", self.max_lr, "learning rate at the peak");
    option("total_steps", self.total_steps, "steps of the cycle");
    option("pct_start", self.pct_start, "share of the steps until the peak");
    option("div_factor", self.div_factor, "peak over first learning rate");
    option("final_div_factor", self.final_div_factor, "first over last learning rate");
    option("anneal_strategy", self.anneal_strategy, "\"cos\" or \"linear\"");
    option("three_phase", self.three_phase, "go down as slowly as up, then to the last learning rate");
  }
  void check() const {
    require(total_steps > 0 && pct_start >= 0 && pct_start <= 1 && div_factor > 0 && final_div_factor > 0,
            kName, "total_steps > 0, pct_start from 0 to 1, div_factor > 0, final_div_factor > 0");
    require(!three_phase || pct_start <= 0.5, kName, "pct_start at most 0.5 with three_phase");
    require(anneal_strategy == "cos" || anneal_strategy == "linear", kName,
            "anneal_strategy \"cos\" or \"linear\"");
  }
  double at(double step) const {
    const double first = max_lr / div_factor, last = first / final_div_factor;
    const double peak = pct_start * total_steps - 1, end = total_steps - 1;
    const double down = three_phase ? 2 * pct_start * total_steps - 2 : peak;  // end of the second phase
    step = std::min(step, end);
    if (step <= peak) return anneal(first, max_lr, step / peak);
    if (step <= down) return anneal(max_lr, first, (step - peak) / (down - peak));
    return anneal(three_phase ? first : max_lr, last, (step - down) / (end - down));
  }
  double anneal(double from, double to, double done) const {
    if (!std::isfinite(done)) done = 1;  // a phase without steps
    if (anneal_strategy == "linear") return from + (to - from) * done;
    return to + (from - to) / 2 * (1 + std::cos(kPi * done));
  }
};

using Entry = detail::NamedEntry<std::shared_ptr<const Schedule>>;

template <class Options>
Entry entry() {
  return {Options::kName, {}, [](const Json& c) { return std::make_shared<const ScheduleOf<Options>>(c); }};
}

std::vector<Entry> own_schedules() {
  return {entry<Constant>(),       entry<Exponential>(),     entry<InverseTime>(), entry<StepDecay>(),
          entry<MultiStepDecay>(), entry<Piecewise>(),       entry<Polynomial>(),  entry<Cosine>(),
          entry<CosineRestarts>(), entry<CosineAnnealing>(), entry<OneCycle>()};
}

std::vector<Entry> entries() { return detail::registered_entries<Entry>().behind(own_schedules()); }

}  // namespace

void register_schedule(std::string name,
                       std::function<std::shared_ptr<const Schedule>(const Json& options)> make) {
  detail::registered_entries<Entry>().add({std::move(name), {}, std::move(make)}, own_schedules(),
                                          "schedule");
}

std::shared_ptr<const Schedule> make_schedule(const Json& number_or_config) {
  if (number_or_config.is_number()) {
    return std::make_shared<const ScheduleOf<Constant>>(Json::object({{"learning_rate", number_or_config}}));
  }
  const detail::NamedConfig named = detail::read_named_config(number_or_config, "schedule");
  return find_entry(entries(), named).make(named.options);
}

std::vector<std::string> schedule_names() { return detail::names_of(entries()); }

}  // namespace rondo
