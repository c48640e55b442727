// A layer written outside of rondo, against public headers only: it trains, and it streams.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "rondo/layers/layers.h"
#include "rondo/model/network.h"
#include "rondo/model/session.h"
#include "rondo/model/testing.h"
#include "rondo/tape/stream.h"
#include "rondo/tape/tape.h"

namespace own {
namespace {

using namespace rondo;
namespace suite = rondo::testing;

/// y(t) = y(t - 1) + rate·(x(t) - y(t - 1)) for each feature with a rate of its own, from y = 1.
template <class T>
void smooth(std::int64_t n, const T* rates, const T* x, const T* before, T* after) {
  for (std::int64_t c = 0; c < n; ++c) after[c] = before[c] + rates[c] * (x[c] - before[c]);
}

class SmoothingStep final : public StreamOperation {
 public:
  SmoothingStep(std::vector<float> rates, const StreamSlot& input, const StreamSlot& level)
      : rates_(std::move(rates)), input_(input), level_(level) {}
  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t r = 0; r < rows.count; ++r) {
      float* level = rows.write(level_, r);
      smooth(static_cast<std::int64_t>(rates_.size()), rates_.data(), rows.read(input_, r), level, level);
    }
  }

 private:
  std::vector<float> rates_;
  StreamSlot input_, level_;
};

class Smoothing final : public Layer {
 public:
  std::string type() const override { return "smoothing"; }
  Json config() const override { return Json::object(); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    width_ = inputs[0].width();
    return {inputs[0]};
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    rates_ = declare_array(store, prefix + "rates", {width_});
  }
  void initialize(ParameterStore& store, std::uint64_t) const override {
    with_dtype(store.dtype(), [&]<class T>(T) {
      for (std::int64_t c = 0; c < width_; ++c)
        store.value(rates_).view<T>().data[c] = static_cast<T>(1.0 / static_cast<double>(c + 2));
    });
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>();
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      T* start = call.scratch<T>(width_);
      std::fill_n(start, width_, T{1});
      for (std::int64_t t = 0; t < in.layout->longest(); ++t) {
        for (std::int64_t r = 0; r < in.layout->rows(t); ++r) {
          const std::int64_t row = in.layout->offset(t) + r;
          smooth<T>(width_, call.parameter(rates_).view<T>().data, x.row(row),
                    t == 0 ? start : y.row(in.layout->offset(t - 1) + r), y.row(row));
        }
      }
    });
  }
  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Layout& layout = *call.input(0).layout;
      const View<const T> x = call.input(0).data.view<const T>(),
                          y = call.output_value(0).data.view<const T>(),
                          dy = call.output_gradient(0).view<T>();
      const T* rates = call.parameter(rates_).view<T>().data;
      T* d_rates = call.parameter_gradient(rates_).view<T>().data;
      const Matrix d_input = call.input_gradient(0);
      T* d = call.scratch<T>(layout.batch() * width_);
      std::fill_n(d, layout.batch() * width_, T{0});
      for (std::int64_t t = layout.longest(); t-- > 0;) {
        for (std::int64_t r = 0; r < layout.rows(t); ++r) {
          const std::int64_t row = layout.offset(t) + r;
          for (std::int64_t c = 0; c < width_; ++c) {
            const T before = t == 0 ? T{1} : y(layout.offset(t - 1) + r, c),
                    now = d[r * width_ + c] + dy(row, c);
            d_rates[c] += now * (x(row, c) - before);
            if (d_input) d_input.view<T>()(row, c) += now * rates[c];
            d[r * width_ + c] = now * (T{1} - rates[c]);
          }
        }
      }
    });
  }
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    const StreamValue level =
        plan.state("level", inputs[0].features, std::vector<float>(static_cast<std::size_t>(width_), 1.0F));
    const float* rates = plan.vector(rates_);
    plan.add(*this, inputs, level,
             std::make_unique<SmoothingStep>(std::vector<float>(rates, rates + width_), inputs[0].slot,
                                             level.slot));
    return {level};
  }

 private:
  std::int64_t width_ = 0;
  int rates_ = -1;
};

/// Recurrent layers before and behind.
Network network() {
  Network network;
  int at = network.add_input("x", {true, -1, {3}});
  at = network.add(gru({.units = 5, .return_sequences = true}), {at})[0];
  at = network.add(std::make_shared<Smoothing>(), {at})[0];
  at = network.add(simple_rnn({.units = 2, .return_sequences = true}), {at})[0];
  network.set_outputs({at});
  network.build(4);
  return network;
}

constexpr std::int64_t kSteps = 10;
using Numbers = std::vector<float>;

Tensor series() {
  Tensor x({1, kSteps, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) x.set(i, std::sin(0.7 * static_cast<double>(i)));
  return x;
}

Numbers steps(Session& session, int stream, std::int64_t begin, std::int64_t end) {
  const Tensor x = series();
  Numbers out, y(2);
  for (std::int64_t t = begin; t < end; ++t) {
    session.step(stream, x.data<float>().subspan(static_cast<std::size_t>(t * 3), 3), y);
    out.insert(out.end(), y.begin(), y.end());
  }
  return out;
}

bool same_bits(const Numbers& a, const Numbers& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(OwnLayer, PassesTheConformanceSuite) {
  suite::Subject subject;
  subject.name = "smoothing";
  subject.make = [] { return std::make_shared<Smoothing>(); };
  subject.inputs = {{true, -1, {3}}};
  EXPECT_EQ(suite::check_gradients(subject) + suite::check_alone_equals_batch(subject) +
                suite::check_float_against_double(subject),
            "");
}

TEST(OwnLayer, StreamsWithTheBitsOfThePassOverTheSequence) {
  Network net = network();
  Tape tape;
  tape.reset({}, false);
  const Samples x(series());
  const Tensor whole = tape.get(net.run(tape, std::span(&x, 1))[0]).values();
  const auto expected = whole.data<float>();
  Session session(net, 2);
  EXPECT_TRUE(same_bits(steps(session, 0, 0, kSteps), {expected.begin(), expected.end()}));
  session.reset();
  EXPECT_TRUE(same_bits(steps(session, 0, 0, kSteps), {expected.begin(), expected.end()}));
}

TEST(OwnLayer, HasAStateThatSessionsKeepForkAndTakeBack) {
  Network net = network();
  Session session(net, 3, {.rollback = 4});
  steps(session, 0, 0, 6);
  const Session::State middle = session.snapshot(0);
  EXPECT_NE(session.to_file(middle).find("smoothing.level"), nullptr);
  const Numbers rest = steps(session, 0, 6, kSteps);
  session.restore(1, middle);
  EXPECT_TRUE(same_bits(steps(session, 1, 6, kSteps), rest));
  ASSERT_TRUE(session.rollback(0, 4));
  session.fork(0, 2);
  EXPECT_TRUE(same_bits(steps(session, 0, 6, kSteps), rest));
  EXPECT_TRUE(same_bits(steps(session, 2, 6, kSteps), rest));
}

/// Without `stream` a layer is refused by name, with the reason.
class Centered final : public Layer {
 public:
  std::string type() const override { return "centered"; }
  Json config() const override { return Json::object(); }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override { return {inputs[0]}; }
  void forward(Call&) const override {}
  void backward(Call&) const override {}
};

TEST(OwnLayer, WithoutAStepIsRefusedByName) {
  Network net;
  net.set_outputs(net.add(std::make_shared<Centered>(), {net.add_input("x", {true, -1, {2}})}));
  net.build(1);
  try {
    Session session(net);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("layer 'centered'"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("needs the whole sequence"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace own
