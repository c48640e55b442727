// The optimiser and the least squares under the statistical methods.

#include <gtest/gtest.h>

#include <vector>

#include "tasks/forecast/statistical/fitting/least_squares.h"
#include "tasks/forecast/statistical/fitting/minimise.h"

namespace rondo::forecasting::statistical {
namespace {

TEST(Minimise, FindsTheBottomOfACurvedValleyAndABound) {
  const Objective rosenbrock = [](std::span<const double> x, std::span<double> gradient) {
    const double across = x[1] - x[0] * x[0];
    gradient[0] = -400 * x[0] * across - 2 * (1 - x[0]);
    gradient[1] = 200 * across;
    return 100 * across * across + (1 - x[0]) * (1 - x[0]);
  };
  const std::vector<double> low{-5, -5}, high{5, 5}, held{0.5, 5}, scale{1, 1};
  std::vector<double> point{-1.2, 1};
  EXPECT_LT(minimise(rosenbrock, point, low, high, scale, {.iterations = 500, .tolerance = 1e-12}), 1e-8);
  EXPECT_NEAR(point[0], 1, 1e-3);
  point = {-1.2, 1};
  minimise(rosenbrock, point, low, held, scale, {.iterations = 500, .tolerance = 1e-12});
  EXPECT_NEAR(point[0], 0.5, 1e-9);
  EXPECT_NEAR(point[1], 0.25, 1e-4);
}

TEST(LeastSquares, SolvesForAnyColumns) {
  NormalEquations equations(3);
  for (int row = 0; row < 20; ++row) {
    const double x = row, z = row % 3;
    equations.add(std::vector<double>{1, x, z}, 4 + 0.5 * x);
  }
  std::vector<double> solution;
  EXPECT_LT(equations.solve(std::vector<std::size_t>{0, 1}, solution), 0.5);
  EXPECT_NEAR(solution[0], 4, 0.02);
  EXPECT_NEAR(solution[1], 0.5, 0.01);
  EXPECT_GT(equations.solve(std::vector<std::size_t>{0, 2}, solution), 100);
  EXPECT_EQ(equations.rows(), 20);
}

TEST(LeastSquares, WeightsCountRowsMoreOrLess) {
  NormalEquations equations(1);
  equations.add(std::vector<double>{1}, 0, 3);
  equations.add(std::vector<double>{1}, 4, 1);
  std::vector<double> solution;
  EXPECT_NEAR(equations.solve(std::vector<std::size_t>{0}, solution), 12, 0.01);
  EXPECT_NEAR(solution[0], 1, 0.001);
}

}  // namespace
}  // namespace rondo::forecasting::statistical
