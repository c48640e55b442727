// The parts of the online forecaster: each does what its formula says.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "rondo/tape/tape.h"
#include "tasks/online/learning/diagonal_cell.h"
#include "tasks/online/learning/drift_detector.h"
#include "tasks/online/learning/mixture.h"
#include "tasks/online/learning/recursive_least_squares.h"
#include "tasks/online/learning/running_scale.h"
#include "tasks/online/time_order.h"

namespace rondo::online {
namespace {

std::uint64_t test_seed() {
  const char* given = std::getenv("RONDO_TEST_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

// --- Exact gradients in real time ---

struct DiagonalCase {
  const char* cell;
  std::int64_t inputs, units, steps;
};

class RealTimeGradient : public ::testing::TestWithParam<DiagonalCase> {
 protected:
  RealTimeGradient() {
    const DiagonalCase& c = GetParam();
    cell_ = {.cell = kernels::find_cell(c.cell), .inputs = c.inputs, .units = c.units};
    const RandomStream random(test_seed(), purpose_key(c.cell));
    std::uint64_t n = 0;
    for (std::int64_t i = 0; i < cell_.weight_count(); ++i) weights_.push_back(0.8 * random.normal(n++));
    for (std::int64_t i = 0; i < c.steps * c.inputs; ++i) x_.push_back(random.normal(n++));
    for (std::int64_t i = 0; i < c.steps * c.units; ++i) d_state_.push_back(random.normal(n++));
  }

  /// Σ d_state · state over all steps, differentiated while going forward.
  std::vector<double> carried_forward() const {
    const auto inputs = static_cast<std::size_t>(cell_.inputs), units = static_cast<std::size_t>(cell_.units);
    DiagonalStepper<double> stepper(cell_);
    std::vector<double> state(units), influence(weights_.size()), gradient(weights_.size());
    for (std::size_t t = 0; t < static_cast<std::size_t>(GetParam().steps); ++t) {
      stepper.step(weights_, std::span(x_).subspan(t * inputs, inputs), std::span<double>(state),
                   std::span<double>(influence));
      stepper.add_gradient(std::span(d_state_).subspan(t * units, units), influence, gradient);
    }
    return gradient;
  }

  /// The same by the tape, through all steps at once.
  std::vector<double> backpropagated() const {
    const std::int64_t columns = cell_.weight_columns(), units = cell_.units;
    ParameterStore store(DType::float64);
    store.declare("kernel", {cell_.inputs, columns});
    store.declare("recurrent", {1, columns});
    store.declare("bias", {1, columns});
    store.allocate();
    std::vector<std::int64_t> places;  // of every weight among all of the store
    for (const ParameterInfo& info : store.infos()) {
      for (std::int64_t i = 0; i < info.size; ++i) places.push_back(info.offset + i);
    }
    for (std::size_t i = 0; i < places.size(); ++i) store.values().set(places[i], weights_[i]);
    Tape tape(DType::float64);
    const Var kernel = tape.parameter(store, 0), recurrent = tape.parameter(store, 1),
              bias = tape.parameter(store, 2);
    const auto row = [&](const std::vector<double>& all, std::int64_t t, std::int64_t width) {
      const auto part =
          std::span(all).subspan(static_cast<std::size_t>(t * width), static_cast<std::size_t>(width));
      return tape.input(Samples(Tensor::from(part, {1, width})));
    };
    Var state = tape.input(Samples(Tensor({1, units}, DType::float64)));
    Var loss = ops::sum(tape, state);
    for (std::int64_t t = 0; t < GetParam().steps; ++t) {
      const Var from_input = ops::add(tape, ops::matmul(tape, row(x_, t, cell_.inputs), kernel), bias);
      const auto sums = [&](std::int64_t gate) {
        const Var u = ops::columns(tape, recurrent, gate * units, units);
        return ops::add(tape, ops::columns(tape, from_input, gate * units, units),
                        ops::multiply(tape, state, u));
      };
      if (!cell_.cell->info.gated) {
        state = ops::tanh(tape, sums(0));
      } else {
        const Var z = ops::sigmoid(tape, sums(0)), n = ops::tanh(tape, sums(1));
        state = ops::add(tape, n, ops::multiply(tape, z, ops::subtract(tape, state, n)));
      }
      const Var term = ops::sum(tape, ops::multiply(tape, state, row(d_state_, t, units)));
      loss = ops::add(tape, loss, term);
    }
    tape.backward(loss);
    std::vector<double> gradient;
    for (const std::int64_t place : places) gradient.push_back(store.gradients().at(place));
    return gradient;
  }

  DiagonalCell cell_;
  std::vector<double> weights_, x_, d_state_;
};

TEST_P(RealTimeGradient, EqualsBackpropagationThroughAllOfThePast) {
  const std::vector<double> forward = carried_forward(), back = backpropagated();
  ASSERT_EQ(forward.size(), back.size());
  double largest = 0;
  for (const double value : back) largest = std::max(largest, std::abs(value));
  ASSERT_GT(largest, 0.1);
  for (std::size_t i = 0; i < back.size(); ++i)
    EXPECT_NEAR(forward[i], back[i], 1e-9 * std::abs(back[i]) + 1e-13 * largest) << "weight " << i;
}

INSTANTIATE_TEST_SUITE_P(Cells, RealTimeGradient,
                         ::testing::Values(DiagonalCase{"indrnn", 3, 5, 60}, DiagonalCase{"indrnn", 1, 1, 7},
                                           DiagonalCase{"indrnn", 2, 33, 200},
                                           DiagonalCase{"diagonal_gru", 3, 5, 60},
                                           DiagonalCase{"diagonal_gru", 1, 1, 7},
                                           DiagonalCase{"diagonal_gru", 2, 33, 200}));

TEST(DiagonalCell, FloatFollowsDouble) {
  for (const std::string& name : diagonal_cell_names()) {
    const DiagonalCell cell{.cell = kernels::find_cell(name), .inputs = 3, .units = 32};
    std::vector<float> weights(static_cast<std::size_t>(cell.weight_count()));
    initialize_diagonal_cell(cell, test_seed(), weights);
    const std::vector<double> exact(weights.begin(), weights.end());
    DiagonalStepper<float> quick(cell);
    DiagonalStepper<double> slow(cell);
    std::vector<float> state(32), influence(weights.size());
    std::vector<double> exact_state(32), exact_influence(weights.size());
    const RandomStream random(3);
    for (std::uint64_t t = 0; t < 300; ++t) {
      std::vector<float> x;
      for (std::uint64_t i = 0; i < 3; ++i) x.push_back(static_cast<float>(random.normal(3 * t + i)));
      const std::vector<double> exact_x(x.begin(), x.end());
      quick.step(weights, x, std::span<float>(state), std::span<float>(influence));
      slow.step(exact, exact_x, std::span<double>(exact_state), std::span<double>(exact_influence));
    }
    for (std::size_t u = 0; u < 32; ++u) EXPECT_NEAR(state[u], exact_state[u], 1e-4) << name;
    for (std::size_t i = 0; i < influence.size(); ++i)
      EXPECT_NEAR(influence[i], exact_influence[i], 1e-4 + 1e-3 * std::abs(exact_influence[i])) << name;
  }
}

TEST(DiagonalCell, StatesStayBoundedOverALongStream) {
  for (const std::string& name : diagonal_cell_names()) {
    const DiagonalCell cell{.cell = kernels::find_cell(name), .inputs = 2, .units = 16};
    std::vector<float> weights(static_cast<std::size_t>(cell.weight_count()));
    initialize_diagonal_cell(cell, test_seed(), weights);
    DiagonalStepper<float> stepper(cell);
    std::vector<float> state(16);
    const std::vector<float> x = {5, -5};
    for (int t = 0; t < 10000; ++t) stepper.step(weights, x, std::span<float>(state));
    for (const float value : state) EXPECT_LE(std::abs(value), 1.0F) << name;
  }
}

// --- Scales ---

TEST(RunningScale, IsThatOfAllRowsUntilItsMemoryIsFull) {
  RunningScale scale(1, 1000);
  const RandomStream random(test_seed());
  std::vector<double> values;
  for (std::uint64_t t = 0; t < 1000; ++t) {
    values.push_back(1e6 + 3 * random.normal(t));
    scale.add(std::span(&values.back(), 1));
  }
  double mean = 0, variance = 0;
  for (const double value : values) mean += value / 1000;
  for (const double value : values) variance += (value - mean) * (value - mean) / 1000;
  EXPECT_NEAR(scale.mean(0), mean, 1e-6);
  EXPECT_NEAR(scale.deviation(0), std::sqrt(variance), 1e-6);
}

TEST(RunningScale, FollowsAStreamThatHasMoved) {
  RunningScale scale(1, 100);
  for (int t = 0; t < 5000; ++t) {
    const double value = (t < 2500 ? 0 : 1000) + (t % 2 == 0 ? 1 : -1);
    scale.add(std::span(&value, 1));
  }
  EXPECT_NEAR(scale.mean(0), 1000, 0.1);
  EXPECT_NEAR(scale.deviation(0), 1, 0.05);
}

TEST(RunningScale, AShiftMovesTheMeanAndARestartForgets) {
  RunningScale scale(2, 100);
  for (int t = 0; t < 50; ++t) scale.add(std::array<double, 2>{t % 2 == 0 ? 1.0 : 3.0, 5.0 * (t % 3)});
  const double deviation = scale.deviation(0);
  scale.shift(0, 1000);
  EXPECT_NEAR(scale.mean(0), 1002, 1e-9);
  EXPECT_EQ(scale.deviation(0), deviation);
  EXPECT_NEAR(scale.mean(1), 5, 0.2);
  scale.restart(0);
  scale.add(0, 7);
  EXPECT_EQ(scale.mean(0), 7);
  EXPECT_EQ(scale.deviation(0), 1);
}

TEST(RunningScale, AColumnThatDoesNotVaryHasAUnitAllTheSame) {
  RunningScale scale(1, 100);
  for (int t = 0; t < 500; ++t) {
    const double value = 0.1;
    scale.add(std::span(&value, 1));
  }
  EXPECT_EQ(scale.deviation(0), 1);
}

TEST(RunningScale, OnlyColumnsThatMovedForget) {
  RunningScale forgets(2, 1000), keeps(2, 1000);
  const RandomStream random(test_seed());
  for (std::uint64_t t = 0; t < 1000; ++t) {
    const std::array<double, 2> row = {random.normal(2 * t) + (t < 950 ? 0 : 20), random.normal(2 * t + 1)};
    forgets.add(row);
    keeps.add(row);
  }
  forgets.forget_shifted(50);
  for (std::uint64_t t = 1000; t < 1100; ++t) {
    const std::array<double, 2> row = {random.normal(2 * t) + 20, random.normal(2 * t + 1)};
    forgets.add(row);
    keeps.add(row);
  }
  EXPECT_GT(forgets.mean(0), keeps.mean(0) + 5);
  EXPECT_EQ(forgets.mean(1), keeps.mean(1));
}

// --- The line ---

TEST(RecursiveLeastSquares, WithoutForgettingIsRidgeRegressionOnAllRows) {
  // (XᵀX + ridge)⁻¹ Xᵀy for two features, by Cramer's rule.
  constexpr double kRidge = 100;
  RecursiveLeastSquares line(2, 1, 1);
  const RandomStream random(test_seed());
  const std::vector<double> limit = {1e9};
  double aa = kRidge, ab = 0, bb = kRidge, ay = 0, by = 0;
  for (std::uint64_t t = 0; t < 200; ++t) {
    const std::array<double, 2> x = {random.normal(3 * t), random.normal(3 * t + 1)};
    const double y = 2 * x[0] - x[1] + random.normal(3 * t + 2);
    aa += x[0] * x[0], ab += x[0] * x[1], bb += x[1] * x[1], ay += x[0] * y, by += x[1] * y;
    line.learn(x, std::span(&y, 1), limit);
  }
  const double determinant = aa * bb - ab * ab;
  const std::array<double, 2> first = {1, 0}, second = {0, 1};
  EXPECT_NEAR(line.predict(0, first), (bb * ay - ab * by) / determinant, 1e-9);
  EXPECT_NEAR(line.predict(0, second), (aa * by - ab * ay) / determinant, 1e-9);
}

TEST(RecursiveLeastSquares, FeaturesThatStopVaryingDoNotWindItUp) {
  RecursiveLeastSquares line(3, 1, 0.99);
  const std::vector<double> limit = {100};
  const RandomStream random(test_seed());
  for (std::uint64_t t = 0; t < 100000; ++t) {
    const std::array<double, 3> x = {1, t < 500 ? random.normal(t) : 0, t < 500 ? random.normal(t + 7) : 0};
    const double y = 1 + x[1] + x[2];
    line.learn(x, std::span(&y, 1), limit);
  }
  const std::array<double, 3> again = {1, 1, -1};
  EXPECT_NEAR(line.predict(0, again), 1, 0.05);
  const double odd = 50;
  line.learn(again, std::span(&odd, 1), limit);  // one odd row after a long rest
  EXPECT_LT(std::abs(line.predict(0, again)), 30);
}

TEST(RecursiveLeastSquares, ATargetThatIsMissingKeepsItsWeights) {
  RecursiveLeastSquares line(1, 2, 0.99);
  const std::vector<double> limit = {100, 100};
  const std::array<double, 1> x = {1};
  for (int t = 0; t < 100; ++t) line.learn(x, std::array<double, 2>{3, 5}, limit);
  const double before = line.predict(1, x);
  for (int t = 0; t < 1000; ++t) line.learn(x, std::array<double, 2>{4, std::nan("")}, limit);
  EXPECT_EQ(line.predict(1, x), before);
  EXPECT_GT(line.predict(0, x), 3.5);
}

// --- The mixture ---

TEST(Mixture, GoesToWhoeverIsBestOnEveryStretch) {
  Mixture mixture(3, 0.5);
  const RandomStream random(test_seed());
  double own = 0, best = 0;
  for (std::uint64_t t = 0; t < 12000; ++t) {
    const std::size_t good = (t / 4000) % 3;
    const double truth = random.normal(4 * t);
    std::array<double, 3> forecasts, squares;
    for (std::size_t e = 0; e < 3; ++e) {
      forecasts[e] = truth + (e == good ? 0.5 : 1.0) * random.normal(4 * t + 1 + e);
      squares[e] = (forecasts[e] - truth) * (forecasts[e] - truth);
    }
    const double error = mixture.combine(forecasts) - truth;
    own += error * error;
    best += squares[good];
    mixture.learn(squares);
  }
  EXPECT_LT(own, 1.05 * best);
}

TEST(Mixture, SharesAddUpWhateverTheErrors) {
  Mixture mixture(3, 0.5);
  for (const double size : {0.0, 1e-200, 1e200, 0.0, 1.0, 1e300}) {
    mixture.learn(std::array<double, 3>{size, 0, size / 2});
    double sum = 0;
    for (const double share : mixture.shares()) sum += share;
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

// --- Alarms ---

TEST(DriftDetector, IsSilentWhileNothingChanges) {
  DriftDetector detector(30);
  const RandomStream random(test_seed());
  for (std::uint64_t t = 0; t < 200000; ++t) EXPECT_FALSE(detector.add(std::abs(random.normal(t)))) << t;
}

TEST(DriftDetector, NoticesErrorsThatDouble) {
  DriftDetector detector(30);
  const RandomStream random(test_seed());
  for (std::uint64_t t = 0; t < 5000; ++t) detector.add(std::abs(random.normal(t)));
  std::uint64_t rows = 0;
  while (!detector.add(2 * std::abs(random.normal(5000 + rows)))) ASSERT_LT(++rows, 200U);
  EXPECT_GT(rows, 5U);
  EXPECT_NEAR(detector.mean(), 0.8, 0.15);
}

TEST(DriftDetector, OneOutlierIsNoDrift) {
  DriftDetector detector(30);
  const RandomStream random(test_seed());
  for (std::uint64_t t = 0; t < 5000; ++t)
    EXPECT_FALSE(detector.add(t % 1000 == 999 ? 1e9 : std::abs(random.normal(t)))) << t;
}

// --- Times ---

TEST(TimeOrder, KnowsForwardFromBackward) {
  const std::vector<std::vector<std::string>> forward = {
      {"1", "2", "2.5", "10", "1e3"},
      {"2020-01-31", "2020-02-01", "2021-01-01"},
      {"2020-01-31 09:00", "2020-01-31 10:00"},
      {"2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z"},
      {"1/31/2020", "2/1/2020", "1/1/2021"},
      {"1.9.2020", "2.9.2020", "1.10.2020"},
      {"2020-10-25T02:30:00+02:00", "2020-10-25T02:00:00+01:00"},
      {"2020Q4", "2021Q1"}};
  for (const auto& times : forward) {
    TimeOrder order;
    for (std::size_t i = 0; i < times.size(); ++i) {
      EXPECT_EQ(order.add(times[i], "t.csv", 2), i == 0 ? TimeOrder::Step::first : TimeOrder::Step::forward)
          << times[i];
    }
    EXPECT_EQ(order.add(times.back(), "t.csv", 2), TimeOrder::Step::same);
    EXPECT_EQ(order.add(times.front(), "t.csv", 2), TimeOrder::Step::late) << times.front();
    EXPECT_EQ(order.add(times.back(), "t.csv", 2), TimeOrder::Step::same);  // a late time changes nothing
  }
}

TEST(TimeOrder, KnowsTheHourThatTheClockOfAZoneShowsTwice) {
  const auto steps = [](const char* zone, const std::vector<std::string>& times) {
    TimeOrder order(zone);
    std::string text;
    for (const std::string& time : times) text += "fF=L"[static_cast<int>(order.add(time, "t.csv", 2))];
    return text;
  };
  const std::vector<std::string> quarters = {"2020-10-25 02:30", "2020-10-25 02:45", "2020-10-25 02:00",
                                             "2020-10-25 02:15", "2020-10-25 02:45", "2020-10-25 02:00",
                                             "2020-10-25 03:00"};
  EXPECT_EQ(steps("Europe/Berlin", quarters), "fFFFFLF");
  EXPECT_EQ(steps("UTC", quarters), "fFLL=LF");
  EXPECT_EQ(steps("America/New_York", quarters), "fFLL=LF");
  EXPECT_EQ(steps("Europe/Berlin", {"25.10.2020 01:00", "25.10.2020 02:00", "25.10.2020 02:00",
                                    "25.10.2020 02:00", "25.10.2020 03:00"}),
            "fFF=F");
  EXPECT_EQ(steps("America/New_York", {"2020-11-01T01:30", "2020-11-01T01:00", "2020-11-01T00:30"}), "fFL");
  EXPECT_THROW(TimeOrder("Europa/Berlin"), Error);
}

TEST(TimeOrder, ALateTimeIsRefusedWithACureThatFits) {
  const auto fix = [](const char* zone, const std::string& before, const std::string& time) {
    TimeOrder order(zone);
    order.add(before, "t.csv", 2);
    return std::string(order.late(time, "t.csv", 3).what());
  };
  EXPECT_NE(fix("UTC", "2020-10-25 02:45", "2020-10-25 02:00").find("--zone"), std::string::npos);
  for (const std::string& text : {fix("UTC", "2020-10-25 02:45", "2020-10-24 02:00"), fix("UTC", "5", "4"),
                                  fix("Europe/Berlin", "2020-06-25 02:45", "2020-06-25 02:00")}) {
    EXPECT_EQ(text.find("--zone"), std::string::npos) << text;
    EXPECT_NE(text.find("--late-rows skip"), std::string::npos) << text;
    EXPECT_NE(text.find("t.csv, line 3"), std::string::npos) << text;
  }
}

TEST(TimeOrder, SaysWhereATimeIsNone) {
  TimeOrder order;
  EXPECT_THROW(order.add("soon", "t.csv", 7), Error);
  order.add("2020-01-01", "t.csv", 2);
  for (const char* bad : {"soon", "", "2020-13-45", "12"}) {
    try {
      order.add(bad, "t.csv", 7);
      ADD_FAILURE() << "'" << bad << "' is taken for a time";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("t.csv, line 7"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace rondo::online
