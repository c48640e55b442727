#include "tasks/forecast/networks/encoder_decoder_data.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/random.h"

namespace rondo::forecasting {

namespace {

std::vector<Samples> inputs_of(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                               std::span<const Origin> origins, DType dtype) {
  const auto batch = static_cast<std::int64_t>(origins.size());
  Tensor encoder({batch, window.steps, window.step_features()});
  Tensor decoder({batch, window.out_steps, window.decoder_features()});
  Tensor line({batch, window.line_features()});
  const auto e = static_cast<std::size_t>(window.steps * window.step_features());
  const auto d = static_cast<std::size_t>(window.out_steps * window.decoder_features());
  const auto l = static_cast<std::size_t>(window.line_features());
  for (std::size_t b = 0; b < origins.size(); ++b) {
    window.fill(panel, scaled, origins[b], encoder.data<float>().subspan(b * e, e),
                decoder.data<float>().subspan(b * d, d), line.data<float>().subspan(b * l, l));
  }
  std::vector<Samples> inputs;
  for (Tensor* tensor : {&encoder, &decoder, &line}) {
    inputs.emplace_back(dtype == DType::float32 ? std::move(*tensor) : tensor->cast(dtype));
  }
  return inputs;
}

}  // namespace

SegmentSamples::SegmentSamples(const Panel& panel, const ScaledPanel& scaled, const SegmentWindow& window,
                               const Folds& folds, Role role, std::int64_t size, std::uint64_t seed)
    : panel_(panel), scaled_(scaled), window_(window), folds_(folds), role_(role) {
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = window.first_origin(); row + 1 < panel.series[s].train_rows; ++row) {
      const Origin origin{static_cast<std::int64_t>(s), row};
      bool used = false;
      for (int k = 0; k < folds.members(); ++k) used = used || folds.role(k, origin) == role;
      if (used) origins_.push_back(origin);
    }
  }
  std::vector<std::int64_t> order(origins_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  if (role == Role::train) {
    shuffle_indices(RandomStream(seed, purpose_key("forecast windows")), order);
    size_ = origins_.empty() ? 0 : size;
  } else {
    size_ = std::min(size, available());
    for (std::int64_t i = 0; i < size_; ++i) {
      order[static_cast<std::size_t>(i)] = i * available() / size_;
    }
    order.resize(static_cast<std::size_t>(size_));
  }
  std::vector<Origin> chosen;
  chosen.reserve(order.size());
  for (const std::int64_t i : order) chosen.push_back(origins_[static_cast<std::size_t>(i)]);
  origins_ = std::move(chosen);
}

Batch SegmentSamples::gather(std::span<const std::int64_t> indices, DType dtype) const {
  std::vector<Origin> origins;
  for (const std::int64_t index : indices) {
    const std::int64_t at = (index + epoch_.load() * size_) % available();
    origins.push_back(origins_[static_cast<std::size_t>(at)]);
  }
  Batch examples;
  examples.inputs = inputs(origins, dtype);
  const Tensor truth = target(origins, dtype);
  for (int k = 0; k < folds_.members(); ++k) {
    examples.targets.emplace_back(truth);
    examples.weights.push_back(weight(k, origins, dtype));
  }
  return examples;
}

std::vector<Samples> SegmentSamples::inputs(std::span<const Origin> origins, DType dtype) const {
  return inputs_of(panel_, scaled_, window_, origins, dtype);
}

Tensor SegmentSamples::target(std::span<const Origin> origins, DType dtype) const {
  const auto batch = static_cast<std::int64_t>(origins.size());
  const std::int64_t width = window_.out_rows() * (window_.counts ? 2 : 1);
  Tensor target({batch, width}, dtype);
  std::vector<double> truth(static_cast<std::size_t>(window_.out_rows()));
  for (std::int64_t b = 0; b < batch; ++b) {
    const Origin& origin = origins[static_cast<std::size_t>(b)];
    if (window_.counts) {
      const std::vector<double>& values = panel_.series[static_cast<std::size_t>(origin.series)].values;
      const double size = window_.size(scaled_, origin);
      for (std::int64_t h = 0; h < window_.out_rows(); ++h) {
        const auto row = static_cast<std::size_t>(origin.row + 1 + h);
        target.set(b * width + h, row < values.size() ? values[row] : std::nan(""));
        target.set(b * width + window_.out_rows() + h, size);
      }
      continue;
    }
    window_.targets(scaled_, origin, truth);
    for (std::size_t h = 0; h < truth.size(); ++h) {
      target.set(b * width + static_cast<std::int64_t>(h), truth[h]);
    }
  }
  return target;
}

Tensor SegmentSamples::weight(int member, std::span<const Origin> origins, DType dtype) const {
  const auto batch = static_cast<std::int64_t>(origins.size());
  Tensor weight({batch}, dtype);
  for (std::int64_t b = 0; b < batch; ++b) {
    weight.set(b, folds_.role(member, origins[static_cast<std::size_t>(b)]) == role_ ? 1 : 0);
  }
  return weight;
}

double SegmentSamples::share(int member) const {
  const Tensor weights = weight(
      member, std::span<const Origin>(origins_).first(static_cast<std::size_t>(size_)), DType::float32);
  double sum = 0;
  for (std::int64_t i = 0; i < weights.size(); ++i) sum += weights.at(i);
  return weights.size() == 0 ? 0 : sum / static_cast<double>(weights.size());
}

Batch SegmentInputs::gather(std::span<const std::int64_t> indices, DType dtype) const {
  std::vector<Origin> origins;
  for (const std::int64_t index : indices) origins.push_back(origins_[static_cast<std::size_t>(index)]);
  Batch examples;
  examples.inputs = inputs_of(panel_, scaled_, window_, origins, dtype);
  return examples;
}

}  // namespace rondo::forecasting
