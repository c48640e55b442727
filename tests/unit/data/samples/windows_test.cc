#include "rondo/data/windows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "unit/data/expect_error.h"

namespace rondo {
namespace {

/// Series whose value tells where it stands: 1000 · series + row, and ten times that in the column "b".
std::shared_ptr<SeriesSet> counting_series(const std::vector<std::int64_t>& lengths) {
  auto set = std::make_shared<SeriesSet>();
  set->columns = {"a", "b"};
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    Tensor values({lengths[s], 2}, DType::float64);
    for (std::int64_t row = 0; row < lengths[s]; ++row) {
      const double v = 1000.0 * static_cast<double>(s) + static_cast<double>(row);
      values.set(row * 2, v);
      values.set(row * 2 + 1, 10 * v);
    }
    set->series.push_back({"s" + std::to_string(s), Timeline::rows(lengths[s]), std::move(values)});
  }
  return set;
}

Batch one(const Dataset& data, std::int64_t index) {
  return data.gather(std::span(&index, 1), DType::float64);
}

std::vector<double> numbers(const Samples& batch) {
  const Tensor values = batch.to_padded();
  std::vector<double> out;
  for (std::int64_t i = 0; i < values.size(); ++i) out.push_back(values.at(i));
  return out;
}

TEST(Windows, CutInputsAndTheTargetsThatFollow) {
  const Windows windows(counting_series({8}),
                        {.length = 3, .horizon = 2, .gap = 1, .inputs = {"a"}, .targets = {"b"}});
  EXPECT_EQ(windows.size(), 3);
  const Batch first = one(windows, 0);
  EXPECT_EQ(numbers(first.inputs[0]), (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(numbers(first.targets[0]), (std::vector<double>{40, 50}));
  EXPECT_TRUE(first.weights.empty());
  EXPECT_TRUE(first.inputs[0].is_sequence());
  EXPECT_EQ(first.targets[0].values().shape(), (Shape{1, 2}));
}

TEST(Windows, SeveralWindowsMakeABatchOfTheTypeAskedFor) {
  const Windows windows(counting_series({8, 6}), {.length = 2, .horizon = 1, .flat_targets = false});
  const std::vector<std::int64_t> indices = {6, 0};
  const Batch batch = windows.gather(indices, DType::float32);
  EXPECT_EQ(batch.inputs[0].to_padded().shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(batch.inputs[0].values().dtype(), DType::float32);
  EXPECT_EQ(batch.targets[0].to_padded().shape(), (Shape{2, 1, 2}));
  EXPECT_EQ(numbers(batch.inputs[0]), (std::vector<double>{1000, 10000, 1001, 10010, 0, 0, 1, 10}));
}

TEST(Windows, TargetRowsSplitByTimeWhileInputsReachBack) {
  const auto set = counting_series({20});
  const TimeSplit split = split_by_time(*set, 0.2, 3);
  EXPECT_EQ(split.train[0], (RowRange{0, 13}));
  EXPECT_EQ(split.validation[0], (RowRange{13, 17}));
  EXPECT_EQ(split.test[0], (RowRange{17, 20}));
  const WindowOptions options{.length = 5, .horizon = 1};
  EXPECT_EQ(Windows(set, options, split.train).size(), 8);
  const Windows test(set, options, split.test);
  ASSERT_EQ(test.size(), 3);
  EXPECT_EQ(test.input_rows(0), (RowRange{12, 17}));
  EXPECT_EQ(test.target_rows(2), (RowRange{19, 20}));
}

TEST(Windows, KnownFutureIsASecondInput) {
  const Windows windows(
      counting_series({6}),
      {.length = 2, .horizon = 2, .inputs = {"a"}, .targets = {"a"}, .future_inputs = {"b"}});
  const Batch first = one(windows, 0);
  ASSERT_EQ(first.inputs.size(), 2U);
  EXPECT_EQ(numbers(first.inputs[1]), (std::vector<double>{20, 30}));
  const Batch ahead =
      windows.last_inputs(0, DType::float64, {}, Tensor::from({60, 70}, {2, 1}, DType::float64));
  EXPECT_EQ(numbers(ahead.inputs[0]), (std::vector<double>{4, 5}));
  EXPECT_EQ(numbers(ahead.inputs[1]), (std::vector<double>{60, 70}));
  expect_error(ErrorKind::usage, {"known beforehand", "(2, 1)"},
               [&] { windows.last_inputs(0, DType::float64); });
}

TEST(Windows, ForecastsStartAfterTheLastRow) {
  const Windows windows(counting_series({6}), {.length = 3, .horizon = 1, .inputs = {"a"}, .targets = {"a"}});
  EXPECT_EQ(numbers(windows.last_inputs(0, DType::float64).inputs[0]), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(numbers(windows.last_inputs(0, DType::float64, 4).inputs[0]), (std::vector<double>{1, 2, 3}));
  expect_error(ErrorKind::data, {"too few rows", "at least 3"},
               [&] { windows.last_inputs(0, DType::float64, 2); });
  expect_error(ErrorKind::usage, {"no such series"}, [&] { windows.last_inputs(1, DType::float64); });
}

TEST(Windows, DoNotCrossGapsUnlessAsked) {
  auto set = counting_series({6});
  set->series[0].times =
      parse_times(TextList{"2020-01", "2020-02", "2020-03", "2020-05", "2020-06", "2020-07"});
  const Windows windows(set, {.length = 2, .horizon = 1});
  ASSERT_EQ(windows.size(), 2);
  EXPECT_EQ(windows.input_rows(1), (RowRange{3, 5}));
  EXPECT_EQ(Windows(set, {.length = 2, .horizon = 1, .across_gaps = true}).size(), 4);
}

TEST(Windows, MissingValuesAreSkippedRefusedOrMasked) {
  auto set = counting_series({7});
  set->series[0].values.set(3 * 2, std::nan(""));  // column a, row 3
  WindowOptions options{.length = 2, .horizon = 1, .inputs = {"a"}, .targets = {"a"}};
  const Windows skipping(set, options);
  EXPECT_EQ(skipping.size(), 2);
  EXPECT_EQ(skipping.skipped(), 3);
  options.missing = "error";
  expect_error(ErrorKind::data, {"missing value", "'s0'", "rows 2 to 4", "mask"},
               [&] { Windows(set, options); });
  options.missing = "mask";
  const Windows masked(set, options);
  ASSERT_EQ(masked.size(), 5);
  const Batch middle = one(masked, 2);  // rows 2, 3 → 4
  EXPECT_EQ(middle.inputs[0].layout()->lengths()[0], 1);
  EXPECT_TRUE(middle.weights.empty());
  const Batch unknown = one(masked, 1);  // rows 1, 2 → 3
  ASSERT_EQ(unknown.weights.size(), 1U);
  EXPECT_EQ(unknown.weights[0].at(0), 0);
  EXPECT_FALSE(std::isnan(unknown.targets[0].values().at(0)));
  options.flat_targets = false;
  options.horizon = 2;
  const Batch steps = one(Windows(set, options), 1);  // → 3, 4
  EXPECT_EQ(steps.weights[0].shape(), (Shape{1, 2}));
  EXPECT_EQ(steps.weights[0].at(0), 0);
  EXPECT_EQ(steps.weights[0].at(1), 1);
}

TEST(Windows, TooFewRowsSayHowManyAreNeeded) {
  expect_error(ErrorKind::data,
               {"not one window", "the longest of 6 rows", "at least 9 rows", "5 of input", "3 of target"},
               [] {
                 Windows(counting_series({6, 4}), {.length = 5, .horizon = 3, .gap = 1});
               });
}

TEST(Windows, WrongOptionsAreNamed) {
  const auto set = counting_series({9});
  expect_error(ErrorKind::usage, {"length", "at least 1"}, [&] { Windows(set, {.length = 0}); });
  expect_error(ErrorKind::usage, {"stride"}, [&] { Windows(set, {.length = 2, .stride = 0}); });
  expect_error(ErrorKind::data, {"no column 'aa'", "columns a, b"},
               [&] { Windows(set, {.length = 2, .inputs = {"aa"}}); });
  expect_error(ErrorKind::usage, {"'maks'", "did you mean 'mask'"},
               [&] { Windows(set, {.length = 2, .missing = "maks"}); });
  expect_error(ErrorKind::usage, {"one range"}, [&] { Windows(set, {.length = 2}, {{0, 1}, {1, 2}}); });
  expect_error(ErrorKind::usage, {"no such window"}, [&] { one(Windows(set, {.length = 2}), 99); });
  expect_error(ErrorKind::data, {"nothing is left", "'s0'"}, [&] { split_by_time(*set, 4, 0.6); });
  expect_error(ErrorKind::usage, {"test part"}, [&] { split_by_time(*set, 0, -1); });
}

TEST(Windows, ScalingIsByTheWindowsOwnInputsAndCanBeUndone) {
  const Windows windows(
      counting_series({9}),
      {.length = 4, .horizon = 2, .inputs = {"a"}, .targets = {"b"}, .scaling = "last_std"});
  const Batch first = one(windows, 0);
  EXPECT_DOUBLE_EQ(numbers(first.inputs[0])[3], 0);  // the last value
  const std::vector<std::int64_t> indices = {0, 3};
  const Batch batch = windows.gather(indices, DType::float64);
  const Tensor back = windows.unscale(batch.targets[0].values(), indices);
  const std::vector<double> wanted = {40, 50, 70, 80};
  for (std::int64_t i = 0; i < 4; ++i) EXPECT_NEAR(back.at(i), wanted[static_cast<std::size_t>(i)], 1e-9);
  EXPECT_DOUBLE_EQ(windows.last_scale(0, 0).shift, 80);
  expect_error(ErrorKind::usage, {"do not fit", "(2, 3)", "[2, 2]"}, [&] {
    windows.unscale(Tensor({2, 3}, DType::float64), indices);
  });
}

RC_GTEST_PROP(WindowsProperty, EveryTargetLiesStrictlyAfterItsInputsInTheSameSeries, ()) {
  WindowOptions options;
  options.length = *rc::gen::inRange(1, 7);
  options.horizon = *rc::gen::inRange(1, 5);
  options.gap = *rc::gen::inRange(0, 4);
  options.stride = *rc::gen::inRange(1, 4);
  options.inputs = options.targets = {"a"};
  const std::vector<std::int64_t> lengths = {*rc::gen::inRange<std::int64_t>(0, 30), 25,
                                             *rc::gen::inRange<std::int64_t>(0, 30)};
  const Windows windows(counting_series(lengths), options);
  std::int64_t expected = 0;
  for (const std::int64_t length : lengths) {
    const std::int64_t starts = length - (options.length + options.gap + options.horizon) + 1;
    if (starts > 0) expected += (starts + options.stride - 1) / options.stride;
  }
  RC_ASSERT(windows.size() == expected);
  std::set<double> seen;
  for (std::int64_t index = 0; index < windows.size(); ++index) {
    const Batch e = one(windows, index);
    const std::vector<double> in = numbers(e.inputs[0]), out = numbers(e.targets[0]);
    RC_ASSERT(out.front() == in.back() + 1 + static_cast<double>(options.gap));
    RC_ASSERT(std::floor(in.front() / 1000) == std::floor(out.back() / 1000));
    RC_ASSERT(in.back() - in.front() == static_cast<double>(options.length - 1));
    RC_ASSERT(seen.insert(in.front()).second);
    RC_ASSERT(windows.input_rows(index).end + options.gap == windows.target_rows(index).begin);
  }
}

RC_GTEST_PROP(WindowsProperty, TargetsStayWithinTheirRange, ()) {
  const auto begin = *rc::gen::inRange<std::int64_t>(0, 30), end = *rc::gen::inRange<std::int64_t>(begin, 41);
  WindowOptions options;
  options.length = *rc::gen::inRange(1, 9);
  options.horizon = *rc::gen::inRange(1, 4);
  try {
    const Windows windows(counting_series({40}), options, {{begin, end}});
    for (std::int64_t index = 0; index < windows.size(); ++index) {
      RC_ASSERT(windows.target_rows(index).begin >= begin);
      RC_ASSERT(windows.target_rows(index).end <= end);
    }
    if (begin >= options.length) RC_ASSERT(windows.size() == end - begin - options.horizon + 1);
  } catch (const Error&) {
    RC_ASSERT(end - std::max(begin, options.length) < options.horizon);
  }
}

TEST(KerasWindows, TheTargetBelongsToTheWindowThatStartsThere) {
  std::vector<double> rows(10);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<double>(i);
  const Tensor data = Tensor::from(std::span<const double>(rows), {10});
  const auto windows =
      timeseries_dataset_from_array(data, data, {.sequence_length = 3, .sequence_stride = 2});
  EXPECT_EQ(windows->size(), 4);  // starts 0, 2, 4, 6 of 8 possible ones
  EXPECT_EQ(numbers(one(*windows, 1).inputs[0]), (std::vector<double>{2, 3, 4}));
  EXPECT_EQ(numbers(one(*windows, 1).targets[0]), (std::vector<double>{2}));
  const auto sampled = timeseries_dataset_from_array(
      data, {}, {.sequence_length = 3, .sampling_rate = 2, .start_index = 1, .end_index = 9});
  EXPECT_EQ(sampled->size(), 4);  // 9 - 1 - 2 · 2
  EXPECT_EQ(numbers(one(*sampled, 0).inputs[0]), (std::vector<double>{1, 3, 5}));
  EXPECT_TRUE(one(*sampled, 0).targets.empty());
  const auto few = timeseries_dataset_from_array(data, data.slice(0, 3), {.sequence_length = 3});
  EXPECT_EQ(few->size(), 3);
  expect_error(ErrorKind::data, {"not one window", "at least 11"},
               [&] { timeseries_dataset_from_array(data, {}, {.sequence_length = 11}); });
  expect_error(ErrorKind::usage, {"start_index"},
               [&] { timeseries_dataset_from_array(data, {}, {.sequence_length = 2, .end_index = 11}); });
}

}  // namespace
}  // namespace rondo
