#include "tasks/forecast/networks/residual_network.h"

#include <algorithm>
#include <cmath>

#include "rondo/layers/layers.h"
#include "rondo/train/training.h"
#include "tasks/common/archive.h"
#include "tasks/forecast/networks/fit_members.h"

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kMinRows = 8;
constexpr std::int64_t kMaxSegments = 48;

}  // namespace

std::int64_t ResidualWindow::features() const {
  return segment * (1 + covariates + (masked ? 1 : 0)) + waves.count();
}

void ResidualWindow::fill(const ScaledPanel& scaled, const Origin& origin, std::span<float> out) const {
  const auto s = static_cast<std::size_t>(origin.series);
  const PanelSeries& series = scaled.panel().series[s];
  auto row = static_cast<std::size_t>(origin.row - rows() + 1);
  const auto width = static_cast<std::size_t>(covariates);
  std::size_t next = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::int64_t i = 0; i < segment; ++i, ++row) {
      out[next++] = static_cast<float>(scaled.movement[s][row]);
      for (std::size_t c = 0; c < width; ++c) {
        out[next++] = static_cast<float>(scaled.past[s][row * width + c]);
      }
      if (masked) out[next++] = series.is_observed(static_cast<std::int64_t>(row)) ? 1.0F : 0.0F;
    }
    next += waves.write(series.position[row - 1], out.subspan(next));
  }
}

void ResidualWindow::archive(tasks::Archive& archive) {
  archive.field("steps", steps, std::int64_t{1}, kMaxCount);
  archive.field("segment", segment, std::int64_t{1}, kMaxCount);
  archive.field("covariates", covariates, std::int64_t{0}, kMaxCount);
  archive.field("masked", masked);
  archive.field("waves", waves);
}

ResidualWindow choose_residual_window(const Panel& panel, const LinearCandidate& linear,
                                      std::int64_t longest_lag, std::int64_t window) {
  ResidualWindow out;
  out.covariates = static_cast<std::int64_t>(panel.past.size());
  out.masked = panel.training_has_holes();
  out.waves = {panel.seasons, linear.wave_orders};
  std::int64_t rows = window;
  if (rows <= 0) {
    rows = std::max(longest_lag, kMinRows);
    rows = std::max<std::int64_t>(1, std::min(rows, panel.shortest_training() / 4));
  }
  if (rows > kMaxSegments) {
    out.segment = (rows + kMaxSegments - 1) / kMaxSegments;
    for (const double season : panel.seasons) {
      const auto period = static_cast<std::int64_t>(std::llround(season));
      if (period >= out.segment && 2 * period <= rows) {
        out.segment = period;
        break;
      }
    }
  }
  out.steps = std::max<std::int64_t>(1, rows / out.segment);
  return out;
}

namespace {

/// Steps of all windows of an epoch together, and windows at least.
constexpr std::int64_t kStepsAnEpoch = 80000;
constexpr std::int64_t kMinWindowsAnEpoch = 512;

std::vector<Samples> inputs_of(const ScaledPanel& scaled, const ResidualWindow& window,
                               std::span<const Origin> origins, DType dtype) {
  const auto batch = static_cast<std::int64_t>(origins.size());
  Tensor values({batch, window.steps, window.features()}, DType::float32);
  const auto width = static_cast<std::size_t>(window.steps * window.features());
  for (std::size_t b = 0; b < origins.size(); ++b) {
    window.fill(scaled, origins[b], values.data<float>().subspan(b * width, width));
  }
  std::vector<Samples> inputs;
  inputs.emplace_back(dtype == DType::float32 ? std::move(values) : values.cast(dtype));
  return inputs;
}

/// One input [batch, steps, features], one target [batch, horizon] for each member.
class ResidualSamples final : public WindowSamples {
 public:
  ResidualSamples(const ScaledPanel& scaled, const Folds& folds, const SampleChoice& choice,
                  const ResidualWindow& window, const Residuals& residuals)
      : WindowSamples(scaled, folds, choice), window_(window), residuals_(residuals) {}

 protected:
  std::vector<Samples> inputs(std::span<const Origin> origins, DType dtype) const override {
    return inputs_of(scaled_, window_, origins, dtype);
  }
  bool has_one_target() const override { return false; }
  Tensor target(int member, std::span<const Origin> origins, DType dtype) const override {
    Tensor out({static_cast<std::int64_t>(origins.size()), scaled_.panel().horizon}, dtype);
    std::int64_t next = 0;
    for (const Origin& origin : origins) {
      for (const double v : residuals_.of(member, origin)) out.set(next++, v / residuals_.scale());
    }
    return out;
  }

 private:
  const ResidualWindow& window_;
  const Residuals& residuals_;
};

/// Standard deviation of the values that member 0 learns from.
double deviation(const Residuals& residuals, const Folds& folds, std::span<const Origin> origins) {
  double sum = 0, square = 0, n = 0;
  for (const Origin& origin : origins) {
    if (folds.role(0, origin) != Role::train) continue;
    for (const double v : residuals.of(0, origin)) {
      sum += v;
      square += v * v;
      ++n;
    }
  }
  if (n == 0) return 1;
  const double variance = square / n - (sum / n) * (sum / n);
  return variance > 1e-24 ? std::sqrt(variance) : 1;
}

}  // namespace

Network make_residual_network(const ResidualWindow& window, std::int64_t horizon,
                              const NetworkTraining& settled) {
  Network network;
  const int input = network.add_input("window", ValueShape{true, window.steps, {window.features()}});
  std::vector<int> outputs;
  for (int k = 1; k <= settled.members; ++k) {
    const std::string number = std::to_string(k);
    RecurrentOptions cell;
    cell.units = settled.units;
    cell.name = settled.cell + "_" + number;
    DenseOptions head{.units = horizon, .kernel_initializer = "zeros", .name = "residual_" + number};
    const int state = network.add(recurrent(settled.cell, cell), {input}).front();
    outputs.push_back(network.add(dense(head), {state}).front());
  }
  network.set_outputs(outputs);
  network.build(settled.seed);
  return network;
}

std::vector<Samples> ResidualNetwork::outputs(const ScaledPanel& scaled, std::span<const Origin> origins,
                                              Pool& pool) {
  const auto inputs = [&](std::span<const Origin> some, DType dtype) {
    return inputs_of(scaled, window, some, dtype);
  };
  return predict(origins, inputs, pool);
}

Forecasts ResidualNetwork::forecast(const ScaledPanel& scaled, std::span<const Origin> origins, Pool& pool) {
  const std::size_t count = origins.size() * static_cast<std::size_t>(horizon);
  Forecasts out{{horizon, std::vector<double>(count, 0.0)}, {horizon, std::vector<double>(count, 1.0)}};
  if (origins.empty()) return out;
  const double factor = scale / static_cast<double>(network.output_count());
  for (const Samples& output : outputs(scaled, origins, pool)) {
    for (std::size_t i = 0; i < count; ++i) {
      out.location.values[i] += factor * output.values().at(static_cast<std::int64_t>(i));
    }
  }
  return out;
}

std::vector<Forecasts> ResidualNetwork::members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                                Pool& pool) {
  std::vector<std::vector<int>> alone;
  for (int k = 0; k < static_cast<int>(network.output_count()); ++k) alone.push_back({k});
  return forecasts_of(alone, scaled, origins, pool);
}

std::vector<Forecasts> ResidualNetwork::forecasts_of(std::span<const std::vector<int>> groups,
                                                     const ScaledPanel& scaled,
                                                     std::span<const Origin> origins, Pool& pool) {
  const std::size_t count = origins.size() * static_cast<std::size_t>(horizon);
  std::vector<Samples> all;
  if (!origins.empty()) all = outputs(scaled, origins, pool);
  std::vector<Forecasts> out;
  for (const std::vector<int>& group : groups) {
    Forecasts mean{{horizon, {}}, {horizon, std::vector<double>(count, 1.0)}};
    for (std::size_t i = 0; i < count; ++i) {
      double sum = 0;
      for (const int k : group) {
        sum += all[static_cast<std::size_t>(k)].values().at(static_cast<std::int64_t>(i));
      }
      mean.location.values.push_back(sum / static_cast<double>(group.size()) * scale);
    }
    out.push_back(std::move(mean));
  }
  return out;
}

void ResidualNetwork::archive(tasks::Archive& archive) {
  archive.field("horizon", horizon, std::int64_t{1}, kMaxCount);
  archive.field("window", window);
  archive.field("scale", scale);
  archive_network(archive, {ValueShape{true, window.steps, {window.features()}}},
                  ValueShape{false, -1, {horizon}});
}

bool ResidualNetwork::fits(const PanelShape& panel) const {
  return horizon == panel.horizon && window.covariates == panel.past;
}

Residuals::Residuals(const TrainingTask& task, const Folds& folds, std::int64_t first, Pool& pool)
    : first_(first), horizon_(task.panel().horizon) {
  std::vector<Origin> origins;
  for (std::size_t s = 0; s < task.panel().series.size(); ++s) {
    const std::int64_t rows = task.panel().series[s].learnt_rows();
    offsets_.push_back(static_cast<std::int64_t>(origins.size()));
    for (std::int64_t row = first; row < rows - horizon_; ++row) {
      origins.push_back({static_cast<std::int64_t>(s), row});
    }
  }
  const Rows targets = target_rows(task.scaled, origins);
  by_part_.assign(static_cast<std::size_t>(std::min(folds.members(), kHeldOutParts)), targets);
  pool.run(static_cast<int>(by_part_.size()), [&](int k) {
    const LinearModel linear =
        fit_linear(task.scaled, task.linear.members, task.panel().learnt_rows(),
                   [&](const Origin& origin) { return folds.role(k, origin) == Role::train; });
    const Rows forecast = linear.predict(task.scaled, origins);
    std::vector<double>& residuals = by_part_[static_cast<std::size_t>(k)].values;
    for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i] -= forecast.values[i];
  });
  scale_ = deviation(*this, folds, origins);
}

std::span<const double> Residuals::of(int member, const Origin& origin) const {
  const Rows& own = by_part_[static_cast<std::size_t>(member) % by_part_.size()];
  return own.row(offsets_[static_cast<std::size_t>(origin.series)] + origin.row - first_);
}

std::unique_ptr<NetworkPlan> ResidualPlan::with_look_back(const TrainingTask& task, std::int64_t rows) const {
  const std::int64_t most = std::max(window.rows(), task.panel().shortest_training() / 3);
  auto out = std::make_unique<ResidualPlan>(*this);
  const std::int64_t wanted = std::clamp<std::int64_t>(rows, 1, most);
  if (wanted != window.rows())
    out->window = choose_residual_window(task.panel(), task.linear.members.front(), wanted, wanted);
  return out;
}

NetworkTraining ResidualPlan::settled(const TrainingTask&) const {
  NetworkTraining settled = training;
  if (settled.units <= 0) settled.units = 32;
  if (settled.epochs <= 0) settled.epochs = 100;
  if (settled.patience <= 0) settled.patience = 12;
  if (settled.batch_size <= 0) settled.batch_size = 64;
  if (settled.learning_rate <= 0) settled.learning_rate = 3e-3;
  return settled;
}

std::int64_t ResidualPlan::first_origin(const TrainingTask& task) const {
  const bool difference = task.scaled.difference;
  return std::max(window.first_origin(difference),
                  LinearLayout::cover(task.panel(), task.linear.members).first_origin(difference));
}

std::unique_ptr<Folds> ResidualPlan::folds(const TrainingTask& task, int members, std::int64_t first,
                                           std::int64_t) const {
  return std::make_unique<FifthFolds>(task.panel(), members, std::max(first, first_origin(task)));
}

TrainedNetwork ResidualPlan::train(const TrainingTask& task, const Folds& folds, Pool& pool) const {
  NetworkTraining how = settled(task);
  how.members = folds.members();
  const std::int64_t first = first_origin(task);
  const Residuals residuals(task, folds, first, pool);
  auto model = std::make_unique<ResidualNetwork>();
  model->window = window;
  model->horizon = task.panel().horizon;
  model->scale = residuals.scale();
  model->network = make_residual_network(window, task.panel().horizon, how);

  const std::int64_t most = std::max(kMinWindowsAnEpoch, kStepsAnEpoch / window.steps);
  const auto learnt = static_cast<std::int64_t>(origins_with(Role::train, task.panel(), folds, first).size());
  ResidualSamples samples(task.scaled, folds, {Role::train, first, std::min(most, learnt), how.seed}, window,
                          residuals);
  const ResidualSamples validation(task.scaled, folds, {Role::held_out, first, most / 2, how.seed}, window,
                                   residuals);
  const FitPlan plan{
      Json::object({{"name", "adam"}, {"learning_rate", how.learning_rate}, {"clipnorm", 1.0}}),
      "mean_squared_error", how.epochs};
  TrainedNetwork out;
  out.network = std::move(model);
  fit_members({samples, validation}, plan, how, pool, out);
  return out;
}

}  // namespace rondo::forecasting
