#include "moving_average.h"

#include <cmath>
#include <memory>
#include <vector>

using namespace rondo;

namespace {

template <class T>
std::vector<T> rates(const T* r, std::int64_t width) {
  std::vector<T> a;
  for (std::int64_t f = 0; f < width; ++f) a.push_back(1 / (1 + std::exp(-r[f])));
  return a;
}

/// One step of a stream; the average is the state.
class MovingAverageStep final : public StreamOperation {
 public:
  MovingAverageStep(std::vector<float> rates, const StreamSlot& x, const StreamSlot& average)
      : rates_(std::move(rates)), x_(x), average_(average) {}
  void run(const StreamRows& rows) const noexcept override {
    for (std::int64_t row = 0; row < rows.count; ++row) {
      const float* x = rows.read(x_, row);
      float* y = rows.write(average_, row);
      for (std::size_t f = 0; f < rates_.size(); ++f) y[f] += rates_[f] * (x[f] - y[f]);
    }
  }

 private:
  std::vector<float> rates_;
  StreamSlot x_, average_;
};

class MovingAverage final : public OptionsLayer<MovingAverageOptions> {
 public:
  explicit MovingAverage(MovingAverageOptions o) : OptionsLayer("moving_average", std::move(o)) {
    check_initializer(options().rate_initializer, where());
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    if (!in.sequence || in.features.size() != 1)
      fail("a moving average needs a sequence", to_string(in.shape()), "(None, time, features)");
    width_ = in.width();
    return {{options().return_sequences, options().return_sequences ? in.steps : -1, in.features}};
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    rate_ = declare_array(store, prefix + "rate", {width_}, options().rate_regularizer);
  }
  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    initialize_parameter(store, rate_, options().rate_initializer, seed);
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value& in = call.input(0);
      const Layout& layout = *in.layout;
      const View<const T> x = in.data.view<const T>();
      const std::vector<T> a = rates(call.parameter(rate_).view<T>().data, width_);
      const View<T> all{call.keep<T>(0, x.rows * x.cols), x.rows, x.cols, x.cols};  // for backward
      // Rows are packed, step after step, the longest sequence first: row r of each step belongs to one
      // sequence.
      for (std::int64_t t = 0; t < layout.longest(); ++t) {
        for (std::int64_t r = 0; r < layout.rows(t); ++r) {
          const std::int64_t now = layout.offset(t) + r;
          for (std::int64_t f = 0; f < width_; ++f) {
            const T before = t == 0 ? T{0} : all(layout.offset(t - 1) + r, f);
            all(now, f) = before + a[static_cast<std::size_t>(f)] * (x(now, f) - before);
          }
        }
      }
      if (options().return_sequences) {
        const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
        std::copy_n(all.data, x.rows * x.cols, y.data);
      } else {
        const View<T> y = call.make_output_rows(0, layout.batch(), nullptr, in.features).view<T>();
        for (std::int64_t place = 0; place < layout.batch(); ++place) {
          const std::int64_t steps = layout.length_at(place);
          for (std::int64_t f = 0; f < width_; ++f)
            y(layout.sequence_at(place), f) = steps == 0 ? T{0} : all(layout.offset(steps - 1) + place, f);
        }
      }
    });
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value& in = call.input(0);
      const Layout& layout = *in.layout;
      const View<const T> x = in.data.view<const T>(), dy = call.output_gradient(0).view<const T>();
      const View<const T> all{call.kept<T>(0), x.rows, x.cols, x.cols};
      const std::vector<T> a = rates(call.parameter(rate_).view<T>().data, width_);
      const Matrix dx = call.input_gradient(0);
      T* dr = trainable() ? call.parameter_gradient(rate_).view<T>().data : nullptr;
      const View<T> carried{call.scratch<T>(layout.batch() * width_), layout.batch(), width_, width_};
      std::fill_n(carried.data, layout.batch() * width_, T{0});
      for (std::int64_t t = layout.longest() - 1; t >= 0; --t) {
        for (std::int64_t r = layout.rows(t) - 1; r >= 0; --r) {
          const std::int64_t now = layout.offset(t) + r;
          for (std::int64_t f = 0; f < width_; ++f) {
            const T rate = a[static_cast<std::size_t>(f)];
            T d = carried(r, f);
            if (options().return_sequences)
              d += dy(now, f);
            else if (t == layout.length_at(r) - 1)
              d += dy(layout.sequence_at(r), f);
            const T before = t == 0 ? T{0} : all(layout.offset(t - 1) + r, f);
            if (dr != nullptr) dr[f] += d * (x(now, f) - before) * rate * (1 - rate);
            if (dx) dx.view<T>()(now, f) += rate * d;
            carried(r, f) = (1 - rate) * d;
          }
        }
      }
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    const StreamValue average = plan.state("average", inputs[0].features);
    plan.add(
        *this, inputs, average,
        std::make_unique<MovingAverageStep>(rates(plan.vector(rate_), width_), inputs[0].slot, average.slot));
    return {average};
  }

 private:
  std::int64_t width_ = 0;
  int rate_ = -1;
};

}  // namespace

LayerPtr moving_average(MovingAverageOptions options) {
  return std::make_shared<MovingAverage>(std::move(options));
}
