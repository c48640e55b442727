#include <type_traits>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/mask_bits.h"
#include "layers/recurrent/recurrent_dropout.h"
#include "rondo/tape/stream.h"

namespace rondo {
namespace {

/// Inverted dropout (Srivastava et al. 2014). The random number of a value is keyed by its sequence, its step
/// in the padded array and its feature, so packing and batch mates do not change it.
template <class Options>
class Dropout final : public OptionsLayer<Options> {
 public:
  Dropout(const char* type, Options o) : OptionsLayer<Options>(type, std::move(o)) {
    if (!(options().rate >= 0 && options().rate < 1)) {
      this->fail("'rate' is out of range", std::to_string(options().rate), "0 <= rate < 1");
    }
  }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (kSpatial && !this->single(inputs).sequence)
      this->fail("spatial dropout needs a sequence", describe(inputs[0]), "(None, time, features)");
    return {this->single(inputs)};
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const View<const T> x = in.data.view<const T>();
      const View<T> y = call.make_output(0, in.layout, in.features).view<T>();
      if (!call.options().training || options().rate == 0) {
        std::copy_n(x.data, x.rows * x.cols, y.data);
        return;
      }
      T* scale = call.keep<T>(0, x.rows * x.cols);
      auto* firsts = call.scratch<std::uint64_t>(x.rows);
      if (in.layout) {
        in.layout->each_row([&](std::int64_t row, std::int64_t sequence, std::int64_t position) {
          firsts[row] = mask_row_first(sequence, same_for_all_steps() ? 0 : position, x.cols);
        });
      } else {
        for (std::int64_t r = 0; r < x.rows; ++r) firsts[r] = mask_row_first(r, 0, x.cols);
      }
      draw_dropout<T>(call.random(this->name()), options().rate, {firsts, static_cast<std::size_t>(x.rows)},
                      x.cols, call.scratch<std::uint64_t>(dropout_scratch<T>(x.rows, x.cols)), scale);
      for (std::int64_t i = 0; i < x.rows * x.cols; ++i) y.data[i] = x.data[i] * scale[i];
    });
  }

  /// Nothing is dropped in inference.
  std::vector<StreamValue> stream(StreamPlan&, std::span<const StreamValue> inputs) const override {
    return {inputs[0]};
  }

  void backward(Call& call) const override {
    add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
      const T* scale = call.kept<T>(0);
      for (std::int64_t i = 0; i < dy.rows * dy.cols; ++i)
        dx.data[i] += scale == nullptr ? dy.data[i] : dy.data[i] * scale[i];
    });
  }

 private:
  static constexpr bool kSpatial = std::is_same_v<Options, SpatialDropout1dOptions>;
  using OptionsLayer<Options>::options;
  bool same_for_all_steps() const {
    if constexpr (kSpatial)
      return true;
    else
      return options().same_for_all_steps;
  }
};

}  // namespace

LayerPtr dropout(DropoutOptions options) {
  return std::make_shared<Dropout<DropoutOptions>>("dropout", std::move(options));
}
LayerPtr spatial_dropout1d(SpatialDropout1dOptions options) {
  return std::make_shared<Dropout<SpatialDropout1dOptions>>("spatial_dropout1d", std::move(options));
}

std::vector<detail::LayerEntry> detail::dropout_layer() {
  return {layer_entry("dropout", &rondo::dropout),
          layer_entry("spatial_dropout1d", &rondo::spatial_dropout1d)};
}

}  // namespace rondo
