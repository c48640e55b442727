#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "rondo/layers/layers.h"
#include "rondo/model/testing.h"
#include "rondo/tape/tape.h"

// GRU-D passes the suite on what it is for: masks of zeros and ones, values that are NaN where nothing was
// read, elapsed times.

namespace rondo {
namespace {

using testing::InvarianceCase;
using testing::Padding;
using testing::Subject;

/// [a | b | c] to [a, NaN where b is low | 1 or 0 | c²]: readings as they come from a table of events.
class Readings final : public Operation {
 public:
  void forward(Call& call) const override {
    const Value in = call.input(0);
    const Matrix out = call.make_output(0, in.layout, in.features);
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> x = in.data.view<const T>();
      const View<T> y = out.view<T>();
      const std::int64_t n = x.cols / 3;
      for (std::int64_t r = 0; r < x.rows; ++r) {
        for (std::int64_t c = 0; c < n; ++c) {
          const bool read = x(r, n + c) > T(0.3);
          y(r, c) = read ? x(r, c) : std::numeric_limits<T>::quiet_NaN();
          y(r, n + c) = read ? T{1} : T{0};
          y(r, 2 * n + c) = x(r, 2 * n + c) * x(r, 2 * n + c);
        }
      }
    });
  }
  void backward(Call& call) const override {
    const Matrix d_input = call.input_gradient(0);
    if (!d_input) return;
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> x = call.input(0).data.view<const T>(), dy = call.output_gradient(0).view<T>();
      const View<T> dx = d_input.view<T>();
      const std::int64_t n = x.cols / 3;
      for (std::int64_t r = 0; r < x.rows; ++r) {
        for (std::int64_t c = 0; c < n; ++c) {
          dx(r, c) += dy(r, c);  // of a value that was not read it has to be 0 without help
          dx(r, 2 * n + c) += 2 * x(r, 2 * n + c) * dy(r, 2 * n + c);
        }
      }
    });
  }
};

/// gru_d behind Readings, as one layer.
class OnReadings final : public Layer {
 public:
  explicit OnReadings(const GruDOptions& options) : inner_(gru_d(options)) {}
  std::string type() const override { return "on_readings"; }
  Json config() const override { return inner_->config(); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    inner_->set_name(name());
    return inner_->connect(inputs);
  }
  void declare(ParameterStore& store, const std::string&) override {
    inner_->declare_parameters(store.dtype());
    store.share_all(inner_->parameters());
  }
  void initialize(ParameterStore&, std::uint64_t seed) const override { inner_->initialize_parameters(seed); }
  void forward(Call&) const override {}
  void backward(Call&) const override {}
  Vars record(Tape& tape, std::span<const Var> inputs) const override {
    const std::span<Var> all = tape.vars(inputs.size());
    std::ranges::copy(inputs, all.begin());
    all[0] = tape.apply_one(tape.make<Readings>(), {inputs[0]});
    return inner_->record(tape, all);
  }
  std::vector<Layer*> children() override { return {inner_.get()}; }

 private:
  LayerPtr inner_;
};

struct GruDCase {
  const char* name;
  GruDOptions options;
  bool states;
};

const std::vector<GruDCase> kGruDCases = {
    {"plain", {}, false},
    {"sequences and states", {.return_sequences = true, .return_state = true}, true},
    {"means", {.means = {0.5, -1, 2}, .return_sequences = true, .return_state = true}, true},
    {"sees elapsed times", {.elapsed_input = true, .return_sequences = true}, false},
    {"inputs do not fade", {.input_decay = false}, false},
    {"state does not fade", {.state_decay = false, .return_sequences = true, .return_state = true}, true},
    {"without bias",
     {.activation = "softsign", .recurrent_activation = "hard_sigmoid", .use_bias = false},
     false},
};

constexpr std::int64_t kReadings = 3;

Subject subject_of(const GruDCase& use, std::int64_t units = 4, std::int64_t readings = kReadings) {
  GruDOptions options = use.options;
  options.units = units;
  if (readings != kReadings) options.means.clear();
  Subject s;
  s.name = std::string("gru_d, ") + use.name;
  s.make = [options] { return std::make_shared<OnReadings>(options); };
  s.inputs = {{true, -1, {3 * readings}}};
  if (use.states) {
    s.inputs.push_back({false, -1, {units}});
    s.inputs.push_back({false, -1, {readings}});
  }
  s.splits_in_time = use.states;
  return s;
}

class GruDUse : public ::testing::TestWithParam<GruDCase> {};

TEST_P(GruDUse, HasExactGradientsOfReadingsMasksTimesAndStates) {
  for (const std::uint64_t seed : {1, 2, 3})
    EXPECT_EQ(testing::check_gradients(subject_of(GetParam()), seed), "");
}
TEST_P(GruDUse, IsTheSameInFloatAndDouble) {
  EXPECT_EQ(testing::check_float_against_double(subject_of(GetParam())), "");
}
TEST_P(GruDUse, GivesTheSameBitsOnAnyNumberOfThreads) {
  EXPECT_EQ(testing::check_threads(subject_of(GetParam())), "");
  EXPECT_EQ(testing::check_threads(subject_of(GetParam(), 70, 20)), "");
}
TEST_P(GruDUse, GivesTheSameBitsStepByStepAndInChunks) {
  if (GetParam().states) {
    EXPECT_EQ(testing::check_split_in_time(subject_of(GetParam())), "");
  }
}
TEST_P(GruDUse, GivesASequenceTheSameBitsAloneAndInAnyBatch) {
  InvarianceCase batch;
  batch.lengths = {3, 0, 7, 7, 1, 5, 2, 7, 4, 6, 1, 1, 7, 3, 2, 5, 6, 9, 33};
  for (const Padding padding : {Padding::right, Padding::left, Padding::scattered}) {
    for (const int threads : {1, 3}) {
      batch.padding = padding;
      batch.threads = threads;
      EXPECT_EQ(testing::check_invariance(subject_of(GetParam()), batch), "");
      EXPECT_EQ(testing::check_invariance(subject_of(GetParam(), 33, 17), batch), "");
      EXPECT_EQ(testing::check_invariance(subject_of(GetParam()), batch, DType::float64), "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Uses, GruDUse, ::testing::ValuesIn(kGruDCases), [](const auto& param) {
  std::string name = param.param.name;
  std::ranges::replace(name, ' ', '_');
  return name;
});

TEST(GruD, TakesAnInitialStateAlone) {
  Subject s = subject_of(kGruDCases[0]);
  s.inputs.push_back({false, -1, {4}});
  EXPECT_EQ(testing::check_gradients(s), "");
}

TEST(GruD, PassesTheSuiteOfEveryLayer) {
  Subject s;
  s.name = "gru_d";
  s.make = [] { return gru_d({.units = 4, .return_sequences = true, .return_state = true}); };
  s.inputs = {{true, -1, {9}}, {false, -1, {4}}, {false, -1, {3}}};
  s.splits_in_time = true;
  EXPECT_EQ(testing::check_all(s), "");
}

}  // namespace
}  // namespace rondo
