#include <cstring>

#include "kernels/activations.h"
#include "kernels/matrix.h"
#include "layers/common/activity_penalty.h"
#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"

namespace rondo {

namespace {

using kernels::ActivationKind;

/// act(x·W + b) of the rows of one step.
class DenseStep final : public StreamOperation {
 public:
  DenseStep(View<const float> kernel, const float* bias, ActivationKind kind, const StreamSlot& input,
            const StreamSlot& output)
      : kernels_(kernels::stream_kernels()),
        weights_(kernels_, kernel, bias),
        kind_(kind),
        units_(kernel.cols),
        input_(input),
        output_(output) {}
  void run(const StreamRows& rows) const noexcept override {
    const float* x[kMaxStreamRows];
    float* y[kMaxStreamRows];
    for (std::int64_t r = 0; r < rows.count; ++r) {
      x[r] = rows.read(input_, r);
      y[r] = rows.write(output_, r);
    }
    kernels_.multiply(weights_.product(), rows.count, x, x, y, rows.backwards);
    if (kind_ == ActivationKind::linear) return;
    for (std::int64_t r = 0; r < rows.count; ++r) {
      const View<float> row{y[r], 1, units_, units_};
      kernels::activate_rows<float>(kind_, row, row);
    }
  }

 private:
  kernels::StreamKernels kernels_;
  StreamWeights weights_;
  ActivationKind kind_;
  std::int64_t units_;
  StreamSlot input_, output_;
};

class Dense final : public OptionsLayer<DenseOptions> {
 public:
  explicit Dense(DenseOptions o) : OptionsLayer("dense", std::move(o)) {
    if (options().units <= 0) fail("'units' must be positive", std::to_string(options().units), "1 or more");
    kind_ = kernels::parse_activation(options().activation, where());
    check_initializer(options().kernel_initializer, where());
    check_initializer(options().bias_initializer, where());
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    if (in.features.size() != 1) {
      fail("dense acts on one axis of features", describe(in), "(None, features) or (None, time, features)",
           "put flatten or reshape before it");
    }
    inputs_ = in.width();
    return {{in.sequence, in.steps, {options().units}}};
  }

  void declare(ParameterStore& store, const std::string& prefix) override {
    const DenseOptions& o = options();
    kernel_ = declare_array(store, prefix + "kernel", {inputs_, o.units}, o.kernel_regularizer,
                            o.kernel_constraint);
    if (o.use_bias)
      bias_ = declare_array(store, prefix + "bias", {o.units}, o.bias_regularizer, o.bias_constraint);
  }
  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    initialize_parameter(store, kernel_, options().kernel_initializer, seed);
    initialize_parameter(store, bias_, options().bias_initializer, seed);
  }
  Vars record(Tape& tape, std::span<const Var> inputs) const override {
    const Vars out = OptionsLayer::record(tape, inputs);
    penalize_activity(tape, out, options().activity_regularizer);
    return out;
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>(), w = call.parameter(kernel_).view<T>();
      const View<T> y = call.make_output(0, in.layout, {options().units}).view<T>();
      View<T> z = y;
      if (kind_ != ActivationKind::linear) z.data = call.keep<T>(0, y.rows * y.cols);
      const T* bias = bias_ < 0 ? nullptr : call.parameter(bias_).view<T>().data;
      multiply_rows<T>(call, x, w, false, bias ? kernels::Start::bias : kernels::Start::zero, bias, z,
                       [&](std::int64_t begin, std::int64_t count) {
                         if (kind_ == ActivationKind::linear) return;
                         kernels::activate_rows<T>(kind_, z.rows_from(begin, count),
                                                   y.rows_from(begin, count));
                       });
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    const StreamValue y = plan.value({options().units}, inputs[0].sequence);
    plan.add(*this, inputs, y,
             std::make_unique<DenseStep>(plan.parameter(kernel_).view<float>(), plan.vector(bias_), kind_,
                                         inputs[0].slot, y.slot));
    return {y};
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> x = call.input(0).data.view<const T>(), w = call.parameter(kernel_).view<T>();
      View<const T> dz = call.output_gradient(0).view<T>();
      if (kind_ != ActivationKind::linear) {
        const View<T> out{call.scratch<T>(dz.rows * dz.cols), dz.rows, dz.cols, dz.cols};
        std::fill_n(out.data, dz.rows * dz.cols, T{0});
        kernels::activate_rows_backward<T>(kind_, View<const T>{call.kept<T>(0), dz.rows, dz.cols, dz.cols},
                                           call.output_value(0).data.view<const T>(), dz, out);
        dz = out;
      }
      if (trainable()) {
        add_weight_gradient(call.pool(), x, dz, call.parameter_gradient(kernel_).view<T>());
        if (bias_ >= 0) kernels::add_column_sums(dz, call.parameter_gradient(bias_).view<T>().data);
      }
      if (const Matrix d_input = call.input_gradient(0))
        add_product_transposed<T>(call, dz, w, d_input.view<T>());
    });
  }

 private:
  ActivationKind kind_;
  std::int64_t inputs_ = 0;
  int kernel_ = -1, bias_ = -1;
};

class ActivationLayer final : public OptionsLayer<ActivationOptions> {
 public:
  explicit ActivationLayer(ActivationOptions o)
      : OptionsLayer("activation", std::move(o)),
        kind_(kernels::parse_activation(options().activation, where())) {}
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override { return {single(inputs)}; }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<T> y = last_axis(call.make_output(0, in.layout, in.features).view<T>(), in.features);
      kernels::activate_rows<T>(kind_, last_axis(in.data.view<const T>(), in.features), y);
    });
  }
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    const std::int64_t last = inputs[0].last_axis(), pieces = last == 0 ? 0 : inputs[0].width() / last;
    return stream_rows(
        plan, *this, inputs, inputs[0].features, [kind = kind_, last, pieces](const auto& input, float* y) {
          kernels::activate_rows<float>(kind, {input(0), pieces, last, last}, {y, pieces, last, last});
        });
  }
  void backward(Call& call) const override {
    add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
      const Shape& f = call.input(0).features;
      kernels::activate_rows_backward<T>(kind_, last_axis(call.input(0).data.view<const T>(), f),
                                         last_axis(call.output_value(0).data.view<const T>(), f),
                                         last_axis(dy, f), last_axis(dx, f));
    });
  }

 private:
  /// Rows of the last axis only: what softmax sums over.
  template <class T>
  static View<T> last_axis(View<T> v, const Shape& features) {
    const std::int64_t last = features.empty() ? 1 : features.back();
    return last == 0 ? v : View<T>{v.data, v.rows * v.cols / last, last, last};
  }
  ActivationKind kind_;
};

}  // namespace

LayerPtr dense(DenseOptions options) { return std::make_shared<Dense>(std::move(options)); }
LayerPtr activation(ActivationOptions options) {
  return std::make_shared<ActivationLayer>(std::move(options));
}

std::vector<detail::LayerEntry> detail::dense_layers() {
  return {layer_entry("dense", &rondo::dense), layer_entry("activation", &rondo::activation)};
}

}  // namespace rondo
