#include "tasks/forecast/statistical/theta.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tasks/forecast/statistical/observed.h"
#include "tasks/forecast/statistical/simple.h"

namespace rondo::forecasting::statistical {

namespace {

constexpr double kLeastAlpha = 0.1, kMostAlpha = 0.99;
constexpr std::int64_t kSkipped = 3;      // rows that are no errors yet
constexpr double kMostShare = 1 - 1e-10;  // of the line: 1 - 1/theta

/// A + B t of the straight line by least squares, row by row; t counts from 1.
class Line {
 public:
  void add(std::int64_t row, double value) {
    const auto time = static_cast<double>(row + 1);
    ++count_;
    const double from_time = time - mean_time_, from_value = value - mean_value_;
    mean_time_ += from_time / count_;
    mean_value_ += from_value / count_;
    squares_ += from_time * (time - mean_time_);
    products_ += from_time * (value - mean_value_);
  }
  double slope() const { return squares_ > 0 ? products_ / squares_ : 0; }
  double intercept() const { return mean_value_ - slope() * mean_time_; }

 private:
  double count_ = 0, mean_time_ = 0, mean_value_ = 0, squares_ = 0, products_ = 0;
};

bool is_dynamic(ThetaKind kind) { return kind == ThetaKind::dynamic || kind == ThetaKind::dynamic_optimised; }
bool is_optimised(ThetaKind kind) {
  return kind == ThetaKind::optimised || kind == ThetaKind::dynamic_optimised;
}

/// A number that is linear in what is fitted: constant + level · (initial level) + share · (1 - 1/theta).
struct Linear {
  double constant = 0, level = 0, share = 0;
  double at(double initial_level, double line_share) const {
    return constant + level * initial_level + share * line_share;
  }
};

struct Fit {
  double initial_level = 0, share = 0, mse = std::numeric_limits<double>::infinity();
};

/// The lines that the rows see: one for all rows, or in dynamic models that of the rows before each.
struct Lines {
  std::vector<double> intercepts, slopes;

  Lines(std::span<const double> values, ThetaKind kind) : intercepts(values.size()), slopes(values.size()) {
    Line line;
    for (std::size_t row = 0; row < values.size(); ++row) {
      intercepts[row] = line.intercept();
      slopes[row] = line.slope();
      if (!std::isnan(values[row])) line.add(static_cast<std::int64_t>(row), values[row]);
    }
    if (is_dynamic(kind)) return;
    std::fill(intercepts.begin(), intercepts.end(), line.intercept());
    std::fill(slopes.begin(), slopes.end(), line.slope());
  }
};

/// A power that has become nothing, before it is a denormal number, which takes a hundred times as long.
double faded(double power) { return power < 1e-100 ? 0 : power; }

/// What the line adds at a row to the level, in units of 1 - 1/theta. `decay` is (1-alpha)^row.
double line_part(double intercept, double slope, double alpha, double decay) {
  return decay * intercept + (1 - decay * (1 - alpha)) / alpha * slope;
}

/// Sums of the normal equations of (initial level, share).
struct Normal {
  double level = 0, share = 0, both = 0, level_value = 0, share_value = 0, square = 0, count = 0;

  void add(const Linear& forecast, double value) {
    const double rest = value - forecast.constant;
    level += forecast.level * forecast.level;
    share += forecast.share * forecast.share;
    both += forecast.level * forecast.share;
    level_value += forecast.level * rest;
    share_value += forecast.share * rest;
    square += rest * rest;
    ++count;
  }
  double level_at(double given_share) const {
    return level > 0 ? (level_value - both * given_share) / level : 0;
  }
  double mse_at(double l, double s) const {
    const double sum =
        square - 2 * (l * level_value + s * share_value) + l * l * level + s * s * share + 2 * l * s * both;
    return std::max(0.0, sum) / std::max(1.0, count);
  }
  Fit solve(bool with_share) const {
    double best = 0.5;
    const double determinant = level * share - both * both;
    if (with_share && determinant > 1e-12 * level * share) {
      best = std::clamp((level * share_value - both * level_value) / determinant, 0.0, kMostShare);
    } else if (with_share && share > 0) {
      best = std::clamp(share_value / share, 0.0, kMostShare);
    }
    const double l = level_at(best);
    return {l, best, mse_at(l, best)};
  }
};

Fit fit_for(std::span<const double> values, const Lines& lines, ThetaKind kind, double alpha) {
  Normal normal;
  Linear level{.constant = 0, .level = 1, .share = 0};
  double decay = 1;
  for (std::size_t row = 0; row < values.size(); ++row, decay = faded(decay * (1 - alpha))) {
    const double line = line_part(lines.intercepts[row], lines.slopes[row], alpha, decay);
    const Linear forecast{level.constant, level.level, level.share + line};
    if (std::isnan(values[row])) {  // the forecast stands for it
      level.share += alpha * line;
      continue;
    }
    if (row >= kSkipped) normal.add(forecast, values[row]);
    level.constant += alpha * (values[row] - level.constant);
    level.level = faded(level.level * (1 - alpha));
    level.share *= 1 - alpha;
  }
  return normal.solve(is_optimised(kind));
}

}  // namespace

ThetaModel fit_theta(std::span<const double> all, ThetaKind kind) {
  // Around their mean, so that sums of squares keep their digits; a shift moves the initial level alone.
  const std::span<const double> known = from_first_observed(all);
  const double middle = mean(known, 1).front();
  std::vector<double> values(known.begin(), known.end());
  for (double& value : values) value -= middle;
  const Lines lines(values, kind);
  // The error over alpha may have several valleys: a grid finds the deepest, thirds of its neighbourhood the
  // bottom.
  constexpr int kGrid = 14;
  std::array<double, kGrid> alphas, errors;
  for (int i = 0; i < kGrid; ++i) {
    alphas[i] = kLeastAlpha + (kMostAlpha - kLeastAlpha) * i / (kGrid - 1);
    errors[i] = fit_for(values, lines, kind, alphas[i]).mse;
  }
  const auto best = static_cast<int>(std::min_element(errors.begin(), errors.end()) - errors.begin());
  double low = alphas[std::max(0, best - 1)], high = alphas[std::min(kGrid - 1, best + 1)];
  const double golden = (std::sqrt(5.0) - 1) / 2;
  double left = high - golden * (high - low), right = low + golden * (high - low);
  double left_error = fit_for(values, lines, kind, left).mse;
  double right_error = fit_for(values, lines, kind, right).mse;
  while (high - low > 1e-6) {
    if (left_error <= right_error) {
      high = right;
      right = left;
      right_error = left_error;
      left = high - golden * (high - low);
      left_error = fit_for(values, lines, kind, left).mse;
    } else {
      low = left;
      left = right;
      left_error = right_error;
      right = low + golden * (high - low);
      right_error = fit_for(values, lines, kind, right).mse;
    }
  }
  double alpha = (low + high) / 2;
  if (fit_for(values, lines, kind, alpha).mse > errors[best]) alpha = alphas[best];
  const Fit fit = fit_for(values, lines, kind, alpha);
  return {kind, fit.initial_level + middle * (1 - fit.share), alpha, 1 / (1 - fit.share), fit.mse};
}

std::vector<double> forecast_theta(const ThetaModel& model, std::span<const double> all,
                                   std::int64_t horizon) {
  const std::span<const double> values = from_first_observed(all);
  const double share = 1 - 1 / model.theta, alpha = model.alpha;
  const Lines lines(values, model.kind);
  Line line;
  double level = model.initial_level, decay = 1;
  const auto rows = static_cast<std::int64_t>(values.size());
  std::vector<double> forecast(static_cast<std::size_t>(horizon));
  double intercept = rows > 0 ? lines.intercepts.back() : 0, slope = rows > 0 ? lines.slopes.back() : 0;
  for (std::int64_t row = 0; row < rows + horizon; ++row, decay = faded(decay * (1 - alpha))) {
    if (row < rows) {
      intercept = lines.intercepts[row];
      slope = lines.slopes[row];
    } else if (is_dynamic(model.kind)) {
      intercept = line.intercept();
      slope = line.slope();
    }
    double value = level + share * line_part(intercept, slope, alpha, decay);
    if (row >= rows) {
      forecast[row - rows] = value;
    } else if (!std::isnan(values[row])) {
      value = values[row];
    }
    if (row >= rows || !std::isnan(values[row])) line.add(row, value);
    level += alpha * (value - level);
  }
  return forecast;
}

std::vector<double> theta(std::span<const double> values, std::int64_t period, std::int64_t horizon,
                          ThetaKind kind, SeasonKind season) {
  if (count_observed(values) < kThetaRows) return naive(values, horizon);
  if (period < 4 || !is_seasonal(values, period)) {
    return forecast_theta(fit_theta(values, kind), values, horizon);
  }
  const SeasonalFigure figure = seasonal_figure(values, period, season);
  std::vector<double> level(values.begin(), values.end());
  for (std::int64_t row = 0; row < std::ssize(level); ++row) level[row] = figure.remove(level[row], row);
  std::vector<double> forecast = forecast_theta(fit_theta(level, kind), level, horizon);
  for (std::int64_t step = 0; step < horizon; ++step) {
    forecast[step] = figure.restore(forecast[step], std::ssize(values) + step);
  }
  return forecast;
}

}  // namespace rondo::forecasting::statistical
