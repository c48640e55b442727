#include "rondo/tasks/forecast_accuracy.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "rondo/base/error.h"
#include "tasks/common/verdict.h"
#include "tasks/forecast/statistics/accuracy.h"
#include "train/losses/probability_functions.h"

namespace rondo::accuracy {

namespace {

void check_lengths(std::size_t actual, std::size_t forecast, const char* where) {
  if (actual == forecast) return;
  throw Error(ErrorKind::usage, "truth and forecast have different lengths")
      .where(std::string("accuracy::") + where)
      .seen(std::to_string(actual) + " truths, " + std::to_string(forecast) + " forecasts")
      .fix("give one forecast for each truth; a missing truth is NaN");
}

void check_level(double level, const char* where) {
  if (level > 0 && level < 1) return;
  throw Error(ErrorKind::usage, "a level lies between 0 and 1")
      .where(std::string("accuracy::") + where)
      .seen(std::to_string(level));
}

double ratio(double sum, double count) { return count > 0 ? sum / count : std::nan(""); }

/// Mean of term(y, f) over known truths.
template <class Term>
double mean_over_pairs(Values actual, Values forecast, const char* where, Term term) {
  check_lengths(actual.size(), forecast.size(), where);
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i])) continue;
    sum += term(actual[i], forecast[i]);
    ++count;
  }
  return ratio(sum, count);
}

/// Mean of term(y[t] − y[t − period]) over pairs that are both known.
template <class Term>
double mean_over_steps(Values training, std::int64_t period, const char* where, Term term) {
  if (period < 1) {
    throw Error(ErrorKind::usage, "a season has at least one row")
        .where(std::string("accuracy::") + where)
        .seen(std::to_string(period));
  }
  const auto lag = static_cast<std::size_t>(period);
  double sum = 0, count = 0;
  for (std::size_t t = lag; t < training.size(); ++t) {
    const double step = training[t] - training[t - lag];
    if (std::isnan(step)) continue;
    sum += term(step);
    ++count;
  }
  return ratio(sum, count);
}

double square(double x) { return x * x; }

double pinball_of(double y, double quantile, double level) {
  const double miss = y - quantile;
  return miss > 0 ? level * miss : (level - 1) * miss;
}

}  // namespace

double mae(Values actual, Values forecast) {
  return mean_over_pairs(actual, forecast, "mae", [](double y, double f) { return std::abs(y - f); });
}

double mse(Values actual, Values forecast) {
  return mean_over_pairs(actual, forecast, "mse", [](double y, double f) { return square(y - f); });
}

double rmse(Values actual, Values forecast) { return std::sqrt(mse(actual, forecast)); }

double mape(Values actual, Values forecast) {
  check_lengths(actual.size(), forecast.size(), "mape");
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i]) || actual[i] == 0) continue;
    sum += 100 * std::abs(actual[i] - forecast[i]) / std::abs(actual[i]);
    ++count;
  }
  return ratio(sum, count);
}

double smape(Values actual, Values forecast) {
  return mean_over_pairs(actual, forecast, "smape", [](double y, double f) {
    const double size = std::abs(y) + std::abs(f);
    return size == 0 ? 0 : 200 * std::abs(y - f) / size;
  });
}

double naive_step(Values training, std::int64_t period) {
  return mean_over_steps(training, period, "naive_step", [](double step) { return std::abs(step); });
}

double naive_square_step(Values training, std::int64_t period, bool skip_leading_zeros) {
  if (skip_leading_zeros) {
    const auto first =
        std::find_if(training.begin(), training.end(), [](double y) { return y > 0 || y < 0; });
    training = training.subspan(static_cast<std::size_t>(first - training.begin()));
  }
  return mean_over_steps(training, period, "naive_square_step", square);
}

double mase(Values actual, Values forecast, double naive_step) {
  return ratio(mae(actual, forecast), naive_step);
}

double rmsse(Values actual, Values forecast, double naive_square_step) {
  return std::sqrt(ratio(mse(actual, forecast), naive_square_step));
}

double rse(Values actual, Values forecast) {
  check_lengths(actual.size(), forecast.size(), "rse");
  double center = mean_over_pairs(actual, actual, "rse", [](double y, double) { return y; });
  const double spread =
      mean_over_pairs(actual, actual, "rse", [&](double y, double) { return square(y - center); });
  return std::sqrt(ratio(mse(actual, forecast), spread));
}

double corr(Values actual, Values forecast, std::int64_t series) {
  check_lengths(actual.size(), forecast.size(), "corr");
  const auto columns = static_cast<std::size_t>(std::max<std::int64_t>(series, 1));
  if (series < 1 || actual.size() % columns != 0) {
    throw Error(ErrorKind::usage, "the values do not make whole rows")
        .where("accuracy::corr")
        .seen(std::to_string(actual.size()) + " values for " + std::to_string(series) + " series");
  }
  double sum = 0, counted = 0;
  for (std::size_t column = 0; column < columns; ++column) {
    double n = 0, mean_y = 0, mean_f = 0, yy = 0, ff = 0, yf = 0;
    for (const bool second_pass : {false, true}) {
      for (std::size_t i = column; i < actual.size(); i += columns) {
        if (std::isnan(actual[i])) continue;
        if (!second_pass) {
          ++n;
          mean_y += actual[i];
          mean_f += forecast[i];
          continue;
        }
        yy += square(actual[i] - mean_y);
        ff += square(forecast[i] - mean_f);
        yf += (actual[i] - mean_y) * (forecast[i] - mean_f);
      }
      if (!second_pass && n > 0) {
        mean_y /= n;
        mean_f /= n;
      }
    }
    if (!(yy > 0)) continue;
    sum += ff == 0 ? 0 : yf / std::sqrt(yy * ff);
    ++counted;
  }
  return ratio(sum, counted);
}

double owa(double smape, double mase, double naive2_smape, double naive2_mase) {
  return 0.5 * (smape / naive2_smape + mase / naive2_mase);
}

double pinball(Values actual, Values quantile, double level) {
  check_level(level, "pinball");
  return mean_over_pairs(actual, quantile, "pinball",
                         [level](double y, double q) { return pinball_of(y, q, level); });
}

double weighted_quantile_loss(Values actual, Values quantiles, Values levels) {
  check_lengths(actual.size() * levels.size(), quantiles.size(), "weighted_quantile_loss");
  for (const double level : levels) check_level(level, "weighted_quantile_loss");
  double loss = 0, size = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i])) continue;
    size += std::abs(actual[i]);
    for (std::size_t k = 0; k < levels.size(); ++k) {
      loss += 2 * pinball_of(actual[i], quantiles[i * levels.size() + k], levels[k]);
    }
  }
  return ratio(loss, size * static_cast<double>(levels.size()));
}

double coverage(Values actual, Values low, Values high) {
  check_lengths(actual.size(), low.size(), "coverage");
  check_lengths(actual.size(), high.size(), "coverage");
  double inside = 0, count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i])) continue;
    if (std::isnan(low[i]) || std::isnan(high[i])) return std::nan("");
    inside += actual[i] >= low[i] && actual[i] <= high[i] ? 1 : 0;
    ++count;
  }
  return ratio(inside, count);
}

double mean_width(Values low, Values high) {
  check_lengths(low.size(), high.size(), "mean_width");
  double sum = 0;
  for (std::size_t i = 0; i < low.size(); ++i) sum += high[i] - low[i];
  return ratio(sum, static_cast<double>(low.size()));
}

double interval_score(Values actual, Values low, Values high, double level) {
  check_level(level, "interval_score");
  check_lengths(actual.size(), low.size(), "interval_score");
  check_lengths(actual.size(), high.size(), "interval_score");
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(actual[i])) continue;
    const double below = low[i] - actual[i], above = actual[i] - high[i];
    sum += (high[i] - low[i]) + 2 / (1 - level) * ((below > 0 ? below : 0) + (above > 0 ? above : 0));
    ++count;
  }
  return ratio(sum, count);
}

DieboldMariano diebold_mariano(Values rival_losses, Values losses, std::int64_t overlap) {
  check_lengths(rival_losses.size(), losses.size(), "diebold_mariano");
  std::vector<double> gains;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double gain = rival_losses[i] - losses[i];
    if (!std::isnan(gain)) gains.push_back(gain);
  }
  DieboldMariano out;
  out.origins = static_cast<std::int64_t>(gains.size());
  out.statistic = tasks::loss_gain_statistic(gains, std::max<std::int64_t>(overlap, 0));
  if (out.statistic == 0 || gains.size() < 2) return out;
  const double freedom = static_cast<double>(gains.size() - 1);
  out.p_better = detail::student_t_cdf(-out.statistic, freedom);
  out.p_two_sided = 2 * detail::student_t_cdf(-std::abs(out.statistic), freedom);
  return out;
}

}  // namespace rondo::accuracy
