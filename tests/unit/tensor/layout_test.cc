#include "rondo/tensor/layout.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "rondo/base/error.h"

namespace rondo {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Masked {
  std::int64_t batch = 0, steps = 0;
  std::vector<std::uint8_t> mask;
  bool used(std::int64_t b, std::int64_t t) const {
    return mask[static_cast<std::size_t>(b * steps + t)] != 0;
  }
};

Masked any_mask() {
  Masked m;
  m.batch = *rc::gen::inRange<std::int64_t>(0, 7);
  m.steps = *rc::gen::inRange<std::int64_t>(0, 8);
  m.mask = *rc::gen::container<std::vector<std::uint8_t>>(static_cast<std::size_t>(m.batch * m.steps),
                                                          rc::gen::element<std::uint8_t>(0, 1));
  return m;
}

/// [batch, steps, 2] with a number of its own in every place in use and NaN elsewhere.
Tensor numbered(const Masked& m) {
  Tensor t({m.batch, m.steps, 2});
  for (std::int64_t i = 0; i < t.size(); ++i)
    t.set(i, m.mask[static_cast<std::size_t>(i / 2)] != 0 ? static_cast<double>(i + 1) : kNan);
  return t;
}

std::vector<double> values(const Tensor& t) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < t.size(); ++i) out.push_back(t.at(i));
  return out;
}

RC_GTEST_PROP(LayoutOfAnyMask, PackingAndPaddingGiveBackTheStepsInUseAndZeroElsewhere, ()) {
  const Masked m = any_mask();
  const Tensor given = numbered(m);
  const Samples batch = Samples::masked(given, m.mask);
  const Tensor back = batch.to_padded();
  RC_ASSERT(back.shape() == given.shape());
  for (std::int64_t i = 0; i < back.size(); ++i) {
    RC_ASSERT(back.at(i) == (m.mask[static_cast<std::size_t>(i / 2)] != 0 ? given.at(i) : 0.0));
  }
}

RC_GTEST_PROP(LayoutOfAnyMask, IsLongestFirstAndCountsItsRows, ()) {
  const Masked m = any_mask();
  const auto layout = Layout::from_mask(m.mask, m.batch, m.steps);
  RC_ASSERT(layout->batch() == m.batch && layout->steps() == m.steps);
  std::int64_t total = 0;
  for (std::int64_t b = 0; b < m.batch; ++b) {
    std::int64_t length = 0;
    for (std::int64_t t = 0; t < m.steps; ++t) length += m.used(b, t) ? 1 : 0;
    RC_ASSERT(layout->lengths()[static_cast<std::size_t>(b)] == length);
    RC_ASSERT(layout->order()[static_cast<std::size_t>(layout->place()[static_cast<std::size_t>(b)])] == b);
    total += length;
  }
  RC_ASSERT(layout->total() == total);
  for (std::size_t r = 1; r < static_cast<std::size_t>(m.batch); ++r) {
    const std::int64_t before = layout->order()[r - 1], here = layout->order()[r];
    const auto length = [&](std::int64_t b) { return layout->lengths()[static_cast<std::size_t>(b)]; };
    RC_ASSERT(length(before) > length(here) || (length(before) == length(here) && before < here));
  }
  std::int64_t offset = 0;
  for (std::int64_t t = 0; t < layout->longest(); ++t) {
    RC_ASSERT(layout->offset(t) == offset);
    RC_ASSERT(layout->rows(t) > 0);
    RC_ASSERT(t == 0 || layout->rows(t) <= layout->rows(t - 1));
    offset += layout->rows(t);
  }
  RC_ASSERT(offset == total);
}

RC_GTEST_PROP(LayoutOfAnyMask, PositionsAreTheStepsInUseInOrder, ()) {
  const Masked m = any_mask();
  const auto layout = Layout::from_mask(m.mask, m.batch, m.steps);
  bool right_padded = true;
  for (std::int64_t b = 0; b < m.batch; ++b) {
    std::vector<std::int64_t> used, told;
    for (std::int64_t t = 0; t < m.steps; ++t) {
      if (m.used(b, t)) used.push_back(t);
    }
    for (std::int64_t t = 0; t < layout->lengths()[static_cast<std::size_t>(b)]; ++t) {
      told.push_back(layout->position(t, layout->place()[static_cast<std::size_t>(b)]));
    }
    RC_ASSERT(told == used);
    for (std::size_t i = 0; i < used.size(); ++i)
      right_padded = right_padded && used[i] == static_cast<std::int64_t>(i);
  }
  RC_ASSERT(layout->is_right_padded() == right_padded);
  RC_ASSERT(layout->is_dense() == (std::ranges::count(m.mask, 1) == m.batch * m.steps));
}

RC_GTEST_PROP(LayoutOfAnyMask, ReversedIsTheLayoutOfTheReversedMaskAndTwiceItself, ()) {
  const Masked m = any_mask();
  Masked turned = m;
  for (std::int64_t b = 0; b < m.batch; ++b) {
    std::reverse(turned.mask.begin() + b * m.steps, turned.mask.begin() + (b + 1) * m.steps);
  }
  const auto layout = Layout::from_mask(m.mask, m.batch, m.steps);
  RC_ASSERT(layout->reversed()->same_as(*Layout::from_mask(turned.mask, m.batch, m.steps)));
  RC_ASSERT(layout->reversed()->reversed()->same_as(*layout));
}

RC_GTEST_PROP(BatchOfAnyMask, GathersSamplesWithTheirMasks, ()) {
  const Masked m = any_mask();
  RC_PRE(m.batch > 0);
  const Samples batch = Samples::masked(numbered(m), m.mask);
  const auto some = [&](std::int64_t below) {
    return *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, below));
  };
  const std::vector<std::int64_t> first = some(m.batch);
  const Samples once = batch.gather(first);
  RC_ASSERT(once.size() == static_cast<std::int64_t>(first.size()));
  for (std::size_t i = 0; i < first.size(); ++i) {
    RC_ASSERT(values(once.sample(static_cast<std::int64_t>(i))) == values(batch.sample(first[i])));
  }
  if (first.empty()) return;
  RC_ASSERT(values(once.to_padded()) == values(batch.to_padded().gather(first)));
  const std::vector<std::int64_t> second = some(static_cast<std::int64_t>(first.size()));
  std::vector<std::int64_t> both;
  for (const std::int64_t i : second) both.push_back(first[static_cast<std::size_t>(i)]);
  const Samples twice = once.gather(second), at_once = batch.gather(both);
  RC_ASSERT(twice.layout()->same_as(*at_once.layout()));
  RC_ASSERT(values(twice.values()) == values(at_once.values()));
}

RC_GTEST_PROP(BatchOfAnyMask, FillsGapsWithTheStepBefore, ()) {
  const Masked m = any_mask();
  const Tensor given = numbered(m), filled = Samples::masked(given, m.mask).to_padded(Samples::Fill::repeat);
  for (std::int64_t b = 0; b < m.batch; ++b) {
    double last = 0;
    for (std::int64_t t = 0; t < m.steps; ++t) {
      const std::int64_t at = (b * m.steps + t) * 2 + 1;
      if (m.used(b, t)) last = given.at(at);
      RC_ASSERT(filled.at(at) == last);
    }
  }
}

TEST(Samples, OfPaddedSequencesReadsNothingBehindTheirEnd) {
  Tensor padded = Tensor::full({3, 4, 1}, kNan);
  padded.set(0, 1);
  padded.set(8, 2);
  padded.set(9, 3);
  const std::int64_t lengths[] = {1, 0, 2};
  const Samples batch = Samples::padded(padded, lengths);
  EXPECT_EQ(values(batch.values()), (std::vector<double>{2, 1, 3}));
  EXPECT_EQ(batch.layout()->steps(), 4);
  EXPECT_EQ(batch.sample(1).shape(), (Shape{0, 1}));
  EXPECT_EQ(values(batch.to_padded()), (std::vector<double>{1, 0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0}));
}

TEST(Samples, OfRaggedSequencesIsThatOfThePaddedOnes) {
  const std::vector<Tensor> sequences = {Tensor::full({2, 3}, 1), Tensor({0, 3}), Tensor::full({5, 3}, 2)};
  const Samples batch = Samples::ragged(sequences);
  const std::int64_t lengths[] = {2, 0, 5};
  EXPECT_TRUE(batch.layout()->same_as(*Layout::from_lengths(lengths)));
  EXPECT_EQ(batch.features(), Shape{3});
  for (std::size_t b = 0; b < 3; ++b)
    EXPECT_EQ(values(batch.sample(static_cast<std::int64_t>(b))), values(sequences[b]));
}

TEST(Samples, OfVectorsHasNoLayout) {
  const Samples batch(Tensor::from({1, 2, 3, 4, 5, 6}, {3, 2}));
  EXPECT_FALSE(batch.is_sequence());
  EXPECT_EQ(batch.size(), 3);
  EXPECT_EQ(values(batch.sample(1)), (std::vector<double>{3, 4}));
  const std::int64_t rows[] = {2, 0};
  EXPECT_EQ(values(batch.gather(rows).to_padded()), (std::vector<double>{5, 6, 1, 2}));
}

TEST(Samples, OfEqualSequencesIsTimeMajor) {
  const Samples batch(Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3, 1}));
  EXPECT_TRUE(batch.is_sequence() && batch.layout()->is_dense());
  EXPECT_EQ(values(batch.values()), (std::vector<double>{1, 4, 2, 5, 3, 6}));
}

TEST(Samples, OfTokensHasNoFeatureAxis) {
  const Tensor ids = Tensor::from({1, 2, 3, 4}, {2, 2});
  EXPECT_EQ(Samples::tokens(ids).features(), Shape{});
  const std::uint8_t mask[] = {0, 1, 1, 1};
  const Samples batch = Samples::tokens(ids, mask);
  EXPECT_EQ(values(batch.sample(0)), std::vector<double>{2});
  EXPECT_EQ(values(batch.to_padded()), (std::vector<double>{0, 2, 3, 4}));
}

TEST(Samples, OfTokensKeepsEveryIdExact) {
  constexpr std::int32_t kBeyondFloat = 16'777'217;  // 2^24 + 1
  const std::vector<std::int64_t> wide = {kBeyondFloat, 2, 3, kBeyondFloat + 2};
  const Tensor ids = Tensor::from(wide, {2, 2});
  const std::uint8_t mask[] = {1, 0, 1, 1};
  const std::int64_t order[] = {1, 0};
  for (const Samples& batch :
       {Samples::tokens(ids), Samples::tokens(ids, mask),
        Samples::ragged(std::vector<Tensor>{ids.slice(0, 1).reshaped({2}), ids.slice(1, 2).reshaped({2})})}) {
    EXPECT_EQ(batch.values().dtype(), DType::int32);
    LayoutPool pool;
    Samples gathered;
    batch.gather_into(order, DType::float32, pool, gathered);
    EXPECT_EQ(gathered.values().dtype(), DType::int32);
    EXPECT_EQ(gathered.sample(0).at(1), kBeyondFloat + 2);
    EXPECT_EQ(gathered.to_padded().at(2), kBeyondFloat);
    EXPECT_EQ(batch.cast(DType::float32).sample(0).at(0), kBeyondFloat) << "a network's type is for numbers";
  }
}

TEST(Samples, OfTokensTakesNumbersThatAreWhole) {
  EXPECT_EQ(Samples::tokens(Tensor::from({1, 2}, {1, 2})).values().dtype(), DType::int32);
  EXPECT_THROW(Samples::tokens(Tensor::from({1, 2.5}, {1, 2})), Error);
  const std::uint8_t mask[] = {1, 0};
  EXPECT_EQ(Samples::tokens(Tensor::from({1, 2.5}, {1, 2}), mask).values().at(0), 1)
      << "nobody reads the other";
}

TEST(Samples, CastsItsValuesAndKeepsItsLayout) {
  const Samples batch = Samples(Tensor::full({2, 3, 1}, 0.5)).cast(DType::float64);
  EXPECT_EQ(batch.values().dtype(), DType::float64);
  EXPECT_TRUE(batch.is_sequence());
}

TEST(Layout, WithoutSequencesOrStepsIsLegal) {
  EXPECT_EQ(Layout::dense(0, 5)->total(), 0);
  EXPECT_EQ(Layout::dense(4, 0)->longest(), 0);
  EXPECT_EQ(Layout::from_lengths({})->batch(), 0);
  EXPECT_EQ(Samples(Tensor({0, 5, 2})).to_padded().shape(), (Shape{0, 5, 2}));
}

TEST(Layout, RefusesWhatCannotBe) {
  const std::int64_t negative[] = {1, -1}, beyond[] = {6};
  EXPECT_THROW(Layout::from_lengths(negative), Error);
  EXPECT_THROW(Layout::from_lengths(beyond, 5), Error);
  EXPECT_THROW(Layout::dense(-1, 2), Error);
  const std::uint8_t mask[] = {1, 1, 1};
  EXPECT_THROW(Layout::from_mask(mask, 2, 2), Error);
}

TEST(Samples, RefusesWhatDoesNotFit) {
  const std::int64_t lengths[] = {1, 1};
  EXPECT_THROW(Samples::padded(Tensor({2, 3}), lengths), Error) << "no feature axis";
  EXPECT_THROW(Samples::padded(Tensor({3, 3, 1}), lengths), Error);
  EXPECT_THROW(Samples::packed(Layout::dense(2, 2), Tensor({3, 1})), Error);
  EXPECT_THROW(Samples::packed(nullptr, Tensor({3, 1})), Error);
  EXPECT_THROW(Samples::ragged({}), Error);
  const std::vector<Tensor> unequal = {Tensor({2, 3}), Tensor({2, 4})};
  EXPECT_THROW(Samples::ragged(unequal), Error);
  EXPECT_THROW(Samples::tokens(Tensor({3})), Error);
  EXPECT_THROW(Samples(Tensor::full({}, 1)), Error);
  const Samples batch(Tensor({2, 3, 1}));
  EXPECT_THROW(batch.sample(2), Error);
  EXPECT_THROW(batch.sample(-1), Error);
  EXPECT_THROW(batch.gather(std::vector<std::int64_t>{2}), Error);
}

RC_GTEST_PROP(LayoutPool, MakesTheLayoutsThatLayoutMakesInUsedMemory, ()) {
  LayoutPool pool;
  for (int round = 0; round < 3; ++round) {
    const Masked m = any_mask();
    const auto wanted = Layout::from_mask(m.mask, m.batch, m.steps);
    const auto seen = pool.from_mask(m.mask, m.batch, m.steps);
    RC_ASSERT(seen->same_as(*wanted));
    RC_ASSERT(std::ranges::equal(seen->order(), wanted->order()));
    RC_ASSERT(std::ranges::equal(seen->place(), wanted->place()));
    RC_ASSERT(pool.reversed(seen)->same_as(*wanted->reversed()));
    RC_ASSERT(pool.dense(m.batch, m.steps)->same_as(*Layout::dense(m.batch, m.steps)));
  }
}

TEST(LayoutPool, LeavesALayoutAloneThatSomebodyHolds) {
  LayoutPool pool;
  const std::int64_t first[] = {3, 1}, second[] = {2, 2, 4};
  const auto held = pool.from_lengths(first);
  const Layout* free = pool.from_lengths(second).get();
  EXPECT_EQ(pool.from_lengths(first).get(), free) << "nobody held it";
  EXPECT_TRUE(held->same_as(*Layout::from_lengths(first)));
}

RC_GTEST_PROP(Samples, GathersTheSameIntoUsedMemory, ()) {
  LayoutPool pool;
  Samples out;
  for (int round = 0; round < 3; ++round) {
    Masked m = any_mask();
    if (m.batch == 0) continue;
    Tensor values({m.batch, m.steps, 2});
    for (std::int64_t i = 0; i < values.size(); ++i) values.set(i, static_cast<double>(i));
    const Samples all = Samples::masked(values, m.mask);
    const auto indices =
        *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, m.batch));
    all.gather_into(indices, DType::float64, pool, out);
    RC_ASSERT(out.size() == static_cast<std::int64_t>(indices.size()));
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const Tensor seen = out.sample(static_cast<std::int64_t>(i)), wanted = all.sample(indices[i]);
      RC_ASSERT(seen.shape() == wanted.shape());
      for (std::int64_t k = 0; k < seen.size(); ++k) RC_ASSERT(seen.at(k) == wanted.at(k));
    }
  }
}

}  // namespace
}  // namespace rondo
