#include "tasks/forecast/networks/residual_data.h"

#include <algorithm>
#include <cmath>

#include "rondo/base/random.h"

namespace rondo::forecasting {

namespace {

std::vector<std::int64_t> training_limits(const Panel& panel) {
  std::vector<std::int64_t> limits;
  for (const PanelSeries& s : panel.series) limits.push_back(s.train_rows);
  return limits;
}

/// Standard deviation of the values that a member learns from.
double deviation(const Residuals& residuals, int member) {
  double sum = 0, square = 0, n = 0;
  for (std::size_t i = 0; i < residuals.origins.size(); ++i) {
    if (residuals.members.role(member, residuals.origins[i]) != Role::train) continue;
    for (const double v : residuals.row(member, static_cast<std::int64_t>(i))) {
      sum += v;
      square += v * v;
      ++n;
    }
  }
  if (n == 0) return 1;
  const double variance = square / n - (sum / n) * (sum / n);
  return variance > 1e-24 ? std::sqrt(variance) : 1;
}

Samples window_batch(const Panel& panel, const ScaledPanel& scaled, const WindowInput& input,
                     std::span<const Origin> origins, DType dtype) {
  const auto batch = static_cast<std::int64_t>(origins.size());
  Tensor values({batch, input.steps, input.features()}, DType::float32);
  const std::span<float> numbers = values.data<float>();
  const auto width = static_cast<std::size_t>(input.steps * input.features());
  for (std::size_t b = 0; b < origins.size(); ++b) {
    input.fill(panel, scaled, origins[b], numbers.subspan(b * width, width));
  }
  return Samples(dtype == DType::float32 ? std::move(values) : values.cast(dtype));
}

}  // namespace

Role Members::role(int member, const Origin& origin) const {
  const Range& out = held_out[static_cast<std::size_t>(member)][static_cast<std::size_t>(origin.series)];
  if (origin.row >= out.begin && origin.row < out.end) return Role::held_out;
  return origin.row >= out.begin - margin && origin.row < out.end + margin ? Role::neither : Role::train;
}

Members split_members(const Panel& panel, int count, std::int64_t first) {
  Members members;
  members.count = count;
  const std::int64_t usable = panel.shortest_training() - panel.horizon - first;
  members.margin = std::clamp<std::int64_t>(usable / kHeldOutParts, 1, panel.horizon);
  members.held_out.resize(static_cast<std::size_t>(count));
  members.validation_is_given = std::any_of(panel.series.begin(), panel.series.end(),
                                            [](const PanelSeries& s) { return s.validation_rows > 0; });
  if (members.validation_is_given) members.margin = panel.horizon - 1;
  for (int k = 0; k < count; ++k) {
    for (const PanelSeries& s : panel.series) {
      if (members.validation_is_given) {  // the first of its rows is forecast from the row before
        const std::int64_t begin = std::max(first, s.train_rows - s.validation_rows - 1);
        members.held_out[static_cast<std::size_t>(k)].push_back({begin, s.train_rows - panel.horizon});
        continue;
      }
      const std::int64_t end = std::max(first, s.train_rows - panel.horizon);
      const std::int64_t fifth = std::max<std::int64_t>(1, (end - first) / kHeldOutParts);
      const std::int64_t hi = std::max(first, end - k % kHeldOutParts * fifth);
      members.held_out[static_cast<std::size_t>(k)].push_back({std::max(first, hi - fifth), hi});
    }
  }
  return members;
}

Residuals make_residuals(const Panel& panel, const ScaledPanel& scaled, std::span<const LineCandidate> line,
                         const WindowInput& input, int members, Pool& pool, std::int64_t first) {
  Residuals out;
  out.input = input;
  out.horizon = panel.horizon;
  first = std::max({first, input.first_origin(scaled.difference),
                    LineLayout::cover(panel, line).first_origin(scaled.difference)});
  out.members = split_members(panel, members, first);
  const std::int64_t stride = origin_stride(panel);
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = first; row < panel.series[s].train_rows - panel.horizon; ++row) {
      const Origin origin{static_cast<std::int64_t>(s), row};
      if (is_drawn(origin, stride)) out.origins.push_back(origin);
    }
  }
  const Rows targets = target_rows(panel, scaled, out.origins);
  const std::vector<std::int64_t> limits = training_limits(panel);
  const int lines = std::min(members, kHeldOutParts);
  out.left.resize(static_cast<std::size_t>(lines));
  pool.run(lines, [&](int k) {
    const LinearPath path = fit_line(panel, scaled, line, limits, [&](const Origin& origin) {
      return out.members.role(k, origin) == Role::train;
    });
    const Rows forecast = path.predict(panel, scaled, out.origins);
    std::vector<double>& left = out.left[static_cast<std::size_t>(k)];
    left = targets.values;
    for (std::size_t i = 0; i < left.size(); ++i) left[i] -= forecast.values[i];
  });
  out.scale = deviation(out, 0);
  out.fewest_learnt = static_cast<std::int64_t>(out.origins.size());
  for (int k = 0; k < members; ++k) {
    const auto learnt = std::count_if(out.origins.begin(), out.origins.end(), [&](const Origin& origin) {
      return out.members.role(k, origin) == Role::train;
    });
    out.fewest_learnt = std::min<std::int64_t>(out.fewest_learnt, learnt);
  }
  return out;
}

ResidualWindows::ResidualWindows(const Panel& panel, const ScaledPanel& scaled, const Residuals& residuals,
                                 Role role, std::int64_t most, std::uint64_t seed)
    : panel_(panel), scaled_(scaled), residuals_(residuals), role_(role) {
  for (std::size_t i = 0; i < residuals.origins.size(); ++i) {
    bool used = false;
    for (int k = 0; k < residuals.members.count; ++k) {
      used = used || residuals.members.role(k, residuals.origins[i]) == role;
    }
    if (used) order_.push_back(static_cast<std::int64_t>(i));
  }
  const auto all = static_cast<std::int64_t>(order_.size());
  size_ = std::min(all, most);
  if (role == Role::train) {
    shuffle_indices(RandomStream(seed, purpose_key("forecast windows")), order_);
  } else if (size_ < all) {
    std::vector<std::int64_t> spread;
    for (std::int64_t i = 0; i < size_; ++i)
      spread.push_back(order_[static_cast<std::size_t>(i * all / size_)]);
    order_ = std::move(spread);
  }
}

std::int64_t ResidualWindows::origin_at(std::int64_t index) const {
  const auto all = static_cast<std::int64_t>(order_.size());
  return order_[static_cast<std::size_t>((index + epoch_.load() * size_) % all)];
}

double ResidualWindows::share(int member) const {
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < size_; ++i) {
    const Origin& origin = residuals_.origins[static_cast<std::size_t>(order_[static_cast<std::size_t>(i)])];
    counted += residuals_.members.role(member, origin) == role_ ? 1 : 0;
  }
  return size_ == 0 ? 0 : static_cast<double>(counted) / static_cast<double>(size_);
}

Batch ResidualWindows::gather(std::span<const std::int64_t> indices, DType dtype) const {
  std::vector<std::int64_t> chosen;
  std::vector<Origin> origins;
  for (const std::int64_t index : indices) {
    chosen.push_back(origin_at(index));
    origins.push_back(residuals_.origins[static_cast<std::size_t>(chosen.back())]);
  }
  Batch examples;
  examples.inputs.push_back(window_batch(panel_, scaled_, residuals_.input, origins, dtype));
  const auto batch = static_cast<std::int64_t>(indices.size());
  for (int k = 0; k < residuals_.members.count; ++k) {
    Tensor target({batch, residuals_.horizon}, dtype), weight({batch}, dtype);
    for (std::int64_t b = 0; b < batch; ++b) {
      const auto at = static_cast<std::size_t>(b);
      weight.set(b, residuals_.members.role(k, origins[at]) == role_ ? 1 : 0);
      const std::span<const double> left = residuals_.row(k, chosen[at]);
      for (std::size_t h = 0; h < left.size(); ++h) {
        target.set(b * residuals_.horizon + static_cast<std::int64_t>(h), left[h] / residuals_.scale);
      }
    }
    examples.targets.emplace_back(std::move(target));
    examples.weights.push_back(std::move(weight));
  }
  return examples;
}

Batch WindowsOf::gather(std::span<const std::int64_t> indices, DType dtype) const {
  std::vector<Origin> origins;
  for (const std::int64_t index : indices) origins.push_back(origins_[static_cast<std::size_t>(index)]);
  Batch examples;
  examples.inputs.push_back(window_batch(panel_, scaled_, input_, origins, dtype));
  return examples;
}

}  // namespace rondo::forecasting
