#include <cmath>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "rondo/tape/stream.h"

namespace rondo {
namespace {

/// Noise in training: a normal number for each value, keyed by its sequence, its step in the padded array and
/// its feature, as in dropout. Nothing happens in inference.
template <class Options>
class Noise : public OptionsLayer<Options> {
 public:
  using OptionsLayer<Options>::OptionsLayer;
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    return {this->single(inputs)};
  }
  std::vector<StreamValue> stream(StreamPlan&, std::span<const StreamValue> inputs) const override {
    return {inputs[0]};
  }

 protected:
  /// visit(place, number) for every value of input 0.
  template <class Visit>
  void each_number(const Call& call, Visit visit) const {
    const Value& in = call.input(0);
    const std::int64_t width = in.data.cols;
    const RandomStream random = call.random(this->name());
    const auto row = [&](std::int64_t r, std::int64_t sequence, std::int64_t position) {
      const auto first =
          (static_cast<std::uint64_t>(sequence) << 40) + static_cast<std::uint64_t>(position * width);
      for (std::int64_t c = 0; c < width; ++c)
        visit(r * width + c, random.normal(first + static_cast<std::uint64_t>(c)));
    };
    if (in.layout) return in.layout->each_row(row);
    for (std::int64_t r = 0; r < in.data.rows; ++r) row(r, r, 0);
  }
};

class GaussianNoise final : public Noise<GaussianNoiseOptions> {
 public:
  explicit GaussianNoise(GaussianNoiseOptions o) : Noise("gaussian_noise", std::move(o)) {
    if (!(options().stddev >= 0) || !std::isfinite(options().stddev))
      fail("'stddev' is out of range", std::to_string(options().stddev), "0 or more");
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>();
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      std::copy_n(x.data, x.rows * x.cols, y.data);
      if (!call.options().training || options().stddev == 0) return;
      each_number(call, [&](std::int64_t i, double number) {
        y.data[i] += static_cast<T>(options().stddev * number);
      });
    });
  }
  void backward(Call& call) const override {
    add_to_input(call, []<class T>(View<const T> dy, View<T> dx) {
      for (std::int64_t i = 0; i < dy.rows * dy.cols; ++i) dx.data[i] += dy.data[i];
    });
  }
};

/// Times a normal number with mean 1 and the variance of dropout, rate / (1 - rate) (Srivastava et al. 2014).
class GaussianDropout final : public Noise<GaussianDropoutOptions> {
 public:
  explicit GaussianDropout(GaussianDropoutOptions o) : Noise("gaussian_dropout", std::move(o)) {
    if (!(options().rate >= 0 && options().rate < 1))
      fail("'rate' is out of range", std::to_string(options().rate), "0 <= rate < 1");
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>();
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      std::copy_n(x.data, x.rows * x.cols, y.data);
      if (!call.options().training || options().rate == 0) return;
      const double deviation = std::sqrt(options().rate / (1 - options().rate));
      T* factors = call.keep<T>(0, x.rows * x.cols);
      each_number(call, [&](std::int64_t i, double number) {
        factors[i] = static_cast<T>(1 + deviation * number);
        y.data[i] = x.data[i] * factors[i];
      });
    });
  }
  void backward(Call& call) const override {
    add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
      const T* factors = call.kept<T>(0);
      for (std::int64_t i = 0; i < dy.rows * dy.cols; ++i)
        dx.data[i] += factors == nullptr ? dy.data[i] : dy.data[i] * factors[i];
    });
  }
};

}  // namespace

LayerPtr gaussian_noise(GaussianNoiseOptions options) {
  return std::make_shared<GaussianNoise>(std::move(options));
}
LayerPtr gaussian_dropout(GaussianDropoutOptions options) {
  return std::make_shared<GaussianDropout>(std::move(options));
}

std::vector<detail::LayerEntry> detail::noise_layers() {
  return {layer_entry("gaussian_noise", &rondo::gaussian_noise),
          layer_entry("gaussian_dropout", &rondo::gaussian_dropout)};
}

}  // namespace rondo
