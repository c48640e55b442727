// What networks see of an origin, in which numbers they answer, and which windows an epoch has.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "tasks/forecast/networks/encoder_decoder.h"
#include "tasks/forecast/windows/window.h"
#include "unit/tasks/forecast/forecast_samples.h"

namespace rondo::forecasting {
namespace {

/// A window with everything that windows can have, by horizon and season.
struct Case {
  std::int64_t horizon = 1;
  std::vector<double> seasons;
  bool fixed = false;  ///< spreads of the series instead of the window's own
};

const std::vector<Case> kCases{{3, {}},        {3, {}, true}, {1, {12}},  {1, {12}, true}, {18, {12}},
                               {24, {12, 24}}, {5, {24}},     {10, {12}}, {10, {7, 35}}};

PanelOf everything(const Case& one) {
  PanelOf of;
  of.rows = {300, 260};
  of.horizon = one.horizon;
  of.seasons = one.seasons;
  of.past = 2;
  of.known = 1;
  of.statics = 1;
  of.holes = true;
  return of;
}

Window window_of(const ScaledPanel& scaled, const Case& one) {
  Window window = choose_window(scaled.panel(), 0, true);
  if (one.fixed) window.fix_spreads(scaled);
  return window;
}

std::vector<Origin> all_origins(const Panel& panel, const Window& window) {
  std::vector<Origin> out;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    for (std::int64_t row = window.first_origin(); row < panel.series[s].rows(); ++row) {
      out.push_back({static_cast<std::int64_t>(s), row});
    }
  }
  return out;
}

/// Everything that goes into the network.
struct Inputs {
  std::vector<float> encoder, decoder, linear;
  bool operator==(const Inputs&) const = default;
};

Inputs inputs_of(const Window& window, const ScaledPanel& scaled, const Origin& origin) {
  // What is not written stays NaN, which equals nothing.
  const auto empty = [](std::int64_t count) {
    return std::vector<float>(static_cast<std::size_t>(count), std::nanf(""));
  };
  Inputs in{empty(window.steps * window.step_features()), empty(window.out_steps * window.decoder_features()),
            empty(window.linear_features())};
  window.fill(scaled, origin, in.encoder, in.decoder, in.linear);
  return in;
}

TEST(Window, ItsScaleUndoesWhatItsTargetsDid) {
  for (const Case& one : kCases) {
    const Panel panel = everything(one).make();
    const ScaledPanel scaled(panel, Transform::log, false);
    const Window window = window_of(scaled, one);
    std::vector<double> normalised(static_cast<std::size_t>(window.out_rows()));
    for (const Origin& origin : all_origins(panel, window)) {
      const Window::Scale own = window.scale(scaled, origin);
      window.targets(scaled, origin, normalised);
      const std::vector<double>& level = scaled.level[static_cast<std::size_t>(origin.series)];
      for (std::size_t h = 0; h < normalised.size(); ++h) {
        const std::size_t row = static_cast<std::size_t>(origin.row) + 1 + h;
        if (row >= level.size()) {
          EXPECT_TRUE(std::isnan(normalised[h])) << "row " << row << " is past the end";
        } else {
          ASSERT_NEAR(own.base + own.spread * normalised[h], level[row], 1e-14 * (1 + std::abs(own.base)));
        }
      }
    }
  }
}

TEST(Window, TargetsOfTheLastRowAreAllMissing) {
  const Panel panel = everything({3, {}}).make();
  const ScaledPanel scaled(panel, Transform::none, false);
  const Window window = choose_window(panel, 0, true);
  std::vector<double> out(static_cast<std::size_t>(window.out_rows()), 7);
  window.targets(scaled, {1, panel.series[1].rows() - 1}, out);
  for (const double v : out) EXPECT_TRUE(std::isnan(v));
  window.targets(scaled, {1, panel.series[1].rows() - 2}, out);
  EXPECT_FALSE(std::isnan(out[0]));
  EXPECT_TRUE(std::isnan(out[1]));
}

TEST(Window, PutsAWindowAroundItsLastRowsInItsOwnDeviation) {
  PanelOf of;
  of.horizon = 12;
  of.seasons = {12};
  const Panel panel = of.make();
  const ScaledPanel scaled(panel, Transform::none, false);
  const Window window = choose_window(panel, 0, true);
  ASSERT_EQ(window.base_rows, 12);
  const Origin origin{0, 150};
  double base = 0, mean = 0, square = 0;
  const auto level = [&](std::int64_t row) { return scaled.level[0][static_cast<std::size_t>(row)]; };
  for (std::int64_t row = 139; row <= 150; ++row) base += level(row) / 12;
  const auto rows = static_cast<double>(window.rows());
  for (std::int64_t row = 151 - window.rows(); row <= 150; ++row) mean += level(row) / rows;
  for (std::int64_t row = 151 - window.rows(); row <= 150; ++row)
    square += std::pow(level(row) - mean, 2) / rows;
  const Window::Scale own = window.scale(scaled, origin);
  EXPECT_NEAR(own.base, base, 1e-12);
  EXPECT_NEAR(own.spread, std::sqrt(square), 1e-3);  // a floor of 0.02 squared is under it
  EXPECT_GE(own.spread, std::sqrt(square));
}

TEST(Window, CountsAreDividedByOnePlusTheMeanSizeOfTheLookBack) {
  const Panel panel = everything({3, {}}).make();
  const ScaledPanel scaled(panel, Transform::none, false);
  Window window = choose_window(panel, 0, true);
  window.counts = true;
  for (const Origin& origin : {Origin{0, 100}, Origin{1, 220}}) {
    const auto s = static_cast<std::size_t>(origin.series);
    double mean = 0;
    for (std::int64_t row = origin.row - window.rows() + 1; row <= origin.row; ++row) {
      mean += panel.series[s].values[static_cast<std::size_t>(row)] / static_cast<double>(window.rows());
    }
    EXPECT_NEAR(window.size(scaled, origin), 1 + mean, 1e-9);
    std::vector<double> out(1);
    window.targets(scaled, origin, out);
    EXPECT_NEAR(out[0] * (1 + mean), panel.series[s].values[static_cast<std::size_t>(origin.row) + 1], 1e-9);
  }
}

/// Everything after row `row` of series s, but what is known beforehand for the horizon, becomes something
/// else.
void change_after(Panel& panel, std::size_t s, std::int64_t row) {
  PanelSeries& series = panel.series[s];
  const std::size_t past = panel.past.size(), known = panel.known.size();
  const auto next = static_cast<std::size_t>(row + 1), count = series.values.size();
  for (std::size_t t = next; t < count; ++t) {
    series.values[t] = 1000 + 13 * static_cast<double>(t % 11);
    if (!series.observed.empty()) series.observed[t] ^= 1;
  }
  for (std::size_t i = next * past; i < count * past; ++i) series.past[i] = -50;
  const std::size_t ahead = next + static_cast<std::size_t>(panel.horizon);
  for (std::size_t i = ahead * known; i < series.known.size(); ++i) series.known[i] = 70;
}

TEST(Window, NeverReadsARowAfterItsOriginNorCovariatesAfterTheHorizon) {
  for (const Case& one : kCases) {
    const Panel panel = everything(one).make();
    for (std::size_t s = 0; s < panel.series.size(); ++s) {
      for (const std::int64_t after : {0, 7, 20}) {
        const Origin origin{static_cast<std::int64_t>(s), panel.series[s].train_rows - 1 + after};
        Panel changed = panel;
        change_after(changed, s, origin.row);
        const ScaledPanel before(panel, Transform::none, true), now(changed, Transform::none, true);
        const Window window = window_of(before, one), again = window_of(now, one);
        const Inputs inputs = inputs_of(window, before, origin);
        EXPECT_TRUE(inputs == inputs_of(again, now, origin)) << one.horizon << ", origin " << origin.row;
        // One row earlier the same change is seen.
        change_after(changed, s, origin.row - 1);
        EXPECT_FALSE(inputs == inputs_of(again, ScaledPanel(changed, Transform::none, true), origin));
      }
    }
  }
}

TEST(Window, NeverReadsARowAfterItsOriginWithinTheTrainingPart) {
  // There a change would move the scales of the series too, so it is made after these are settled.
  for (const Case& one : kCases) {
    const Panel panel = everything(one).make();
    const ScaledPanel scaled(panel, Transform::none, false);
    const Window window = window_of(scaled, one);
    for (std::int64_t row = window.first_origin(); row < 200; row += 17) {
      Panel changed_panel = panel;
      ScaledPanel changed = scaled.over(changed_panel);
      change_after(changed_panel, 0, row);
      const auto wreck = [](std::vector<double>& values, std::size_t first) {
        for (std::size_t i = first; i < values.size(); ++i) values[i] = 3;
      };
      const auto next = static_cast<std::size_t>(row + 1);
      wreck(changed.level[0], next);
      wreck(changed.movement[0], next);
      wreck(changed.compressed[0], next);
      wreck(changed.past[0], 2 * next);
      wreck(changed.known[0], next + static_cast<std::size_t>(one.horizon));
      EXPECT_TRUE(inputs_of(window, scaled, {0, row}) == inputs_of(window, changed, {0, row}))
          << one.horizon << ", origin " << row;
    }
  }
}

TEST(Window, MissingValuesOfTheTestPartDoNotChangeItsShape) {
  PanelOf of = everything({3, {}});
  of.holes = false;
  Panel panel = of.make();
  const std::int64_t features = choose_window(panel, 0, true).step_features();
  panel.series[0].observed.assign(300, 1);
  panel.series[0].observed[270] = 0;
  EXPECT_EQ(choose_window(panel, 0, true).step_features(), features);
  panel.series[0].observed[259] = 0;  // the last row that is learnt from
  EXPECT_GT(choose_window(panel, 0, true).step_features(), features);
}

TEST(Window, OfOneRowBeginsAtTheFirstRow) {
  const Panel panel = everything({1, {}}).make();
  const ScaledPanel scaled(panel, Transform::none, false);
  const Window window = choose_window(panel, 1, true);
  ASSERT_EQ(window.first_origin(), 0);
  const Inputs in = inputs_of(window, scaled, {0, 0});
  for (const auto* part : {&in.encoder, &in.decoder, &in.linear}) {
    EXPECT_TRUE(std::none_of(part->begin(), part->end(), [](float v) { return std::isnan(v); }));
  }
}

TEST(Window, LooksBackWholeSegmentsAsFarAsItIsTold) {
  const std::vector<std::vector<double>> calendars{{}, {7}, {12}, {24, 168}, {7, 365.25}, {4.5}};
  for (const std::int64_t rows : {60, 300, 2000}) {
    for (const std::int64_t horizon : {1, 3, 10, 18, 24, 30}) {
      for (const std::vector<double>& seasons : calendars) {
        PanelOf of;
        of.rows = {rows, rows + 10};
        of.test_rows = horizon;
        of.horizon = horizon;
        of.seasons = seasons;
        const Panel panel = of.make();
        const std::int64_t most = (rows - 2 * horizon) * 11 / 20;
        if (most < 1) continue;
        for (const std::int64_t look_back : {0, 1, 5, 16, 40, 100, 250, 800, 1000}) {
          const Window window = choose_window(panel, look_back, true);
          SCOPED_TRACE(testing::Message() << rows << " rows, horizon " << horizon << ", look-back "
                                          << look_back << ", segment " << window.segment);
          EXPECT_GE(window.segment, 1);
          EXPECT_EQ(window.rows() % window.segment, 0);
          EXPECT_LE(window.rows(), std::max(most, window.segment));
          EXPECT_LE(window.base_rows, window.rows());
          EXPECT_GE(window.out_rows(), horizon);
          EXPECT_LT(window.out_rows() - horizon, window.segment);
          EXPECT_LE(window.steps, 64);
          const std::int64_t wanted = (look_back + window.segment - 1) / window.segment * window.segment;
          if (look_back > 0 && wanted <= most) {
            EXPECT_EQ(window.rows(), wanted);
          }
        }
      }
    }
  }
}

/// Windows of two series with their folds.
struct Sampled {
  Panel panel;
  ScaledPanel scaled;
  Window window;
  BlockFolds folds;

  explicit Sampled(const PanelOf& of, int members = 3)
      : panel(of.make()),
        scaled(panel, Transform::none, false),
        window(choose_window(panel, 0, true)),
        folds(panel, members, window.out_rows()) {}
  EncoderDecoderSamples samples(Role role, std::int64_t size, std::uint64_t seed = 1) const {
    return {scaled, folds, {role, window.first_origin(), size, seed}, window};
  }
};

std::vector<double> numbers(const Tensor& tensor) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < tensor.size(); ++i) out.push_back(tensor.at(i));
  return out;
}

/// Inputs, targets and weights of some samples, one list a sample: what is dealt, whatever its order.
std::vector<std::vector<double>> samples_of(const EncoderDecoderSamples& samples,
                                            std::span<const std::int64_t> indices) {
  const Batch examples = samples.gather(indices, DType::float32);
  std::vector<std::vector<double>> out(indices.size());
  for (std::size_t b = 0; b < indices.size(); ++b) {
    const auto add = [&](const Tensor& tensor) {
      const std::vector<double> more = numbers(tensor);
      out[b].insert(out[b].end(), more.begin(), more.end());
    };
    const auto at = static_cast<std::int64_t>(b);
    for (const Samples& input : examples.inputs) add(input.sample(at));
    for (const Samples& target : examples.targets) add(target.sample(at));
    for (const Tensor& weight : examples.weights) out[b].push_back(weight.at(at));
  }
  return out;
}

std::vector<std::vector<double>> epoch_of(EncoderDecoderSamples& samples, std::int64_t epoch) {
  samples.set_epoch(epoch);
  std::vector<std::int64_t> all(static_cast<std::size_t>(samples.size()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  return samples_of(samples, all);
}

TEST(WindowSamples, AnEpochDependsOnSeedAndNumberOnly) {
  const Sampled all(everything({3, {12}}));
  EncoderDecoderSamples one = all.samples(Role::train, 50), other = all.samples(Role::train, 50);
  const auto third = epoch_of(one, 3);
  for (const std::int64_t before : {9, 0, 4}) epoch_of(other, before);
  EXPECT_TRUE(third == epoch_of(other, 3));
  EXPECT_FALSE(third == epoch_of(other, 2));
  EncoderDecoderSamples seeded = all.samples(Role::train, 50, 2);
  EXPECT_FALSE(third == epoch_of(seeded, 3));
}

TEST(WindowSamples, EpochsHaveEveryWindowBeforeOneComesAgain) {
  const Sampled all(everything({3, {12}}));
  EncoderDecoderSamples samples = all.samples(Role::train, 64);
  const std::int64_t whole = samples.available() / 64;
  ASSERT_GE(whole, 3);
  std::set<std::vector<double>> seen;
  for (std::int64_t epoch = 0; epoch < whole; ++epoch) {
    for (auto& sample : epoch_of(samples, epoch)) EXPECT_TRUE(seen.insert(std::move(sample)).second);
  }
  for (auto& sample : epoch_of(samples, whole)) seen.insert(std::move(sample));
  EXPECT_EQ(static_cast<std::int64_t>(seen.size()), samples.available());
}

TEST(WindowSamples, AreTheSameInAnyOrder) {
  const Sampled all(everything({18, {12}}));
  for (const Role role : {Role::train, Role::held_out}) {
    EncoderDecoderSamples samples = all.samples(role, 40);
    samples.set_epoch(2);
    const std::vector<std::int64_t> mixed{5, 0, 9, 5, 1};
    const auto together = samples_of(samples, mixed);
    for (std::size_t b = 0; b < mixed.size(); ++b) {
      EXPECT_TRUE(together[b] == samples_of(samples, {&mixed[b], 1}).front()) << b;
    }
    EXPECT_TRUE(together[0] == together[3]);
    EXPECT_FALSE(together[0] == together[1]);
  }
}

TEST(WindowSamples, CountForThoseMembersWhoseRoleTheyHave) {
  const Sampled all(everything({3, {12}}), 4);
  // A sample is known by its targets, which are noise.
  std::map<std::vector<double>, Origin> by_target;
  std::vector<double> truth(static_cast<std::size_t>(all.window.out_rows()));
  for (const Origin& origin : all_origins(all.panel, all.window)) {
    all.window.targets(all.scaled, origin, truth);
    if (std::isnan(truth.back())) continue;
    std::vector<double> key;
    for (const double v : truth) key.push_back(static_cast<float>(v));
    by_target[key] = origin;
  }
  for (const Role role : {Role::train, Role::held_out}) {
    EncoderDecoderSamples samples = all.samples(role, 300);
    std::vector<std::int64_t> indices(static_cast<std::size_t>(samples.size()));
    for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::int64_t>(i);
    const Batch examples = samples.gather(indices, DType::float32);
    ASSERT_EQ(examples.weights.size(), 4u);
    for (const std::int64_t b : indices) {
      const auto found = by_target.find(numbers(examples.targets[0].sample(b)));
      ASSERT_NE(found, by_target.end());
      double members = 0;
      for (int k = 0; k < 4; ++k) {
        const double weight = examples.weights[static_cast<std::size_t>(k)].at(b);
        EXPECT_EQ(weight, all.folds.role(k, found->second) == role ? 1 : 0);
        members += weight;
      }
      EXPECT_GT(members, 0) << "a window for nobody";
    }
  }
}

}  // namespace
}  // namespace rondo::forecasting
