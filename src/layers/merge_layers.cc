#include <numeric>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"

// Several inputs to one output: concatenate, add, multiply; and pooling over time.

namespace rondo {
namespace {

enum class MergeKind { concatenate, add, multiply };

class Merge final : public OptionsLayer<MergeOptions> {
 public:
  Merge(const char* type, MergeKind kind, MergeOptions o) : OptionsLayer(type, std::move(o)), kind_(kind) {}

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (inputs.size() < 2)
      fail("a merge needs two inputs or more", std::to_string(inputs.size()), "2 or more");
    ValueShape out = inputs[0];
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      ValueShape other = inputs[i];
      const bool same_time =
          other.sequence == out.sequence && (other.steps == out.steps || other.steps < 0 || out.steps < 0);
      if (kind_ == MergeKind::concatenate && !other.features.empty() &&
          other.features.size() == out.features.size()) {
        const std::int64_t sum = out.features.back() + other.features.back();
        Shape a = out.features, b = other.features;
        a.pop_back();
        b.pop_back();
        if (same_time && a == b) {
          out.features.back() = sum;
          continue;
        }
      } else if (same_time && other.features == out.features) {
        continue;
      }
      fail("the inputs of a merge do not fit", describe(inputs[0]) + " and " + describe(inputs[i]),
           kind_ == MergeKind::concatenate ? "equal but for the last axis" : "equal shapes");
    }
    return {out};
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value first = call.input(0);
      Shape features = first.features;
      for (int i = 1; i < call.input_count(); ++i) {
        const Value& other = call.input(i);
        const bool same = (!first.layout && !other.layout) ||
                          (first.layout && other.layout && first.layout->same_as(*other.layout));
        if (!same || other.data.rows != first.data.rows) {
          fail("the inputs of a merge have other lengths or masks", "input " + std::to_string(i),
               "those of input 0");
        }
        if (kind_ == MergeKind::concatenate) features.back() += other.features.back();
      }
      const View<T> y = call.make_output(0, first.layout, features).view<T>();
      if (kind_ == MergeKind::concatenate) {
        each_piece(call, [&](int i, std::int64_t at, std::int64_t from, std::int64_t width) {
          std::copy_n(static_cast<const T*>(call.input(i).data.data) + from, width, y.data + at);
        });
        return;
      }
      std::copy_n(first.data.view<const T>().data, y.rows * y.cols, y.data);
      for (int i = 1; i < call.input_count(); ++i) {
        const T* x = call.input(i).data.view<const T>().data;
        for (std::int64_t k = 0; k < y.rows * y.cols; ++k)
          y.data[k] = kind_ == MergeKind::add ? y.data[k] + x[k] : y.data[k] * x[k];
      }
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    Shape features = inputs[0].features;
    std::vector<std::int64_t> widths;
    for (const StreamValue& input : inputs) widths.push_back(input.last_axis());
    const std::int64_t width = inputs[0].width(), pieces = widths[0] == 0 ? 0 : width / widths[0];
    if (kind_ == MergeKind::concatenate) {
      features.back() = std::accumulate(widths.begin(), widths.end(), std::int64_t{0});
      return stream_rows(plan, *this, inputs, features, [widths, pieces](const auto& input, float* y) {
        for (std::int64_t piece = 0; piece < pieces; ++piece) {
          for (std::size_t i = 0; i < widths.size(); ++i)
            y = std::copy_n(input(i) + piece * widths[i], widths[i], y);
        }
      });
    }
    return stream_rows(plan, *this, inputs, features,
                       [kind = kind_, count = inputs.size(), width](const auto& input, float* y) {
                         std::copy_n(input(0), width, y);
                         for (std::size_t i = 1; i < count; ++i) {
                           const float* x = input(i);
                           for (std::int64_t c = 0; c < width; ++c)
                             y[c] = kind == MergeKind::add ? y[c] + x[c] : y[c] * x[c];
                         }
                       });
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const T* dy = call.output_gradient(0).view<T>().data;
      if (kind_ == MergeKind::concatenate) {
        each_piece(call, [&](int i, std::int64_t at, std::int64_t from, std::int64_t width) {
          const Matrix d_input = call.input_gradient(i);
          if (!d_input) return;
          T* dx = static_cast<T*>(d_input.data) + from;
          for (std::int64_t k = 0; k < width; ++k) dx[k] += dy[at + k];
        });
        return;
      }
      for (int i = 0; i < call.input_count(); ++i) {
        const Matrix d_input = call.input_gradient(i);
        if (!d_input) continue;
        const View<T> dx = d_input.view<T>();
        for (std::int64_t k = 0; k < dx.rows * dx.cols; ++k) {
          T factor{1};
          for (int j = 0; kind_ == MergeKind::multiply && j < call.input_count(); ++j) {
            if (j != i) factor *= static_cast<const T*>(call.input(j).data.data)[k];
          }
          dx.data[k] += dy[k] * factor;
        }
      }
    });
  }

 private:
  /// visit(input, offset in the output, offset in the input, width) for each stretch of the last axis.
  template <class Visit>
  static void each_piece(const Call& call, Visit visit) {
    std::int64_t total = 0;
    for (int i = 0; i < call.input_count(); ++i) total += call.input(i).features.back();
    std::int64_t begin = 0;
    for (int i = 0; i < call.input_count(); ++i) {
      const Value& in = call.input(i);
      const std::int64_t width = in.features.back();
      const std::int64_t stretches = width == 0 ? 0 : in.data.rows * in.data.cols / width;
      for (std::int64_t s = 0; s < stretches; ++s) visit(i, s * total + begin, s * width, width);
      begin += width;
    }
  }
  MergeKind kind_;
};

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

LayerPtr concatenate(MergeOptions o) {
  return std::make_shared<Merge>("concatenate", MergeKind::concatenate, std::move(o));
}
LayerPtr add(MergeOptions o) { return std::make_shared<Merge>("add", MergeKind::add, std::move(o)); }
LayerPtr multiply(MergeOptions o) {
  return std::make_shared<Merge>("multiply", MergeKind::multiply, std::move(o));
}
LayerPtr time_pooling(TimePoolingOptions o) { return std::make_shared<TimePooling>(std::move(o)); }

std::vector<detail::LayerEntry> detail::merge_layers() {
  return {layer_entry("concatenate", &rondo::concatenate), layer_entry("add", &rondo::add),
          layer_entry("multiply", &rondo::multiply), layer_entry("time_pooling", &rondo::time_pooling)};
}

}  // namespace rondo
