#include "tasks/forecast/statistical/ets_filter.h"

#include <cmath>
#include <limits>

namespace rondo::forecasting::statistical {

namespace {

constexpr double kTiny = 1e-12;  // states and forecasts below it are not positive
// Of the sum of squares: a model without any error is as likely as one with errors of this size. Values are
// of order 1 when they are fitted.
constexpr double kLeastSquares = 1e-20;

}  // namespace

double EtsFilter::run(const EtsModel& model, std::span<const double> values) {
  const EtsPart season = model.spec.season;
  const bool relative = model.spec.error == EtsPart::multiplicative;
  const std::size_t period = model.season.size();
  rows_.resize(values.size());
  season_ = model.season;
  level_ = model.level;
  slope_ = model.slope;
  squares_ = count_ = 0;
  double log_sum = 0, product = 1;
  std::size_t place = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double base = level_ + model.phi * slope_;
    const double s = season == EtsPart::none ? 0 : season_[place];
    const double forecast = season == EtsPart::multiplicative ? base * s : base + s;
    rows_[row] = {slope_, s, base, forecast};
    const double value = values[row];
    slope_ *= model.phi;
    level_ = base;
    if (!std::isnan(value)) {
      const double error = relative ? (value - forecast) / forecast : value - forecast;
      squares_ += error * error;
      ++count_;
      if (relative) {
        if (!(forecast > kTiny)) return std::numeric_limits<double>::infinity();
        product *= forecast;
        if (product > 1e100 || product < 1e-100) {
          log_sum += std::log(product);
          product = 1;
        }
      }
      const double above = season == EtsPart::multiplicative ? value / s - base : value - s - base;
      level_ += model.alpha * above;
      slope_ += model.beta * above;
      if (season != EtsPart::none) {
        const double shape = season == EtsPart::multiplicative ? value / base : value - base;
        season_[place] = s + model.gamma * (shape - s);
        if (season == EtsPart::multiplicative && !(season_[place] > kTiny && base > kTiny)) {
          return std::numeric_limits<double>::infinity();
        }
      }
    }
    if (period > 0 && ++place == period) place = 0;
  }
  return count_ * std::log(squares_ + kLeastSquares) + 2 * (log_sum + std::log(product));
}

void EtsFilter::gradient(const EtsModel& model, std::span<const double> values, EtsGradient& to) const {
  const EtsPart season = model.spec.season;
  const bool relative = model.spec.error == EtsPart::multiplicative;
  const std::size_t period = model.season.size();
  const double weight = 2 * count_ / (squares_ + kLeastSquares);
  double alpha = 0, beta = 0, gamma = 0, phi = 0;
  double d_level = 0, d_slope = 0;  // of the states behind the row
  to.season.assign(period, 0.0);
  std::size_t place = period > 0 ? values.size() % period : 0;
  for (std::size_t i = values.size(); i-- > 0;) {
    const Row& row = rows_[i];
    if (period > 0) place = place == 0 ? period - 1 : place - 1;
    double d_base = d_level, d_slope_before = model.phi * d_slope;
    phi += d_slope * row.slope;
    const double value = values[i];
    if (!std::isnan(value)) {
      const double s = row.season;
      const double above = season == EtsPart::multiplicative ? value / s - row.base : value - s - row.base;
      alpha += d_level * above;
      beta += d_slope * above;
      const double d_above = model.alpha * d_level + model.beta * d_slope;
      d_base -= d_above;
      const double d_forecast =
          relative
              ? (2 - weight * (value - row.forecast) / row.forecast * value / row.forecast) / row.forecast
              : -weight * (value - row.forecast);
      if (season == EtsPart::none) {
        d_base += d_forecast;
      } else {
        double& d_season = to.season[place];
        const bool times = season == EtsPart::multiplicative;
        const double shape = times ? value / row.base : value - row.base;
        gamma += d_season * (shape - s);
        const double d_shape = model.gamma * d_season;
        d_base -= times ? d_shape * value / (row.base * row.base) : d_shape;
        d_season -= d_shape;
        d_season -= times ? d_above * value / (s * s) : d_above;
        d_base += times ? d_forecast * s : d_forecast;
        d_season += times ? d_forecast * row.base : d_forecast;
      }
    }
    phi += d_base * row.slope;
    d_level = d_base;
    d_slope = d_slope_before + model.phi * d_base;
  }
  to.alpha = alpha;
  to.beta = beta;
  to.gamma = gamma;
  to.phi = phi;
  to.level = d_level;
  to.slope = d_slope;
}

std::vector<double> EtsFilter::forecast(const EtsModel& model, std::int64_t rows,
                                        std::int64_t horizon) const {
  std::vector<double> steps(static_cast<std::size_t>(horizon));
  double level = level_, slope = slope_;
  for (std::int64_t step = 0; step < horizon; ++step) {
    slope *= model.phi;
    level += slope;
    if (model.spec.season == EtsPart::none) {
      steps[step] = level;
      continue;
    }
    const double s = season_[static_cast<std::size_t>(rows + step) % season_.size()];
    steps[step] = model.spec.season == EtsPart::multiplicative ? level * s : level + s;
  }
  return steps;
}

}  // namespace rondo::forecasting::statistical
