#include "rondo/data/missing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "unit/data/expect_error.h"

namespace rondo {
namespace {

const double kNaN = std::nan("");

std::vector<double> column(const Tensor& values, std::int64_t c = 0) {
  std::vector<double> out;
  for (std::int64_t at = c; at < values.size(); at += values.dim(1)) out.push_back(values.at(at));
  return out;
}

Tensor series(std::initializer_list<double> values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size()), 1}, DType::float64);
}

TEST(Missing, PreviousCarriesTheLastValueForward) {
  const FilledValues filled = fill_missing(series({kNaN, 1, kNaN, kNaN, 4, kNaN}), MissingPolicy::previous);
  EXPECT_TRUE(std::isnan(filled.values.at(0)));
  EXPECT_EQ(filled.leading, 1);
  EXPECT_EQ(filled.filled, 3);
  EXPECT_DOUBLE_EQ(filled.values.at(3), 1);
  EXPECT_DOUBLE_EQ(filled.values.at(5), 4);
}

TEST(Missing, LinearDrawsALineAndHoldsTheEnds) {
  const FilledValues filled = fill_missing(series({kNaN, 1, kNaN, kNaN, 4, kNaN}), MissingPolicy::linear);
  EXPECT_EQ(column(filled.values), (std::vector<double>{1, 1, 2, 3, 4, 4}));
  EXPECT_EQ(filled.filled, 4);
  EXPECT_EQ(filled.leading, 0);
}

TEST(Missing, MaskLeavesThemForTheWindows) {
  const FilledValues same = fill_missing(series({1, kNaN, 3}), MissingPolicy::mask);
  EXPECT_TRUE(std::isnan(same.values.at(1)));
  EXPECT_EQ(same.filled, 0);
}

TEST(Missing, ErrorNamesColumnAndRow) {
  const Tensor values = Tensor::from({1, 2, 3, kNaN, 5, kNaN}, {3, 2}, DType::float64);
  expect_error(ErrorKind::data, {"load.csv, column 'b', row 2", "2 of 3", "previous"}, [&] {
    fill_missing(values, MissingPolicy::error, {"a", "b"}, "load.csv");
  });
  EXPECT_EQ(fill_missing(series({1, 2}), MissingPolicy::error).filled, 0);
}

TEST(Missing, AColumnWithoutAnyValueCannotBeFilled) {
  for (const MissingPolicy policy : {MissingPolicy::previous, MissingPolicy::linear}) {
    expect_error(ErrorKind::data, {"no value at all", "column 1"}, [&] {
      fill_missing(series({kNaN, kNaN}), policy);
    });
  }
}

TEST(Missing, NamesOfPoliciesAreChecked) {
  EXPECT_EQ(parse_missing_policy("linear"), MissingPolicy::linear);
  expect_error(ErrorKind::usage, {"'linaer'", "did you mean 'linear'"},
               [] { parse_missing_policy("linaer"); });
}

// What was known before a row must decide what it is filled with: nothing after it may.
RC_GTEST_PROP(MissingProperty, PreviousLooksAtThePastOnly, ()) {
  const auto raw = *rc::gen::suchThat(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4)),
                                      [](const auto& v) { return v.size() > 1 && v[0] != 0; });
  std::vector<double> values;
  for (const int v : raw) values.push_back(v == 0 ? kNaN : v);
  const auto n = static_cast<std::int64_t>(values.size());
  const auto cut = *rc::gen::inRange<std::int64_t>(1, n);
  const Tensor all = Tensor::from(std::span<const double>(values), {n, 1});
  const Tensor whole = fill_missing(all, MissingPolicy::previous).values;
  const Tensor early = fill_missing(all.slice(0, cut), MissingPolicy::previous).values;
  for (std::int64_t row = 0; row < cut; ++row) RC_ASSERT(whole.at(row) == early.at(row));
}

}  // namespace
}  // namespace rondo
