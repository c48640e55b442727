#include "tasks/forecast/windows/window_samples.h"

#include <algorithm>

#include "rondo/base/random.h"

namespace rondo::forecasting {

WindowSamples::WindowSamples(const ScaledPanel& scaled, const Folds& folds, const SampleChoice& choice)
    : scaled_(scaled), folds_(folds), role_(choice.role) {
  const std::vector<Origin> all = origins_with(choice.role, scaled.panel(), folds, choice.first);
  const auto count = static_cast<std::int64_t>(all.size());
  std::vector<std::int64_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  if (choice.role == Role::train) {
    shuffle_indices(RandomStream(choice.seed, purpose_key("forecast windows")), order);
    size_ = all.empty() ? 0 : choice.size;
  } else {
    size_ = std::min(choice.size, count);
    for (std::int64_t i = 0; i < size_; ++i) order[static_cast<std::size_t>(i)] = i * count / size_;
    order.resize(static_cast<std::size_t>(size_));
  }
  for (const std::int64_t i : order) origins_.push_back(all[static_cast<std::size_t>(i)]);
}

Batch WindowSamples::gather(std::span<const std::int64_t> indices, DType dtype) const {
  std::vector<Origin> origins;
  for (const std::int64_t index : indices) {
    const std::int64_t at = (index + epoch_.load() * size_) % available();
    origins.push_back(origins_[static_cast<std::size_t>(at)]);
  }
  Batch batch;
  batch.inputs = inputs(origins, dtype);
  Tensor shared;
  if (has_one_target()) shared = target(0, origins, dtype);
  for (int k = 0; k < folds_.members(); ++k) {
    batch.targets.emplace_back(has_one_target() ? shared : target(k, origins, dtype));
    batch.weights.push_back(weight(k, origins, dtype));
  }
  return batch;
}

Tensor WindowSamples::weight(int member, std::span<const Origin> origins, DType dtype) const {
  Tensor weight({static_cast<std::int64_t>(origins.size())}, dtype);
  for (std::size_t b = 0; b < origins.size(); ++b) {
    weight.set(static_cast<std::int64_t>(b), folds_.role(member, origins[b]) == role_ ? 1 : 0);
  }
  return weight;
}

double WindowSamples::share(int member) const {
  const auto epoch = std::span<const Origin>(origins_).first(static_cast<std::size_t>(size_));
  const Tensor weights = weight(member, epoch, DType::float32);
  double sum = 0;
  for (std::int64_t i = 0; i < weights.size(); ++i) sum += weights.at(i);
  return weights.size() == 0 ? 0 : sum / static_cast<double>(weights.size());
}

}  // namespace rondo::forecasting
