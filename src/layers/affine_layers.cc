#include <cmath>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"

// TrainableVector numbers that do not depend on the input, and the reversible change of scale that they can
// describe.

namespace rondo {
namespace {

class TrainableVector final : public OptionsLayer<TrainableVectorOptions> {
 public:
  explicit TrainableVector(TrainableVectorOptions o) : OptionsLayer("trainable_vector", std::move(o)) {
    if (options().values.empty()) fail("'values' must not be empty", "no values", "one for each output");
  }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    static_cast<void>(single(inputs));
    return {{false, -1, {count()}}};
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    values_ = declare_array(store, prefix + "values", {count()});
  }
  void initialize(ParameterStore& store, std::uint64_t) const override {
    const Matrix values = store.value(values_);
    with_dtype(values.dtype, [&]<class T>(T) {
      for (std::int64_t i = 0; i < count(); ++i)
        values.view<T>().data[i] = static_cast<T>(options().values[static_cast<std::size_t>(i)]);
    });
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value& in = call.input(0);
      const std::int64_t samples = in.layout ? in.layout->batch() : in.data.rows;
      const View<T> y = call.make_output_rows(0, samples, nullptr, {count()}).view<T>();
      const T* values = call.parameter(values_).view<T>().data;
      for (std::int64_t b = 0; b < samples; ++b) std::copy_n(values, count(), y.row(b));
    });
  }
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    const StreamValue y = plan.value({count()}, false);
    return stream_rows(plan, *this, inputs, y,
                       [values = copy_values(plan.vector(values_), count())](const auto&, float* to) {
                         std::ranges::copy(values, to);
                       });
  }
  void backward(Call& call) const override {
    if (!trainable()) return;
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> dy = call.output_gradient(0).view<T>();
      T* gradient = call.parameter_gradient(values_).view<T>().data;
      for (std::int64_t b = 0; b < dy.rows; ++b) {
        for (std::int64_t i = 0; i < count(); ++i) gradient[i] += dy(b, i);
      }
    });
  }

 private:
  std::int64_t count() const { return static_cast<std::int64_t>(options().values.size()); }
  int values_ = -1;
};

class Affine final : public OptionsLayer<AffineOptions> {
 public:
  explicit Affine(AffineOptions o) : OptionsLayer("affine", std::move(o)) {
    if (options().every < 1) fail("'every' must be positive", std::to_string(options().every), "1 or more");
    if (options().count < 0) fail("'count' is negative", std::to_string(options().count), "0 or more");
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (inputs.size() != 2) {
      fail("affine takes values and their factors", std::to_string(inputs.size()) + " inputs", "2");
    }
    const ValueShape& factors = inputs[1];
    if (factors.sequence || factors.features != Shape{2}) {
      fail("the factors of affine are a logarithm of a gain and an offset", describe(factors), "(None, 2)");
    }
    const std::int64_t width = inputs[0].width(), every = options().every;
    if (options().count > 0 && (width < 1 || options().count - 1 > (width - 1) / every)) {
      fail("affine scales features that are not there",
           std::to_string(options().count) + ", each " + std::to_string(every) + " after the one before",
           "within " + std::to_string(width) + " features");
    }
    return {inputs[0]};
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>(), factors = call.input(1).data.view<const T>();
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      std::copy_n(x.data, x.rows * x.cols, y.data);
      each_row(in, [&](std::int64_t row, std::int64_t sample) {
        scale_row(factors.row(sample), x.row(row), x.cols, y.row(row));
      });
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    return stream_rows(plan, *this, inputs, inputs[0].features,
                       [affine = *this, width = inputs[0].width()](const auto& input, float* y) {
                         std::copy_n(input(0), width, y);
                         affine.scale_row(input(1), input(0), width, y);
                       });
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value& in = call.input(0);
      const View<const T> x = in.data.view<const T>(), factors = call.input(1).data.view<const T>(),
                          y = call.output_value(0).data.view<const T>(),
                          dy = call.output_gradient(0).view<T>();
      const View<T> dx = call.input_gradient(0).view<T>(), d_factors = call.input_gradient(1).view<T>();
      each_row(in, [&](std::int64_t row, std::int64_t sample) {
        const T gain = std::exp(factors(sample, 0)), slope = options().inverse ? T{1} / gain : gain;
        if (dx.data) {
          for (std::int64_t c = 0; c < dx.cols; ++c)
            dx(row, c) += is_scaled(c, dx.cols) ? dy(row, c) * slope : dy(row, c);
        }
        if (!d_factors.data) return;
        for (std::int64_t c = 0; c < end_of(x.cols); c += options().every) {
          d_factors(sample, 0) += options().inverse ? -dy(row, c) * y(row, c) : dy(row, c) * x(row, c) * gain;
          d_factors(sample, 1) += options().inverse ? -dy(row, c) * slope : dy(row, c);
        }
      });
    });
  }

 private:
  /// The feature after the last one that is scaled; without a count these are all that there are.
  std::int64_t end_of(std::int64_t width) const {
    return options().count > 0 ? (options().count - 1) * options().every + 1 : width;
  }
  /// Writes the features that are scaled.
  template <class T>
  void scale_row(const T* factors, const T* x, std::int64_t width, T* y) const {
    const T gain = std::exp(factors[0]), offset = factors[1];
    for (std::int64_t c = 0; c < end_of(width); c += options().every)
      y[c] = options().inverse ? (x[c] - offset) / gain : x[c] * gain + offset;
  }
  bool is_scaled(std::int64_t column, std::int64_t width) const {
    return column < end_of(width) && column % options().every == 0;
  }
  /// visit(row, sample) for each row, the steps of a sequence in order.
  template <class Visit>
  static void each_row(const Value& value, Visit visit) {
    if (!value.layout) {
      for (std::int64_t r = 0; r < value.data.rows; ++r) visit(r, r);
      return;
    }
    value.layout->each_row([&](std::int64_t row, std::int64_t sample, std::int64_t) { visit(row, sample); });
  }
};

}  // namespace

LayerPtr trainable_vector(TrainableVectorOptions options) {
  return std::make_shared<TrainableVector>(std::move(options));
}
LayerPtr affine(AffineOptions options) { return std::make_shared<Affine>(std::move(options)); }

std::vector<detail::LayerEntry> detail::affine_layers() {
  return {layer_entry("affine", &rondo::affine), layer_entry("trainable_vector", &rondo::trainable_vector)};
}

}  // namespace rondo
