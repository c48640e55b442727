#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"

// Layers that only move values: flatten, reshape, repeat_vector.

namespace rondo {
namespace {

/// Samples without padding seen in another shape: the common part of flatten and reshape.
template <class Options>
class Relayout : public OptionsLayer<Options> {
 public:
  using OptionsLayer<Options>::OptionsLayer;

  void forward(Call& call) const override {
    const Value in = call.input(0);
    if (in.layout && !in.layout->is_dense()) {
      this->fail("sequences of unequal length have no common shape", "a ragged or masked batch",
                 "every sequence with all its steps",
                 "use time_pooling or a recurrent layer to make one vector of each");
    }
    const SampleOrder samples(in);
    const ValueShape output = output_of(samples.columns());
    if (output.sequence) {
      call.make_output(0, call.layouts().dense(samples.batch(), output.steps), output.features);
    } else {
      call.make_output_rows(0, samples.batch(), nullptr, output.features);
    }
    copy_samples(call);
  }
  void backward(Call& call) const override { copy_samples_backward(call); }

 protected:
  /// Of a sample that has `size` values.
  virtual ValueShape output_of(std::int64_t size) const = 0;
};

class Flatten final : public Relayout<FlattenOptions> {
 public:
  explicit Flatten(FlattenOptions o) : Relayout("flatten", std::move(o)) {}
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    if (in.sequence && in.steps < 0) {
      fail("the number of steps is not known when the model is built", describe(in),
           "a fixed number of steps", "declare the input with steps, or use time_pooling");
    }
    return {output_of(in.width() * (in.sequence ? in.steps : 1))};
  }

 protected:
  ValueShape output_of(std::int64_t size) const override { return {false, -1, {size}}; }
};

class Reshape final : public Relayout<ReshapeOptions> {
 public:
  explicit Reshape(ReshapeOptions o) : Relayout("reshape", std::move(o)) {
    if (options().target_shape.empty()) fail("'target_shape' is missing", "[]", "for example [4, 3]");
  }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    if (in.sequence && in.steps < 0) {
      fail("the number of steps is not known when the model is built", describe(in),
           "a fixed number of steps");
    }
    const std::int64_t size = in.width() * (in.sequence ? in.steps : 1);
    const Shape target = shape_of(size);
    if (std::ranges::any_of(target, [](std::int64_t d) { return d < 0; }) || element_count(target) != size) {
      fail("a sample cannot take this shape",
           describe(in) + " to " + to_string({options().target_shape.begin(), options().target_shape.end()}),
           std::to_string(size) + " values in all, at most one size -1");
    }
    return {output_of(size)};
  }

 protected:
  ValueShape output_of(std::int64_t size) const override {
    const Shape target = shape_of(size);
    return target.size() == 1 ? ValueShape{false, -1, target}
                              : ValueShape{true, target[0], {target.begin() + 1, target.end()}};
  }

 private:
  /// The target's shape, with the size that -1 stands for where that is a whole number.
  Shape shape_of(std::int64_t size) const {
    Shape target(options().target_shape.begin(), options().target_shape.end());
    std::int64_t known = 1, open = 0;
    for (const std::int64_t d : target) d < 0 ? ++open : known *= d;
    for (std::int64_t& d : target) {
      if (d < 0 && open == 1 && known > 0 && size % known == 0) d = size / known;
    }
    return target;
  }
};

class RepeatVector final : public OptionsLayer<RepeatVectorOptions> {
 public:
  explicit RepeatVector(RepeatVectorOptions o) : OptionsLayer("repeat_vector", std::move(o)) {
    if (options().n <= 0) fail("'n' must be positive", std::to_string(options().n), "1 or more");
  }
  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    const ValueShape& in = single(inputs);
    if (in.sequence) fail("repeat_vector makes a sequence of a vector", describe(in), "(None, features)");
    return {{true, options().n, in.features}};
  }
  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Value in = call.input(0);
      const Matrix out = call.make_output(0, call.layouts().dense(in.data.rows, options().n), in.features);
      const View<const T> x = in.data.view<const T>();
      const View<T> y = out.view<T>();
      for (std::int64_t t = 0; t < options().n; ++t) std::copy_n(x.data, x.rows * x.cols, y.row(t * x.rows));
    });
  }
  void backward(Call& call) const override {
    add_to_input(call, [&]<class T>(View<const T> dy, View<T> dx) {
      for (std::int64_t t = 0; t < options().n; ++t) {
        const T* from = dy.row(t * dx.rows);
        for (std::int64_t i = 0; i < dx.rows * dx.cols; ++i) dx.data[i] += from[i];
      }
    });
  }
};

}  // namespace

LayerPtr flatten(FlattenOptions options) { return std::make_shared<Flatten>(std::move(options)); }
LayerPtr reshape(ReshapeOptions options) { return std::make_shared<Reshape>(std::move(options)); }
LayerPtr repeat_vector(RepeatVectorOptions options) {
  return std::make_shared<RepeatVector>(std::move(options));
}

std::vector<detail::LayerEntry> detail::shape_layers() {
  return {layer_entry("flatten", &rondo::flatten), layer_entry("reshape", &rondo::reshape),
          layer_entry("repeat_vector", &rondo::repeat_vector)};
}

}  // namespace rondo
