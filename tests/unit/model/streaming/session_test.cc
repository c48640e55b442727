#include "rondo/model/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "conformance/every_cell.h"
#include "rondo/model/testing.h"
#include "unit/layers/run_network.h"

namespace rondo {
namespace {

using Numbers = std::vector<float>;

// Steps cannot throw: part of the contract.
static_assert(noexcept(std::declval<Session&>().step(std::span<const float>(), std::span<float>())));
static_assert(noexcept(std::declval<Session&>().step(0, std::span<const float>(), std::span<float>())));
static_assert(noexcept(std::declval<Session&>().step(0, std::span<const std::span<const float>>(),
                                                     std::span<const std::span<float>>())));
static_assert(noexcept(std::declval<Session&>().step(std::span<const int>(), View<const float>(),
                                                     View<float>())));
static_assert(noexcept(std::declval<Session&>().reset(0)) && noexcept(
    std::declval<Session&>().fork(0, 1)) && noexcept(std::declval<Session&>().rollback(0, 1)));

/// A chain with biases that are not zero. Every recurrent layer but the last must return sequences.
Network chain(std::vector<LayerPtr> layers, std::int64_t features) {
  Network network;
  std::vector<int> at = {network.add_input("x", {true, -1, {features}})};
  for (LayerPtr& layer : layers) at = network.add(std::move(layer), {at[0]});
  network.set_outputs({at[0]});
  network.build(3);
  const RandomStream random(9);
  const auto values = network.parameters().values();
  for (std::int64_t i = 0; i < values.size(); ++i) {
    if (values.at(i) == 0) values.set(i, 0.3 * random.normal(static_cast<std::uint64_t>(i)));
  }
  return network;
}

/// What the network says of the first `steps` steps of x [time, features]; of a network without time axis the
/// last.
Numbers whole_pass(Network& network, const Tensor& x, std::int64_t steps) {
  const std::int64_t features = x.dim(1);
  Tensor padded = x.slice(0, steps).reshaped({1, steps, features});
  const Tensor y = run(network, {Samples(padded)})[0].values();
  const auto numbers = y.data<float>();
  return {numbers.begin(), numbers.end()};
}

Numbers step_all(Session& session, const Tensor& x, std::int64_t begin, std::int64_t end, int stream = 0) {
  Numbers out;
  Numbers y(static_cast<std::size_t>(session.output_size()));
  for (std::int64_t t = begin; t < end; ++t) {
    session.step(
        stream,
        x.data<float>().subspan(static_cast<std::size_t>(t * x.dim(1)), static_cast<std::size_t>(x.dim(1))),
        y);
    out.insert(out.end(), y.begin(), y.end());
  }
  return out;
}

bool same_bits(const Numbers& a, const Numbers& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// Runs `body` once for every instruction set of this machine.
template <class Body>
void on_every_instruction_set(Body body) {
  for (const std::string& set : testing::instruction_sets()) {
    testing::use_instruction_set(set);
    SCOPED_TRACE(set);
    body();
  }
  testing::use_instruction_set("");
}

class SessionOfEveryCell : public ::testing::TestWithParam<std::string> {};

TEST_P(SessionOfEveryCell, HasTheBitsOfTheWholePass) {
  on_every_instruction_set([] {
    for (const std::int64_t units : {1, 5, 8, 16, 23, 40, 50, 64, 67}) {
      for (const std::int64_t features : {1, 7}) {
        Network network =
            chain({make_cell(GetParam(), {.units = units, .return_sequences = true})}, features);
        const Tensor x = normal({9, features}, 4);
        Session session(network);
        EXPECT_TRUE(same_bits(step_all(session, x, 0, 9), whole_pass(network, x, 9)))
            << GetParam() << " " << units << " units, " << features << " inputs";
      }
    }
  });
}

TEST_P(SessionOfEveryCell, HasTheBitsOfTheWholePassWithoutBiasAndWithOtherActivations) {
  on_every_instruction_set([] {
    for (const char* activation : {"relu", "softsign", "exponential", "tanh"}) {
      Network network = chain({make_cell(GetParam(), {.units = 11,
                                                      .activation = activation,
                                                      .recurrent_activation = "hard_sigmoid",
                                                      .use_bias = false,
                                                      .return_sequences = true})},
                              3);
      const Tensor x = normal({6, 3}, 8);
      Session session(network);
      EXPECT_TRUE(same_bits(step_all(session, x, 0, 6), whole_pass(network, x, 6))) << activation;
    }
  });
}

TEST_P(SessionOfEveryCell, HasTheBitsOfTheWholePassWithEveryOption) {
  on_every_instruction_set([] {
    for (const std::int64_t units : {4, 16, 19}) {
      const std::vector<RecurrentOptions> variants = {
          {.clip = 0.4},
          {.layer_norm = true},
          {.dropout = 0.3, .recurrent_dropout = 0.2},
          {.zoneout = 0.1},
          {.clip = 0.7, .layer_norm = true, .zoneout = 0.2},
          {.proj_size = 3},
          {.zoneout_cell = 0.3},
          {.proj_size = 2, .clip = 0.6, .layer_norm = true, .zoneout = 0.1, .zoneout_cell = 0.2},
          {.recurrent_blocks = 2},
          {.use_bias = false, .recurrent_blocks = 4, .zoneout = 0.2},
          {.recurrent_blocks = 3, .clip = 0.7, .layer_norm = true}};
      for (std::size_t i = 0; i < variants.size(); ++i) {
        RecurrentOptions options = variants[i];
        if (!allows(GetParam(), options)) continue;
        options.units = units - units % options.recurrent_blocks;
        options.return_sequences = true;
        Network network = chain({make_cell(GetParam(), options), make_cell(GetParam(), options)}, 3);
        const Tensor x = normal({7, 3}, 4);
        Session session(network, 9);
        const Numbers expected = whole_pass(network, x, 7);
        EXPECT_TRUE(same_bits(step_all(session, x, 0, 7), expected)) << "variant " << i << ", " << units;
        // The same in company, all streams at the same step.
        const std::vector<int> all = {0, 1, 2, 3, 4, 5, 6, 7, 8};
        const std::int64_t width = session.output_size();
        session.reset();
        for (std::int64_t t = 0; t < 7; ++t) {
          Numbers rows, y(static_cast<std::size_t>(9 * width));
          for (int s = 0; s < 9; ++s)
            rows.insert(rows.end(), x.data<float>().begin() + t * 3, x.data<float>().begin() + (t + 1) * 3);
          session.step(all, View<const float>{rows.data(), 9, 3, 3}, View<float>{y.data(), 9, width, width});
          for (std::int64_t s = 0; s < 9; ++s) {
            EXPECT_EQ(std::memcmp(y.data() + s * width, expected.data() + t * width,
                                  static_cast<std::size_t>(width) * 4),
                      0)
                << "variant " << i << ", stream " << s;
          }
        }
      }
    }
  });
}

TEST(Session, HasTheBitsOfTheWholePassInBlocksOfAnySize) {
  on_every_instruction_set([] {
    for (const std::string& cell : cell_names()) {
      if (!allows(cell, {.recurrent_blocks = 2})) continue;
      for (const auto& [units, blocks] :
           {std::pair{16, 16}, {64, 2}, {64, 8}, {66, 3}, {130, 10}, {300, 4}}) {
        Network network = chain(
            {make_cell(cell, {.units = units, .recurrent_blocks = blocks, .return_sequences = true})}, 7);
        const Tensor x = normal({9, 7}, 4);
        Session session(network);
        EXPECT_TRUE(same_bits(step_all(session, x, 0, 9), whole_pass(network, x, 9)))
            << cell << " of " << units << " units in " << blocks << " blocks";
      }
    }
  });
}

TEST_P(SessionOfEveryCell, StepsManyStreamsWithTheBitsOfEachAlone) {
  on_every_instruction_set([] {
    for (const std::int64_t units : {5, 50}) {
      Network network = chain({make_cell(GetParam(), {.units = units, .return_sequences = true}),
                               make_cell(GetParam(), {.units = 9}), dense({.units = 3})},
                              2);
      constexpr int kStreams = 13;
      Session together(network, kStreams), alone(together.frozen(), kStreams);
      const RandomStream random(5);
      std::uint64_t drawn = 0;
      for (int round = 0; round < 12; ++round) {
        std::vector<int> ready;  // another selection in another order every time
        for (int s = 0; s < kStreams; ++s) {
          if (random.normal(drawn++) > -0.3) ready.push_back(s);
        }
        std::rotate(ready.begin(), ready.begin() + std::ssize(ready) / 2, ready.end());
        const auto n = std::ssize(ready);
        const Tensor x = normal({std::max<std::int64_t>(n, 1), 2}, 100 + static_cast<std::uint64_t>(round));
        Numbers y(static_cast<std::size_t>(n * 4)), single(3);  // rows of y lie 4 apart
        together.step(ready, View<const float>{x.data<float>().data(), n, 2, 2},
                      View<float>{y.data(), n, 3, 4});
        for (std::int64_t r = 0; r < n; ++r) {
          alone.step(ready[static_cast<std::size_t>(r)],
                     x.data<float>().subspan(static_cast<std::size_t>(r * 2), 2), single);
          EXPECT_EQ(std::memcmp(single.data(), y.data() + r * 4, 12), 0)
              << "round " << round << ", row " << r;
        }
      }
    }
  });
}

TEST_P(SessionOfEveryCell, WritesItsOutputsAndNothingBetweenThem) {
  on_every_instruction_set([] {
    for (const std::int64_t units : {1, 5, 8, 16, 23, 50}) {
      const Network network = chain({make_cell(GetParam(), {.units = units})}, 2);
      Session alone(network, 3), together(network, 3);
      const Tensor x = normal({3, 2}, 4);
      const std::vector<int> streams = {0, 1, 2};
      constexpr float kUntouched = 42;
      const auto width = static_cast<std::size_t>(units), pitch = width + 3;
      Numbers of_each(3 * pitch, kUntouched), of_all = of_each;
      for (int step = 0; step < 3; ++step) {
        for (std::size_t r = 0; r < 3; ++r)
          alone.step(static_cast<int>(r), x.data<float>().subspan(2 * r, 2),
                     std::span(of_each).subspan(r * pitch, width));
        together.step(streams, View<const float>{x.data<float>().data(), 3, 2, 2},
                      View<float>{of_all.data(), 3, units, units + 3});
        EXPECT_TRUE(same_bits(of_each, of_all)) << GetParam() << " " << units << " units, step " << step;
        for (std::size_t i = 0; i < of_each.size(); ++i)
          EXPECT_EQ(of_each[i] == kUntouched, i % pitch >= width)
              << GetParam() << " " << units << " units, " << i;
      }
    }
  });
}

TEST_P(SessionOfEveryCell, GoesOnFromSnapshotsForksAndStepsTakenBack) {
  Network network = chain(
      {make_cell(GetParam(), {.units = 6, .return_sequences = true}), make_cell(GetParam(), {.units = 5})},
      2);
  const Tensor x = normal({12, 2}, 2);
  Session session(network, 3, {.rollback = 4});
  const Numbers first = step_all(session, x, 0, 5);
  const Session::State middle = session.snapshot(0);
  const Numbers rest = step_all(session, x, 5, 12);

  session.restore(1, middle);
  EXPECT_TRUE(same_bits(step_all(session, x, 5, 12, 1), rest));
  EXPECT_TRUE(session.snapshot(0) == session.snapshot(1));

  ASSERT_TRUE(session.rollback(0, 3));
  EXPECT_EQ(session.remembered(0), 1);
  session.fork(0, 2);
  const Numbers again = step_all(session, x, 9, 12);
  EXPECT_TRUE(same_bits(again, Numbers(rest.end() - 3 * session.output_size(), rest.end())));
  EXPECT_TRUE(same_bits(step_all(session, x, 9, 12, 2), again));
  EXPECT_TRUE(session.rollback(2, 4));  // the fork has the history, too
  EXPECT_TRUE(
      same_bits(step_all(session, x, 8, 12, 2), Numbers(rest.end() - 4 * session.output_size(), rest.end())));
  EXPECT_FALSE(session.rollback(2, 5));

  session.reset(0);
  EXPECT_EQ(session.remembered(0), 0);
  EXPECT_TRUE(same_bits(step_all(session, x, 0, 5), first));
}

INSTANTIATE_TEST_SUITE_P(Cells, SessionOfEveryCell, ::testing::ValuesIn(cell_names()),
                         [](const auto& test) { return test.param; });

TEST(Session, HasTheBitsOfEveryLayerThatActsOnSteps) {
  on_every_instruction_set([] {
    Network network;
    const int x = network.add_input("x", {true, -1, {4}}), ids = network.add_input("ids", {true, -1, {1}});
    const auto apply = [&](LayerPtr layer, std::vector<int> from) {
      return network.add(std::move(layer), from)[0];
    };
    const int words = apply(embedding({.input_dim = 6, .output_dim = 5}), {ids});
    const int both = apply(concatenate(), {x, words});
    const int wide = apply(lstm({.units = 10, .return_sequences = true}), {both});
    const int normal_of = apply(layer_normalization(), {apply(dropout({.rate = 0.5}), {wide})});
    const LayerPtr shared = dense({.units = 10, .activation = "gelu"});
    const int a = apply(shared, {normal_of}), b = apply(shared, {a});
    const int product = apply(multiply(), {apply(add(), {a, b, normal_of}), wide});
    const int inner = apply(time_distributed(dense({.units = 7, .activation = "tanh"})), {product});
    const std::vector<int> last =
        network.add(gru({.units = 6, .return_sequences = true, .return_state = true}),
                    {apply(batch_normalization(), {inner})});
    const int words_of = apply(activation({.activation = "softmax"}), {last[0]});
    network.set_outputs(
        {words_of, apply(simple_rnn({.units = 3, .return_sequences = true}), {inner}), product});
    network.build(7);
    const RandomStream random(9);
    const auto values = network.parameters().values();  // moving variances stay positive
    for (std::int64_t i = 0; i < values.size(); ++i)
      if (values.at(i) == 0) values.set(i, std::abs(0.3 * random.normal(static_cast<std::uint64_t>(i))));

    constexpr std::int64_t kSteps = 8;
    const Tensor numbers_of = normal({1, kSteps, 4}, 3);
    Tensor tokens({1, kSteps, 1});
    for (std::int64_t t = 0; t < kSteps; ++t) tokens.set(t, static_cast<double>(t % 6));
    const std::vector<Samples> expected = run(network, {Samples(numbers_of), Samples(tokens)});

    Session session(network);
    ASSERT_EQ(session.output_size(1), 3);
    for (std::int64_t t = 0; t < kSteps; ++t) {
      std::vector<Numbers> y;
      std::vector<std::span<float>> spans;
      for (int i = 0; i < 3; ++i) y.emplace_back(static_cast<std::size_t>(session.output_size(i)));
      for (Numbers& one : y) spans.emplace_back(one);
      const std::span<const float> now[] = {
          numbers_of.data<float>().subspan(static_cast<std::size_t>(t * 4), 4),
          tokens.data<float>().subspan(static_cast<std::size_t>(t), 1)};
      session.step(0, now, spans);
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(std::memcmp(y[i].data(), expected[i].values().data<float>().data() + t * std::ssize(y[i]),
                              y[i].size() * 4),
                  0)
            << "output " << i << ", step " << t;
      }
    }
  });
}

/// [time, 3·readings]: values, masks (0: not read), times since the last reading.
Tensor readings_with_gaps(std::int64_t steps, std::int64_t readings) {
  Tensor x = normal({steps, 3 * readings}, 6);
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t c = 0; c < readings; ++c) {
      const std::int64_t row = t * 3 * readings;
      x.set(row + readings + c, (t + 2 * c) % 3 == 0 ? 1 : 0);
      if ((t + 2 * c) % 3 != 0) x.set(row + c, NAN);
      x.set(row + 2 * readings + c, std::abs(x.at(row + 2 * readings + c)));
    }
  }
  return x;
}

TEST(Session, HasTheBitsOfGruDAndOfItsMeansBeforeAnyReading) {
  on_every_instruction_set([] {
    const GruDOptions variants[] = {{},
                                    {.means = {0.5, -1, 2}},
                                    {.elapsed_input = true, .means = {1, 2, 3}},
                                    {.input_decay = false},
                                    {.use_bias = false, .state_decay = false}};
    for (const std::int64_t units : {2, 16, 37}) {
      for (GruDOptions options : variants) {
        options.units = units;
        options.return_sequences = true;
        Network network = chain({gru_d(options), dense({.units = 3})}, 9);
        const Tensor x = readings_with_gaps(9, 3);
        Session session(network, 2, {.rollback = 5});
        const Numbers expected = whole_pass(network, x, 9), seen = step_all(session, x, 0, 9);
        EXPECT_TRUE(same_bits(seen, expected)) << units << " units";
        ASSERT_TRUE(session.rollback(0, 5));
        session.fork(0, 1);
        EXPECT_TRUE(same_bits(step_all(session, x, 4, 9, 1), Numbers(seen.begin() + 12, seen.end())));
        session.reset();
        EXPECT_TRUE(same_bits(step_all(session, x, 0, 9), expected));
      }
    }
  });
}

TEST(Session, HasTheBitsOfAChangeOfScaleAndOfItsInverse) {
  Network network;
  const int x = network.add_input("x", {true, -1, {5}});
  const int factors = network.add(trainable_vector({.values = {0.3, -0.7}}), {x})[0];
  const int scaled = network.add(affine({.count = 2, .every = 3}), {x, factors})[0];
  const int h = network.add(gru({.units = 4, .return_sequences = true}), {scaled})[0];
  network.set_outputs(network.add(affine({.inverse = true}), {h, factors}));
  network.build(2);
  const Tensor series = normal({7, 5}, 3);
  Session session(network);
  EXPECT_TRUE(same_bits(step_all(session, series, 0, 7), whole_pass(network, series, 7)));
}

TEST(Session, OfALayerThatReturnsItsLastStepGivesTheCurrentOne) {
  Network network =
      chain({lstm({.units = 4, .return_sequences = true}), gru({.units = 5}), dense({.units = 2})}, 3);
  const Tensor x = normal({6, 3}, 1);
  Session session(network);
  for (std::int64_t t = 0; t < 6; ++t)
    EXPECT_TRUE(same_bits(step_all(session, x, t, t + 1), whole_pass(network, x, t + 1))) << t;
}

TEST(Session, TakesAStreamNamedTwiceTwoStepsFurther) {
  Network network = chain({gru({.units = 4})}, 1);
  const Tensor x = normal({3, 1}, 6);
  Session one(network, 2), twice(one.frozen(), 2);
  const Numbers expected = step_all(one, x, 0, 2);
  Numbers y(12);
  const int streams[] = {0, 1, 0};
  const float rows[] = {x.data<float>()[0], 0.5F, x.data<float>()[1]};
  twice.step(streams, View<const float>{rows, 3, 1, 1}, View<float>{y.data(), 3, 4, 4});
  EXPECT_EQ(std::memcmp(y.data() + 8, expected.data() + 4, 16), 0);
  EXPECT_TRUE(one.snapshot(0) == twice.snapshot(0));
}

TEST(Session, KeepsTheWeightsThatItWasFrozenWith) {
  Network network = chain({lstm({.units = 4})}, 2);
  const Tensor x = normal({4, 2}, 1);
  const auto frozen = freeze(network);
  Session before(frozen);
  const Numbers expected = step_all(before, x, 0, 4);
  network.parameters().values().set(0, 17);
  Session after(frozen);
  EXPECT_TRUE(same_bits(step_all(after, x, 0, 4), expected));
  Session moved(std::move(after));
  moved.reset();
  EXPECT_TRUE(same_bits(step_all(moved, x, 0, 4), expected));
}

TEST(Session, SharesOneModelBetweenThreads) {
  Network network = chain({lstm({.units = 20, .return_sequences = true}), gru({.units = 7})}, 3);
  const auto frozen = freeze(network);
  const Tensor x = normal({200, 3}, 1);
  Session alone(frozen);
  const Numbers expected = step_all(alone, x, 0, 200);
  std::vector<Numbers> seen(4);
  std::vector<std::thread> threads;
  for (Numbers& mine : seen) {
    threads.emplace_back([&mine, &x, frozen] {
      Session session(frozen);
      mine = step_all(session, x, 0, 200);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Numbers& mine : seen) EXPECT_TRUE(same_bits(mine, expected));
}

TEST(Session, SavesAndLoadsStates) {
  Network network =
      chain({lstm({.units = 4, .return_sequences = true, .name = "first"}), gru({.units = 3})}, 2);
  const Tensor x = normal({8, 2}, 1);
  Session session(network);
  step_all(session, x, 0, 4);
  const Session::State state = session.snapshot();
  const std::string path = ::testing::TempDir() + "session_state.safetensors";
  write_tensor_file(path, session.to_file(state));
  const Numbers expected = step_all(session, x, 4, 8);
  const TensorFile file = read_tensor_file(path);
  std::remove(path.c_str());
  ASSERT_NE(file.find("first.h"), nullptr);
  ASSERT_NE(file.find("first.c"), nullptr);
  ASSERT_NE(file.find("gru.h"), nullptr);
  Session other(session.frozen());
  other.restore(0, other.from_file(file));
  EXPECT_TRUE(same_bits(step_all(other, x, 4, 8), expected));

  TensorFile broken = file;
  broken.tensors.pop_back();
  EXPECT_THROW(other.from_file(broken), Error);
  broken = file;
  broken.tensors[0].second = Tensor({9});
  EXPECT_THROW(other.from_file(broken), Error);
  broken = file;
  broken.tensors.emplace_back("stranger", Tensor({1}));
  EXPECT_THROW(other.from_file(broken), Error);
}

TEST(Session, MovesStatesBetweenInstructionSets) {
  Network network = chain({lstm({.units = 5})}, 2);
  std::vector<Session> sessions;
  for (const std::string& set : testing::instruction_sets()) {
    testing::use_instruction_set(set);
    sessions.emplace_back(network);
  }
  testing::use_instruction_set("");
  const Tensor x = normal({4, 2}, 1);
  step_all(sessions.front(), x, 0, 4);
  const Session::State state = sessions.front().snapshot();
  for (Session& session : sessions) {
    session.restore(0, state);
    EXPECT_TRUE(session.snapshot() == state);
  }
}

TEST(Session, AnswersACallThatDoesNotFitWithNaNAndKeepsItsStates) {
  Network network = chain({lstm({.units = 4})}, 2);
  Session session(network, 2);
  step_all(session, normal({3, 2}, 1), 0, 3);
  const Session::State before = session.snapshot();
  const auto all_nan = [](const Numbers& y) {
    return std::ranges::all_of(y, [](float v) { return v != v; });
  };
  const Numbers x(2), wide(3);
  Numbers y(4);
  session.step(wide, y);
  EXPECT_TRUE(all_nan(y));
  y.assign(4, 0);
  session.step(2, x, y);
  EXPECT_TRUE(all_nan(y));
  Numbers narrow(3);
  session.step(0, x, narrow);
  EXPECT_TRUE(all_nan(narrow));
  y.assign(4, 0);
  const int streams[] = {7};
  session.step(streams, View<const float>{x.data(), 1, 2, 2}, View<float>{y.data(), 1, 4, 4});
  EXPECT_TRUE(all_nan(y));
  EXPECT_TRUE(session.snapshot() == before);
  EXPECT_THROW(session.snapshot(5), Error);
  EXPECT_THROW(session.restore(0, Session::State{{1, 2, 3}}), Error);
}

TEST(Session, AnswersAnIdOutOfRangeWithNaN) {
  Network network = chain({embedding({.input_dim = 3, .output_dim = 2})}, 1);
  Session session(network);
  for (const float id : {-1.0F, 3.0F, 0.5F, 1e30F, NAN}) {
    Numbers y(2);
    session.step(std::span(&id, 1), y);
    EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1])) << id;
  }
}

TEST(SessionErrors, NameTheLayerThatCannotStreamAndTheCure) {
  const auto refuse = [](std::vector<LayerPtr> layers, std::initializer_list<std::string> pieces) {
    Network network = chain(std::move(layers), 2);
    expect_usage_error(pieces, [&] { Session session(network); });
  };
  refuse({bidirectional(lstm({.units = 2}))}, {"layer 'bidirectional'", "plain recurrent layer"});
  refuse({lstm({.units = 2, .go_backwards = true, .name = "back"})}, {"layer 'back' (lstm)", "go_backwards"});
  refuse({time_pooling({.mode = "mean"})}, {"time_pooling", "mode mean", "whole sequence"});
  refuse({masking()}, {"masking", "do not step"});
  refuse({lstm({.units = 2}), repeat_vector({.n = 3})}, {"repeat_vector", "predict()"});
  refuse({lstm({.units = 2}), flatten()}, {"flatten"});

  Network unbuilt;
  expect_usage_error({"not built", "build()"}, [&] { Session session(unbuilt); });
  Network wide = chain({lstm({.units = 2})}, 2).cast(DType::float64);
  expect_usage_error({"float64", "cast"}, [&] { Session session(wide); });
  Network network = chain({lstm({.units = 2})}, 2);
  expect_usage_error({"stream", "0"}, [&] { Session session(network, 0); });
  expect_usage_error({"rollback", "-1"}, [&] { Session session(network, 1, {.rollback = -1}); });
  Network vectors = network_of(dense({.units = 1}), {{false, -1, {3}}});
  expect_usage_error({"input 'a'", "time axis"}, [&] { Session session(vectors); });
}

}  // namespace
}  // namespace rondo
