#include "train/optimizers/optimizer_base.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "train/named_config.h"
#include "train/registered.h"

namespace rondo::detail {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Where array `p` begins in a tensor that lies like the store's values.
template <class T>
T* piece_of(Tensor& slot, const ParameterInfo& info) {
  return reinterpret_cast<T*>(slot.bytes()) + info.offset;
}

template <class T>
const T* gradient_of(const ParameterStore& parameters, std::size_t p) {
  return parameters.gradient(static_cast<int>(p)).view<T>().data;
}

/// Σ g² of the gradient of array `p`, in double, in an order that does not depend on the machine: element i
/// of the array is added to sum i mod 8. Rows that were not touched would add zeros, which change no bit.
/// `sum`: a gradient that was added up, with all rows; null: the store's.
template <class T>
double sum_of_squares(const ParameterStore& parameters, std::size_t p, const T* sum) noexcept {
  constexpr std::int64_t kSums = 8;
  const ParameterInfo& info = parameters.infos()[p];
  const T* const gradient = sum != nullptr ? sum : gradient_of<T>(parameters, p);
  std::array<double, kSums> sums{};
  const auto add = [&](std::int64_t i) {
    const auto x = static_cast<double>(gradient[i]);
    sums[at(i % kSums)] += x * x;
  };
  const auto add_rows = [&](std::int64_t first, std::int64_t rows) {
    std::int64_t i = first * info.columns();
    const std::int64_t end = i + rows * info.columns();
    for (; i < end && i % kSums != 0; ++i) add(i);
    for (; i + kSums <= end; i += kSums) {
      for (std::int64_t k = 0; k < kSums; ++k) {
        const auto x = static_cast<double>(gradient[i + k]);
        sums[at(k)] += x * x;
      }
    }
    for (; i < end; ++i) add(i);
  };
  if (sum != nullptr)
    add_rows(0, info.rows());
  else
    parameters.each_touched_run(static_cast<int>(p), add_rows);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// A copy of one array of a slot, with the array's shape; and back.
Tensor copy_out(const Tensor& slot, const ParameterInfo& info) {
  return slot.slice(info.offset, info.offset + info.size).reshaped(info.shape);
}
void copy_in(Tensor& slot, const ParameterInfo& info, const Tensor& source) {
  with_dtype(slot.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto from = source.data<T>();
    std::copy(from.begin(), from.end(), slot.data<T>().begin() + info.offset);
  });
}

}  // namespace

void require_option(bool holds, const std::string& optimizer, const char* rule) {
  if (holds) return;
  throw Error(ErrorKind::usage, "an option of an optimiser is out of range")
      .where("optimizer " + optimizer)
      .expected(rule);
}

OptimizerBase::OptimizerBase(std::string name, const CommonOptimizerOptions& options,
                             std::vector<std::string> slot_names, bool decoupled_decay,
                             double first_slot_value)
    : name_(std::move(name)),
      options_(options),
      slot_names_(std::move(slot_names)),
      formula_slots_(slot_names_.size()),
      decoupled_decay_(decoupled_decay),
      first_slot_value_(first_slot_value),
      schedule_(make_schedule(options.learning_rate)) {
  constant_rate_ = schedule_->name() == "constant";
  rate_ = schedule_->at(0);
  const int clips = int{options_.clipnorm.has_value()} + int{options_.global_clipnorm.has_value()} +
                    int{options_.clipvalue.has_value()};
  if (clips > 1) {
    throw Error(ErrorKind::usage, "an optimiser clips in one way only")
        .seen("several of clipnorm, global_clipnorm and clipvalue")
        .fix("keep one of them");
  }
  for (const auto& limit : {options_.clipnorm, options_.global_clipnorm, options_.clipvalue}) {
    require_option(!limit || *limit > 0, "(any)", "clipnorm, global_clipnorm and clipvalue > 0");
  }
  require_option(options_.weight_decay >= 0, "(any)", "weight_decay >= 0");
  for (const ParameterGroup& group : options_.parameter_groups) {
    require_option(!group.pattern.empty() && group.learning_rate_multiplier >= 0 &&
                       std::isfinite(group.learning_rate_multiplier) && group.weight_decay.value_or(0) >= 0,
                   "(any)", "groups with a pattern, learning_rate_multiplier >= 0 and weight_decay >= 0");
  }
  if (options_.gradient_accumulation_steps) {
    require_option(*options_.gradient_accumulation_steps >= 2, "(any)",
                   "gradient_accumulation_steps >= 2, or null");
    require_option(!options_.lazy, "(any)",
                   "lazy = false with gradient_accumulation_steps: the sum has all rows");
    slot_names_.emplace_back("gradient_accumulator");
  }
  require_option(options_.ema_momentum >= 0 && options_.ema_momentum <= 1, "(any)",
                 "ema_momentum from 0 to 1");
  require_option(!options_.ema_overwrite_frequency || *options_.ema_overwrite_frequency >= 1, "(any)",
                 "ema_overwrite_frequency >= 1, or null");
  if (options_.use_ema) slot_names_.emplace_back("average");
}

double OptimizerBase::learning_rate() const { return constant_rate_ ? rate_ : schedule_->at(iterations_); }

void OptimizerBase::set_learning_rate(double learning_rate) {
  if (!constant_rate_) {
    throw Error(ErrorKind::usage, "the learning rate follows a schedule and cannot be set")
        .where("optimizer " + name())
        .seen("schedule " + schedule_->name())
        .fix("use either the schedule or what sets the learning rate (a callback), not both");
  }
  if (!(learning_rate >= 0) || !std::isfinite(learning_rate)) {
    throw Error(ErrorKind::usage, "a learning rate is a finite number that is not negative")
        .seen(std::to_string(learning_rate));
  }
  rate_ = learning_rate;
}

void OptimizerBase::prepare(const ParameterStore& parameters) {
  const auto infos = parameters.infos();
  bool fits = squares_.size() == infos.size() && slots_.size() == slot_names_.size();
  for (const Tensor& slot : slots_)
    fits = fits && slot.size() == parameters.flat_size() && slot.dtype() == parameters.dtype();
  if (fits) return;
  if (iterations_ > 0) {
    throw Error(ErrorKind::usage, "the parameters are not those of the optimiser's earlier steps")
        .where("optimizer " + name())
        .fix("make a new optimiser for a new or extended model");
  }
  slots_.clear();
  for (std::size_t s = 0; s < slot_names_.size(); ++s) {
    slots_.push_back(Tensor::full({parameters.flat_size()}, s < formula_slots_ ? first_slot_value_ : 0,
                                  parameters.dtype()));
  }
  squares_.assign(infos.size(), 0);
  group_parameters(infos);
}

void OptimizerBase::group_parameters(std::span<const ParameterInfo> infos) {
  decays_.assign(infos.size(), options_.weight_decay);
  rate_multipliers_.assign(infos.size(), 1);
  std::vector<bool> grouped(infos.size(), false);
  for (const ParameterGroup& group : options_.parameter_groups) {
    bool fits = false;
    for (std::size_t p = 0; p < infos.size(); ++p) {
      if (infos[p].name.find(group.pattern) == std::string::npos) continue;
      fits = true;
      if (grouped[p]) continue;
      grouped[p] = true;
      rate_multipliers_[p] = group.learning_rate_multiplier;
      if (group.weight_decay) decays_[p] = *group.weight_decay;
    }
    if (fits) continue;
    std::vector<std::string> names;
    for (const ParameterInfo& info : infos) names.push_back(info.name);
    throw Error(ErrorKind::usage, "a group of parameters has none")
        .where("optimizer " + name())
        .seen("pattern '" + group.pattern + "'")
        .expected("part of one of " + listed(names));
  }
  for (std::size_t p = 0; p < infos.size(); ++p) {
    for (const std::string& part : options_.exclude_from_weight_decay) {
      if (infos[p].name.find(part) != std::string::npos) decays_[p] = 0;
    }
  }
}

template <class T>
void OptimizerBase::add_up(const ParameterStore& parameters, bool is_last) noexcept {
  const auto infos = parameters.infos();
  for (std::size_t p = 0; p < infos.size(); ++p) {
    if (!parameters.is_trainable(static_cast<int>(p))) continue;
    T* const sum = piece_of<T>(gradient_sum(), infos[p]);
    const T* const gradient = gradient_of<T>(parameters, p);
    parameters.each_touched_run(static_cast<int>(p), [&](std::int64_t first, std::int64_t rows) {
      const std::int64_t end = (first + rows) * infos[p].columns();
      for (std::int64_t i = first * infos[p].columns(); i < end; ++i) sum[i] += gradient[i];
    });
    const T count = static_cast<T>(batches_of_a_step());
    for (std::int64_t i = 0; is_last && i < infos[p].size; ++i) sum[i] /= count;
  }
}

/// The average begins as the weights after the first step.
template <class T>
void OptimizerBase::move_average(ParameterStore& parameters) noexcept {
  const auto infos = parameters.infos();
  const std::int64_t steps = (iterations_ - 1) / batches_of_a_step();
  const T keep = static_cast<T>(steps == 0 ? 0 : options_.ema_momentum), rest = T{1} - keep;
  const bool overwrites =
      options_.ema_overwrite_frequency && (steps + 1) % *options_.ema_overwrite_frequency == 0;
  for (std::size_t p = 0; p < infos.size(); ++p) {
    if (!parameters.is_trainable(static_cast<int>(p))) continue;
    T* const mean = piece_of<T>(average(), infos[p]);
    T* const weights = parameters.value(static_cast<int>(p)).view<T>().data;
    for (std::int64_t i = 0; i < infos[p].size; ++i) mean[i] = keep * mean[i] + rest * weights[i];
    if (overwrites) std::copy_n(mean, infos[p].size, weights);
  }
}

void OptimizerBase::finalize(ParameterStore& parameters) {
  if (!options_.use_ema || iterations_ == 0) return;
  prepare(parameters);
  with_dtype(parameters.dtype(), [&]<class T>(T) {
    const auto infos = parameters.infos();
    for (std::size_t p = 0; p < infos.size(); ++p) {
      const int index = static_cast<int>(p);
      if (parameters.is_trainable(index))
        std::copy_n(piece_of<T>(average(), infos[p]), infos[p].size, parameters.value(index).view<T>().data);
    }
  });
}

double OptimizerBase::measure(const ParameterStore& parameters, bool of_sum) {
  const auto infos = parameters.infos();
  return with_dtype(parameters.dtype(), [&](auto zero) {
    using T = decltype(zero);
    double total = 0;
    for (std::size_t p = 0; p < infos.size(); ++p) {
      squares_[p] = 0;
      if (!parameters.is_trainable(static_cast<int>(p))) continue;
      squares_[p] =
          sum_of_squares<T>(parameters, p, of_sum ? piece_of<T>(gradient_sum(), infos[p]) : nullptr);
      total += squares_[p];
    }
    return std::sqrt(total);
  });
}

double OptimizerBase::clip_scale(std::size_t parameter, double global_norm) const noexcept {
  if (!options_.clipnorm && !options_.global_clipnorm) return 1;
  const double limit = options_.clipnorm ? *options_.clipnorm : *options_.global_clipnorm;
  const double norm = options_.clipnorm ? std::sqrt(squares_[parameter]) : global_norm;
  if (!std::isfinite(norm)) return std::numeric_limits<double>::quiet_NaN();  // never hide a broken gradient
  if (options_.torch()) return std::min(1.0, limit / (norm + 1e-6));
  return norm > limit ? limit / norm : 1;
}

template <class T>
void OptimizerBase::update_all(ParameterStore& parameters, double global_norm, double rate) noexcept {
  const auto infos = parameters.infos();
  const bool sums = batches_of_a_step() > 1;
  double rate_of_formula = rate;  // that begin_step() was told
  for (std::size_t p = 0; p < infos.size(); ++p) {
    const int index = static_cast<int>(p);
    if (!parameters.is_trainable(index) || infos[p].size == 0) continue;
    T* const weights = parameters.value(index).view<T>().data;
    const T* const gradients = sums ? piece_of<T>(gradient_sum(), infos[p]) : gradient_of<T>(parameters, p);
    const double own_rate = rate * rate_multipliers_[p];
    if (own_rate != rate_of_formula) begin_step(iterations_ / batches_of_a_step(), own_rate);
    rate_of_formula = own_rate;
    Piece<T> piece{};
    piece.array = &infos[p];
    const double decay = decays_[p];
    piece.prelude.scale = static_cast<T>(clip_scale(p, global_norm));
    if (options_.clipvalue) piece.prelude.limit = static_cast<T>(*options_.clipvalue);
    if (decoupled_decay_)
      piece.prelude.shrink = static_cast<T>(decay * own_rate);
    else
      piece.prelude.l2 = static_cast<T>(decay);
    const auto update_rows = [&](std::int64_t first, std::int64_t rows) {
      const std::int64_t begin = first * infos[p].columns();
      piece.weights = weights + begin;
      piece.gradients = gradients + begin;
      for (std::size_t s = 0; s < formula_slots_; ++s)
        piece.slots[s] = piece_of<T>(slots_[s], infos[p]) + begin;
      piece.count = rows * infos[p].columns();
      update(piece);
    };
    // A broken gradient (scale NaN) reaches every row, as it does in dense arrays.
    const bool touched_only = options_.lazy || (!moves_without_gradient() && decay == 0);
    if (touched_only && !sums && std::isfinite(piece.prelude.scale))
      parameters.each_touched_run(index, update_rows);
    else
      update_rows(0, infos[p].rows());
  }
}

StepReport OptimizerBase::step(ParameterStore& parameters) {
  prepare(parameters);
  const double rate = learning_rate();
  const std::int64_t batches = batches_of_a_step();
  const bool moves = ++iterations_ % batches == 0;
  return with_dtype(parameters.dtype(), [&]<class T>(T) {
    if (batches > 1) add_up<T>(parameters, moves);
    const double norm = measure(parameters, batches > 1 && moves);
    if (moves) {
      begin_step(iterations_ / batches, rate);
      update_all<T>(parameters, norm, rate);
      if (batches > 1) std::fill_n(reinterpret_cast<T*>(gradient_sum().bytes()), gradient_sum().size(), T{0});
    }
    if (options_.use_ema) move_average<T>(parameters);
    return StepReport{norm, rate};
  });
}

OptimizerState OptimizerBase::state(const ParameterStore& parameters) const {
  OptimizerState out;
  out.numbers = Json::object({{"iterations", iterations_}, {"learning_rate", rate_}});
  write_numbers(out.numbers);
  if (slots_.empty()) return out;
  for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
    const ParameterInfo& info = parameters.infos()[p];
    if (!parameters.is_trainable(static_cast<int>(p))) continue;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      out.slots.emplace_back(info.name + "/" + slot_names_[s], copy_out(slots_[s], info));
    }
  }
  return out;
}

void OptimizerBase::restore(const ParameterStore& parameters, const OptimizerState& state) {
  const auto refuse = [&](const std::string& what, const std::string& fix) {
    throw Error(ErrorKind::model_file, what).where("state of optimizer " + name()).fix(fix);
  };
  const Json* iterations = state.numbers.find("iterations");
  const Json* rate = state.numbers.find("learning_rate");
  if (iterations == nullptr || !iterations->is_integer() || iterations->as_integer() < 0 || rate == nullptr ||
      !rate->is_number()) {
    refuse("iterations or learning_rate is missing", "use a checkpoint that rondo wrote");
  }
  iterations_ = 0;
  slots_.clear();
  prepare(parameters);
  const bool fresh = iterations->as_integer() == 0 && state.slots.empty();
  std::size_t used = 0;
  std::unordered_map<std::string_view, const Tensor*> slot_of;
  for (const auto& [slot, tensor] : state.slots) slot_of.emplace(slot, &tensor);
  for (std::size_t p = 0; p < parameters.infos().size(); ++p) {
    const ParameterInfo& info = parameters.infos()[p];
    if (fresh || !parameters.is_trainable(static_cast<int>(p))) continue;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      const std::string slot_name = info.name + "/" + slot_names_[s];
      const auto known = slot_of.find(slot_name);
      if (known == slot_of.end())
        refuse("'" + slot_name + "' is missing", "resume with the model that was saved");
      const Tensor& found = *known->second;
      if (found.shape() != info.shape || found.dtype() != parameters.dtype()) {
        refuse("'" + slot_name + "' has shape " + to_string(found.shape()) + " and not " +
                   to_string(info.shape) + ", or another dtype",
               "resume with the model that was saved");
      }
      copy_in(slots_[s], info, found);
      ++used;
    }
  }
  if (used != state.slots.size()) {
    refuse("there are " + std::to_string(state.slots.size() - used) +
               " arrays that this optimiser does not have",
           "resume with the optimiser that was saved");
  }
  iterations_ = iterations->as_integer();
  rate_ = rate->as_real();
  read_numbers(state.numbers);
}

}  // namespace rondo::detail

namespace rondo {
namespace {

std::vector<detail::OptimizerEntry> own_optimizers() {
  std::vector<detail::OptimizerEntry> all = detail::gradient_scale_optimizers();
  for (auto make : {&detail::adaptive_moment_optimizers, &detail::first_moment_optimizers,
                    &detail::factored_moment_optimizers}) {
    std::ranges::move(make(), std::back_inserter(all));
  }
  return all;
}

std::vector<detail::OptimizerEntry> all_optimizers() {
  return detail::registered_entries<detail::OptimizerEntry>().behind(own_optimizers());
}

}  // namespace

void register_optimizer(std::string name,
                        std::function<std::unique_ptr<Optimizer>(const Json& options)> make) {
  detail::registered_entries<detail::OptimizerEntry>().add({std::move(name), {}, std::move(make)},
                                                           own_optimizers(), "optimizer");
}

std::unique_ptr<Optimizer> make_optimizer(const Json& name_or_config) {
  const detail::NamedConfig named = detail::read_named_config(name_or_config, "optimizer");
  return find_entry(all_optimizers(), named).make(named.options);
}

std::vector<std::string> optimizer_names() { return detail::names_of(all_optimizers()); }

}  // namespace rondo
