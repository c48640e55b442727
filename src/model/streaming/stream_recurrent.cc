#include <algorithm>
#include <optional>

#include "kernels/row_passes.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/drivers/small_cell.h"
#include "layers/recurrent/zoneout.h"
#include "model/streaming/stream_op.h"

namespace rondo {
namespace {

using kernels::StreamProduct;

using Feeds = SumFeeds;

Feeds no_feeds() {
  Feeds feeds;
  feeds.fill(-1);
  return feeds;
}
std::string state_name(const StreamRecurrentSpec& spec, int state) {
  return spec.name + "." + (state == 0 ? "h" : state == 1 ? "c" : "s" + std::to_string(state));
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

/// A step of one recurrent layer: every sum as start, inputs, states; then the cell's formulas, states in
/// their place.
class StreamRecurrent final : public StreamOp {
 public:
  /// `states`: where they are, when another operation on the same layer has them; null: places of their own.
  StreamRecurrent(StreamPlan& plan, const StreamRecurrentSpec& spec, StreamPlace input,
                  const std::array<StreamPlace, cells::kMaxStates>* states = nullptr)
      : formulas_(kernels::formulas<float>(*spec.cell)), multiply_(plan.kernels().multiply), input_(input) {
    const cells::CellInfo& info = spec.cell->info;
    const std::int64_t units = spec.units, padded = plan.whole(units);
    normalized_ = spec.kernel_gain != nullptr;
    units_ = units;
    h_width_ = spec.h_width();
    const Feeds from_input = input_feeds(info), from_state = state_feeds(info, 0);
    const Range inputs = fed(from_input), recurrent = fed(from_state);
    const bool together = info.stages == 1 && feeds_all(from_input, info) && feeds_all(from_state, info);
    // A unit's sums may lie at whole vectors, which spares masks and lets stores be read again at once, or
    // one after another, which spares multiplications. A last vector then reaches into the sums that come
    // next: only where these are made later.
    const bool ends_last = info.stages == 1 && recurrent.end == info.sums;
    // A normalised row must have no gaps.
    const bool dense = normalized_ || (ends_last && plan.whole(info.sums * units) < info.sums * padded);
    pitch_ = dense ? units : padded;

    call_.rows = 1;
    call_.units = pitch_;
    call_.activation = spec.activation;
    call_.recurrent_activation = spec.recurrent_activation;
    call_.clip = static_cast<float>(spec.clip);
    vectors_ = Tensor({std::max(info.vectors, 1) * pitch_ + plan.kernels().lanes});
    for (int p = 0; p < info.vectors; ++p)
      std::copy_n(spec.vectors[static_cast<std::size_t>(p)], units,
                  vectors_.data<float>().data() + p * pitch_);
    call_.vectors = vectors_.data<float>().data();

    const Packer packer{plan, spec, pitch_};
    if (normalized_) {
      add_normalized(plan, packer, spec);
    } else if (together) {
      before_.push_back(packer.product({0, info.sums}, true, from_input, from_state, *this));
    } else {
      if (inputs.begin > 0)
        before_.push_back(packer.product({0, inputs.begin}, true, no_feeds(), no_feeds(), *this));
      before_.push_back(packer.product(inputs, true, from_input, no_feeds(), *this));
      if (inputs.end < info.sums)
        before_.push_back(packer.product({inputs.end, info.sums}, true, no_feeds(), no_feeds(), *this));
      before_.push_back(packer.product(recurrent, false, no_feeds(), from_state, *this));
    }
    if (info.stages == 2 && !normalized_) {
      const Feeds second = state_feeds(info, 1);
      after_.push_back(packer.product(fed(second), false, no_feeds(), second, *this));
    }
    operand_ = plan.scratch(padded);
    sums_ = plan.scratch(info.sums * pitch_);
    state_count_ = info.states;
    for (int j = 0; j < info.states; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const std::int64_t width = j == 0 ? h_width_ : units;
      states_[at] = states != nullptr
                        ? (*states)[at]
                        : plan.state(state_name(spec, j), width, std::max(padded, plan.whole(width)));
    }
    add_extras(plan, packer, spec);
  }

  void run(const StreamRows& rows) const noexcept override {
    const float *x[kStreamRows], *h[kStreamRows];
    float* sums[kStreamRows];
    for (std::int64_t r = 0; r < rows.count; ++r) {
      x[r] = rows.read(input_, r);
      h[r] = rows.state(r, states_[0].offset);
      sums[r] = rows.write(sums_, r);
    }
    if (normalized_) {
      for (std::int64_t r = 0; r < rows.count; ++r) {
        begin_normalized(rows, r, x[r], sums[r]);
        add_product(rows, r, 1, h[r], sums[r]);
      }
    } else {
      for (const StreamProduct& product : before_) multiply_(product, rows.count, x, h, sums, rows.backwards);
    }
    kernels::CellCall<float> call = call_;
    const auto point_at = [&](std::int64_t r) {
      call.sums = sums[r];
      for (int j = 0; j < state_count_; ++j)
        call.state[j] = call.next[j] = rows.state(r, states_[static_cast<std::size_t>(j)].offset);
    };
    if (formulas_.prepare != nullptr) {
      float* operand[kStreamRows];
      for (std::int64_t r = 0; r < rows.count; ++r) {
        point_at(r);
        call.operand = operand[r] = rows.write(operand_, r);
        formulas_.prepare(call);
      }
      for (std::int64_t r = 0; normalized_ && r < rows.count; ++r)
        add_product(rows, r, 2, operand[r], sums[r]);
      for (const StreamProduct& product : after_)
        multiply_(product, rows.count, x, operand, sums, rows.backwards);
    }
    for (std::int64_t r = 0; r < rows.count; ++r) {
      point_at(r);
      if (extra_) {
        finish_extra(rows, r, call);
      } else {
        formulas_.forward(call);
      }
    }
  }

  const std::array<StreamPlace, cells::kMaxStates>& states() const { return states_; }

 private:
  struct Packer;

  /// A product whose rows are normalised before they go to the sums.
  struct NormalizedProduct {
    StreamProduct product;
    std::int64_t width = 0, first = 0;  ///< of the row, and where it goes in the sums
    std::vector<float> gain;
  };

  NormalizedProduct normalized_product(const Packer& packer, const GateRange& range, const float* gain,
                                       bool of_input, const StreamRecurrentSpec& spec) {
    Feeds feeds = no_feeds();
    for (int i = 0; i < range.count; ++i)
      feeds[static_cast<std::size_t>(range.first) + static_cast<std::size_t>(i)] =
          range.gate[static_cast<std::size_t>(i)];
    NormalizedProduct out;
    out.width = range.count * spec.units;
    out.first = range.first * spec.units;
    out.product = packer.product({range.first, range.first + range.count}, false,
                                 of_input ? feeds : no_feeds(), of_input ? no_feeds() : feeds, *this);
    out.product.first = 0;
    memory_.emplace_back(Shape{out.product.vectors * packer.plan.kernels().lanes});
    out.product.start = memory_.back().data<float>().data();
    for (int i = 0; i < range.count; ++i) {
      const float* from = gain + range.gate[static_cast<std::size_t>(i)] * spec.units;
      out.gain.insert(out.gain.end(), from, from + spec.units);
    }
    return out;
  }

  void add_normalized(StreamPlan& plan, const Packer& packer, const StreamRecurrentSpec& spec) {
    const cells::CellInfo& info = spec.cell->info;
    epsilon_ = spec.epsilon;
    normal_products_.push_back(normalized_product(packer, input_range(info), spec.kernel_gain, true, spec));
    for (int stage = 0; stage < info.stages; ++stage) {
      normal_products_.push_back(
          normalized_product(packer, recurrent_range(info, stage), spec.recurrent_gain, false, spec));
    }
    memory_.emplace_back(Shape{info.sums * units_});
    bias_ = memory_.back().data<float>().data();
    sum_biases<float>(info, spec.bias, units_, memory_.back().data<float>().data());
    sum_count_ = info.sums * units_;
    raw_ = plan.scratch(plan.whole(info.gates * units_));
  }

  /// Sums: the bias, and where the input feeds them gain times its normalised product.
  void begin_normalized(const StreamRows& rows, std::int64_t r, const float* x, float* sums) const noexcept {
    std::copy_n(bias_, sum_count_, sums);
    add_product(rows, r, 0, x, sums);
  }
  void add_product(const StreamRows& rows, std::int64_t r, std::size_t which, const float* left,
                   float* sums) const noexcept {
    const NormalizedProduct& p = normal_products_[which];
    float* raw = rows.write(raw_, r);
    float inverse = 0;
    multiply_(p.product, 1, &left, &left, &raw, rows.backwards);
    const View<float> normal{raw, 1, p.width, p.width};
    kernels::normalize_rows<float>(normal, epsilon_, normal, &inverse,
                                   {p.gain.data(), which == 0 ? bias_ + p.first : nullptr},
                                   {sums + p.first, 1, p.width, p.width});
  }

  /// What options add after the formulas: normalisation of c, projection of h, zoneout.
  void add_extras(StreamPlan& plan, const Packer& packer, const StreamRecurrentSpec& spec) {
    for (std::size_t j = 0; j < 2; ++j) {
      zoned_[j] = spec.zoneout[j] > 0;
      zones_[j] = make_zone<float>(spec.zoneout[j], j == 0 ? h_width_ : units_, nullptr);
    }
    if (spec.state_gain != nullptr) {
      state_gain_.assign(spec.state_gain, spec.state_gain + units_);
      state_bias_.assign(spec.state_bias, spec.state_bias + units_);
    }
    if (spec.projection.data != nullptr) {
      projection_ = packer.plain(spec.projection, *this);
      projected_ = plan.scratch(plan.whole(h_width_));
    }
    extra_ = zoned_[0] || zoned_[1] || spec.state_gain != nullptr || spec.projection.data != nullptr;
    for (int j = 0; extra_ && j < state_count_; ++j)
      next_[static_cast<std::size_t>(j)] = plan.scratch(plan.whole(units_));
  }

  void finish_extra(const StreamRows& rows, std::int64_t r, kernels::CellCall<float> call) const noexcept {
    for (int j = 0; j < state_count_; ++j) call.next[j] = rows.write(next_[static_cast<std::size_t>(j)], r);
    formulas_.forward(call);
    if (!state_gain_.empty()) {
      float inverse = 0;
      call.operand = rows.write(operand_, r);
      const View<float> normal{call.operand, 1, units_, units_};
      kernels::normalize_rows<float>({call.next[1], 1, units_, units_}, epsilon_, normal, &inverse,
                                     {state_gain_.data(), state_bias_.data()}, normal);
      formulas_.output(call);
    }
    float* h = call.next[0];
    if (projection_.vectors > 0) {
      const float* from = h;
      h = rows.write(projected_, r);
      multiply_(projection_, 1, &from, &from, &h, rows.backwards);
    }
    for (int j = 0; j < state_count_; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const std::int64_t width = j == 0 ? h_width_ : units_;
      float* next = j == 0 ? h : call.next[j];
      if (at < 2 && zoned_[at])
        kernels::zone_rows<float>(zones_[at], {call.state[j], 1, width, width}, {next, 1, width, width});
      std::copy_n(next, width, rows.state(r, states_[at].offset));
    }
  }

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
      out.h_count = feeds_any(from_state) ? spec.recurrent_kernel.rows : 0;
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
    /// x·weights from zero.
    StreamProduct plain(View<const float> weights, StreamRecurrent& owner) const {
      const std::int64_t columns = plan.whole(weights.cols);
      StreamProduct out;
      out.vectors = columns / plan.kernels().lanes;
      out.x_count = weights.rows;
      Tensor dense({weights.rows, columns});
      for (std::int64_t k = 0; k < weights.rows; ++k)
        std::copy_n(weights.row(k), weights.cols, dense.data<float>().data() + k * columns);
      owner.memory_.emplace_back(Shape{weights.rows * columns});
      out.weights = owner.memory_.back().data<float>().data();
      out.panels = plan.kernels().pack({dense.data<float>().data(), weights.rows, columns, columns},
                                       owner.memory_.back().data<float>().data());
      owner.memory_.emplace_back(Shape{columns});
      out.start = owner.memory_.back().data<float>().data();
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
  bool normalized_ = false, extra_ = false;
  std::int64_t units_ = 0, h_width_ = 0, sum_count_ = 0;
  float epsilon_ = 0;
  const float* bias_ = nullptr;
  std::vector<NormalizedProduct>
      normal_products_;  // of the input, of the state, of the second stage's operand
  std::vector<float> state_gain_, state_bias_;
  StreamProduct projection_;
  std::array<bool, 2> zoned_{};
  std::array<kernels::Zone<float>, 2> zones_{};
  StreamPlace raw_, projected_;
  std::array<StreamPlace, cells::kMaxStates> next_;
  std::int64_t pitch_ = 0;  // from one sum of a unit to its next
  kernels::CellCall<float> call_;
  std::vector<StreamProduct> before_, after_;  // in order; after_: of the operand
  Tensor vectors_;
  std::vector<Tensor> memory_;
};

RecurrentShape shape_of(const StreamRecurrentSpec& spec) {
  return {spec.cell, spec.inputs, spec.units, spec.activation, spec.recurrent_activation, spec.clip};
}

/// A step of a layer whose weights stay in the first-level cache, or nearly.
class StreamSmallRecurrent final : public StreamOp {
 public:
  /// Whether `spec` is such a layer.
  static bool serves(const StreamPlan& plan, const StreamRecurrentSpec& spec) {
    const bool plain = spec.zoneout[0] == 0 && spec.zoneout[1] == 0 && spec.projection.data == nullptr &&
                       spec.kernel_gain == nullptr;
    return plain && SmallCell::serves(shape_of(spec), plan.kernels());
  }

  StreamSmallRecurrent(StreamPlan& plan, const StreamRecurrentSpec& spec, StreamPlace input) : input_(input) {
    const std::int64_t pitch = plan.whole(spec.units);
    next_h_ = plan.scratch(pitch);
    std::array<std::int64_t, kMaxStates> offset{};
    for (int j = 0; j < spec.cell->info.states; ++j) {
      const auto at = static_cast<std::size_t>(j);
      states_[at] = plan.state(state_name(spec, j), spec.units, pitch);
      offset[at] = states_[at].offset - states_[0].offset;
    }
    const RecurrentShape shape = shape_of(spec);
    RecurrentWeights<const float> weights;
    weights.kernel = spec.kernel;
    weights.recurrent_kernel = spec.recurrent_kernel;
    weights.bias = spec.bias;
    weights.vectors = spec.vectors;
    weights_ = Tensor({SmallCell::memory(shape, plan.kernels())});
    cell_.emplace(shape, weights, plan.kernels(), weights_.data<float>().data(), offset);
    if (cell_->is_large()) several_.emplace(plan, spec, input, &states_);
  }

  void run(const StreamRows& rows) const noexcept override {
    if (several_ && rows.count > 1) return run_several(rows);
    for (std::int64_t r = 0; r < rows.count; ++r) {
      cell_->step(rows.read(input_, r), rows.state(r, states_[0].offset), rows.write(next_h_, r),
                  rows.writer == this ? rows.y + r * rows.y_stride : nullptr, rows.backwards);
    }
  }
  bool can_write(const StreamPlace& place) const override {
    return place.home == StreamPlace::Home::state && place.offset == states_[0].offset;
  }
  const std::array<StreamPlace, cells::kMaxStates>& states() const { return states_; }

 private:
  /// Rows together read weights from beyond the first-level cache once for several of them.
  void run_several(const StreamRows& rows) const noexcept {
    several_->run(rows);
    for (std::int64_t r = 0; rows.writer == this && r < rows.count; ++r)
      std::copy_n(rows.state(r, states_[0].offset), cell_->units(), rows.y + r * rows.y_stride);
  }

  std::optional<SmallCell> cell_;
  std::optional<StreamRecurrent> several_;
  StreamPlace input_, next_h_;
  std::array<StreamPlace, cells::kMaxStates> states_;
  Tensor weights_;
};

template <class Op>
std::array<StreamPlace, cells::kMaxStates> add_recurrent(StreamPlan& plan, const StreamRecurrentSpec& spec,
                                                         StreamPlace input) {
  auto op = std::make_unique<Op>(plan, spec, input);
  const auto states = op->states();
  plan.add(std::move(op));
  return states;
}

}  // namespace

std::array<StreamPlace, cells::kMaxStates> add_stream_recurrent(StreamPlan& plan,
                                                                const StreamRecurrentSpec& spec,
                                                                StreamPlace input) {
  return StreamSmallRecurrent::serves(plan, spec) ? add_recurrent<StreamSmallRecurrent>(plan, spec, input)
                                                  : add_recurrent<StreamRecurrent>(plan, spec, input);
}

}  // namespace rondo
