// Sample paths through the recurrence of a RecursiveNetwork: all paths of a block of origins step together.

#include <algorithm>
#include <array>
#include <cmath>

#include "rondo/tape/tape.h"
#include "tasks/forecast/likelihood/distribution.h"
#include "tasks/forecast/networks/recursive_data.h"
#include "tasks/forecast/networks/recursive_network.h"

namespace rondo::forecasting {

namespace {

/// Paths that step together.
constexpr std::int64_t kBlock = 6400;
constexpr double kGaussian80 = 2.5631031310892007;  // 90 % quantile less 10 % quantile
constexpr double kMinSpread = 1e-3;

/// One member with its states in the open.
class PathSampler {
 public:
  PathSampler(const RecursiveNetwork& model, int member, Pool& pool)
      : network_(make_recursive_network(model.window, model.settings, member)),
        tape_(DType::float32, &pool),
        units_(model.settings.units) {
    const ParameterStore& from = model.network.parameters();
    ParameterStore& to = network_.parameters();
    for (std::size_t i = 0; i < to.infos().size(); ++i) {
      to.set(static_cast<int>(i), from.get(from.find(to.infos()[i].name)));
    }
  }

  void start(std::int64_t batch) {
    states_.clear();
    for (std::size_t i = 1; i < network_.input_count(); ++i) states_.emplace_back(Tensor({batch, units_}));
  }
  /// Every state so many times, side by side.
  void repeat(std::int64_t times) {
    for (Samples& state : states_) {
      std::vector<std::int64_t> rows;
      for (std::int64_t b = 0; b < state.size(); ++b)
        rows.insert(rows.end(), static_cast<std::size_t>(times), b);
      state = state.gather(rows);
    }
  }
  /// Reads rows [batch, rows, features]; returns the outputs after the last one, [batch, parameters].
  Tensor read(Tensor rows) {
    std::vector<Samples> inputs;
    const std::int64_t batch = rows.dim(0), steps = rows.dim(1);
    inputs.emplace_back(std::move(rows));
    inputs.insert(inputs.end(), states_.begin(), states_.end());
    tape_.reset({}, false);
    const std::vector<Var> outputs = network_.run(tape_, std::span<const Samples>(inputs));
    for (std::size_t i = 0; i < states_.size(); ++i) states_[i] = tape_.get(outputs[i + 1]);
    const Tensor all = tape_.get(outputs[0]).to_padded();
    const std::int64_t width = all.dim(2);
    Tensor last({batch, width});
    for (std::int64_t b = 0; b < batch; ++b) {
      for (std::int64_t c = 0; c < width; ++c)
        last.set(b * width + c, all.at((b * steps + steps - 1) * width + c));
    }
    return last;
  }

 private:
  Network network_;
  Tape tape_;
  std::int64_t units_;
  std::vector<Samples> states_;
};

/// Draws of one block of origins by one member, [step][origin][path], on the windows' scales.
std::vector<std::vector<double>> draw_block(const ScaledPanel& scaled, const RecursiveNetwork& model,
                                            int member, std::span<const Origin> origins, PathSampler& sampler,
                                            Pool& pool) {
  const Window& window = model.window;
  const Likelihood likelihood = model.settings.head.likelihood();
  const auto count = static_cast<std::int64_t>(origins.size());
  const std::int64_t width = recursive_features(window), parameters = model.settings.head.parameters();
  sampler.start(count);
  Tensor raw_outputs = sampler.read(recursive_inputs(scaled, window, origins, 0));
  sampler.repeat(model.paths);

  std::vector<std::vector<double>> draws(static_cast<std::size_t>(model.horizon));
  for (std::int64_t step = 0; step < model.horizon; ++step) {
    std::vector<double>& drawn = draws[static_cast<std::size_t>(step)];
    drawn.resize(static_cast<std::size_t>(count * model.paths));
    const bool last = step + 1 == model.horizon;
    Tensor rows({last ? 0 : count * model.paths, 1, width});
    // Before the first step all paths of an origin share the outputs of its look-back.
    const auto one_origin = [&](int i) {
      const Origin& origin = origins[static_cast<std::size_t>(i)];
      const Window::Scale own = window.scale(scaled, origin);
      const double size = window.counts ? window.size(scaled, origin) : 1;
      std::vector<float> next(static_cast<std::size_t>(width));
      if (!last) fill_recursive_row(scaled, window, origin, own, origin.row + step + 2, next);
      std::array<double, 3> raw{};
      for (std::int64_t p = 0; p < model.paths; ++p) {
        const std::int64_t path = i * model.paths + p, source = step == 0 ? i : path;
        for (std::int64_t c = 0; c < parameters; ++c) {
          raw[static_cast<std::size_t>(c)] = raw_outputs.at(source * parameters + c);
        }
        const auto used = std::span<const double>(raw).first(static_cast<std::size_t>(parameters));
        const double value = Distribution::from_raw(likelihood, used, size)
                                 .sample(sample_stream(model.settings.seed, origin.series, origin.row,
                                                       member * model.paths + p, step)) /
                             size;
        drawn[static_cast<std::size_t>(path)] = value;
        if (last) continue;
        next[0] = recursive_input(value);
        std::copy(next.begin(), next.end(), rows.data<float>().begin() + path * width);
      }
    };
    pool.run(static_cast<int>(count), one_origin);
    if (!last) raw_outputs = sampler.read(std::move(rows));
  }
  return draws;
}

LikelihoodHead::Moments moments_of(std::span<double> paths, bool heavy_tails) {
  if (heavy_tails) {
    constexpr std::array<double, 3> kLevels{0.1, 0.5, 0.9};
    const std::vector<double> q = sample_quantiles(paths, kLevels);
    return {q[1], std::max((q[2] - q[0]) / kGaussian80, kMinSpread)};
  }
  const auto count = static_cast<double>(paths.size());
  double mean = 0, square = 0;
  for (const double v : paths) mean += v / count;
  for (const double v : paths) square += (v - mean) * (v - mean) / (count - 1);
  return {mean, std::max(std::sqrt(square), kMinSpread)};
}

}  // namespace

std::vector<Forecasts> RecursiveNetwork::members(const ScaledPanel& scaled, std::span<const Origin> origins,
                                                 Pool& pool) {
  const auto width = static_cast<std::size_t>(horizon), all = origins.size() * width;
  std::vector<Forecasts> out;
  for (int member = 0; member < settings.members; ++member) {
    Forecasts one{{horizon, std::vector<double>(all)}, {horizon, std::vector<double>(all)}};
    PathSampler sampler(*this, member, pool);
    const auto block = static_cast<std::size_t>(std::max<std::int64_t>(1, kBlock / paths));
    for (std::size_t begin = 0; begin < origins.size(); begin += block) {
      const std::span<const Origin> some = origins.subspan(begin, std::min(block, origins.size() - begin));
      std::vector<std::vector<double>> draws = draw_block(scaled, *this, member, some, sampler, pool);
      for (std::size_t i = 0; i < some.size(); ++i) {
        const Window::Scale own = window.scale(scaled, some[i]);
        const double now = scaled.base(some[i]);
        for (std::size_t h = 0; h < width; ++h) {
          const auto own_paths = static_cast<std::size_t>(paths);
          const LikelihoodHead::Moments moments =
              moments_of(std::span<double>(draws[h]).subspan(i * own_paths, own_paths),
                         settings.head.likelihood() == Likelihood::student_t);
          one.location.values[(begin + i) * width + h] = own.base + own.spread * moments.location - now;
          one.spread.values[(begin + i) * width + h] = own.spread * moments.spread;
        }
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace rondo::forecasting
