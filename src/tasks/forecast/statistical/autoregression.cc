#include "tasks/forecast/statistical/autoregression.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "tasks/forecast/statistical/fitting/least_squares.h"
#include "tasks/forecast/statistical/observed.h"
#include "tasks/forecast/statistical/simple.h"

namespace rondo::forecasting::statistical {

namespace {

/// How many columns of each kind a candidate has.
struct Shape {
  std::int64_t lags = 0;
  std::vector<std::int64_t> waves;  ///< by season
};

class Regression {
 public:
  Regression(std::span<const double> values, std::span<const double> seasons, std::int64_t horizon,
             const AutoregressionOptions& options, const KnownColumns& known)
      : seasons_(seasons), options_(options), known_(known), rows_(std::ssize(values)), horizon_(horizon) {
    const std::int64_t shortest = seasons.empty() ? 1 : std::llround(seasons.front());
    std::vector<double> filled = interpolate(values, shortest);
    double sum = 0, squares = 0;
    for (const double value : filled) sum += value;
    middle_ = sum / static_cast<double>(rows_);
    for (const double value : filled) squares += (value - middle_) * (value - middle_);
    scale_ = squares > 0 ? std::sqrt(squares / static_cast<double>(rows_)) : 1;
    for (double& value : filled) value = (value - middle_) / scale_;
    lowest_ = *std::min_element(filled.begin(), filled.end());
    highest_ = *std::max_element(filled.begin(), filled.end());
    values_ = std::move(filled);
    most_lags_ = std::clamp<std::int64_t>(std::max<std::int64_t>(3, 2 * shortest + 1), 0,
                                          std::min(options.most_lags, rows_ / 5));
    for (const double season : seasons) {
      most_waves_.push_back(
          std::min<std::int64_t>(options.most_waves, static_cast<std::int64_t>(season / 2)));
    }
    first_ = most_lags_ + (options.difference ? 1 : 0);
    learn(values);
  }

  std::vector<double> forecast() const {
    std::vector<double> coefficients;
    const Shape shape = choose();
    const std::vector<std::size_t> columns = columns_of(shape);
    normal_->solve(columns, coefficients);
    std::vector<double> path = values_, row(width());
    const double range = highest_ - lowest_;
    for (std::int64_t step = 0; step < horizon_; ++step) {
      fill(path, rows_ + step, row);
      double value = options_.difference ? path.back() : 0;
      for (std::size_t i = 0; i < columns.size(); ++i) value += coefficients[i] * row[columns[i]];
      path.push_back(std::clamp(value, lowest_ - range, highest_ + range));
    }
    std::vector<double> steps(path.begin() + rows_, path.end());
    for (double& value : steps) value = value * scale_ + middle_;
    return steps;
  }

 private:
  std::size_t width() const {
    std::int64_t columns = 1 + (options_.difference ? 0 : 1) + known_.columns + most_lags_;
    for (const std::int64_t waves : most_waves_) columns += 2 * waves;
    return static_cast<std::size_t>(columns);
  }

  /// Constant, line, known columns, waves by season, lags from the nearest.
  void fill(std::span<const double> path, std::int64_t row, std::vector<double>& to) const {
    std::size_t next = 0;
    to[next++] = 1;
    const auto time = static_cast<double>(row);
    if (!options_.difference) to[next++] = 2 * time / static_cast<double>(rows_) - 1;
    for (std::int64_t column = 0; column < known_.columns; ++column) {
      to[next++] = known_.at(row, column) - (options_.difference ? known_.at(row - 1, column) : 0);
    }
    for (std::size_t i = 0; i < seasons_.size(); ++i) {
      const double angle = 2 * std::numbers::pi * std::fmod(time, seasons_[i]) / seasons_[i];
      for (std::int64_t wave = 1; wave <= most_waves_[i]; ++wave) {
        to[next++] = std::cos(static_cast<double>(wave) * angle);
        to[next++] = std::sin(static_cast<double>(wave) * angle);
      }
    }
    for (std::int64_t lag = 1; lag <= most_lags_; ++lag) {
      to[next++] = options_.difference ? path[row - lag] - path[row - lag - 1] : path[row - lag];
    }
  }

  void learn(std::span<const double> given) {
    normal_.emplace(width());
    std::vector<double> row(width());
    for (std::int64_t t = first_; t < rows_; ++t) {
      if (std::isnan(given[t])) continue;
      fill(values_, t, row);
      const double age = static_cast<double>(rows_ - 1 - t);
      const double weight = options_.half_life > 0 ? std::exp2(-age / options_.half_life) : 1;
      normal_->add(row, values_[t] - (options_.difference ? values_[t - 1] : 0), weight);
    }
  }

  std::vector<std::size_t> columns_of(const Shape& shape) const {
    std::vector<std::size_t> columns;
    std::size_t next = 1 + (options_.difference ? 0 : 1) + static_cast<std::size_t>(known_.columns);
    for (std::size_t i = 0; i < next; ++i) columns.push_back(i);
    for (std::size_t i = 0; i < most_waves_.size(); ++i) {
      for (std::size_t k = 0; k < 2 * static_cast<std::size_t>(shape.waves[i]); ++k)
        columns.push_back(next + k);
      next += 2 * static_cast<std::size_t>(most_waves_[i]);
    }
    for (std::size_t k = 0; k < static_cast<std::size_t>(shape.lags); ++k) columns.push_back(next + k);
    return columns;
  }

  double criterion(const Shape& shape) const {
    std::vector<double> coefficients;
    const std::vector<std::size_t> columns = columns_of(shape);
    const double parameters = static_cast<double>(columns.size()) + 1, rows = normal_->rows();
    if (rows < parameters + 3) return std::numeric_limits<double>::infinity();
    return rows * std::log(normal_->solve(columns, coefficients) / rows) + 2 * parameters +
           2 * parameters * (parameters + 1) / (rows - parameters - 1);
  }

  /// One number after the other, twice around.
  Shape choose() const {
    Shape best{.lags = std::min<std::int64_t>(1, most_lags_),
               .waves = std::vector<std::int64_t>(most_waves_.size(), 0)};
    double least = criterion(best);
    const std::int64_t shortest = seasons_.empty() ? 1 : std::llround(seasons_.front());
    const auto attempt = [&](Shape shape) {
      const double value = criterion(shape);
      if (value < least) {
        least = value;
        best = std::move(shape);
      }
    };
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < most_waves_.size(); ++i) {
        for (const std::int64_t waves : {0, 1, 2, 3, 4, 6, 8, 10}) {
          Shape shape = best;
          shape.waves[i] = std::min<std::int64_t>(waves, most_waves_[i]);
          attempt(shape);
        }
      }
      for (const std::int64_t lags :
           {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{5},
            std::int64_t{8}, shortest, shortest + 1, 2 * shortest, 2 * shortest + 1}) {
        Shape shape = best;
        shape.lags = std::min(lags, most_lags_);
        attempt(shape);
      }
    }
    return best;
  }

  std::span<const double> seasons_;
  const AutoregressionOptions& options_;
  const KnownColumns& known_;
  std::int64_t rows_, horizon_, most_lags_ = 0, first_ = 0;
  double middle_ = 0, scale_ = 1, lowest_ = 0, highest_ = 0;
  std::vector<double> values_;
  std::vector<std::int64_t> most_waves_;
  std::optional<NormalEquations> normal_;
};

}  // namespace

std::vector<double> autoregression(std::span<const double> values, std::span<const double> seasons,
                                   std::int64_t horizon, const AutoregressionOptions& options,
                                   const KnownColumns& known) {
  const std::span<const double> seen = from_first_observed(values);
  if (std::ssize(seen) < kAutoregressionRows) return naive(values, horizon);
  const KnownColumns columns = known.from(std::ssize(values) - std::ssize(seen));
  return Regression(seen, seasons, horizon, options, columns).forecast();
}

}  // namespace rondo::forecasting::statistical
