#include <cmath>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"

namespace rondo {
namespace {

/// A value seen as rows of its last axis, which both normalisations work on.
template <class T>
View<T> last_axis(View<T> v, std::int64_t last) {
  return {v.data, last == 0 ? 0 : v.rows * v.cols / last, last, last};
}

/// y = x̂·gamma + beta, and what it asks of its parameters; shared by both normalisations.
template <class Self, class Options>
class Normalization : public OptionsLayer<Options> {
 public:
  using OptionsLayer<Options>::OptionsLayer;
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const std::int64_t last = in.features.back();
      const View<const T> x = last_axis(in.data.view<const T>(), last);
      const View<T> y = last_axis(call.make_output(0, in.layout, in.features).view<T>(), last);
      const View<T> normal{call.keep<T>(0, x.rows * last), x.rows, last, last};
      self().normalize(call, x, normal);
      for (std::int64_t r = 0; r < x.rows; ++r)
        scale_row(last, normal.row(r), gamma<T>(call), beta<T>(call), y.row(r));
    });
  }
  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const std::int64_t last = call.input(0).features.back();
      const View<const T> dy = last_axis(call.output_gradient(0).view<T>(), last);
      const View<const T> normal{call.kept<T>(0), dy.rows, last, last};
      parameter_gradients(call, normal, dy);
      if (const Matrix d_input = call.input_gradient(0))
        self().add_input_gradient(call, dy, normal, last_axis(d_input.view<T>(), last));
    });
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = this->single(inputs);
    if (in.features.empty())
      this->fail("normalisation needs an axis of features", describe(in), "(None, …, features)");
    last_ = in.features.back();
    return {in};
  }
  void declare(ParameterStore& store, const std::string& prefix) override {
    if (this->options().scale) gamma_ = this->declare_array(store, prefix + "gamma", {last_});
    if (this->options().center) beta_ = this->declare_array(store, prefix + "beta", {last_});
  }
  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    this->initialize_parameter(store, gamma_, "ones", seed);
    this->initialize_parameter(store, beta_, "zeros", seed);
  }

 protected:
  const Self& self() const { return static_cast<const Self&>(*this); }
  template <class T>
  const T* gamma(const Call& call) const {
    return gamma_ < 0 ? nullptr : call.parameter(gamma_).view<T>().data;
  }
  template <class T>
  const T* beta(const Call& call) const {
    return beta_ < 0 ? nullptr : call.parameter(beta_).view<T>().data;
  }
  template <class T>
  static void scale_row(std::int64_t n, const T* normal, const T* g, const T* b, T* y) {
    for (std::int64_t c = 0; c < n; ++c) y[c] = normal[c] * (g ? g[c] : T{1}) + (b ? b[c] : T{0});
  }
  /// normalize(x, y) makes x̂ of a row of the last axis.
  template <class Normalize>
  std::vector<StreamValue> stream_rows_of(StreamPlan& plan, std::span<const StreamValue> inputs,
                                          Normalize normalize) const {
    return stream_rows(
        plan, *this, inputs, inputs[0].features,
        [normalize = std::move(normalize), n = inputs[0].last_axis(), width = inputs[0].width(),
         g = copy_values(plan.vector(gamma_), inputs[0].last_axis()),
         b = copy_values(plan.vector(beta_), inputs[0].last_axis())](const auto& input, float* y) {
          const float *x = input(0), *gamma = g.empty() ? nullptr : g.data(),
                      *beta = b.empty() ? nullptr : b.data();
          for (const float* end = x + width; x != end; x += n, y += n) {
            normalize(x, y);
            scale_row(n, y, gamma, beta, y);
          }
        });
  }
  template <class T>
  void parameter_gradients(Call& call, View<const T> normal, View<const T> dy) const {
    if (!this->trainable()) return;
    T* dg = gamma_ < 0 ? nullptr : call.parameter_gradient(gamma_).view<T>().data;
    T* db = beta_ < 0 ? nullptr : call.parameter_gradient(beta_).view<T>().data;
    for (std::int64_t r = 0; r < dy.rows; ++r) {
      for (std::int64_t c = 0; c < dy.cols; ++c) {
        if (dg) dg[c] += dy(r, c) * normal(r, c);
        if (db) db[c] += dy(r, c);
      }
    }
  }

  std::int64_t last_ = 0;  // size of gamma and the others
  int gamma_ = -1, beta_ = -1;
};

class LayerNormalization final : public Normalization<LayerNormalization, LayerNormalizationOptions> {
 public:
  explicit LayerNormalization(LayerNormalizationOptions o)
      : Normalization("layer_normalization", std::move(o)) {}

  template <class T>
  void normalize(Call& call, View<const T> x, View<T> normal) const {
    T* inverse = call.keep<T>(1, x.rows);
    for (std::int64_t r = 0; r < x.rows; ++r)
      inverse[r] = normalize_row(x.cols, x.row(r), static_cast<T>(options().epsilon), normal.row(r));
  }
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    return stream_rows_of(plan, inputs,
                          [n = inputs[0].last_axis(), epsilon = static_cast<float>(options().epsilon)](
                              const float* x, float* normal) { normalize_row(n, x, epsilon, normal); });
  }
  template <class T>
  void add_input_gradient(const Call& call, View<const T> dy, View<const T> normal, View<T> dx) const {
    const T* inverse = call.kept<T>(1);
    const T* g = gamma<T>(call);
    const T n = static_cast<T>(dy.cols);
    for (std::int64_t r = 0; r < dy.rows; ++r) {
      T sum{0}, dot{0};
      for (std::int64_t c = 0; c < dy.cols; ++c) {
        const T d = dy(r, c) * (g ? g[c] : T{1});
        sum += d;
        dot += d * normal(r, c);
      }
      for (std::int64_t c = 0; c < dy.cols; ++c) {
        const T d = dy(r, c) * (g ? g[c] : T{1});
        dx(r, c) += inverse[r] * (d - (sum + normal(r, c) * dot) / n);
      }
    }
  }

 private:
  /// normal = (x - mean)·inverse; returns inverse = 1 / √(variance + ε).
  template <class T>
  static T normalize_row(std::int64_t n, const T* x, T epsilon, T* normal) {
    T mean{0}, variance{0};
    for (std::int64_t c = 0; c < n; ++c) mean += x[c];
    mean /= static_cast<T>(n);
    for (std::int64_t c = 0; c < n; ++c) variance += (x[c] - mean) * (x[c] - mean);
    const T inverse = T{1} / std::sqrt(variance / static_cast<T>(n) + epsilon);
    for (std::int64_t c = 0; c < n; ++c) normal[c] = (x[c] - mean) * inverse;
    return inverse;
  }
};

class BatchNormalization final : public Normalization<BatchNormalization, BatchNormalizationOptions> {
 public:
  explicit BatchNormalization(BatchNormalizationOptions o)
      : Normalization("batch_normalization", std::move(o)) {
    if (!(options().momentum >= 0 && options().momentum <= 1))
      fail("'momentum' is out of range", std::to_string(options().momentum), "0 <= momentum <= 1");
  }

  void declare(ParameterStore& store, const std::string& prefix) override {
    Normalization::declare(store, prefix);
    mean_ = declare_array(store, prefix + "moving_mean", {last_}, false);
    variance_ = declare_array(store, prefix + "moving_variance", {last_}, false);
  }
  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    Normalization::initialize(store, seed);
    initialize_parameter(store, mean_, "zeros", seed);
    initialize_parameter(store, variance_, "ones", seed);
  }

  template <class T>
  void normalize(Call& call, View<const T> x, View<T> normal) const {
    T* inverse = call.keep<T>(1, x.cols);
    const bool batch_statistics = call.options().training && trainable() && x.rows > 0;
    for (std::int64_t c = 0; c < x.cols; ++c) {
      T mean = call.parameter(mean_).view<T>().data[c],
        variance = call.parameter(variance_).view<T>().data[c];
      if (batch_statistics) {
        // In double: float32 loses the variance of many steps far from 0.
        const auto rows = static_cast<double>(x.rows);
        double sum = 0, squares = 0;
        for (std::int64_t r = 0; r < x.rows; ++r) sum += static_cast<double>(x(r, c));
        const double middle = sum / rows;
        for (std::int64_t r = 0; r < x.rows; ++r) {
          const double d = static_cast<double>(x(r, c)) - middle;
          squares += d * d;
        }
        mean = static_cast<T>(middle);
        variance = static_cast<T>(squares / rows);
        const T m = static_cast<T>(options().momentum);
        T& running_mean = call.mutable_parameter(mean_).view<T>().data[c];
        T& running_variance = call.mutable_parameter(variance_).view<T>().data[c];
        running_mean = running_mean * m + mean * (T{1} - m);
        running_variance = running_variance * m + variance * (T{1} - m);
      }
      inverse[c] = T{1} / std::sqrt(variance + static_cast<T>(options().epsilon));
      for (std::int64_t r = 0; r < x.rows; ++r) normal(r, c) = (x(r, c) - mean) * inverse[c];
    }
  }
  /// With the running statistics.
  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    std::vector<float> inverse;
    for (const float variance : copy_values(plan.vector(variance_), inputs[0].last_axis()))
      inverse.push_back(1.0F / std::sqrt(variance + static_cast<float>(options().epsilon)));
    return stream_rows_of(plan, inputs,
                          [mean = copy_values(plan.vector(mean_), inputs[0].last_axis()), inverse](
                              const float* x, float* normal) {
                            for (std::size_t c = 0; c < mean.size(); ++c)
                              normal[c] = (x[c] - mean[c]) * inverse[c];
                          });
  }
  template <class T>
  void add_input_gradient(const Call& call, View<const T> dy, View<const T> normal, View<T> dx) const {
    const T* inverse = call.kept<T>(1);
    const T* g = gamma<T>(call);
    const bool batch_statistics = call.options().training && trainable();
    const T n = static_cast<T>(dy.rows);
    for (std::int64_t c = 0; c < dy.cols; ++c) {
      const T scale = (g ? g[c] : T{1}) * inverse[c];
      double sums = 0, dots = 0;
      for (std::int64_t r = 0; batch_statistics && r < dy.rows; ++r) {
        sums += static_cast<double>(dy(r, c));
        dots += static_cast<double>(dy(r, c)) * static_cast<double>(normal(r, c));
      }
      const T sum = static_cast<T>(sums), dot = static_cast<T>(dots);
      for (std::int64_t r = 0; r < dy.rows; ++r)
        dx(r, c) += scale * (dy(r, c) - (sum + normal(r, c) * dot) / n);
    }
  }

 private:
  int mean_ = -1, variance_ = -1;
};

}  // namespace

LayerPtr layer_normalization(LayerNormalizationOptions options) {
  return std::make_shared<LayerNormalization>(std::move(options));
}
LayerPtr batch_normalization(BatchNormalizationOptions options) {
  return std::make_shared<BatchNormalization>(std::move(options));
}

std::vector<detail::LayerEntry> detail::normalization_layers() {
  return {layer_entry("layer_normalization", &rondo::layer_normalization),
          layer_entry("batch_normalization", &rondo::batch_normalization)};
}

}  // namespace rondo
