#include <algorithm>

#include "model/stream_op.h"

namespace rondo {
namespace {

using kernels::StreamProduct;

/// Which gate of the input or of the state feeds each sum; -1: none.
using Feeds = std::array<int, cells::kMaxSums>;

Feeds no_feeds() {
  Feeds feeds;
  feeds.fill(-1);
  return feeds;
}
Feeds input_feeds(const cells::CellInfo& info) {
  Feeds feeds = no_feeds();
  for (int g = 0; g < info.gates; ++g)
    feeds[static_cast<std::size_t>(info.input_sum[static_cast<std::size_t>(g)])] = g;
  return feeds;
}
Feeds state_feeds(const cells::CellInfo& info, int stage) {
  Feeds feeds = no_feeds();
  for (int g = 0; g < info.gates; ++g) {
    const auto at = static_cast<std::size_t>(g);
    if (info.recurrent_stage[at] == stage) feeds[static_cast<std::size_t>(info.recurrent_sum[at])] = g;
  }
  return feeds;
}
/// The neighbouring sums that are fed.
struct Range {
  int begin = 0, end = 0;
};
Range fed(const Feeds& feeds) {
  Range range{cells::kMaxSums, 0};
  for (int s = 0; s < cells::kMaxSums; ++s) {
    if (feeds[static_cast<std::size_t>(s)] < 0) continue;
    range.begin = std::min(range.begin, s);
    range.end = s + 1;
  }
  return range;
}

/// A step of one recurrent layer: every sum as start, inputs, states; then the cell's formulas, states in their place.
class StreamRecurrent final : public StreamOp {
 public:
  StreamRecurrent(StreamPlan& plan, const StreamRecurrentSpec& spec, StreamPlace input)
      : formulas_(kernels::formulas<float>(*spec.cell)), multiply_(plan.kernels().multiply), input_(input) {
    const cells::CellInfo& info = spec.cell->info;
    const std::int64_t units = spec.units, padded = plan.whole(units);
    const Feeds from_input = input_feeds(info), from_state = state_feeds(info, 0);
    const Range inputs = fed(from_input), states = fed(from_state);
    const bool together = info.stages == 1 && feeds_all(from_input, info) && feeds_all(from_state, info);
    // A unit's sums may lie at whole vectors, which spares masks and lets stores be read again at once, or one after
    // another, which spares multiplications. A last vector then reaches into the sums that come next: only where
    // these are made later.
    const bool ends_last = info.stages == 1 && states.end == info.sums;
    const bool dense = ends_last && plan.whole(info.sums * units) < info.sums * padded;
    pitch_ = dense ? units : padded;

    call_.rows = 1;
    call_.units = pitch_;
    call_.activation = spec.activation;
    call_.recurrent_activation = spec.recurrent_activation;
    vectors_ = Tensor({std::max(info.vectors, 1) * pitch_ + plan.kernels().lanes});
    for (int p = 0; p < info.vectors; ++p)
      std::copy_n(spec.vectors[static_cast<std::size_t>(p)], units,
                  vectors_.data<float>().data() + p * pitch_);
    call_.vectors = vectors_.data<float>().data();

    const Packer packer{plan, spec, pitch_};
    if (together) {
      before_.push_back(packer.product({0, info.sums}, true, from_input, from_state, *this));
    } else {
      if (inputs.begin > 0)
        before_.push_back(packer.product({0, inputs.begin}, true, no_feeds(), no_feeds(), *this));
      before_.push_back(packer.product(inputs, true, from_input, no_feeds(), *this));
      if (inputs.end < info.sums)
        before_.push_back(packer.product({inputs.end, info.sums}, true, no_feeds(), no_feeds(), *this));
      before_.push_back(packer.product(states, false, no_feeds(), from_state, *this));
    }
    if (info.stages == 2) {
      const Feeds second = state_feeds(info, 1);
      after_.push_back(packer.product(fed(second), false, no_feeds(), second, *this));
      operand_ = plan.scratch(padded);
    }
    sums_ = plan.scratch(info.sums * pitch_);
    state_count_ = info.states;
    for (int j = 0; j < info.states; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const std::string suffix = j == 0 ? "h" : j == 1 ? "c" : "s" + std::to_string(j);
      states_[at] = plan.state(spec.name + "." + suffix, units, padded);
    }
  }

  void run(const StreamRows& rows) const noexcept override {
    const float *x[kStreamRows], *h[kStreamRows];
    float* sums[kStreamRows];
    for (std::int64_t r = 0; r < rows.count; ++r) {
      x[r] = rows.read(input_, r);
      h[r] = rows.state(r, states_[0].offset);
      sums[r] = rows.write(sums_, r);
    }
    for (const StreamProduct& product : before_) multiply_(product, rows.count, x, h, sums, rows.backwards);
    kernels::CellCall<float> call = call_;
    const auto point_at = [&](std::int64_t r) {
      call.sums = sums[r];
      for (int j = 0; j < state_count_; ++j)
        call.state[j] = call.next[j] = rows.state(r, states_[static_cast<std::size_t>(j)].offset);
    };
    if (!after_.empty()) {
      float* operand[kStreamRows];
      for (std::int64_t r = 0; r < rows.count; ++r) {
        point_at(r);
        call.operand = operand[r] = rows.write(operand_, r);
        formulas_.prepare(call);
      }
      for (const StreamProduct& product : after_)
        multiply_(product, rows.count, x, operand, sums, rows.backwards);
    }
    for (std::int64_t r = 0; r < rows.count; ++r) {
      point_at(r);
      formulas_.forward(call);
    }
  }

  const std::array<StreamPlace, cells::kMaxStates>& states() const { return states_; }

 private:
  static bool feeds_all(const Feeds& feeds, const cells::CellInfo& info) {
    return std::all_of(feeds.begin(), feeds.begin() + info.sums, [](int gate) { return gate >= 0; });
  }

  struct Packer {
    StreamPlan& plan;
    const StreamRecurrentSpec& spec;
    std::int64_t pitch;

    StreamProduct product(Range sums, bool from_bias, const Feeds& from_input, const Feeds& from_state,
                          StreamRecurrent& owner) const {
      const std::int64_t columns = plan.whole((sums.end - sums.begin) * pitch), units = spec.units;
      StreamProduct out;
      out.vectors = columns / plan.kernels().lanes;
      out.first = sums.begin * pitch;
      out.x_count = feeds_any(from_input) ? spec.inputs : 0;
      out.h_count = feeds_any(from_state) ? units : 0;
      Tensor dense({out.x_count + out.h_count, columns});
      const View<float> to{dense.data<float>().data(), out.x_count + out.h_count, columns, columns};
      const auto place = [&](View<const float> weights, std::int64_t first_row, std::int64_t count,
                             const Feeds& feeds) {
        for (int s = sums.begin; count > 0 && s < sums.end; ++s) {
          const int gate = feeds[static_cast<std::size_t>(s)];
          for (std::int64_t k = 0; gate >= 0 && k < count; ++k) {
            std::copy_n(weights.row(k) + gate * units, units,
                        to.row(first_row + k) + (s - sums.begin) * pitch);
          }
        }
      };
      place(spec.kernel, 0, out.x_count, from_input);
      place(spec.recurrent_kernel, out.x_count, out.h_count, from_state);
      owner.memory_.emplace_back(Shape{std::max<std::int64_t>(to.rows, 1) * columns});
      float* packed = owner.memory_.back().data<float>().data();
      out.panels = plan.kernels().pack(to, packed);
      out.weights = packed;
      if (from_bias) out.start = biases(sums, columns, owner);
      return out;
    }
    static bool feeds_any(const Feeds& feeds) {
      return std::ranges::any_of(feeds, [](int gate) { return gate >= 0; });
    }
    const float* biases(Range sums, std::int64_t columns, StreamRecurrent& owner) const {
      owner.memory_.emplace_back(Shape{columns});
      float* out = owner.memory_.back().data<float>().data();
      const cells::CellInfo& info = spec.cell->info;
      const auto add = [&](const float* from, int sum) {
        if (sum < sums.begin || sum >= sums.end) return;
        for (std::int64_t u = 0; u < spec.units; ++u) out[(sum - sums.begin) * pitch + u] += from[u];
      };
      for (int g = 0; spec.bias.data != nullptr && g < info.gates; ++g) {
        const auto at = static_cast<std::size_t>(g);
        add(spec.bias.row(0) + g * spec.units, info.input_sum[at]);
        if (info.recurrent_bias) add(spec.bias.row(1) + g * spec.units, info.recurrent_sum[at]);
      }
      return out;
    }
  };

  kernels::CellFormulas<float> formulas_;
  decltype(kernels::StreamKernels::multiply) multiply_;
  StreamPlace input_, sums_, operand_;
  std::array<StreamPlace, cells::kMaxStates> states_;
  int state_count_ = 0;
  std::int64_t pitch_ = 0;  // from one sum of a unit to its next
  kernels::CellCall<float> call_;
  std::vector<StreamProduct> before_, after_;  // in order; after_: of the operand
  Tensor vectors_;
  std::vector<Tensor> memory_;
};

}  // namespace

std::array<StreamPlace, cells::kMaxStates> add_stream_recurrent(StreamPlan& plan,
                                                                const StreamRecurrentSpec& spec,
                                                                StreamPlace input) {
  auto op = std::make_unique<StreamRecurrent>(plan, spec, input);
  const auto states = op->states();
  plan.add(std::move(op));
  return states;
}

}  // namespace rondo
