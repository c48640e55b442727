#include "tasks/forecast/pool/weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace rondo::forecasting::pool {

namespace {

constexpr double kFarOff = 9;       // errors beyond so many of the median candidate's count as such
constexpr double kFarOffSquares = 30; // the same where demand is intermittent: its large values are no outliers
constexpr double kSmooth = 0.05;    // the square of what is small for the loss √(e² + kSmooth)
constexpr double kNegligible = 0.01; // share of the largest first guess
constexpr double kPriorOrigins = 1;  // of each series that a candidate's score is drawn to the others' by

/// Errors of one series' candidates at all held-out rows, in units of the median candidate's.
struct Problem {
  std::vector<std::vector<double>> errors;  ///< [candidates, rows]
  std::vector<double> row_weights;          ///< sum 1 by origin
  std::vector<double> scores;               ///< mean absolute error by candidate; root of the mean square of such
  double origins = 0;
  bool squares = false;

  bool empty() const { return origins == 0; }

  /// The loss of a blend, and its gradient by weight.
  double loss(std::span<const double> weights, std::span<double> gradient) const {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    double sum = 0;
    for (std::size_t row = 0; row < row_weights.size(); ++row) {
      double error = 0;
      for (std::size_t i = 0; i < weights.size(); ++i) error += weights[i] * errors[i][row];
      double slope = error;
      if (squares) {
        sum += row_weights[row] * error * error / 2;
      } else {
        const double size = std::sqrt(error * error + kSmooth);
        sum += row_weights[row] * size;
        slope = error / size;
      }
      for (std::size_t i = 0; i < weights.size(); ++i) gradient[i] += row_weights[row] * slope * errors[i][row];
    }
    return sum;
  }
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Problem problem_of(const Evidence& evidence) {
  Problem problem;
  const std::size_t count = evidence.candidates.size();
  problem.errors.resize(count);
  problem.squares = evidence.intermittent;
  for (const HeldOut& origin : evidence.origins) {
    const auto known = std::count_if(origin.actual.begin(), origin.actual.end(),
                                     [](double value) { return !std::isnan(value); });
    if (known == 0) continue;
    ++problem.origins;
    for (std::size_t step = 0; step < origin.actual.size(); ++step) {
      if (std::isnan(origin.actual[step])) continue;
      problem.row_weights.push_back(1 / static_cast<double>(known));
      for (std::size_t i = 0; i < count; ++i) {
        problem.errors[i].push_back(origin.actual[step] - origin.forecasts[i][step]);
      }
    }
  }
  if (problem.empty()) return problem;
  const auto mean_error = [&](std::size_t i) {
    double sum = 0;
    for (std::size_t row = 0; row < problem.row_weights.size(); ++row) {
      const double error = problem.errors[i][row];
      sum += problem.row_weights[row] * (problem.squares ? error * error : std::abs(error));
    }
    return problem.squares ? std::sqrt(sum / problem.origins) : sum / problem.origins;
  };
  for (std::size_t i = 0; i < count; ++i) problem.scores.push_back(mean_error(i));
  double unit = median(problem.scores);
  if (!(unit > 0)) unit = std::accumulate(problem.scores.begin(), problem.scores.end(), 0.0);
  if (!(unit > 0)) return {};  // nobody errs
  for (std::size_t i = 0; i < count; ++i) {
    const double most = problem.squares ? kFarOffSquares : kFarOff;
    for (double& error : problem.errors[i]) error = std::clamp(error / unit, -most, most);
    problem.scores[i] = mean_error(i);
  }
  return problem;
}

/// The nearest point of the simplex of those that `first` has in (Duchi, Shalev-Shwartz, Singer, Chandra, 2008).
void project(std::span<double> weights, std::span<const double> first) {
  std::vector<double> sorted;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (first[i] > 0) sorted.push_back(weights[i]);
  }
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0, shift = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum += sorted[i];
    const double here = (sum - 1) / static_cast<double>(i + 1);
    if (sorted[i] > here) shift = here;
  }
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = first[i] > 0 ? std::max(0.0, weights[i] - shift) : 0;
}

void normalise(std::span<double> weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight = sum > 0 ? weight / sum : 1 / static_cast<double>(weights.size());
}

std::vector<double> pick(std::span<const double> all, std::span<const std::size_t> places) {
  std::vector<double> some;
  for (const std::size_t place : places) some.push_back(all[place]);
  normalise(some);
  return some;
}

double step_size(double first, int iteration) { return first / (1 + iteration / 50.0); }

class Chooser {
 public:
  Chooser(std::span<const Candidate> candidates, std::span<const Evidence> series, const WeightOptions& options,
          Pool& threads)
      : candidates_(candidates), series_(series), options_(options), threads_(threads), problems_(series.size()) {
    each([&](std::size_t s) { problems_[s] = problem_of(series_[s]); });
    for (const Problem& problem : problems_) origins_ += problem.origins;
  }

  Weights choose() {
    Weights weights;
    const std::vector<double> first = first_guess();
    weights.collection = first;
    if (origins_ > 0) learn_collection(weights.collection, first);
    weights.series.resize(series_.size());
    weights.scores.resize(series_.size());
    each([&](std::size_t s) {
      weights.series[s] = learn_series(s, weights.collection);
      weights.scores[s] = problems_[s].scores;
    });
    return weights;
  }

 private:
  template <class Job>
  void each(Job&& job) {
    const auto count = static_cast<int>(series_.size());
    threads_.run(count, [&](int s) { job(static_cast<std::size_t>(s)); });
  }

  /// The priors, in which candidates of better scores have more.
  std::vector<double> first_guess() const {
    std::vector<double> guess, log_scores(candidates_.size(), 0.0), origins(candidates_.size(), 0.0);
    for (const Candidate& candidate : candidates_) guess.push_back(candidate.prior);
    for (std::size_t s = 0; s < series_.size(); ++s) {
      if (problems_[s].empty()) continue;
      const double middle = median(problems_[s].scores);
      for (std::size_t i = 0; i < series_[s].candidates.size(); ++i) {
        const std::size_t place = series_[s].candidates[i];
        log_scores[place] += problems_[s].origins * std::log((problems_[s].scores[i] + 0.02) / (middle + 0.02));
        origins[place] += problems_[s].origins + kPriorOrigins;
      }
    }
    for (std::size_t place = 0; place < guess.size(); ++place) log_scores[place] /= std::max(origins[place], 1.0);
    const double least = *std::min_element(log_scores.begin(), log_scores.end());
    for (std::size_t place = 0; place < guess.size(); ++place) {
      const double behind = log_scores[place] - least;
      guess[place] *= std::exp(-options_.score_power * behind * (1 + behind));
    }
    // Who is far behind is left out for good, however well its errors happen to cancel others'.
    const double largest = *std::max_element(guess.begin(), guess.end());
    for (double& weight : guess) weight = weight < kNegligible * largest ? 0 : weight;
    normalise(guess);
    return guess;
  }

  void learn_collection(std::vector<double>& weights, std::span<const double> first) {
    std::vector<std::vector<double>> gradients(series_.size());
    std::vector<double> sum(weights.size());
    for (int iteration = 0; iteration < options_.iterations; ++iteration) {
      each([&](std::size_t s) { gradients[s] = gradient_of(s, weights); });
      std::fill(sum.begin(), sum.end(), 0.0);
      for (std::size_t s = 0; s < series_.size(); ++s) {
        for (std::size_t i = 0; i < gradients[s].size(); ++i) sum[series_[s].candidates[i]] += gradients[s][i];
      }
      // Series of a collection share their weather: more of them say less than more origins would.
      const double strength = options_.collection_strength + options_.shared * origins_;
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double slope = (sum[i] + 2 * strength * (weights[i] - first[i])) / (origins_ + strength);
        weights[i] -= step_size(0.15, iteration) * slope;
      }
      project(weights, first);
    }
  }

  /// By the collection's weights; those of candidates that do not apply to the series go to the others.
  std::vector<double> gradient_of(std::size_t s, std::span<const double> weights) const {
    const Problem& problem = problems_[s];
    if (problem.empty()) return {};
    std::vector<double> own, gradient(series_[s].candidates.size());
    double sum = 0, along = 0;
    for (const std::size_t place : series_[s].candidates) {
      own.push_back(weights[place]);
      sum += weights[place];
    }
    if (!(sum > 1e-9)) return {};
    for (double& weight : own) weight /= sum;
    problem.loss(own, gradient);
    for (std::size_t i = 0; i < own.size(); ++i) along += own[i] * gradient[i];
    for (double& slope : gradient) slope = (slope - along) / sum;
    return gradient;
  }

  std::vector<double> learn_series(std::size_t s, std::span<const double> collection) const {
    const std::vector<double> first = pick(collection, series_[s].candidates);
    std::vector<double> weights = first, gradient(first.size());
    const Problem& problem = problems_[s];
    if (problem.empty()) return weights;
    // What the series has in common with the collection has been learnt already: all of it, where it is alone.
    const auto others = static_cast<double>(series_.size() - 1);
    if (others == 0) return weights;
    const double strength = options_.series_strength * static_cast<double>(series_.size()) / others;
    for (int iteration = 0; iteration < options_.iterations; ++iteration) {
      problem.loss(weights, gradient);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double slope = (gradient[i] + 2 * strength * (weights[i] - first[i])) / (problem.origins + strength);
        weights[i] -= step_size(0.2, iteration) * slope;
      }
      project(weights, first);
    }
    return weights;
  }

  std::span<const Candidate> candidates_;
  std::span<const Evidence> series_;
  const WeightOptions& options_;
  Pool& threads_;
  std::vector<Problem> problems_;
  double origins_ = 0;
};

}  // namespace

Weights choose_weights(std::span<const Candidate> candidates, std::span<const Evidence> series,
                       const WeightOptions& options, Pool& threads) {
  return Chooser(candidates, series, options, threads).choose();
}

std::vector<double> blend(std::span<const std::vector<double>> forecasts, std::span<const double> weights) {
  std::vector<double> sum(forecasts.empty() ? 0 : forecasts.front().size(), 0.0);
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    if (weights[i] == 0) continue;  // whatever it says
    for (std::size_t step = 0; step < sum.size(); ++step) sum[step] += weights[i] * forecasts[i][step];
  }
  return sum;
}

}  // namespace rondo::forecasting::pool
