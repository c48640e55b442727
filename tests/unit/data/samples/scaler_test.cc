#include "rondo/data/scaler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "rondo/base/json.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

const double kMissing = std::nan("");

Tensor table(std::initializer_list<double> values, std::int64_t columns) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size()) / columns, columns}, DType::float64);
}

Scaler fitted(ScalerOptions options, const Tensor& values) {
  Scaler scaler(std::move(options));
  scaler.fit(values);
  return scaler;
}

TEST(Scaler, StandardHasMeanZeroAndDeviationOne) {
  const Scaler scaler = fitted({}, table({1, 10, 2, 20, 3, 30, 6, 60}, 2));
  EXPECT_DOUBLE_EQ(scaler.shift()[0], 3);
  EXPECT_DOUBLE_EQ(scaler.scale()[0], std::sqrt(3.5));
  EXPECT_DOUBLE_EQ(scaler.scale()[1], 10 * std::sqrt(3.5));
}

TEST(Scaler, MinMaxReachesBothEnds) {
  const Scaler scaler = fitted({.kind = "min_max", .low = -1, .high = 1}, table({2, 4, 10}, 1));
  EXPECT_DOUBLE_EQ(scaler.transform(2, 0), -1);
  EXPECT_DOUBLE_EQ(scaler.transform(10, 0), 1);
  EXPECT_DOUBLE_EQ(scaler.transform(6, 0), 0);
}

TEST(Scaler, RobustIgnoresOutliers) {
  const Scaler scaler = fitted({.kind = "robust"}, table({1, 2, 3, 4, 1e9}, 1));
  EXPECT_DOUBLE_EQ(scaler.shift()[0], 3);
  EXPECT_DOUBLE_EQ(scaler.scale()[0], 2);
}

TEST(Scaler, NothingIsLearntFromRowsItHasNotSeen) {
  const Tensor all = table({1, 2, 3, 1000, 2000}, 1);
  EXPECT_EQ(fitted({}, all.slice(0, 3)), fitted({}, table({1, 2, 3}, 1)));
  EXPECT_FALSE(fitted({}, all.slice(0, 3)) == fitted({}, all));
}

TEST(Scaler, SeveralPartsCountAsOne) {
  const Tensor parts[] = {table({1, 2}, 1), table({3, 6}, 1)};
  Scaler scaler;
  scaler.fit(parts);
  EXPECT_EQ(scaler, fitted({}, table({1, 2, 3, 6}, 1)));
}

TEST(Scaler, AConstantColumnIsReportedAndLeftAtItsScale) {
  for (const char* kind : {"standard", "min_max", "robust"}) {
    const Scaler scaler = fitted({.kind = kind}, table({0.1, 1, 0.1, 2, 0.1, 3}, 2));
    EXPECT_EQ(scaler.constant_columns(), std::vector<std::int64_t>{0}) << kind;
    EXPECT_DOUBLE_EQ(scaler.scale()[0], 1);
    EXPECT_DOUBLE_EQ(scaler.transform(0.1, 0), 0);
    EXPECT_DOUBLE_EQ(scaler.inverse(scaler.transform(5, 0), 0), 5);
  }
  EXPECT_EQ(fitted({.kind = "robust"}, table({1, 1, 1, 1, 7}, 1)).scale()[0], 1);
}

TEST(Scaler, MissingValuesStayMissing) {
  const Tensor values = table({1, kMissing, 3}, 1);
  const Scaler scaler = fitted({}, values);
  EXPECT_DOUBLE_EQ(scaler.shift()[0], 2);
  EXPECT_TRUE(std::isnan(scaler.transform(values).at(1)));
}

TEST(Scaler, LogMovesColumnsThatAreNotPositive) {
  const Scaler positive = fitted({.kind = "none", .log = true}, table({1, std::exp(2)}, 1));
  EXPECT_DOUBLE_EQ(positive.offset()[0], 0);
  EXPECT_DOUBLE_EQ(positive.transform(std::exp(2), 0), 2);
  const Scaler moved = fitted({.log = true}, table({0, 50, 100}, 1));
  EXPECT_DOUBLE_EQ(moved.offset()[0], 1);
  EXPECT_NEAR(moved.inverse(moved.transform(0, 0), 0), 0, 1e-12);
  expect_error(ErrorKind::data, {"logarithm", "column 1", "-7", "without log"},
               [&] { moved.transform(-7, 0); });
}

TEST(Scaler, FloatsStayFloats) {
  const Scaler scaler = fitted({}, table({1, 2, 3}, 1));
  const Tensor small = scaler.transform(Tensor::from({1, 2}, {1, 2, 1}, DType::float32));
  EXPECT_EQ(small.dtype(), DType::float32);
  EXPECT_EQ(small.shape(), (Shape{1, 2, 1}));
}

TEST(Scaler, SelectedColumnsInvertAForecast) {
  const Scaler scaler = fitted({.log = true}, table({1, 10, 2, 20, 3, 90}, 2));
  const std::int64_t target[] = {1};
  EXPECT_DOUBLE_EQ(scaler.select(target).inverse(0.5, 0), scaler.inverse(0.5, 1));
}

TEST(Scaler, MisuseIsNamed) {
  expect_error(ErrorKind::usage, {"'standart'", "did you mean 'standard'"},
               [] { Scaler({.kind = "standart"}); });
  expect_error(ErrorKind::usage, {"not been fitted"}, [] { Scaler().transform(table({1}, 1)); });
  expect_error(ErrorKind::usage, {"(1, 3)", "[..., 2]"}, [] {
    fitted({}, table({1, 2, 3, 4}, 2)).transform(table({1, 2, 3}, 3));
  });
  expect_error(ErrorKind::data, {"column 2", "no value"}, [] {
    fitted({}, table({1, kMissing, 2, kMissing}, 2));
  });
  expect_error(ErrorKind::data, {"infinite", "row 2"}, [] { fitted({}, table({1, HUGE_VAL}, 1)); });
  expect_error(ErrorKind::usage, {"range"}, [] { Scaler({.kind = "min_max", .low = 1, .high = 1}); });
}

TEST(Scaler, ASavedScalerIsCheckedWhenRead) {
  Json config = fitted({}, table({1, 2}, 1)).to_config();
  Json unknown = config;
  unknown.set("scael", 1);
  expect_error(ErrorKind::usage, {"scael", "scale"}, [&] { Scaler::from_config(unknown); });
  config.set("scale", Json::list(std::vector<double>{0.0}));
  expect_error(ErrorKind::usage, {"not consistent"}, [&] { Scaler::from_config(config); });
  config.erase("shift");
  expect_error(ErrorKind::usage, {"shift"}, [&] { Scaler::from_config(config); });
}

rc::Gen<double> reals() {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(-1'000'000'000, 1'000'000'000),
                      [](std::int64_t n) { return static_cast<double>(n) / 1024; });
}

RC_GTEST_PROP(ScalerProperty, TheInverseGivesTheValuesBack, ()) {
  ScalerOptions options;
  options.kind = *rc::gen::element<std::string>("none", "standard", "min_max", "robust");
  options.log = *rc::gen::arbitrary<bool>();
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(reals()));
  const Tensor data =
      Tensor::from(std::span<const double>(values), {static_cast<std::int64_t>(values.size()), 1});
  const Scaler scaler = fitted(options, data);
  const Tensor back = scaler.inverse(scaler.transform(data));
  double largest = 1e-3;
  for (const double v : values) largest = std::max(largest, std::abs(v));
  for (std::int64_t i = 0; i < data.size(); ++i) {
    RC_ASSERT(std::abs(back.at(i) - data.at(i)) <= 1e-11 * largest);
  }
}

RC_GTEST_PROP(ScalerProperty, SavedAndReadItIsTheSameToTheLastBit, ()) {
  ScalerOptions options;
  options.kind = *rc::gen::element<std::string>("none", "standard", "min_max", "robust");
  options.log = *rc::gen::arbitrary<bool>();
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(reals()));
  std::vector<double> two = values;
  two.insert(two.end(), values.rbegin(), values.rend());
  const Scaler scaler = fitted(
      options, Tensor::from(std::span<const double>(two), {static_cast<std::int64_t>(values.size()), 2}));
  RC_ASSERT(Scaler::from_config(parse_json(to_json(scaler.to_config()))) == scaler);
}

TEST(WindowScale, EveryKindScalesByTheWindow) {
  const std::vector<double> window = {1, 3, kMissing, 5};
  EXPECT_DOUBLE_EQ(window_scale(window, WindowScaling::last).shift, 5);
  EXPECT_DOUBLE_EQ(window_scale(window, WindowScaling::mean_std).shift, 3);
  EXPECT_DOUBLE_EQ(window_scale(window, WindowScaling::mean_std).scale, std::sqrt(8.0 / 3));
  EXPECT_DOUBLE_EQ(window_scale(window, WindowScaling::last_std).shift, 5);
  EXPECT_DOUBLE_EQ(window_scale(window, WindowScaling::mean_abs).scale, 3);
  EXPECT_DOUBLE_EQ(window_scale(std::vector<double>{4, 4}, WindowScaling::last_std).scale, 1);
  EXPECT_DOUBLE_EQ(window_scale(std::vector<double>{0, 0}, WindowScaling::mean_abs).scale, 1);
  EXPECT_DOUBLE_EQ(window_scale(std::vector<double>{kMissing}, WindowScaling::mean_std).shift, 0);
  EXPECT_EQ(parse_window_scaling("none"), WindowScaling::none);
  EXPECT_EQ(parse_window_scaling("last"), WindowScaling::last);
  EXPECT_EQ(parse_window_scaling("last_std"), WindowScaling::last_std);
  EXPECT_EQ(parse_window_scaling("mean_std"), WindowScaling::mean_std);
  EXPECT_EQ(parse_window_scaling("mean_abs"), WindowScaling::mean_abs);
  expect_error(ErrorKind::usage, {"'mean_sd'", "mean_std"}, [] { parse_window_scaling("mean_sd"); });
}

}  // namespace
}  // namespace rondo
