// A stream is predicted first and learnt from afterwards: with skill where there is something to learn,
// without harm where there is not, and the same whether it was interrupted or not.

#include "rondo/tasks/online.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "rondo/base/error.h"
#include "rondo/base/random.h"
#include "unit/data/expect_error.h"

namespace rondo {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> noisy_map(std::size_t count, std::uint64_t seed = 7) {
  const RandomStream random(seed);
  std::vector<double> y;
  double x = 0.3;
  for (std::size_t t = 0; t < count; ++t) {
    x = std::clamp(3.9 * x * (1 - x) + 0.01 * random.normal(t), 0.001, 0.999);
    y.push_back(x);
  }
  return y;
}

std::vector<double> seasons(std::size_t count) {
  const RandomStream random(5);
  std::vector<double> y;
  double a = 0, b = 0;
  for (std::size_t t = 0; t < count; ++t) {
    const double c = 1.2 * a - 0.5 * b + random.normal(t);
    b = std::exchange(a, c);
    y.push_back(100 + 5 * c + 20 * std::sin(2 * M_PI * static_cast<double>(t) / 24));
  }
  return y;
}

std::vector<double> random_walk(std::size_t count) {
  const RandomStream random(11);
  std::vector<double> y;
  double x = 0;
  for (std::size_t t = 0; t < count; ++t) y.push_back(x += random.normal(t));
  return y;
}

struct Errors {
  double forecast = 0, persistence = 0, linear = 0;  // root mean squares
  std::int64_t alarms = 0, rollbacks = 0;
};

/// Errors of the rows from `from` to `to`.
Errors learn(OnlineForecaster& forecaster, const std::vector<double>& y, std::size_t from, std::size_t to) {
  Errors errors;
  double count = 0;
  for (std::size_t t = static_cast<std::size_t>(forecaster.rows()); t < to; ++t) {
    const OnlineRow& row = forecaster.partial_fit(std::span(&y[t], 1));
    if (row.drift) (row.drift->alarm ? errors.alarms : errors.rollbacks) += 1;
    if (t < from || std::isnan(row.forecast[0])) continue;
    errors.forecast += std::pow(row.forecast[0] - y[t], 2);
    errors.persistence += std::pow(row.persistence[0] - y[t], 2);
    errors.linear += std::pow(row.linear[0] - y[t], 2);
    ++count;
  }
  for (double* value : {&errors.forecast, &errors.persistence, &errors.linear})
    *value = std::sqrt(*value / count);
  return errors;
}

OnlineOptions with_cell(const std::string& cell, std::int64_t horizon = 1) {
  OnlineOptions options;
  options.cell = cell;
  options.horizon = horizon;
  return options;
}

class OnlineCell : public ::testing::TestWithParam<std::string> {};

TEST_P(OnlineCell, LearnsANoisyMapThatNoLineCan) {
  OnlineForecaster forecaster(1, 0, with_cell(GetParam()));
  const Errors errors = learn(forecaster, noisy_map(12000), 9000, 12000);
  EXPECT_LT(errors.forecast, 0.15 * errors.persistence);
  EXPECT_LT(errors.forecast, 0.25 * errors.linear);
}

TEST_P(OnlineCell, BeatsPersistenceOnSeasonsByAsMuchAsTheLine) {
  OnlineForecaster forecaster(1, 0, with_cell(GetParam()));
  const Errors errors = learn(forecaster, seasons(8000), 2000, 8000);
  EXPECT_LT(errors.forecast, 0.8 * errors.persistence);
  EXPECT_LT(errors.forecast, 1.01 * errors.linear);
}

TEST_P(OnlineCell, IsNoWorseThanPersistenceOnARandomWalk) {
  OnlineForecaster forecaster(1, 0, with_cell(GetParam()));
  const Errors errors = learn(forecaster, random_walk(5000), 0, 5000);
  EXPECT_LT(errors.forecast, 1.02 * errors.persistence);
}

TEST_P(OnlineCell, GoesOnFromItsStateWithTheSameBits) {
  const std::vector<double> y = noisy_map(700);
  for (const std::int64_t horizon : {1, 5}) {
    OnlineForecaster whole(1, 0, with_cell(GetParam(), horizon));
    std::vector<double> forecasts;
    for (const double value : y) {
      whole.partial_fit(std::span(&value, 1));
      forecasts.push_back(whole.predict()[0]);
    }
    for (const std::size_t stop : {1U, 3U, 7U, 64U, 129U, 500U}) {
      OnlineForecaster first(1, 0, with_cell(GetParam(), horizon));
      for (std::size_t t = 0; t < stop; ++t) first.partial_fit(std::span(&y[t], 1));
      OnlineForecaster second(1, 0, with_cell(GetParam(), horizon));
      second.restore(decode_tensor_file(encode_tensor_file(first.state())));
      EXPECT_EQ(second.rows(), static_cast<std::int64_t>(stop));
      for (std::size_t t = stop; t < y.size(); ++t) {
        second.partial_fit(std::span(&y[t], 1));
        ASSERT_EQ(second.predict()[0], forecasts[t]) << "stopped after " << stop << ", row " << t;
      }
      EXPECT_EQ(encode_tensor_file(second.state()), encode_tensor_file(whole.state()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, OnlineCell, ::testing::Values("gru", "lstm", "indrnn", "diagonal_gru"));

/// 50 and a wave of 24 rows with noise.
std::vector<double> wave(std::size_t count) {
  const RandomStream random(13);
  std::vector<double> y;
  for (std::size_t t = 0; t < count; ++t)
    y.push_back(50 + 15 * std::sin(2 * M_PI * static_cast<double>(t) / 24) + random.normal(t));
  return y;
}

TEST_P(OnlineCell, GoesOnWithTheSameBitsThroughOutliersAndNewScales) {
  std::vector<double> y(40, 50);
  const std::vector<double> rest = wave(360);
  for (std::size_t t = 0; t < rest.size(); ++t) y.push_back(t < 200 ? rest[t] : 1000 * rest[t]);
  y[100] = 1e9;
  for (std::size_t t = 150; t < 160; ++t) y[t] += 1e5;
  OnlineForecaster whole(1, 0, with_cell(GetParam()));
  std::vector<double> forecasts;
  for (const double value : y) {
    whole.partial_fit(std::span(&value, 1));
    forecasts.push_back(whole.predict()[0]);
  }
  for (const std::size_t stop : {40U, 41U, 42U, 47U, 48U, 49U, 101U, 151U, 161U, 241U, 250U, 251U, 252U}) {
    OnlineForecaster first(1, 0, with_cell(GetParam()));
    for (std::size_t t = 0; t < stop; ++t) first.partial_fit(std::span(&y[t], 1));
    OnlineForecaster second(1, 0, with_cell(GetParam()));
    second.restore(decode_tensor_file(encode_tensor_file(first.state())));
    for (std::size_t t = stop; t < y.size(); ++t) {
      second.partial_fit(std::span(&y[t], 1));
      ASSERT_EQ(second.predict()[0], forecasts[t]) << "stopped after " << stop << ", row " << t;
    }
    EXPECT_EQ(second.outliers(), whole.outliers());
  }
}

TEST(Online, AConstantStartCostsNothingLater) {
  const std::vector<double> y = wave(3000);
  OnlineForecaster plain(1, 0);
  const Errors expected = learn(plain, y, 500, 3000);
  for (const double start : {50.0, 0.0, -1e6, kNaN}) {
    for (const std::size_t rows : {3U, 40U, 300U, 5000U}) {
      std::vector<double> late(rows, start);
      late.insert(late.end(), y.begin(), y.end());
      OnlineForecaster forecaster(1, 0);
      const Errors errors = learn(forecaster, late, rows + 500, rows + 3000);
      EXPECT_LT(errors.forecast, 1.1 * expected.forecast) << rows << " rows of " << start;
      EXPECT_LT(errors.linear, 1.2 * expected.linear) << rows << " rows of " << start;
    }
  }
}

TEST(Online, OneBrokenReadingIsForgottenInAFewRows) {
  const std::vector<double> y = wave(3000);
  for (const double broken : {1e9, -1e9, 1e90, 1e4}) {
    for (const std::size_t at : {0U, 1U, 4U, 9U, 12U, 50U, 1022U, 2000U}) {
      std::vector<double> with = y;
      with[at] = broken;
      OnlineForecaster forecaster(1, 0), plain(1, 0);
      const std::size_t back = std::max<std::size_t>(at + 2, 10);
      const Errors soon = learn(forecaster, with, back, back + 40),
                   expected = learn(plain, y, back, back + 40);
      EXPECT_LT(soon.forecast, 1.4 * expected.forecast) << broken << " at row " << at;
      EXPECT_LT(learn(forecaster, with, back + 40, 3000).forecast,
                1.1 * learn(plain, y, back + 40, 3000).forecast)
          << broken << " at row " << at;
    }
  }
}

TEST(Online, BrokenReadingsOfAllTargetsAndColumnsAreHeldBack) {
  const std::vector<double> y = wave(1400);
  OnlineForecaster forecaster(2, 1);
  double errors = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    std::array<double, 3> row = {y[t], 7, 100 - y[t]};
    if (t % 300 == 299) row[t / 300 % 3] = 1e9;  // the constant once
    const OnlineRow& learnt = forecaster.partial_fit(row);
    if (t > 400 && row[0] < 1e9) errors += std::pow(learnt.forecast[0] - row[0], 2);
    if (row[1] < 1e9 && t > 0) {
      ASSERT_NEAR(learnt.forecast[1], 7, 1e-6) << "row " << t;
    }
  }
  EXPECT_EQ(forecaster.outliers(), 4);
  EXPECT_LT(std::sqrt(errors / 1000), 1.6);
}

TEST(Online, ALevelThatShiftsTakesWhatWasLearntWithIt) {
  std::vector<double> y = wave(3000);
  for (std::size_t t = 2000; t < y.size(); ++t) y[t] += 1e6;
  OnlineForecaster forecaster(1, 0);
  const Errors before = learn(forecaster, y, 1000, 2000);
  const Errors soon = learn(forecaster, y, 2003, 2100), after = learn(forecaster, y, 2100, 3000);
  EXPECT_LT(soon.forecast, 2 * before.forecast);
  EXPECT_LT(after.forecast, 1.1 * before.forecast);
}

TEST(Online, AScaleThatChangesAThousandfoldIsLearntAgain) {
  for (const double factor : {1000.0, 30.0}) {
    std::vector<double> y = wave(4000);
    for (std::size_t t = 2000; t < y.size(); ++t) y[t] *= factor;
    OnlineForecaster forecaster(1, 0);
    const Errors before = learn(forecaster, y, 1000, 2000);
    const Errors soon = learn(forecaster, y, 2030, 2100), after = learn(forecaster, y, 2100, 4000);
    EXPECT_LT(soon.forecast, soon.persistence) << factor;
    EXPECT_LT(after.forecast, 1.1 * factor * before.forecast) << factor;
  }
}

TEST(Online, AnUproarOfBrokenReadingsIsForgotten) {
  std::vector<double> y = wave(3000);
  const RandomStream random(5);
  for (std::size_t t = 1000; t < 1020; ++t) y[t] = 1e9 * random.normal(t);
  OnlineForecaster forecaster(1, 0);
  const Errors before = learn(forecaster, y, 500, 1000);
  EXPECT_LT(learn(forecaster, y, 1050, 3000).forecast, 1.3 * before.forecast);
}

TEST(Online, FirstRowsOfAnotherScaleCostNothingLater) {
  std::vector<double> y = wave(3000);
  OnlineForecaster plain(1, 0), forecaster(1, 0);
  const Errors expected = learn(plain, y, 500, 3000);
  for (std::size_t t = 0; t < 20; ++t) y[t] *= 1e-3;
  EXPECT_LT(learn(forecaster, y, 500, 3000).forecast, 1.1 * expected.forecast);
}

TEST(Online, PersistenceIsTheLastReadingEvenIfItWasBroken) {
  std::vector<double> y = wave(200);
  y[150] = 1e9;
  OnlineForecaster forecaster(1, 0);
  for (std::size_t t = 0; t < y.size(); ++t) {
    const OnlineRow& row = forecaster.partial_fit(std::span(&y[t], 1));
    if (t > 0) {
      ASSERT_EQ(row.persistence[0], y[t - 1]);
    }
    ASSERT_EQ(row.actual[0], y[t]);
  }
}

TEST(Online, AForecastDoesNotKnowItsRow) {
  for (const std::int64_t horizon : {1, 3}) {
    OnlineForecaster one(1, 1, with_cell("gru", horizon)), other(1, 1, with_cell("gru", horizon));
    const std::vector<double> y = noisy_map(300);
    for (std::size_t t = 0; t < 300; ++t) {
      const std::array<double, 2> row = {y[t], y[(t * 7) % 300]};
      const double expected = one.predict()[0];
      one.partial_fit(row);
      if (t < 299) {
        other.partial_fit(row);
      } else {
        const OnlineRow& changed = other.partial_fit(std::array<double, 2>{1e6, -1e6});
        EXPECT_EQ(changed.forecast[0], horizon == 1 ? expected : changed.forecast[0]);
      }
    }
    EXPECT_NE(one.predict()[0], other.predict()[0]);  // but the next one does know this row
  }
}

TEST(Online, TheForecastOfARowIsTheOneThatWasMadeHorizonRowsBefore) {
  for (const std::int64_t horizon : {1, 2, 24}) {
    OnlineForecaster forecaster(1, 0, with_cell("gru", horizon));
    const std::vector<double> y = seasons(200);
    std::vector<double> made;
    for (std::size_t t = 0; t < y.size(); ++t) {
      const OnlineRow& row = forecaster.partial_fit(std::span(&y[t], 1));
      made.push_back(forecaster.predict()[0]);
      const auto h = static_cast<std::size_t>(horizon);
      if (t < h) {
        EXPECT_TRUE(std::isnan(row.forecast[0]));
      } else {
        EXPECT_EQ(row.forecast[0], made[t - h]);
        EXPECT_EQ(row.persistence[0], y[t - h]);
      }
    }
  }
}

TEST(Online, LooksManyRowsAheadWhereThereIsASeason) {
  OnlineForecaster forecaster(1, 0, with_cell("gru", 12));
  const Errors errors = learn(forecaster, seasons(8000), 4000, 8000);
  EXPECT_LT(errors.forecast, 0.5 * errors.persistence);  // half a season later the season is turned round
}

TEST(Online, RecoversAfterAnAbruptChange) {
  std::vector<double> y = noisy_map(8000);
  const std::vector<double> other = noisy_map(8000, 8);
  for (const double value : other) y.push_back(50 - 10 * value * value);  // another level, scale and shape
  OnlineForecaster forecaster(1, 0);
  const Errors before = learn(forecaster, y, 6000, 8000);
  const Errors after = learn(forecaster, y, 14000, 16000);
  EXPECT_LT(before.forecast, 0.15 * before.persistence);
  EXPECT_LT(after.forecast, 0.2 * after.persistence);
  EXPECT_GE(after.alarms, 1);
}

TEST(Online, ABurstOfNoiseDoesNotCostWhatWasLearnt) {
  std::vector<double> y = noisy_map(20000);
  const RandomStream random(3);
  for (std::size_t t = 12000; t < 12600; ++t) y[t] = random.uniform(t);
  OnlineForecaster forecaster(1, 0);
  const Errors before = learn(forecaster, y, 10000, 12000);
  const Errors during = learn(forecaster, y, 12000, 12600);
  const Errors after = learn(forecaster, y, 13000, 15000);
  EXPECT_GE(during.alarms, 1);
  EXPECT_LT(after.forecast, 2 * before.forecast + 0.01);
}

TEST(Online, SeveralTargetsAndColumnsAreLearntTogether) {
  // The second target is the other column of the row before; the first a map of its own.
  const std::vector<double> y = noisy_map(9000);
  const RandomStream random(4);
  OnlineForecaster forecaster(2, 1);
  double errors = 0, spread = 0, first = 0;
  for (std::size_t t = 1; t < y.size(); ++t) {
    const std::array<double, 3> row = {y[t], 10 * random.normal(t - 1) + 5, random.normal(t)};
    const OnlineRow& learnt = forecaster.partial_fit(row);
    if (t < 6000) continue;
    errors += std::pow(learnt.forecast[1] - row[1], 2);
    spread += std::pow(row[1] - 5, 2);
    first += std::pow(learnt.forecast[0] - row[0], 2);
  }
  EXPECT_LT(errors, 0.02 * spread);
  EXPECT_LT(std::sqrt(first / 3000), 0.08);
}

TEST(Online, WhatIsMissingIsSkippedAndHarmsNothing) {
  std::vector<double> y = noisy_map(12000);
  for (std::size_t t = 50; t < y.size(); t += 97) y[t] = kNaN;
  OnlineForecaster forecaster(1, 0);
  double error = 0, rows = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    const OnlineRow& row = forecaster.partial_fit(std::span(&y[t], 1));
    ASSERT_TRUE(std::isfinite(forecaster.predict()[0])) << t;
    if (t < 9000 || std::isnan(y[t]) || std::isnan(y[t - 1])) continue;
    error += std::pow(row.forecast[0] - y[t], 2);
    ++rows;
  }
  EXPECT_LT(std::sqrt(error / rows), 0.08);
}

TEST(Online, StaysFiniteWhateverComes) {
  const std::vector<std::function<double(std::size_t)>> streams = {
      [](std::size_t) { return 5.0; },
      [](std::size_t) { return 0.0; },
      [](std::size_t t) { return t % 100 == 0 ? 1e12 : 1.0; },
      [](std::size_t t) { return std::exp(0.01 * double(t)); },
      [](std::size_t t) { return t < 1000 ? 1e-9 * double(t % 3) : 1e9 * double(t % 5); },
      [](std::size_t t) { return t < 10 ? kNaN : double(t); },
      [](std::size_t) { return kNaN; },
      [](std::size_t t) { return t % 2 == 0 ? 1e99 : -1e99; }};
  for (std::size_t s = 0; s < streams.size(); ++s) {
    OnlineForecaster forecaster(1, 0);
    for (std::size_t t = 0; t < 3000; ++t) {
      const double value = streams[s](t);
      forecaster.partial_fit(std::span(&value, 1));
      ASSERT_TRUE(std::isfinite(forecaster.predict()[0])) << "stream " << s << ", row " << t;
    }
  }
}

TEST(Online, ATrendIsFollowedBeyondWhatWasSeen) {
  std::vector<double> y;
  for (int t = 0; t < 3000; ++t) y.push_back(0.5 * t);
  OnlineForecaster forecaster(1, 0);
  const Errors errors = learn(forecaster, y, 1000, 3000);
  EXPECT_LT(errors.forecast, 0.1 * errors.persistence);
}

TEST(Online, ItsStateDoesNotGrowWithTheStream) {
  const std::vector<double> y = noisy_map(6000);
  OnlineForecaster forecaster(1, 0);
  std::size_t early = 0;
  for (std::size_t t = 0; t < y.size(); ++t) {
    forecaster.partial_fit(std::span(&y[t], 1));
    if (t == 2000) early = encode_tensor_file(forecaster.state()).size();
  }
  EXPECT_NEAR(static_cast<double>(encode_tensor_file(forecaster.state()).size()), static_cast<double>(early),
              256);
}

TEST(Online, WithoutANetworkTheLineIsLeft) {
  OnlineForecaster forecaster(1, 0, with_cell("none"));
  const Errors errors = learn(forecaster, seasons(4000), 1000, 4000);
  EXPECT_LT(errors.forecast, 0.8 * errors.persistence);
}

TEST(Online, RefusesWhatItCannotUse) {
  const auto made_with = [](auto change) {
    return [change] {
      OnlineOptions options;
      change(options);
      OnlineForecaster forecaster(1, 0, options);
    };
  };
  expect_error(ErrorKind::usage, {"horizon", "0"}, made_with([](OnlineOptions& o) { o.horizon = 0; }));
  expect_error(ErrorKind::usage, {"did you mean 'gru'"},
               made_with([](OnlineOptions& o) { o.cell = "grru"; }));
  expect_error(ErrorKind::usage, {"diagonal", "indrnn"},
               made_with([](OnlineOptions& o) { o.gradient = "rtrl"; }));
  expect_error(ErrorKind::usage, {"forgetting"}, made_with([](OnlineOptions& o) { o.forgetting = 1.5; }));
  expect_error(ErrorKind::usage, {"learning_rate"},
               made_with([](OnlineOptions& o) { o.learning_rate = std::nan(""); }));
  expect_error(ErrorKind::usage, {"targets"}, [] { OnlineForecaster forecaster(0, 1); });

  OnlineForecaster forecaster(1, 1);
  const std::array<double, 2> good = {1, 2};
  forecaster.partial_fit(good);
  expect_error(ErrorKind::usage, {"row 2", "1 targets"},
               [&] { forecaster.partial_fit(std::span(good).first(1)); });
  expect_error(ErrorKind::data, {"row 2", "value 2", "infinite"}, [&] {
    forecaster.partial_fit(std::array<double, 2>{1, HUGE_VAL});
  });
  EXPECT_EQ(forecaster.rows(), 1);
  EXPECT_EQ(forecaster.shares(0).size(), 4u);
  for (const std::int64_t target : {1, 5, -1}) {
    expect_error(ErrorKind::usage, {"index " + std::to_string(target)}, [&] { forecaster.shares(target); });
  }
}

TEST(Online, RefusesAStateThatIsNotItsOwn) {
  OnlineForecaster forecaster(1, 0), other(1, 0, with_cell("lstm")), wider(1, 1);
  const std::vector<double> y = noisy_map(100);
  for (const double value : y) forecaster.partial_fit(std::span(&value, 1));
  const TensorFile state = forecaster.state();
  expect_error(ErrorKind::model_file, {"other columns or options"}, [&] { other.restore(state); });
  expect_error(ErrorKind::model_file, {"other columns or options"}, [&] { wider.restore(state); });
  expect_error(ErrorKind::model_file, {"not the state"}, [&] { forecaster.restore(TensorFile{}); });
  for (std::size_t i = 0; i < state.tensors.size(); ++i) {  // any array that is missing is missed
    TensorFile broken = state;
    const std::string name = broken.tensors[i].first;
    broken.tensors.erase(broken.tensors.begin() + static_cast<std::ptrdiff_t>(i));
    expect_error(ErrorKind::model_file, {name}, [&] { forecaster.restore(broken, "x"); });
  }
  EXPECT_EQ(encode_tensor_file(forecaster.state()), encode_tensor_file(state));
}

}  // namespace
}  // namespace rondo
