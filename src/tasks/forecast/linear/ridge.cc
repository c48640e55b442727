#include "tasks/forecast/linear/ridge.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

namespace rondo::forecasting {

namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<RowMatrix>;
using ConstMap = Eigen::Map<const RowMatrix>;
using VectorMap = Eigen::Map<Eigen::VectorXd>;
using ConstVectorMap = Eigen::Map<const Eigen::VectorXd>;

ConstMap matrix(const std::vector<double>& values, std::int64_t rows, std::int64_t columns) {
  return {values.data(), rows, columns};
}

}  // namespace

Moments::Moments(std::int64_t column_count, std::int64_t target_count)
    : columns(column_count),
      targets(target_count),
      sum_x(static_cast<std::size_t>(column_count)),
      sum_y(static_cast<std::size_t>(target_count)),
      sum_xx(static_cast<std::size_t>(column_count * column_count)),
      sum_xy(static_cast<std::size_t>(column_count * target_count)) {}

void Moments::add(const Rows& x, const Rows& y) {
  const std::int64_t rows = y.count();
  if (rows == 0) return;
  const ConstMap mx = matrix(x.values, rows, columns), my = matrix(y.values, rows, targets);
  count += static_cast<double>(rows);
  VectorMap(sum_y.data(), targets) += my.colwise().sum().transpose();
  if (columns == 0) return;
  VectorMap(sum_x.data(), columns) += mx.colwise().sum().transpose();
  Map xx(sum_xx.data(), columns, columns);
  xx.selfadjointView<Eigen::Lower>().rankUpdate(mx.transpose());
  Map(sum_xy.data(), columns, targets).noalias() += mx.transpose() * my;
}

std::vector<LinearMap> solve_ridge(const Moments& moments, std::span<const std::int64_t> chosen,
                                   std::span<const double> penalties) {
  const auto k = static_cast<std::int64_t>(chosen.size());
  const std::int64_t targets = moments.targets;
  const double n = moments.count;
  const ConstMap xx = matrix(moments.sum_xx, moments.columns, moments.columns);
  const ConstMap xy = matrix(moments.sum_xy, moments.columns, targets);
  const Eigen::VectorXd mean_y = ConstVectorMap(moments.sum_y.data(), targets) / n;

  Eigen::VectorXd mean(k), deviation(k);
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int64_t c = chosen[static_cast<std::size_t>(i)];
    mean(i) = moments.sum_x[static_cast<std::size_t>(c)] / n;
    const double variance = xx(c, c) / n - mean(i) * mean(i);
    // A column that does not vary is explained by the intercept: it gets weight 0.
    deviation(i) = variance > 1e-12 * (1 + mean(i) * mean(i)) ? std::sqrt(variance) : 0;
  }
  Eigen::MatrixXd correlation(k, k), right(k, targets);
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int64_t ci = chosen[static_cast<std::size_t>(i)];
    const double si = deviation(i) > 0 ? 1 / deviation(i) : 0;
    for (std::int64_t j = 0; j <= i; ++j) {
      const std::int64_t cj = chosen[static_cast<std::size_t>(j)];
      const double sj = deviation(j) > 0 ? 1 / deviation(j) : 0;
      correlation(i, j) = (xx(std::max(ci, cj), std::min(ci, cj)) / n - mean(i) * mean(j)) * si * sj;
    }
    right.row(i) = (xy.row(ci) / n - mean(i) * mean_y.transpose()) * si;
  }

  std::vector<LinearMap> solutions;
  for (const double penalty : penalties) {
    LinearMap map;
    map.weights.resize(static_cast<std::size_t>(k * targets));
    map.intercept.assign(mean_y.data(), mean_y.data() + targets);
    if (k > 0) {
      Eigen::MatrixXd system = correlation;
      system.diagonal().array() += penalty;
      Eigen::MatrixXd weights = system.selfadjointView<Eigen::Lower>().llt().solve(right);
      for (std::int64_t i = 0; i < k; ++i) weights.row(i) *= deviation(i) > 0 ? 1 / deviation(i) : 0;
      Map(map.weights.data(), k, targets) = weights;
      VectorMap(map.intercept.data(), targets) -= weights.transpose() * mean;
    }
    solutions.push_back(std::move(map));
  }
  return solutions;
}

Rows predict(const LinearMap& map, const Rows& x, std::span<const std::int64_t> chosen) {
  const auto k = static_cast<std::int64_t>(chosen.size());
  const auto targets = static_cast<std::int64_t>(map.intercept.size());
  const std::int64_t rows = x.count();
  Rows out{targets, std::vector<double>(static_cast<std::size_t>(rows * targets))};
  Map result(out.values.data(), rows, targets);
  result = ConstVectorMap(map.intercept.data(), targets).transpose().replicate(rows, 1);
  if (k == 0) return out;
  RowMatrix picked(rows, k);
  const ConstMap all = matrix(x.values, rows, x.columns);
  for (std::int64_t i = 0; i < k; ++i) picked.col(i) = all.col(chosen[static_cast<std::size_t>(i)]);
  result.noalias() += picked * matrix(map.weights, k, targets);
  return out;
}

}  // namespace rondo::forecasting
