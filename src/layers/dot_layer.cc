#include <cmath>

#include "layers/common/base_layers.h"
#include "layers/common/layer_entry.h"

namespace rondo {
namespace {

/// Products of two inputs over one axis of each (Keras's Dot). Axis 0 is the batch; of a sequence 1 is time.
/// Sums run over the steps that a sequence has; the order of a sum is that of the axis.
class Dot final : public OptionsLayer<DotOptions> {
 public:
  explicit Dot(DotOptions o) : OptionsLayer("dot", std::move(o)) {
    if (options().axes.size() != 1 && options().axes.size() != 2)
      fail("'axes' names one axis, or one for each input", std::to_string(options().axes.size()), "1 or 2");
  }

  std::vector<ValueShape> infer(std::span<const ValueShape> inputs) override {
    if (inputs.size() != 2) fail("dot takes two inputs", std::to_string(inputs.size()), "2");
    return {plan(inputs).output};
  }

  void forward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Plan plan = plan_of(call);
      check(call, plan);
      const Matrix out = make_output(call, plan);
      T* y = out.view<T>().data;
      const SampleOrder to(call.output_value(0));
      for (std::int64_t b = 0; b < to.batch(); ++b) {
        const ScratchScope scope(call);
        const Side<T> x(call, 0, b, plan.axis[0], options().normalize),
            w(call, 1, b, plan.axis[1], options().normalize);
        for (std::int64_t p = 0; p < x.rows; ++p) {
          for (std::int64_t q = 0; q < w.rows; ++q)
            y[to.place(b, p * w.rows + q)] = product(x.row(p), w.row(q), x.count);
        }
      }
    });
  }

  void backward(Call& call) const override {
    with_dtype(call.dtype(), [&]<class T>(T) {
      const Plan plan = plan_of(call);
      const T* dy = call.output_gradient(0).view<T>().data;
      const Matrix gradients[] = {call.input_gradient(0), call.input_gradient(1)};
      const SampleOrder from(call.output_value(0));
      for (std::int64_t b = 0; b < from.batch(); ++b) {
        const ScratchScope scope(call);
        const Side<T> x(call, 0, b, plan.axis[0], options().normalize),
            w(call, 1, b, plan.axis[1], options().normalize);
        T* dx = x.zeros(call);
        T* dw = w.zeros(call);
        for (std::int64_t p = 0; p < x.rows; ++p) {
          for (std::int64_t q = 0; q < w.rows; ++q) {
            const T d = dy[from.place(b, p * w.rows + q)];
            for (std::int64_t k = 0; k < x.count; ++k) {
              dx[p * x.count + k] += d * w.row(q)[k];
              dw[q * x.count + k] += d * x.row(p)[k];
            }
          }
        }
        if (gradients[0]) x.add_gradient(dx, gradients[0].view<T>().data);
        if (gradients[1]) w.add_gradient(dw, gradients[1].view<T>().data);
      }
    });
  }

 private:
  /// What follows from the inputs' shapes.
  struct Plan {
    std::int64_t axis[2] = {0, 0};  // that is summed over, without the batch
    bool time_is_summed[2] = {false, false};
    bool follows = false;   // the result has the steps of input `first`
    std::size_t first = 0;  // the input whose time comes first in the result
    ValueShape output;
  };
  Plan plan(std::span<const ValueShape> inputs) const {
    Plan out;
    std::int64_t summed[2] = {0, 0};
    Shape rest;
    bool begins_with_time = false;
    for (std::size_t i = 0; i < 2; ++i) {
      const Shape sizes = inputs[i].shape();
      const auto rank = static_cast<std::int64_t>(sizes.size());
      const std::int64_t given = options().axes[std::min(i, options().axes.size() - 1)];
      const std::int64_t axis = given < 0 ? given + rank : given;
      if (axis < 1 || axis >= rank) {
        fail("'axes' is out of range", "axis " + std::to_string(given) + " of " + describe(inputs[i]),
             "1 (the batch is 0) to " + std::to_string(rank - 1));
      }
      out.axis[i] = axis - 1;
      summed[i] = sizes[static_cast<std::size_t>(axis)];
      out.time_is_summed[i] = inputs[i].sequence && axis == 1;
      if (rest.empty() && inputs[i].sequence && axis != 1) begins_with_time = true, out.first = i;
      for (std::int64_t a = 1; a < rank; ++a) {
        const std::int64_t size = sizes[static_cast<std::size_t>(a)];
        if (a == axis) continue;
        if (size < 0 && !rest.empty()) refuse_open_steps(inputs[i]);
        rest.push_back(size);
      }
    }
    // Two times are compared step by step when their steps are known.
    const bool over_time = out.time_is_summed[0] && out.time_is_summed[1];
    if (summed[0] != summed[1] && !over_time) {
      fail("the axes of dot have other sizes",
           describe(inputs[0]) + " and " + describe(inputs[1]) + ", " + std::to_string(summed[0]) + " and " +
               std::to_string(summed[1]),
           "equal sizes");
    }
    if (rest.empty()) rest = {1};
    if (rest.size() == 1 && rest[0] < 0) refuse_open_steps(inputs[out.first]);
    out.follows = begins_with_time && rest.size() > 1;
    if (rest.size() == 1)
      out.output = {false, -1, rest};
    else
      out.output = {true, rest[0], {rest.begin() + 1, rest.end()}};
    return out;
  }
  Plan plan_of(const Call& call) const {
    ValueShape shapes[2];
    for (int i = 0; i < 2; ++i) {
      const Value& value = call.input(i);
      shapes[i] = {value.is_sequence(), value.layout ? value.layout->steps() : -1, value.features};
    }
    return plan(shapes);
  }
  [[noreturn]] void refuse_open_steps(const ValueShape& input) const {
    fail("the number of steps is not known when the model is built", describe(input),
         "a fixed number of steps, or time as the first axis of a result with further ones");
  }

  template <class T>
  static T product(const T* a, const T* b, std::int64_t count) {
    T sum{0};
    for (std::int64_t k = 0; k < count; ++k) sum += a[k] * b[k];
    return sum;
  }

  /// One sample of an input as rows of the axis that is summed over: [rows, count], divided by their norms
  /// where the options say so.
  template <class T>
  struct Side {
    Side(Call& call, int which, std::int64_t sample, std::int64_t summed, bool normalize)
        : value(call.input(which)), order(value), b(sample) {
      Shape sizes = value.features;
      if (value.layout) {
        sizes.insert(sizes.begin(), value.layout->lengths()[static_cast<std::size_t>(b)]);
      }
      const auto axis = sizes.begin() + summed;
      count = *axis;
      inner = element_count({axis + 1, sizes.end()});
      rows = element_count({sizes.begin(), axis}) * inner;
      values = call.scratch<T>(rows * count);
      const T* from = static_cast<const T*>(value.data.data);
      each([&](std::int64_t at, std::int64_t place) { values[at] = from[place]; });
      if (!normalize) return;
      inverse = call.scratch<T>(rows);
      for (std::int64_t r = 0; r < rows; ++r) {
        // Keras: 1 / ‖x‖, at most 1 / 1e-7.
        inverse[r] = std::min(T{1} / std::sqrt(product(row(r), row(r), count)), static_cast<T>(kMost));
        for (std::int64_t k = 0; k < count; ++k) values[r * count + k] *= inverse[r];
      }
    }
    const T* row(std::int64_t r) const { return values + r * count; }
    T* zeros(Call& call) const {
      T* out = call.scratch<T>(rows * count);
      std::fill_n(out, rows * count, T{0});
      return out;
    }
    /// `d` is the gradient of the rows, which are normalised in passing.
    void add_gradient(T* d, T* to) const {
      for (std::int64_t r = 0; inverse != nullptr && r < rows; ++r) {
        const bool cut = inverse[r] >= static_cast<T>(kMost);
        const T along = cut ? T{0} : product(row(r), d + r * count, count);
        for (std::int64_t k = 0; k < count; ++k)
          d[r * count + k] = inverse[r] * (d[r * count + k] - along * row(r)[k]);
      }
      each([&](std::int64_t at, std::int64_t place) { to[place] += d[at]; });
    }
    /// visit(place in `values`, place in the input) for all of the sample.
    template <class Visit>
    void each(Visit visit) const {
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t k = 0; k < count; ++k)
          visit(r * count + k, order.place(b, (r / inner * count + k) * inner + r % inner));
      }
    }

    static constexpr double kMost = 1e7;
    const Value& value;
    SampleOrder order;
    std::int64_t b, rows = 0, count = 0, inner = 1;
    T* values = nullptr;
    T* inverse = nullptr;
  };

  /// Every time axis that is summed with another axis, or stands behind the first, has all its steps.
  void check(const Call& call, const Plan& plan) const {
    const Value &x = call.input(0), &w = call.input(1);
    if (plan.time_is_summed[0] && plan.time_is_summed[1]) {
      if (x.layout->same_as(*w.layout)) return;
      fail("sequences that are summed over time have other lengths or masks", "input 1", "those of input 0");
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const Value& value = i == 0 ? x : w;
      const bool is_followed = plan.follows && plan.first == i;
      if (!value.layout || is_followed || value.layout->is_dense()) continue;
      fail("sequences of unequal length have no common shape", "input " + std::to_string(i),
           "every sequence with all its steps");
    }
  }

  static Matrix make_output(Call& call, const Plan& plan) {
    const std::int64_t batch = SampleOrder(call.input(0)).batch();
    const Shape& features = plan.output.features;
    if (!plan.output.sequence) return call.make_output_rows(0, batch, nullptr, features);
    if (plan.follows) return call.make_output(0, call.input(static_cast<int>(plan.first)).layout, features);
    return call.make_output(0, call.layouts().dense(batch, plan.output.steps), features);
  }
};

}  // namespace

LayerPtr dot(DotOptions options) { return std::make_shared<Dot>(std::move(options)); }

std::vector<detail::LayerEntry> detail::dot_layer() {
  return {{"dot", [](Json spec, const std::string& path) {
             const Json* axes = spec.find("axes");
             if (axes != nullptr && axes->is_integer())
               spec.set("axes", Json::list(std::vector{axes->as_integer()}));
             return rondo::dot(read_layer_options<DotOptions>(spec, path));
           }}};
}

}  // namespace rondo
