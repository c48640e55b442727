#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "kernels/cells.h"
#include "rondo/layers/layers.h"
#include "rondo/model/testing.h"
#include "rondo/tape/tape.h"

// Every layer passes the suite that the cells pass.

namespace rondo {
namespace {

using testing::Subject;

const ValueShape kSequence{true, -1, {3}};
const ValueShape kFixed{true, 5, {3}};
const ValueShape kVector{false, -1, {4}};

Subject subject(std::string name, std::function<LayerPtr()> make, std::vector<ValueShape> inputs) {
  Subject s;
  s.name = std::move(name);
  s.make = std::move(make);
  s.inputs = std::move(inputs);
  return s;
}

/// A network as a layer, of its spec: it takes the type of the network around it.
LayerPtr network_of_two() {
  Network inner;
  const int x = inner.add_input("x", kSequence);
  const int h = inner.add(dense({.units = 4}), {x})[0];
  inner.set_outputs(inner.add(gru({.units = 3, .return_sequences = true}), {h}));
  return make_layer(Json::object({{"type", "network"}, {"network", inner.spec()}}));
}

std::vector<Subject> subjects() {
  std::vector<Subject> all;
  const auto add_subject = [&](Subject s) { all.push_back(std::move(s)); };
  for (const std::string& a : activation_names()) {
    add_subject(subject("activation " + a, [a] { return activation({.activation = a}); }, {kSequence}));
    add_subject(subject("dense " + a, [a] { return dense({.units = 5, .activation = a}); }, {kVector}));
  }
  add_subject(subject("dense on steps", [] { return dense({.units = 70, .use_bias = false}); }, {kSequence}));
  add_subject(subject("dropout in inference", [] { return dropout({.rate = 0.4}); }, {kSequence}));
  add_subject(subject("layer normalization", [] { return layer_normalization(); }, {kSequence}));
  add_subject(subject("layer normalization of vectors", [] { return layer_normalization({.center = false}); },
                      {kVector}));
  add_subject(subject("batch normalization in inference", [] { return batch_normalization(); }, {kSequence}));
  add_subject(subject("masking", [] { return masking(); }, {kSequence}));
  add_subject(subject("network", [] { return network_of_two(); }, {kSequence}));
  add_subject(subject("repeat_vector", [] { return repeat_vector({.n = 3}); }, {kVector}));
  for (const std::string mode : {"last", "mean", "max"}) {
    add_subject(
        subject("time_pooling " + mode, [mode] { return time_pooling({.mode = mode}); }, {kSequence}));
  }
  add_subject(subject("concatenate", [] { return concatenate(); }, {kSequence, kSequence}));
  add_subject(
      subject("concatenate of three vectors", [] { return concatenate(); }, {kVector, kVector, kVector}));
  add_subject(subject("add", [] { return rondo::add(); }, {kSequence, kSequence}));
  add_subject(subject("multiply", [] { return multiply(); }, {kSequence, kSequence, kSequence}));
  add_subject(subject("subtract", [] { return subtract(); }, {kSequence, kSequence}));
  add_subject(subject("average", [] { return average(); }, {kVector, kVector, kVector}));
  add_subject(subject("maximum", [] { return maximum(); }, {kSequence, kSequence, kSequence}));
  add_subject(subject("minimum", [] { return minimum(); }, {kVector, kVector}));
  const ValueShape kPairs{true, -1, {2, 3}};
  for (const bool normalize : {false, true}) {
    const auto dot_of = [normalize](std::vector<std::int64_t> axes) {
      return [normalize, axes] { return dot({.axes = axes, .normalize = normalize}); };
    };
    add_subject(subject("dot of vectors", dot_of({-1}), {kVector, kVector}));
    add_subject(subject("dot of every step with a vector", dot_of({3, 1}), {kPairs, {false, -1, {3}}}));
    add_subject(subject("dot of a vector with every step", dot_of({1, 3}), {{false, -1, {3}}, kPairs}));
    add_subject(subject("dot over time", dot_of({1}), {kSequence, kSequence}));
    Subject all_pairs = subject("dot of all pairs of steps", dot_of({2}), {kFixed, kFixed});
    all_pairs.equal_lengths = true;
    add_subject(all_pairs);
  }
  for (const ValueShape& input : {kSequence, kVector}) {
    add_subject(
        subject("gaussian_noise in inference", [] { return gaussian_noise({.stddev = 0.5}); }, {input}));
    add_subject(
        subject("gaussian_dropout in inference", [] { return gaussian_dropout({.rate = 0.5}); }, {input}));
  }
  add_subject(subject("spatial_dropout1d in inference", [] { return spatial_dropout1d({.rate = 0.5}); },
                      {kSequence}));
  register_lambda("product_and_tanh", [](Tape& tape, std::span<const Var> x) {
    return ops::tanh(tape, ops::multiply(tape, x[0], x[1]));
  });
  add_subject(
      subject("lambda", [] { return lambda({.function = "product_and_tanh"}); }, {kSequence, kSequence}));
  add_subject(subject("lambda of vectors", [] { return lambda({.function = "product_and_tanh"}); },
                      {kVector, kVector}));
  for (const ValueShape& input : {kSequence, kVector}) {
    add_subject(subject("trainable_vector",
                        [] {
                          return trainable_vector({.values = {0.5, -1, 2}});
                        },
                        {input}));
    for (const bool inverse : {false, true}) {
      const ValueShape factors{false, -1, {2}};
      add_subject(subject("affine", [inverse] { return affine({.inverse = inverse}); }, {input, factors}));
      add_subject(subject("affine of the first and the third feature",
                          [inverse] { return affine({.inverse = inverse, .count = 2, .every = 2}); },
                          {input, factors}));
    }
  }
  for (const char* mode : {"sum", "mul", "ave", "concat"}) {
    for (const bool sequences : {false, true}) {
      add_subject(subject(std::string("bidirectional ") + mode,
                          [mode, sequences] {
                            return bidirectional(lstm({.units = 3, .return_sequences = sequences}),
                                                 {.merge_mode = mode});
                          },
                          {kSequence}));
    }
  }
  add_subject(subject("bidirectional without merge, states in and out",
                      [] {
                        return bidirectional(
                            gru({.units = 3, .return_sequences = true, .return_state = true}),
                            {.merge_mode = std::nullopt});
                      },
                      {kSequence, ValueShape{false, -1, {3}}, ValueShape{false, -1, {3}}}));
  for (const bool sequences : {false, true}) {
    add_subject(subject("bidirectional of two cells",
                        [sequences] {
                          return bidirectional(
                              lstm({.units = 3, .return_sequences = sequences}), {},
                              gru({.units = 2, .return_sequences = sequences, .go_backwards = true}));
                        },
                        {kSequence}));
  }
  add_subject(subject(
      "bidirectional of two cells, states in and out",
      [] {
        return bidirectional(lstm({.units = 3, .return_state = true}), {.merge_mode = "sum"},
                             gru({.units = 3, .return_state = true, .go_backwards = true}));
      },
      {kSequence, ValueShape{false, -1, {3}}, ValueShape{false, -1, {3}}, ValueShape{false, -1, {3}}}));
  add_subject(subject("time_distributed dense",
                      [] { return time_distributed(dense({.units = 4, .activation = "tanh"})); },
                      {kSequence}));
  add_subject(subject("time_distributed lstm", [] { return time_distributed(lstm({.units = 3})); },
                      {ValueShape{true, -1, {4, 2}}}));
  add_subject(subject("time_distributed sequences",
                      [] { return time_distributed(gru({.units = 2, .return_sequences = true})); },
                      {ValueShape{true, -1, {4, 2}}}));

  Subject s = subject("flatten", [] { return flatten(); }, {kFixed});
  s.equal_lengths = true;
  add_subject(s);
  s = subject("reshape to a sequence", [] { return reshape({.target_shape = {-1, 5}}); }, {kFixed});
  s.equal_lengths = true;
  add_subject(s);
  s = subject("reshape to a vector", [] { return reshape({.target_shape = {15}}); }, {kFixed});
  s.equal_lengths = true;
  add_subject(s);

  s = subject("embedding", [] { return embedding({.input_dim = 6, .output_dim = 4}); },
              {ValueShape{true, -1, {}}});
  s.integer_inputs = true;
  s.integer_limit = 6;
  add_subject(s);
  s = subject("embedding mask_zero",
              [] { return embedding({.input_dim = 6, .output_dim = 4, .mask_zero = true}); },
              {ValueShape{true, -1, {}}});
  s.integer_inputs = true;
  s.integer_limit = 6;
  add_subject(s);

  const std::pair<const char*, std::function<LayerPtr()>> by_place[] = {
      {"dropout", [] { return dropout({.rate = 0.4}); }},
      {"spatial_dropout1d", [] { return spatial_dropout1d({.rate = 0.4}); }},
      {"gaussian_noise", [] { return gaussian_noise({.stddev = 0.4}); }},
      {"gaussian_dropout", [] { return gaussian_dropout({.rate = 0.4}); }}};
  for (const auto& [name, make] : by_place) {
    s = subject(std::string(name) + " in training", make, {kSequence});
    s.training = true;
    s.mixes_samples = true;  // the random numbers belong to the place in the batch
    add_subject(s);
  }
  s = subject("batch normalization in training", [] { return batch_normalization(); }, {kSequence});
  s.training = true;
  s.mixes_samples = true;
  add_subject(s);
  return all;
}

}  // namespace

namespace testing {
void PrintTo(const Subject& s, std::ostream* out) { *out << s.name; }
}  // namespace testing

namespace {

class EveryLayer : public ::testing::TestWithParam<Subject> {};

TEST_P(EveryLayer, PassesTheSuite) { EXPECT_EQ(testing::check_all(GetParam()), ""); }

INSTANTIATE_TEST_SUITE_P(Layers, EveryLayer, ::testing::ValuesIn(subjects()),
                         [](const auto& param) { return std::to_string(param.index); });

void add_types(Layer& layer, std::set<std::string>& types) {
  types.insert(layer.type());
  for (Layer* child : layer.children()) add_types(*child, types);
}

TEST(EveryLayerType, HasASubject) {
  std::set<std::string> types = {"gru_d"};  // in gru_d_test.cc
  for (const Subject& s : subjects()) add_types(*s.make(), types);
  for (const std::string& cell : kernels::cell_types()) types.insert(cell);  // all in cells_test.cc
  for (const std::string& type : layer_types())
    EXPECT_TRUE(types.contains(type)) << type << " is tested nowhere";
}

// A suite that cannot fail proves nothing: a layer with a planted fault must be caught.

/// Dense(1) of tanh, whose backward pass forgets a factor.
class Faulty final : public Layer {
 public:
  explicit Faulty(bool wrong) : wrong_(wrong) {}
  std::string type() const override { return "faulty"; }
  Json config() const override { return Json::object(); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override { return {inputs[0]}; }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      for (std::int64_t i = 0; i < y.rows * y.cols; ++i)
        y.data[i] = std::tanh(in.data.view<const T>().data[i]);
    });
  }
  void backward(Call& call) const override {
    const Matrix dx = call.input_gradient(0);
    if (!dx) return;
    with_dtype(call.dtype(), [&]<class T>(T) {
      const T* y = call.output_value(0).data.view<const T>().data;
      const T* dy = call.output_gradient(0).view<T>().data;
      for (std::int64_t i = 0; i < dx.rows * dx.cols; ++i)
        dx.view<T>().data[i] += dy[i] * (wrong_ ? T{1} : T{1} - y[i] * y[i]);
    });
  }

 private:
  bool wrong_;
};

TEST(PlantedFault, AMissingFactorInBackwardIsCaught) {
  EXPECT_EQ(
      testing::check_gradients(subject("right", [] { return std::make_shared<Faulty>(false); }, {kSequence})),
      "");
  EXPECT_NE(
      testing::check_gradients(subject("wrong", [] { return std::make_shared<Faulty>(true); }, {kSequence})),
      "");
}

/// Adds the mean of the batch: right gradients are beside the point, batch mates leak.
class Leaky final : public Layer {
 public:
  std::string type() const override { return "leaky"; }
  Json config() const override { return Json::object(); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override { return {inputs[0]}; }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      T sum{0};
      for (std::int64_t i = 0; i < y.rows * y.cols; ++i) sum += in.data.view<const T>().data[i];
      for (std::int64_t i = 0; i < y.rows * y.cols; ++i) y.data[i] = in.data.view<const T>().data[i] + sum;
    });
  }
  void backward(Call&) const override {}
};

TEST(PlantedFault, ALeakBetweenSequencesIsCaught) {
  EXPECT_NE(testing::check_alone_equals_batch(
                subject("leaky", [] { return std::make_shared<Leaky>(); }, {kSequence})),
            "");
}

}  // namespace
}  // namespace rondo
