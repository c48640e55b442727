#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "rondo/tape/stream.h"

namespace rondo {
namespace {

class TimePooling final : public OptionsLayer<TimePoolingOptions> {
 public:
  explicit TimePooling(TimePoolingOptions o) : OptionsLayer("time_pooling", std::move(o)) {
    const std::string& mode = options().mode;
    if (mode != "last" && mode != "mean" && mode != "max")
      fail("unknown 'mode'", "'" + mode + "'", "last, mean or max");
  }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (!single(inputs).sequence)
      fail("pooling over time needs a sequence", describe(inputs[0]), "(None, time, features)");
    return {{false, -1, inputs[0].features}};
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const Layout& layout = *in.layout;
      const View<const T> x = in.data.view<const T>();
      const View<T> y = call.make_output_rows(0, layout.batch(), nullptr, in.features).view<T>();
      auto* source =
          call.keep<std::int64_t>(0, y.rows * y.cols);  // max and last: the row each value came from
      for (std::int64_t r = 0; r < layout.batch(); ++r) {
        const std::int64_t b = layout.sequence_at(r), length = layout.length_at(r);
        for (std::int64_t c = 0; c < y.cols; ++c) {
          T value{0};
          std::int64_t from = length == 0 ? -1 : layout.offset(length - 1) + r;
          if (options().mode == "last") {
            if (length > 0) value = x(from, c);
          } else if (options().mode == "mean") {
            for (std::int64_t t = 0; t < length; ++t) value += x(layout.offset(t) + r, c);
            if (length > 0) value /= static_cast<T>(length);
          } else {
            for (std::int64_t t = 0; t < length; ++t) {
              const std::int64_t row = layout.offset(t) + r;
              if (t == 0 || x(row, c) > value) {
                value = x(row, c);
                from = row;
              }
            }
          }
          y(b, c) = value;
          source[b * y.cols + c] = from;
        }
      }
    });
  }
  /// The last step of a stream is the current one.
  std::vector<StreamValue> stream(StreamPlan&, std::span<const StreamValue> inputs) const override {
    if (options().mode != "last") {
      fail("pooling over time needs the whole sequence", "mode " + options().mode, "mode last",
           "pool over the steps outside of the session, or predict() whole windows");
    }
    StreamValue last = inputs[0];
    last.sequence = false;
    return {last};
  }
  void backward(Call& call) const override {
    add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
      const Layout& layout = *call.input(0).layout;
      const auto* source = call.kept<std::int64_t>(0);
      for (std::int64_t b = 0; b < dy.rows; ++b) {
        const std::int64_t length = layout.lengths()[static_cast<std::size_t>(b)],
                           r = layout.place()[static_cast<std::size_t>(b)];
        if (length == 0) continue;
        for (std::int64_t c = 0; c < dy.cols; ++c) {
          if (options().mode == "mean") {
            for (std::int64_t t = 0; t < length; ++t)
              dx(layout.offset(t) + r, c) += dy(b, c) / static_cast<T>(length);
          } else {
            dx(source[b * dy.cols + c], c) += dy(b, c);
          }
        }
      }
    });
  }
};

}  // namespace

LayerPtr time_pooling(TimePoolingOptions o) { return std::make_shared<TimePooling>(std::move(o)); }

std::vector<detail::LayerEntry> detail::time_pooling_layer() {
  return {layer_entry("time_pooling", &rondo::time_pooling)};
}

}  // namespace rondo
