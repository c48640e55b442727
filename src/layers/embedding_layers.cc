#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"
#include "layers/common/stream_steps.h"

namespace rondo {
namespace {

/// Row rows[r] of `to` += row r of `from`.
template <class T>
void add_rows(View<const T> from, const std::int64_t* rows, View<T> to) {
  for (std::int64_t r = 0; r < from.rows; ++r) {
    for (std::int64_t c = 0; c < from.cols; ++c) to(rows[r], c) += from(r, c);
  }
}

/// What remains of a layout when some steps are left out.
struct Compaction {
  std::shared_ptr<const Layout> layout;
  std::span<const std::int64_t> rows;  ///< of the old layout, by row of the new one; in the call's memory
};

/// Keeps the packed rows with keep[row] != 0. Positions in the padded array stay what they were.
Compaction compact(Call& call, const Layout& from, const std::uint8_t* keep) {
  const std::int64_t places = from.batch() * from.steps();
  auto* mask = call.scratch<std::uint8_t>(places);
  auto* row_at = call.scratch<std::int64_t>(places);
  std::fill_n(mask, places, std::uint8_t{0});
  from.each_row([&](std::int64_t row, std::int64_t b, std::int64_t position) {
    mask[b * from.steps() + position] = keep[row];
    row_at[b * from.steps() + position] = row;
  });
  Compaction out{
      call.layouts().from_mask({mask, static_cast<std::size_t>(places)}, from.batch(), from.steps()), {}};
  auto* rows = call.scratch<std::int64_t>(out.layout->total());
  out.layout->each_row([&](std::int64_t row, std::int64_t b, std::int64_t position) {
    rows[row] = row_at[b * from.steps() + position];
  });
  out.rows = {rows, static_cast<std::size_t>(out.layout->total())};
  return out;
}

class Embedding final : public OptionsLayer<EmbeddingOptions> {
 public:
  explicit Embedding(EmbeddingOptions o) : OptionsLayer("embedding", std::move(o)) {
    if (options().input_dim <= 0)
      fail("'input_dim' must be positive", std::to_string(options().input_dim), "the number of ids");
    if (options().output_dim <= 0)
      fail("'output_dim' must be positive", std::to_string(options().output_dim), "1 or more");
    check_initializer(options().embeddings_initializer, where());
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    const bool ids = in.sequence ? in.width() == 1 : in.features.size() == 1;
    if (!ids) fail("an embedding needs ids, one a step", describe(in), "(None, time)");
    return {{true, in.sequence ? in.steps : in.width(), {options().output_dim}}};
  }

  void declare(ParameterStore& store, const std::string& prefix) override {
    const EmbeddingOptions& o = options();
    table_ = declare_array(store, prefix + "embeddings", {o.input_dim, o.output_dim},
                           o.embeddings_regularizer, o.embeddings_constraint);
    store.declare_sparse_rows(table_);
  }
  void initialize(ParameterStore& store, std::uint64_t seed) const override {
    initialize_parameter(store, table_, options().embeddings_initializer, seed);
  }
  bool takes_ids() const override { return true; }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      std::shared_ptr<const Layout> layout = in.layout;
      // Without a layout the input is [batch, steps]; packed order is time-major.
      if (!layout) layout = call.layouts().dense(in.data.rows, in.data.cols);
      auto* ids = call.scratch<std::int64_t>(in.data.rows * in.data.cols);
      std::int64_t count = 0;
      with_any_dtype(in.data.dtype, [&]<class Given>(Given) {
        const View<const Given> given = in.data.view<Given>();
        for (std::int64_t t = 0; t < given.cols; ++t) {
          for (std::int64_t r = 0; r < given.rows; ++r) ids[count++] = id(given(r, t));
        }
      });
      if (options().mask_zero) {
        auto* keep = call.scratch<std::uint8_t>(count);
        for (std::int64_t r = 0; r < count; ++r) keep[r] = ids[r] != 0;
        const Compaction kept = compact(call, *layout, keep);
        auto* remaining = call.scratch<std::int64_t>(kept.layout->total());
        for (std::size_t r = 0; r < kept.rows.size(); ++r) remaining[r] = ids[kept.rows[r]];
        ids = remaining;
        layout = kept.layout;
      }
      const View<const T> table = call.parameter(table_).view<T>();
      const View<T> out = call.make_output(0, layout, {options().output_dim}).view<T>();
      auto* remembered = call.keep<std::int64_t>(0, out.rows);
      for (std::int64_t r = 0; r < out.rows; ++r) {
        remembered[r] = ids[r];
        std::copy_n(table.row(remembered[r]), out.cols, out.row(r));
      }
    });
  }

  std::vector<StreamValue> stream(StreamPlan& plan, std::span<const StreamValue> inputs) const override {
    if (options().mask_zero) {
      fail("a step cannot be left out of a stream by its id", "mask_zero = true", "mask_zero = false",
           "leave mask_zero out, and do not step a stream for padding");
    }
    if (!inputs[0].sequence)
      fail("an embedding of a stream needs one id a step", "no sequence", "(None, time)");
    const View<const float> table = plan.parameter(table_).view<float>();
    plan.limit_ids(inputs[0], table.rows);
    return stream_rows(
        plan, *this, inputs, Shape{table.cols},
        [ids = table.rows, width = table.cols, vectors = copy_values(table.data, table.rows * table.cols)](
            const auto& input, float* y) {
          const float id = *input(0);
          if (id >= 0 && id < static_cast<float>(ids) && id == std::floor(id)) {
            std::copy_n(vectors.data() + static_cast<std::int64_t>(id) * width, width, y);
          } else {
            std::fill_n(y, width, std::numeric_limits<float>::quiet_NaN());
          }
        });
  }

  void backward(Call& call) const override {
    if (!trainable()) return;
    with_dtype(call.dtype(), [&]<class T>(T) {
      const View<const T> dy = call.output_gradient(0).view<T>();
      const auto* ids = call.kept<std::int64_t>(0);
      const View<T> gradient =
          call.parameter_gradient(table_, {ids, static_cast<std::size_t>(dy.rows)}).view<T>();
      add_rows(dy, ids, gradient);
    });
  }

 private:
  /// Numbers may be ids as well when they are whole, as in Keras.
  template <class T>
  std::int64_t id(T value) const {
    const auto exact = static_cast<double>(value);
    if (!(exact >= 0 && exact < static_cast<double>(options().input_dim)) || exact != std::floor(exact)) {
      fail("an id is outside of the embedding", std::to_string(value),
           "whole numbers from 0 to " + std::to_string(options().input_dim - 1),
           "raise input_dim or map unknown ids");
    }
    return static_cast<std::int64_t>(value);
  }
  int table_ = -1;
};

/// Steps whose features all equal mask_value are left out.
class Masking final : public OptionsLayer<MaskingOptions> {
 public:
  explicit Masking(MaskingOptions o) : OptionsLayer("masking", std::move(o)) {}
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (!single(inputs).sequence)
      fail("masking acts on the steps of a sequence", describe(inputs[0]), "(None, time, features)");
    return {inputs[0]};
  }
  bool takes_ids() const override { return true; }
  void forward(Call& call) const override {
    const Value in = call.input(0);
    with_any_dtype(in.data.dtype, [&]<class T>(T) {
      using Number = std::conditional_t<std::is_integral_v<T>, double, T>;
      const View<const T> x = in.data.view<const T>();
      auto* keep = call.scratch<std::uint8_t>(x.rows);
      std::fill_n(keep, x.rows, std::uint8_t{0});
      for (std::int64_t r = 0; r < x.rows; ++r) {
        for (std::int64_t c = 0; c < x.cols; ++c) {
          if (static_cast<Number>(x(r, c)) != static_cast<Number>(options().mask_value)) keep[r] = 1;
        }
      }
      const Compaction kept = compact(call, *in.layout, keep);
      const View<T> y =
          call.make_output_rows(0, kept.layout->total(), kept.layout, in.features, in.data.dtype).view<T>();
      auto* rows = call.keep<std::int64_t>(0, y.rows);
      for (std::int64_t r = 0; r < y.rows; ++r) {
        rows[r] = kept.rows[static_cast<std::size_t>(r)];
        std::copy_n(x.row(rows[r]), x.cols, y.row(r));
      }
    });
  }
  std::vector<StreamValue> stream(StreamPlan&, std::span<const StreamValue>) const override {
    fail("a step cannot be left out of a stream by its values", "masking", "no masking",
         "remove the layer, and do not step a stream for padding");
  }
  void backward(Call& call) const override {
    add_to_input(
        call, [&]<class T>(View<const T> dy, View<T> dx) { add_rows(dy, call.kept<std::int64_t>(0), dx); });
  }
};

}  // namespace

LayerPtr embedding(EmbeddingOptions options) { return std::make_shared<Embedding>(std::move(options)); }
LayerPtr masking(MaskingOptions options) { return std::make_shared<Masking>(std::move(options)); }

std::vector<detail::LayerEntry> detail::embedding_layers() {
  return {layer_entry("embedding", &rondo::embedding), layer_entry("masking", &rondo::masking)};
}

}  // namespace rondo
