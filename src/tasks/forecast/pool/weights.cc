#include "tasks/forecast/pool/weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace rondo::forecasting::pool {

namespace {

constexpr double kFarOff = 9;  // errors beyond so many of the median candidate's count as such
constexpr double kFarOffSquares =
    30;                           // the same where demand is intermittent: its large values are no outliers
constexpr double kSmooth = 0.05;  // the square of what is small for the loss √(e² + kSmooth)
constexpr double kFaultless = 0.05;   // of the median candidate's error: less than it counts as it
constexpr double kNegligible = 0.01;  // share of the largest first guess
constexpr double kUsualOrigins = 8;   // of a series
constexpr double kPriorOrigins = 1;   // of each series that a candidate's score is drawn to the others' by

/// Errors of one series' candidates at all held-out rows, in units of the median candidate's.
struct Problem {
  std::vector<std::vector<double>> errors;  ///< [candidates, rows]
  std::vector<double> row_weights;          ///< sum 1 by origin
  std::vector<double> log_scores;           ///< by candidate: sum over origins of the logarithm of its error
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
      for (std::size_t i = 0; i < weights.size(); ++i)
        gradient[i] += row_weights[row] * slope * errors[i][row];
    }
    return sum;
  }
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The size of errors in some rows: mean absolute, or root of the mean square.
double size_of(std::span<const double> errors, bool squares) {
  double sum = 0;
  for (const double error : errors) sum += squares ? error * error : std::abs(error);
  const double mean = sum / static_cast<double>(errors.size());
  return squares ? std::sqrt(mean) : mean;
}

/// Adds rows, as the judgement of so many origins, in units of their median candidate.
void add_rows(Problem& problem, const HeldOut& origin, double origins) {
  const std::size_t count = problem.errors.size();
  std::vector<std::vector<double>> errors(count);
  std::vector<double> sizes;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t step = 0; step < origin.actual.size(); ++step) {
      const double error = origin.actual[step] - origin.forecasts[i][step];
      if (!std::isnan(origin.actual[step])) errors[i].push_back(error);
    }
    if (errors[i].empty()) return;
    sizes.push_back(size_of(errors[i], problem.squares));
  }
  double unit = median(sizes);
  if (!(unit > 0)) unit = std::accumulate(sizes.begin(), sizes.end(), 0.0) / static_cast<double>(count);
  if (!(unit > 0)) return;  // nobody errs
  problem.origins += origin.origins;
  problem.row_weights.insert(problem.row_weights.end(), errors[0].size(),
                             origin.origins / static_cast<double>(errors[0].size()));
  const double most = problem.squares ? kFarOffSquares : kFarOff;
  for (std::size_t i = 0; i < count; ++i) {
    for (const double error : errors[i]) problem.errors[i].push_back(std::clamp(error / unit, -most, most));
    problem.log_scores[i] += origins * std::log(std::min(sizes[i] / unit, kFarOff) + kFaultless);
  }
}

Problem problem_of(const Evidence& evidence) {
  Problem problem;
  const std::size_t count = evidence.candidates.size();
  problem.errors.resize(count);
  problem.log_scores.assign(count, 0.0);
  problem.squares = evidence.intermittent;
  if (evidence.origins.empty()) return problem;
  if (!problem.squares) {
    // A time at which everybody erred, at a shift of the level say, counts like any other.
    for (const HeldOut& origin : evidence.origins) add_rows(problem, origin, origin.origins);
    return problem;
  }
  HeldOut all = evidence.origins.front();  // large demands count as they are
  for (const HeldOut& origin : std::span(evidence.origins).subspan(1)) {
    all.actual.insert(all.actual.end(), origin.actual.begin(), origin.actual.end());
    for (std::size_t i = 0; i < count; ++i) {
      all.forecasts[i].insert(all.forecasts[i].end(), origin.forecasts[i].begin(), origin.forecasts[i].end());
    }
  }
  add_rows(problem, all, static_cast<double>(evidence.origins.size()));
  return problem;
}

/// The nearest point of the simplex of those that `first` has in (Duchi, Shalev-Shwartz, Singer, Chandra,
/// 2008).
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
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = first[i] > 0 ? std::max(0.0, weights[i] - shift) : 0;
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

std::vector<double> scores_of(const Problem& problem) {
  std::vector<double> scores;
  for (const double sum : problem.log_scores) scores.push_back(std::exp(sum / problem.origins));
  return scores;
}

double step_size(double first, int iteration) { return first / (1 + iteration / 50.0); }

class Chooser {
 public:
  Chooser(std::span<const Candidate> candidates, std::span<const Evidence> series,
          const WeightOptions& options, Pool& threads)
      : candidates_(candidates),
        series_(series),
        options_(options),
        threads_(threads),
        problems_(series.size()) {
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
      if (!problems_[s].empty()) weights.scores[s] = scores_of(problems_[s]);
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
      for (std::size_t i = 0; i < series_[s].candidates.size(); ++i) {
        const std::size_t place = series_[s].candidates[i];
        log_scores[place] += problems_[s].log_scores[i];
        origins[place] += problems_[s].origins + kPriorOrigins;
      }
    }
    for (std::size_t place = 0; place < guess.size(); ++place)
      log_scores[place] /= std::max(origins[place], 1.0);
    const double least = *std::min_element(log_scores.begin(), log_scores.end());
    const double power = options_.score_power * evidence_factor();
    for (std::size_t place = 0; place < guess.size(); ++place) {
      const double behind = log_scores[place] - least;
      guess[place] *= std::exp(-power * behind * (1 + behind));
    }
    // Who is far behind is left out for good, however well its errors happen to cancel others'.
    const double largest = *std::max_element(guess.begin(), guess.end());
    for (double& weight : guess) weight = weight < kNegligible * largest ? 0 : weight;
    normalise(guess);
    return guess;
  }

  /// Many origins in each series make bad scores surer to stay bad.
  double evidence_factor() const {
    double tested = 0;
    for (const Problem& problem : problems_) tested += problem.empty() ? 0 : 1;
    const double each = tested > 0 ? origins_ / tested : 0;
    return std::max(1.0, std::sqrt(each / kUsualOrigins));
  }

  void learn_collection(std::vector<double>& weights, std::span<const double> first) {
    std::vector<std::vector<double>> gradients(series_.size());
    std::vector<double> sum(weights.size());
    for (int iteration = 0; iteration < options_.iterations; ++iteration) {
      each([&](std::size_t s) { gradients[s] = gradient_of(s, weights); });
      std::fill(sum.begin(), sum.end(), 0.0);
      for (std::size_t s = 0; s < series_.size(); ++s) {
        for (std::size_t i = 0; i < gradients[s].size(); ++i)
          sum[series_[s].candidates[i]] += gradients[s][i];
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
    // What the series has in common with the collection has been learnt already: all of it, where it is
    // alone.
    const auto others = static_cast<double>(series_.size() - 1);
    if (others == 0) return weights;
    const double strength = options_.series_strength * static_cast<double>(series_.size()) / others;
    for (int iteration = 0; iteration < options_.iterations; ++iteration) {
      problem.loss(weights, gradient);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        const double slope =
            (gradient[i] + 2 * strength * (weights[i] - first[i])) / (problem.origins + strength);
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
