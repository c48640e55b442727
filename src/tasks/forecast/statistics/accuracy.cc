#include "tasks/forecast/statistics/accuracy.h"

#include <cmath>

namespace rondo::forecasting {

void Accuracy::add(double actual, double forecast, double naive, double naive_square, std::int64_t series) {
  if (std::isnan(actual)) return;
  const double miss = std::abs(actual - forecast);
  ++count_;
  absolute_ += miss;
  square_ += miss * miss;
  if (naive > 0) {
    ++scaled_count_;
    scaled_ += miss / naive;
  }
  const double size = std::abs(actual) + std::abs(forecast);
  symmetric_ += size == 0 ? 0 : 200 * miss / size;
  if (actual != 0) {
    ++nonzero_;
    percentage_ += 100 * miss / std::abs(actual);
  }
  if (!(naive_square > 0)) return;
  const auto s = static_cast<std::size_t>(series);
  if (s >= scaled_squares_.size()) scaled_squares_.resize(s + 1);
  scaled_squares_[s].sum += miss * miss / naive_square;
  ++scaled_squares_[s].count;
}

double Accuracy::mae() const { return absolute_ / static_cast<double>(count_); }
double Accuracy::mse() const { return square_ / static_cast<double>(count_); }
double Accuracy::rmse() const { return std::sqrt(mse()); }
double Accuracy::mape() const { return percentage_ / static_cast<double>(nonzero_); }
double Accuracy::mase() const { return scaled_ / static_cast<double>(scaled_count_); }
double Accuracy::smape() const { return symmetric_ / static_cast<double>(count_); }

double Accuracy::rmsse() const {
  double sum = 0, series = 0;
  for (const Squares& squares : scaled_squares_) {
    if (squares.count == 0) continue;
    sum += std::sqrt(squares.sum / squares.count);
    ++series;
  }
  return sum / series;
}

double naive_error(std::span<const double> values, std::int64_t period) {
  const auto lag = static_cast<std::size_t>(period);
  if (values.size() <= lag) return 0;
  double sum = 0;
  for (std::size_t t = lag; t < values.size(); ++t) sum += std::abs(values[t] - values[t - lag]);
  return sum / static_cast<double>(values.size() - lag);
}

}  // namespace rondo::forecasting
