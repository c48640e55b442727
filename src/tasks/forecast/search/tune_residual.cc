#include "tasks/forecast/search/tune_residual.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace rondo::forecasting {

namespace {

constexpr std::int64_t kPartOfEpochs = 3;
/// Look-backs that are tried, in those of the first trial.
constexpr std::array kLookBacks{0.5, 1.0, 1.0, 1.5, 2.0};

struct Trial {
  WindowInput input;
  ResidualTraining training;
};

/// The look-back that is `factor` times as long, but not longer than a third of the training rows.
WindowInput stretched(const Panel& panel, std::span<const LineCandidate> line, const WindowInput& first,
                      double factor) {
  const std::int64_t most = std::max(first.rows(), panel.shortest_training() / 3);
  const std::int64_t rows =
      std::clamp<std::int64_t>(std::llround(static_cast<double>(first.rows()) * factor), 1, most);
  return rows == first.rows() ? first : choose_window_input(panel, line.front(), rows, rows);
}

/// The first of all that are tried with so many rows: segments may round several look-backs to the same.
WindowInput input_with(const Panel& panel, std::span<const LineCandidate> line, const WindowInput& first,
                       std::int64_t rows) {
  if (rows == first.rows()) return first;
  for (const double factor : kLookBacks) {
    const WindowInput tried = stretched(panel, line, first, factor);
    if (tried.rows() == rows) return tried;
  }
  return choose_window_input(panel, line.front(), rows, rows);
}

/// Trial 0 is what stands already.
Trial make_trial(const Panel& panel, std::span<const LineCandidate> line, const Trial& first,
                 std::int64_t number) {
  Trial trial = first;
  if (number == 0) return trial;
  const RandomStream stream(first.training.seed, purpose_key("tune"), static_cast<std::uint64_t>(number));
  const WindowInput drawn = stretched(panel, line, first.input, drawn_from(stream, 0, kLookBacks));
  trial.input = input_with(panel, line, first.input, drawn.rows());
  const double size = drawn_from(stream, 1, std::array{0.25, 0.5, 1.0, 1.0, 2.0});
  const auto units = static_cast<double>(first.training.units);
  trial.training.units = std::max<std::int64_t>(4, std::llround(units * size));
  trial.training.learning_rate =
      first.training.learning_rate * drawn_from(stream, 3, std::array{0.25, 0.5, 1.0, 2.0});
  return trial;
}

}  // namespace

TunedResidual tune_residual(const Panel& panel, const ScaledPanel& scaled,
                            std::span<const LineCandidate> line, const WindowInput& input,
                            const ResidualTraining& training, double seconds, Pool& pool) {
  Trial first{input, training};
  first.training.epochs = std::max<std::int64_t>(1, training.epochs / kPartOfEpochs);
  first.training.run.checkpoint.clear();
  first.training.run.resume = false;
  first.training.run.verbose = 0;

  TunedResidual out;
  out.input = input;
  out.training = training;
  for (const double factor : kLookBacks) {
    const WindowInput tried = stretched(panel, line, input, factor);
    out.judged_from = std::max(out.judged_from, tried.first_origin(scaled.difference));
  }
  const auto residuals_of = [&](const WindowInput& window) {
    return make_residuals(panel, scaled, line, window, 1, pool, out.judged_from);
  };
  const Residuals at_hand = residuals_of(input);
  const auto judged = std::ranges::count_if(at_hand.origins, [&](const Origin& origin) {
    return at_hand.members.role(0, origin) == Role::held_out;
  });
  if (std::min<std::int64_t>(judged, at_hand.fewest_learnt) < kMinJudged) return out;

  TrialSearch search(seconds, first.training.epochs);
  while (search.next()) {
    Trial trial = make_trial(panel, line, first, search.number());
    trial.training.callbacks = {search.watch()};
    const TrainedResidual trained =
        train_residual(panel, scaled, residuals_of(trial.input), trial.training, pool);
    if (search.given_up() || !search.improves(trained.error_taken_whole)) continue;
    out.input = trial.input;
    out.training.units = trial.training.units;
    out.training.learning_rate = trial.training.learning_rate;
  }
  static_cast<SearchOutcome&>(out) = search.outcome();
  return out;
}

FoundSettings TunedResidual::found() const {
  FoundSettings out;
  static_cast<SearchOutcome&>(out) = *this;
  out.rows = input.rows();
  out.units = training.units;
  out.learning_rate = training.learning_rate;
  out.judged_from = judged_from;
  return out;
}

TunedResidual load_tuned(const std::string& path, const Panel& panel, std::span<const LineCandidate> line,
                         const WindowInput& input, const ResidualTraining& training) {
  const FoundSettings found = load_found(path);
  TunedResidual out;
  static_cast<SearchOutcome&>(out) = found;
  out.input = input_with(panel, line, input, found.rows);
  out.training = training;
  out.training.units = found.units;
  out.training.learning_rate = found.learning_rate;
  out.judged_from = found.judged_from;
  return out;
}

}  // namespace rondo::forecasting
