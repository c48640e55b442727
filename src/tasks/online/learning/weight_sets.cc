#include "tasks/online/learning/weight_sets.h"

#include <algorithm>
#include <cmath>

namespace rondo::online {
namespace {

/// Share that a step has in the running mean once there have been many.
constexpr double kShare = 0.005;

std::span<float> numbers(const Matrix& m) {
  return {static_cast<float*>(m.data), static_cast<std::size_t>(m.rows * m.cols)};
}
int count(const ParameterStore& store) { return static_cast<int>(store.infos().size()); }

/// Both list the same arrays.
void copy(ParameterStore& from, ParameterStore& to) {
  for (int i = 0; i < count(from); ++i)
    std::ranges::copy(numbers(from.value(i)), numbers(to.value(i)).begin());
}

bool finite(const ParameterStore& store) {
  // A sum is not finite when one of its terms is not; weights are far from the largest float.
  float sum = 0;
  for (int i = 0; i < count(store); ++i) {
    const View<const float> gradient = store.gradient(i).view<float>();
    for (std::int64_t k = 0; k < gradient.rows * gradient.cols; ++k) sum += std::abs(gradient.data[k]);
  }
  return std::isfinite(sum);
}

}  // namespace

WeightSets::WeightSets(const OnlineOptions& options, ParameterStore& live, ParameterStore& mean,
                       ParameterStore& good)
    : settings_(Json::object(
          {{"name", "adam"}, {"learning_rate", options.learning_rate}, {"global_clipnorm", options.clip}})),
      live_(live),
      mean_(mean),
      good_(good),
      optimizer_(make_optimizer(settings_)) {
  copy(live_, mean_);
  keep();
}

bool WeightSets::step() {
  if (!finite(live_)) return false;
  optimizer_->step(live_);
  const auto steps = static_cast<double>(optimizer_->iterations());
  const auto share = static_cast<float>(std::max(kShare, 1 / (1 + 0.2 * steps)));
  for (int p = 0; p < count(live_); ++p) {
    const auto from = numbers(live_.value(p)), to = numbers(mean_.value(p));
    for (std::size_t i = 0; i < from.size(); ++i) to[i] += share * (from[i] - to[i]);
  }
  return true;
}

void WeightSets::keep() {
  copy(mean_, good_);
  good_state_ = optimizer_->state(live_);
}

void WeightSets::roll_back() {
  copy(good_, live_);
  copy(good_, mean_);
  optimizer_->restore(live_, good_state_);
}

void WeightSets::archive_optimizer(tasks::Archive& archive, const char* name, Optimizer& optimizer) {
  const std::string base(name);
  OptimizerState state = optimizer.state(live_);
  if (optimizer.iterations() == 0) state.slots.clear();  // all zero still
  archive.field(base + ".numbers", state.numbers);
  if (archive.reading()) {
    state.slots.clear();
    const Json* iterations = state.numbers.find("iterations");
    if (iterations == nullptr || !iterations->is_integer() || iterations->as_integer() < 0) {
      archive.refuse(base + ".numbers", "is not the state of an optimiser");
    }
    // An optimiser before its first step has no arrays: take their names and shapes from one that made a
    // step.
    if (iterations->as_integer() > 0) {
      ParameterStore scratch = live_;
      scratch.zero_gradients();
      const auto example = make_optimizer(settings_);
      example->step(scratch);
      state.slots = example->state(scratch).slots;
    }
  }
  for (auto& [slot, tensor] : state.slots) {
    archive.array(std::string(base).append(".").append(slot), tensor);
  }
  if (archive.reading()) optimizer.restore(live_, state);
}

void WeightSets::archive(tasks::Archive& archive) {
  const auto weights = [&](const char* name, ParameterStore& store) {
    Tensor values = store.values();
    archive.array(name, values);
    if (archive.reading()) store.values() = values;
  };
  weights("live", live_);
  weights("mean", mean_);
  weights("good", good_);
  archive_optimizer(archive, "optimizer", *optimizer_);
  const auto good = make_optimizer(settings_);
  good->restore(live_, good_state_);
  archive_optimizer(archive, "good_optimizer", *good);
  good_state_ = good->state(live_);
}

}  // namespace rondo::online
