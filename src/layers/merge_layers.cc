#include <cmath>
#include <numeric>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"

// Several inputs to one output: concatenate, add, subtract, multiply, average, maximum, minimum.
//
// Sequences whose lengths or masks differ are merged over the steps that all of them have: the logical and of
// the masks, as in Keras 2 and tf.keras. (Keras 3 takes the logical or, and with it what stands at steps that
// a mask has left out; here nothing stands there.)

namespace rondo {
namespace {

enum class MergeKind { concatenate, add, subtract, multiply, average, maximum, minimum };

/// Whether x takes the place of the best so far: the first of equals stays, and NaN wins.
template <class T>
bool beats(MergeKind kind, T x, T best) {
  return (kind == MergeKind::maximum ? x > best : x < best) || (std::isnan(x) && !std::isnan(best));
}

/// Element by element; input(i) is where input i begins.
template <class T, class Input>
void merge_values(MergeKind kind, std::size_t inputs, Input input, std::int64_t count, T* y) {
  std::copy_n(input(0), count, y);
  for (std::size_t i = 1; i < inputs; ++i) {
    const T* x = input(i);
    for (std::int64_t k = 0; k < count; ++k) {
      switch (kind) {
        case MergeKind::subtract: y[k] = y[k] - x[k]; break;
        case MergeKind::multiply: y[k] = y[k] * x[k]; break;
        case MergeKind::maximum:
        case MergeKind::minimum: y[k] = beats(kind, x[k], y[k]) ? x[k] : y[k]; break;
        default: y[k] = y[k] + x[k];
      }
    }
  }
  for (std::int64_t k = 0; kind == MergeKind::average && k < count; ++k) y[k] /= static_cast<T>(inputs);
}

/// d y / d input `i` of the same, at one element; input(j) is the element of input j.
template <class T, class Input>
T merge_slope(MergeKind kind, std::size_t inputs, std::size_t i, Input input) {
  switch (kind) {
    case MergeKind::subtract: return i == 0 ? T{1} : T{-1};
    case MergeKind::average: return T{1} / static_cast<T>(inputs);
    case MergeKind::multiply: {
      T product{1};
      for (std::size_t j = 0; j < inputs; ++j) product *= j == i ? T{1} : input(j);
      return product;
    }
    case MergeKind::maximum:
    case MergeKind::minimum: {
      std::size_t winner = 0;
      for (std::size_t j = 1; j < inputs; ++j) winner = beats(kind, input(j), input(winner)) ? j : winner;
      return winner == i ? T{1} : T{0};
    }
    default: return T{1};
  }
}

/// Pieces of the last axis side by side, row by row; input(i) is row i's input.
template <class T, class Input>
void join_row(std::span<const std::int64_t> widths, std::int64_t pieces, Input input, T* y) {
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    for (std::size_t i = 0; i < widths.size(); ++i)
      y = std::copy_n(input(i) + piece * widths[i], widths[i], y);
  }
}

class Merge final : public OptionsLayer<MergeOptions> {
 public:
  Merge(const char* type, MergeKind kind, MergeOptions o) : OptionsLayer(type, std::move(o)), kind_(kind) {}

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (inputs.size() < 2)
      fail("a merge needs two inputs or more", std::to_string(inputs.size()), "2 or more");
    if (kind_ == MergeKind::subtract && inputs.size() != 2)
      fail("subtract takes two inputs", std::to_string(inputs.size()), "2");
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
      Shape features = call.input(0).features;
      for (int i = 1; kind_ == MergeKind::concatenate && i < call.input_count(); ++i)
        features.back() += call.input(i).features.back();
      const std::shared_ptr<const Layout> layout = merged_layout(call);
      const View<T> y = call.make_output(0, layout, features).view<T>();
      const std::int64_t* rows = layout ? merged_rows(call, *layout) : nullptr;
      const std::size_t inputs = input_count(call);
      if (kind_ == MergeKind::concatenate) {
        const std::span<const std::int64_t> widths = last_axes(call);
        const std::int64_t pieces = features.back() == 0 ? 0 : y.cols / features.back();
        for (std::int64_t r = 0; r < y.rows; ++r)
          join_row(
              widths, pieces, [&](std::size_t i) { return row<T>(call, i, rows, y.rows, r); }, y.row(r));
        return;
      }
      each_stretch(rows, y.rows, y.cols, [&](std::int64_t r, std::int64_t count) {
        merge_values(
            kind_, inputs, [&](std::size_t i) { return row<T>(call, i, rows, y.rows, r); }, count, y.row(r));
      });
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    Shape features = inputs[0].features;
    const std::int64_t width = inputs[0].width();
    if (kind_ != MergeKind::concatenate) {
      return stream_rows(plan, *this, inputs, features,
                         [kind = kind_, count = inputs.size(), width](const auto& input, float* y) {
                           merge_values(kind, count, input, width, y);
                         });
    }
    std::vector<std::int64_t> widths;
    for (const StreamValue& input : inputs) widths.push_back(input.last_axis());
    const std::int64_t pieces = widths[0] == 0 ? 0 : width / widths[0];
    features.back() = std::accumulate(widths.begin(), widths.end(), std::int64_t{0});
    return stream_rows(plan, *this, inputs, features,
                       [widths, pieces](const auto& input, float* y) { join_row(widths, pieces, input, y); });
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> dy = call.output_gradient(0).view<T>();
      const auto* rows = call.kept<std::int64_t>(kRowsSlot);
      const std::size_t inputs = input_count(call);
      std::int64_t begin = 0;  // of this input's columns in the last axis
      for (std::size_t i = 0; i < inputs; ++i) {
        const Shape& own = call.input(static_cast<int>(i)).features;
        const std::int64_t width = kind_ == MergeKind::concatenate ? own.back() : 0;
        if (const Matrix d_input = call.input_gradient(static_cast<int>(i))) {
          const View<T> dx = d_input.view<T>();
          const auto row_of = [&](std::int64_t r) {
            return rows == nullptr ? r : rows[row_at(i, dy.rows, r)];
          };
          if (kind_ == MergeKind::concatenate) {
            const std::int64_t total = call.output_value(0).features.back(),
                               pieces = total == 0 ? 0 : dy.cols / total;
            for (std::int64_t r = 0; r < dy.rows; ++r) {
              T* to = dx.row(row_of(r));
              for (std::int64_t p = 0; p < pieces; ++p) {
                for (std::int64_t c = 0; c < width; ++c)
                  to[p * width + c] += dy.row(r)[p * total + begin + c];
              }
            }
          } else {
            each_stretch(rows, dy.rows, dy.cols, [&](std::int64_t r, std::int64_t count) {
              T* to = dx.row(row_of(r));
              for (std::int64_t k = 0; k < count; ++k) {
                to[k] += dy.row(r)[k] * merge_slope<T>(kind_, inputs, i, [&](std::size_t j) {
                           return row<T>(call, j, rows, dy.rows, r)[k];
                         });
              }
            });
          }
        }
        begin += width;
      }
    });
  }

 private:
  static constexpr int kRowsSlot = 0;

  static std::size_t input_count(const Call& call) { return static_cast<std::size_t>(call.input_count()); }
  static std::size_t row_at(std::size_t i, std::int64_t total, std::int64_t r) {
    return i * static_cast<std::size_t>(total) + static_cast<std::size_t>(r);
  }
  /// Row r of the output as input i has it; `rows` null: all have the same rows.
  template <class T>
  static const T* row(const Call& call, std::size_t i, const std::int64_t* rows, std::int64_t total,
                      std::int64_t r) {
    return call.input(static_cast<int>(i))
        .data.template view<const T>()
        .row(rows == nullptr ? r : rows[row_at(i, total, r)]);
  }
  /// visit(first row, how many values) for rows that lie side by side in all inputs.
  template <class Visit>
  static void each_stretch(const std::int64_t* rows, std::int64_t total, std::int64_t width, Visit visit) {
    if (rows == nullptr) return visit(0, total * width);
    for (std::int64_t r = 0; r < total; ++r) visit(r, width);
  }
  static std::span<const std::int64_t> last_axes(const Call& call) {
    const std::span<std::int64_t> widths(call.scratch<std::int64_t>(call.input_count()), input_count(call));
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = call.input(static_cast<int>(i)).features.back();
    return widths;
  }

  /// The layout of the steps that all inputs have.
  std::shared_ptr<const Layout> merged_layout(Call& call) const {
    const Value& first = call.input(0);
    const std::int64_t batch = first.layout ? first.layout->batch() : first.data.rows;
    bool same = true;
    std::int64_t steps = first.layout ? first.layout->steps() : 0;
    for (int i = 1; i < call.input_count(); ++i) {
      const Value& other = call.input(i);
      if ((other.layout ? other.layout->batch() : other.data.rows) != batch ||
          other.is_sequence() != first.is_sequence()) {
        fail("the inputs of a merge have other samples", "input " + std::to_string(i), "those of input 0");
      }
      if (!other.layout) continue;
      same = same && first.layout->same_as(*other.layout);
      steps = std::min(steps, other.layout->steps());
    }
    if (same) return first.layout;
    const auto places = static_cast<std::size_t>(batch * steps);
    const std::span<std::uint8_t> mask(call.scratch<std::uint8_t>(batch * steps), places);
    std::ranges::fill(mask, std::uint8_t{1});
    const std::span<std::uint8_t> own(call.scratch<std::uint8_t>(batch * steps), places);
    for (int i = 0; i < call.input_count(); ++i) {
      std::ranges::fill(own, std::uint8_t{0});
      call.input(i).layout->each_row([&](std::int64_t, std::int64_t sequence, std::int64_t position) {
        if (position < steps) own[static_cast<std::size_t>(sequence * steps + position)] = 1;
      });
      for (std::size_t p = 0; p < places; ++p) mask[p] &= own[p];
    }
    return call.layouts().from_mask(mask, batch, steps);
  }

  /// The rows of every input [inputs][rows of `layout`]; null where all have those of the output.
  static const std::int64_t* merged_rows(Call& call, const Layout& layout) {
    bool same = true;
    for (int i = 0; i < call.input_count(); ++i) same = same && layout.same_as(*call.input(i).layout);
    if (same) return nullptr;
    const std::int64_t total = layout.total();
    auto* rows = call.keep<std::int64_t>(kRowsSlot, call.input_count() * total);
    for (int i = 0; i < call.input_count(); ++i) {
      // Both have the sequence's steps in the order of their positions.
      const Layout& from = *call.input(i).layout;
      for (std::int64_t b = 0; b < layout.batch(); ++b) {
        const std::int64_t place = layout.place()[static_cast<std::size_t>(b)],
                           place_there = from.place()[static_cast<std::size_t>(b)];
        for (std::int64_t t = 0, u = 0; t < layout.lengths()[static_cast<std::size_t>(b)]; ++t, ++u) {
          while (from.position(u, place_there) < layout.position(t, place)) ++u;
          rows[i * total + layout.offset(t) + place] = from.offset(u) + place_there;
        }
      }
    }
    return rows;
  }

  MergeKind kind_;
};

template <MergeKind kind>
LayerPtr make_merge(const char* type, MergeOptions options) {
  return std::make_shared<Merge>(type, kind, std::move(options));
}

}  // namespace

LayerPtr concatenate(MergeOptions o) {
  return make_merge<MergeKind::concatenate>("concatenate", std::move(o));
}
LayerPtr add(MergeOptions o) { return make_merge<MergeKind::add>("add", std::move(o)); }
LayerPtr subtract(MergeOptions o) { return make_merge<MergeKind::subtract>("subtract", std::move(o)); }
LayerPtr multiply(MergeOptions o) { return make_merge<MergeKind::multiply>("multiply", std::move(o)); }
LayerPtr average(MergeOptions o) { return make_merge<MergeKind::average>("average", std::move(o)); }
LayerPtr maximum(MergeOptions o) { return make_merge<MergeKind::maximum>("maximum", std::move(o)); }
LayerPtr minimum(MergeOptions o) { return make_merge<MergeKind::minimum>("minimum", std::move(o)); }

std::vector<detail::LayerEntry> detail::merge_layers() {
  return {layer_entry("concatenate", &rondo::concatenate), layer_entry("add", &rondo::add),
          layer_entry("subtract", &rondo::subtract),       layer_entry("multiply", &rondo::multiply),
          layer_entry("average", &rondo::average),         layer_entry("maximum", &rondo::maximum),
          layer_entry("minimum", &rondo::minimum)};
}

}  // namespace rondo
