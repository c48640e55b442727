#include <cstring>
#include <limits>

#include "unit/layers/run_network.h"

namespace rondo {
namespace {

constexpr std::int64_t kParameters = 3;

/// Readings of five records of different lengths: values that are `unread` where nothing was read, masks,
/// elapsed times.
struct Charts {
  Samples whole;               ///< [values | masks | elapsed]
  std::vector<Tensor> filled;  ///< [values, forward filled from 0 | masks]
  explicit Charts(double unread, DType dtype = DType::float32) {
    const RandomStream random(4);
    std::vector<Tensor> sequences;
    std::uint64_t draw = 0;
    for (const std::int64_t length : {4, 9, 0, 1, 6}) {
      Tensor x({length, 3 * kParameters}, dtype), y({length, 2 * kParameters}, dtype);
      std::vector<double> last(kParameters, 0), elapsed(kParameters, 0);
      for (std::int64_t t = 0; t < length; ++t) {
        for (std::int64_t c = 0; c < kParameters; ++c) {
          const auto at = static_cast<std::size_t>(c);
          const bool read = random.uniform(++draw) < 0.4;
          const double value = static_cast<float>(random.normal(++draw));
          if (read) last[at] = value;
          x.set(t * 3 * kParameters + c, read ? value : unread);
          x.set(t * 3 * kParameters + kParameters + c, read);
          x.set(t * 3 * kParameters + 2 * kParameters + c, elapsed[at]);
          y.set(t * 2 * kParameters + c, last[at]);
          y.set(t * 2 * kParameters + kParameters + c, read);
          elapsed[at] = read ? 0.5 : elapsed[at] + 0.5;
        }
      }
      sequences.push_back(std::move(x));
      filled.push_back(std::move(y));
    }
    whole = Samples::ragged(sequences);
  }
};

Network charts_network(GruDOptions options, DType dtype = DType::float32) {
  options.units = 5;
  return network_of(gru_d(options), {ValueShape{true, -1, {3 * kParameters}}}, dtype);
}

void expect_same_bits(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  EXPECT_EQ(std::memcmp(a.bytes(), b.bytes(), static_cast<std::size_t>(a.size()) * dtype_size(a.dtype())), 0);
}

TEST(GruD, WithoutDecayIsAGruOfFilledValuesAndMasksToTheLastBit) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Charts charts(std::numeric_limits<double>::quiet_NaN(), dtype);
    Network plain = network_of(gru({.units = 5, .return_sequences = true}),
                               {ValueShape{true, -1, {2 * kParameters}}}, dtype);
    for (const bool zero_weights : {false, true}) {
      Network decayed = charts_network(
          {.input_decay = zero_weights, .state_decay = zero_weights, .return_sequences = true}, dtype);
      const auto values = decayed.parameters().values();
      for (std::int64_t i = 0; i < values.size(); ++i)
        values.set(i, i < plain.parameters().values().size() ? plain.parameters().values().at(i) : 0);
      expect_same_bits(run(decayed, {charts.whole})[0].values(),
                       run(plain, {Samples::ragged(charts.filled)})[0].values());
    }
  }
}

TEST(GruD, DoesNotLookAtValuesThatWereNotRead) {
  Network network = charts_network({.return_sequences = true});
  const Tensor expected = run(network, {Charts(0).whole})[0].values();
  for (const double unread : {-1e30, std::numeric_limits<double>::quiet_NaN()})
    expect_same_bits(run(network, {Charts(unread).whole})[0].values(), expected);
}

TEST(GruD, ForgetsItsStateAndItsInputsAfterALongTime) {
  // One reading, then nothing: with strong decay the second step sees the means and no state, whatever was
  // read before.
  Network network = charts_network({.means = {1, 2, 3}});
  for (const char* part : {"input_decay_kernel", "state_decay_kernel"}) {
    for (std::size_t i = 0; i < network.parameters().infos().size(); ++i) {
      if (network.parameters().infos()[i].name.find(part) == std::string::npos) continue;
      with_dtype(DType::float32, [&]<class T>(T) {
        const View<float> w = network.parameters().value(static_cast<int>(i)).view<float>();
        std::fill_n(w.data, w.rows * w.cols, 1.0f);
      });
    }
  }
  const auto after = [&](double reading, double elapsed) {
    Tensor x({1, 2, 3 * kParameters});
    for (std::int64_t c = 0; c < kParameters; ++c) {
      x.set(c, reading);
      x.set(kParameters + c, 1);
      x.set(5 * kParameters + c, elapsed);
    }
    return numbers(run(network, {Samples(x)})[0].values());
  };
  EXPECT_NE(after(-3, 0.1), after(3, 0.1));
  EXPECT_EQ(after(-3, 1000), after(3, 1000));
}

TEST(GruD, SurvivesItsSpec) {
  const GruDOptions options{
      .units = 5, .elapsed_input = true, .means = {1, 0.25, -3}, .dropout = 0.25, .return_sequences = true};
  Network network = network_of(gru_d(options), {ValueShape{true, -1, {3 * kParameters}}});
  Network again = Network::from_spec(network.spec());
  again.build(1);
  again.parameters().values() = network.parameters().values().copy();
  EXPECT_EQ(to_json(again.spec()), to_json(network.spec()));
  expect_same_bits(run(again, {Charts(0).whole})[0].values(), run(network, {Charts(0).whole})[0].values());
}

TEST(GruD, CarriesStateAndLastReadingsFromBatchToBatch) {
  Network network = charts_network({.return_sequences = true, .stateful = true});
  Tensor x = normal({2, 6, 3 * kParameters}, 8);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (i / kParameters % 3 == 1) x.set(i, x.at(i) > 0);
  }
  CarriedState carried;
  RunOptions options;
  options.carried = &carried;
  const Tensor whole = run(network, {Samples(x)})[0].to_padded();
  for (std::int64_t t = 0; t < 6; ++t) {
    Tensor step({2, 1, 3 * kParameters});
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t c = 0; c < 3 * kParameters; ++c)
        step.set(b * 3 * kParameters + c, x.at((b * 6 + t) * 3 * kParameters + c));
    }
    const Tensor y = run(network, {Samples(step)}, options)[0].to_padded();
    for (std::int64_t b = 0; b < 2; ++b) {
      for (std::int64_t u = 0; u < 5; ++u) EXPECT_EQ(y.at(b * 5 + u), whole.at((b * 6 + t) * 5 + u));
    }
  }
}

TEST(GruD, SaysWhatItNeeds) {
  const auto make = [](GruDOptions options, std::vector<ValueShape> inputs) {
    network_of(gru_d(options), inputs);
  };
  expect_usage_error({"'units' must be positive"}, [&] { gru_d({}); });
  expect_usage_error({"values, masks and elapsed times", "3 * parameters"}, [&] {
    make({.units = 2}, {ValueShape{true, -1, {4}}});
  });
  expect_usage_error({"no sequence"}, [&] { make({.units = 2}, {ValueShape{false, -1, {6}}}); });
  expect_usage_error({"'means' has another size", "2"}, [&] {
    make({.units = 2, .means = {1, 2, 3}}, {ValueShape{true, -1, {6}}});
  });
  const ValueShape chart{true, -1, {6}}, h{false, -1, {3}}, last{false, -1, {2}};
  make({.units = 3}, {chart, h});
  make({.units = 3}, {chart, h, last});
  expect_usage_error({"at most two initial states"}, [&] { make({.units = 3}, {chart, h, last, last}); });
  expect_usage_error({"an initial state has another shape", "(None, 2)"}, [&] {
    make({.units = 3}, {chart, h, h});
  });
  expect_usage_error({"can read backwards", "gru_d"}, [&] { bidirectional(gru_d({.units = 2})); });
  expect_usage_error({"'dropout' is out of range"}, [&] { gru_d({.units = 2, .dropout = 1}); });
  expect_usage_error({"'means' must be finite"},
                     [&] { gru_d({.units = 2, .means = {std::numeric_limits<double>::infinity()}}); });
}

}  // namespace
}  // namespace rondo
