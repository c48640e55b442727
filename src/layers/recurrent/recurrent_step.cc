#include "layers/recurrent/recurrent_step.h"

#include <algorithm>
#include <optional>

#include "kernels/row_passes.h"
#include "layers/common/stream_steps.h"
#include "layers/recurrent/common/gate_ranges.h"
#include "layers/recurrent/drivers/small_cell.h"

namespace rondo {
namespace {

using Slots = std::array<StreamSlot, kMaxStates>;

/// The gates of a range, as if nothing else were fed.
SumFeeds feeds_of(const GateRange& range) {
  SumFeeds feeds = no_feeds();
  std::copy_n(range.gate.begin(), range.count, feeds.begin() + range.first);
  return feeds;
}
bool feeds_any(const SumFeeds& feeds) {
  return std::ranges::any_of(feeds, [](int gate) { return gate >= 0; });
}
bool feeds_all(const SumFeeds& feeds, const cells::CellInfo& info) {
  return std::all_of(feeds.begin(), feeds.begin() + info.sums, [](int gate) { return gate >= 0; });
}

/// Neighbouring sums.
struct Range {
  int begin = 0, end = 0;
};
/// Those that are fed.
Range fed(const SumFeeds& feeds) {
  Range range{cells::kMaxSums, 0};
  for (int s = 0; s < cells::kMaxSums; ++s) {
    if (feeds[static_cast<std::size_t>(s)] < 0) continue;
    range.begin = std::min(range.begin, s);
    range.end = s + 1;
  }
  return range;
}

/// What the sums of a product start from; `sums`: what they hold.
enum class Start { sums, zero, bias };

/// A product for a range of sums, each `pitch` floats after the one before. A block-diagonal one is a part
/// for each block of units, whose sums lie apart: a part begins with a copy of them, unless it has a start of
/// its own, and its results are copied back.
class StepProduct {
 public:
  StepProduct(Range sums, std::int64_t pitch, std::int64_t width, const StreamSlot& room)
      : sums_(sums.end - sums.begin), pitch_(pitch), width_(width), room_(room) {}

  void add(StreamWeights part) { parts_.push_back(std::move(part)); }
  /// Where the first sum lies in a row.
  void begin_at(std::int64_t first) {
    first_ = first;
    if (parts_.size() == 1) parts_.front().product().first = first;
  }
  /// Of `count` rows from `row`.
  void run(const kernels::StreamKernels& kernels, const StreamRows& rows, std::int64_t row,
           std::int64_t count, const float* const* x, const float* const* h,
           float* const* out) const noexcept {
    if (parts_.size() == 1)
      return kernels.multiply(parts_.front().product(), count, x, h, out, rows.backwards);
    const float* seen[kMaxStreamRows];
    float* own[kMaxStreamRows];
    for (std::size_t b = 0; b < parts_.size(); ++b) {
      const kernels::StreamProduct& product = parts_[b].product();
      const std::int64_t unit = static_cast<std::int64_t>(b) * width_;
      for (std::int64_t r = 0; r < count; ++r) {
        seen[r] = h[r] + unit;
        own[r] = rows.write(room_, row + r);
        for (std::int64_t s = 0; product.start == nullptr && s < sums_; ++s)
          std::copy_n(out[r] + first_ + s * pitch_ + unit, width_, own[r] + s * width_);
      }
      kernels.multiply(product, count, x, seen, own, rows.backwards);
      for (std::int64_t r = 0; r < count; ++r) {
        for (std::int64_t s = 0; s < sums_; ++s)
          std::copy_n(own[r] + s * width_, width_, out[r] + first_ + s * pitch_ + unit);
      }
    }
  }

 private:
  std::vector<StreamWeights> parts_;
  std::int64_t first_ = 0, sums_, pitch_, width_;  ///< width_: units of a part
  StreamSlot room_;                                ///< [sums][width_]
};

/// Products for a range of sums, each `pitch` floats after the one before.
struct Packer {
  StreamPlan& plan;
  const RecurrentStepSpec& spec;
  std::int64_t pitch;
  kernels::StreamKernels kernels = kernels::stream_kernels();

  StepProduct product(Range sums, Start start, const SumFeeds& from_input, const SumFeeds& from_state) const {
    const std::int64_t blocks = feeds_any(from_state) ? spec.shape.blocks : 1,
                       width = spec.shape.units / blocks, room = (sums.end - sums.begin) * width;
    StepProduct out(sums, pitch, width, blocks > 1 ? plan.scratch(room) : StreamSlot{});
    for (std::int64_t b = 0; b < blocks; ++b) {
      out.add(part(sums, start, from_input, from_state, {b * width, width, blocks > 1 ? width : pitch}));
    }
    out.begin_at(sums.begin * pitch);
    return out;
  }

 private:
  /// Neighbouring units; each sum of theirs is `pitch` floats after the one before.
  struct Units {
    std::int64_t first, count, pitch;
  };

  StreamWeights part(Range sums, Start start, const SumFeeds& from_input, const SumFeeds& from_state,
                     const Units& units) const {
    const std::int64_t columns = whole_vectors((sums.end - sums.begin) * units.pitch, kernels.lanes),
                       x_count = feeds_any(from_input) ? spec.shape.inputs : 0,
                       h_count = feeds_any(from_state) ? spec.weights.recurrent_kernel.rows : 0;
    Tensor dense({x_count + h_count, columns});
    const View<float> to{dense.data<float>().data(), x_count + h_count, columns, columns};
    const auto put = [&](View<const float> weights, std::int64_t first_row, std::int64_t count,
                         const SumFeeds& feeds) {
      for (int s = sums.begin; count > 0 && s < sums.end; ++s) {
        const int gate = feeds[static_cast<std::size_t>(s)];
        for (std::int64_t k = 0; gate >= 0 && k < count; ++k) {
          std::copy_n(weights.row(k) + gate * spec.shape.units + units.first, units.count,
                      to.row(first_row + k) + (s - sums.begin) * units.pitch);
        }
      }
    };
    put(spec.weights.kernel, 0, x_count, from_input);
    put(spec.weights.recurrent_kernel, x_count, h_count, from_state);
    std::vector<float> from(start == Start::sums ? 0 : static_cast<std::size_t>(columns));
    if (start == Start::bias) put_biases(sums, units, from);
    return {kernels, to, x_count, from};
  }
  void put_biases(Range sums, const Units& units, std::vector<float>& to) const {
    const std::int64_t all_units = spec.shape.units;
    std::vector<float> all(static_cast<std::size_t>(spec.shape.cell->info.sums * all_units));
    sum_biases<float>(spec.shape.cell->info, spec.weights.bias, all_units, all.data());
    for (int s = sums.begin; s < sums.end; ++s)
      std::copy_n(all.begin() + s * all_units + units.first, units.count,
                  to.begin() + (s - sums.begin) * units.pitch);
  }
};

/// A product whose rows are normalised before they go to the sums.
struct NormalizedProduct {
  NormalizedProduct(const Packer& packer, const GateRange& range, bool of_input)
      : weights(packer.product({range.first, range.first + range.count}, Start::zero,
                               of_input ? feeds_of(range) : no_feeds(),
                               of_input ? no_feeds() : feeds_of(range))),
        width(range.count * packer.spec.shape.units),
        first(range.first * packer.spec.shape.units) {
    weights.begin_at(0);
    const float* gains = of_input ? packer.spec.weights.kernel_gain : packer.spec.weights.recurrent_gain;
    for (int i = 0; i < range.count; ++i) {
      const float* from = gains + range.gate[static_cast<std::size_t>(i)] * packer.spec.shape.units;
      gain.insert(gain.end(), from, from + packer.spec.shape.units);
    }
  }

  StepProduct weights;
  std::int64_t width, first;  // of the row, and where it goes in the sums
  std::vector<float> gain;
};

/// A step of one recurrent layer: every sum as start, inputs, states; then the cell's formulas, which replace
/// the states.
class RecurrentStep final : public StreamOperation {
 public:
  RecurrentStep(StreamPlan& plan, const RecurrentStepSpec& spec, const StreamSlot& input, const Slots& states)
      : formulas_(kernels::formulas<float>(*spec.shape.cell)),
        kernels_(kernels::stream_kernels()),
        input_(input),
        states_(states),
        state_count_(spec.shape.cell->info.states),
        units_(spec.shape.units),
        h_width_(spec.width(0)) {
    const cells::CellInfo& info = spec.shape.cell->info;
    const std::int64_t padded = whole_vectors(units_, kernels_.lanes);
    normalized_ = spec.weights.kernel_gain != nullptr;
    const Range recurrent = fed(state_feeds(info, 0));
    // A unit's sums may lie at whole vectors, which spares masks and lets stores be read again at once, or
    // one after another, which spares multiplications. A last vector then reaches into the sums that come
    // next: only where these are made later.
    const bool ends_last = info.stages == 1 && recurrent.end == info.sums;
    // A normalised row must have no gaps, and nobody would fill those behind the sums of blocks.
    const bool dense = normalized_ || spec.shape.blocks > 1 ||
                       (ends_last && whole_vectors(info.sums * units_, kernels_.lanes) < info.sums * padded);
    const std::int64_t pitch = dense ? units_ : padded;

    call_ = spec.shape.cell_call<float>();
    call_.rows = 1;
    call_.units = pitch;
    vectors_ = Tensor({std::max(info.vectors, 1) * pitch + kernels_.lanes});
    for (int p = 0; p < info.vectors; ++p)
      std::copy_n(spec.weights.vectors[static_cast<std::size_t>(p)], units_,
                  vectors_.data<float>().data() + p * pitch);
    call_.vectors = vectors_.data<float>().data();

    const Packer packer{plan, spec, pitch};
    if (normalized_)
      add_normalized(plan, packer);
    else
      add_products(packer);
    operand_ = plan.scratch(padded);
    sums_ = plan.scratch(info.sums * pitch);
    add_options(plan, packer);
  }

  void run(const StreamRows& rows) const noexcept override {
    const float *x[kMaxStreamRows], *h[kMaxStreamRows];
    float* sums[kMaxStreamRows];
    for (std::int64_t r = 0; r < rows.count; ++r) {
      x[r] = rows.read(input_, r);
      h[r] = rows.state(r, states_[0].offset);
      sums[r] = rows.write(sums_, r);
    }
    if (normalized_) {
      for (std::int64_t r = 0; r < rows.count; ++r) {
        std::ranges::copy(bias_, sums[r]);
        add_product(rows, r, 0, x[r], sums[r]);
        add_product(rows, r, 1, h[r], sums[r]);
      }
    } else {
      for (const StepProduct& product : before_) product.run(kernels_, rows, 0, rows.count, x, h, sums);
    }
    kernels::CellCall<float> call = call_;
    const auto point_at = [&](std::int64_t r) {
      call.sums = sums[r];
      for (int j = 0; j < state_count_; ++j)
        call.state[j] = call.next[j] = rows.state(r, states_[static_cast<std::size_t>(j)].offset);
    };
    if (formulas_.prepare != nullptr) {
      float* operand[kMaxStreamRows];
      for (std::int64_t r = 0; r < rows.count; ++r) {
        point_at(r);
        call.operand = operand[r] = rows.write(operand_, r);
        formulas_.prepare(call);
      }
      for (std::int64_t r = 0; normalized_ && r < rows.count; ++r)
        add_product(rows, r, 2, operand[r], sums[r]);
      for (const StepProduct& product : after_) product.run(kernels_, rows, 0, rows.count, x, operand, sums);
    }
    for (std::int64_t r = 0; r < rows.count; ++r) {
      point_at(r);
      if (has_options_) {
        finish_with_options(rows, r, call);
      } else {
        formulas_.forward(call);
      }
    }
  }

 private:
  void add_products(const Packer& packer) {
    const cells::CellInfo& info = packer.spec.shape.cell->info;
    const SumFeeds from_input = input_feeds(info), from_state = state_feeds(info, 0);
    const Range inputs = fed(from_input), recurrent = fed(from_state);
    if (info.stages == 1 && feeds_all(from_input, info) && feeds_all(from_state, info)) {
      before_.push_back(packer.product({0, info.sums}, Start::bias, from_input, from_state));
    } else {
      if (inputs.begin > 0)
        before_.push_back(packer.product({0, inputs.begin}, Start::bias, no_feeds(), no_feeds()));
      before_.push_back(packer.product(inputs, Start::bias, from_input, no_feeds()));
      if (inputs.end < info.sums)
        before_.push_back(packer.product({inputs.end, info.sums}, Start::bias, no_feeds(), no_feeds()));
      if (recurrent.begin < recurrent.end)
        before_.push_back(packer.product(recurrent, Start::sums, no_feeds(), from_state));
    }
    if (info.stages < 2) return;
    const SumFeeds second = state_feeds(info, 1);
    after_.push_back(packer.product(fed(second), Start::sums, no_feeds(), second));
  }

  void add_normalized(StreamPlan& plan, const Packer& packer) {
    const cells::CellInfo& info = packer.spec.shape.cell->info;
    epsilon_ = packer.spec.epsilon;
    normalized_products_.emplace_back(packer, input_range(info), true);
    for (int stage = 0; stage < info.stages; ++stage)
      normalized_products_.emplace_back(packer, recurrent_range(info, stage), false);
    bias_.resize(static_cast<std::size_t>(info.sums * units_));
    sum_biases<float>(info, packer.spec.weights.bias, units_, bias_.data());
    raw_ = plan.scratch(info.gates * units_);
  }

  /// Adds gain times a normalised product to the sums, which hold the bias.
  void add_product(const StreamRows& rows, std::int64_t r, std::size_t which, const float* left,
                   float* sums) const noexcept {
    const NormalizedProduct& p = normalized_products_[which];
    float* raw = rows.write(raw_, r);
    float inverse = 0;
    p.weights.run(kernels_, rows, r, 1, &left, &left, &raw);
    const View<float> normal{raw, 1, p.width, p.width};
    kernels::normalize_rows<float>(normal, epsilon_, normal, &inverse,
                                   {p.gain.data(), which == 0 ? bias_.data() + p.first : nullptr},
                                   {sums + p.first, 1, p.width, p.width});
  }

  /// What options add after the formulas: normalisation of c, projection of h, zoneout.
  void add_options(StreamPlan& plan, const Packer& packer) {
    const RecurrentStepSpec& spec = packer.spec;
    for (std::size_t j = 0; j < 2; ++j) {
      zoned_[j] = spec.zoneout[j] > 0;
      zones_[j].rate = static_cast<float>(spec.zoneout[j]);
    }
    state_gain_ = copy_values(spec.weights.state_gain, units_);
    state_bias_ = copy_values(spec.weights.state_bias, units_);
    if (spec.weights.projection.data != nullptr) {
      projection_.emplace(kernels_, spec.weights.projection, nullptr);
      projected_ = plan.scratch(h_width_);
    }
    has_options_ = zoned_[0] || zoned_[1] || !state_gain_.empty() || projection_;
    for (int j = 0; has_options_ && j < state_count_; ++j)
      next_[static_cast<std::size_t>(j)] = plan.scratch(units_);
  }

  void finish_with_options(const StreamRows& rows, std::int64_t r,
                           kernels::CellCall<float> call) const noexcept {
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
    if (projection_) {
      const float* from = h;
      h = rows.write(projected_, r);
      kernels_.multiply(projection_->product(), 1, &from, &from, &h, rows.backwards);
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

  kernels::CellFormulas<float> formulas_;
  kernels::StreamKernels kernels_;
  StreamSlot input_, sums_, operand_;
  Slots states_;
  int state_count_;
  std::int64_t units_, h_width_;
  bool normalized_ = false, has_options_ = false;
  float epsilon_ = 0;
  std::vector<float> bias_;
  std::vector<NormalizedProduct> normalized_products_;  // of the input, the state, the second stage's operand
  std::vector<float> state_gain_, state_bias_;
  std::optional<StreamWeights> projection_;
  std::array<bool, 2> zoned_{};
  std::array<kernels::Zone<float>, 2> zones_{};
  StreamSlot raw_, projected_;
  Slots next_;
  kernels::CellCall<float> call_;
  std::vector<StepProduct> before_, after_;  // in order; after_: of the operand
  Tensor vectors_;
};

/// A step of a layer whose weights stay in the first-level cache, or nearly.
class SmallRecurrentStep final : public StreamOperation {
 public:
  /// Whether `spec` is such a layer.
  static bool serves(const RecurrentStepSpec& spec) {
    const bool plain = spec.zoneout[0] == 0 && spec.zoneout[1] == 0 &&
                       spec.weights.projection.data == nullptr && spec.weights.kernel_gain == nullptr;
    return plain && SmallCell::serves(spec.shape, kernels::stream_kernels());
  }

  SmallRecurrentStep(StreamPlan& plan, const RecurrentStepSpec& spec, const StreamSlot& input,
                     const Slots& states)
      : input_(input), next_h_(plan.scratch(spec.shape.units)), states_(states) {
    const kernels::StreamKernels kernels = kernels::stream_kernels();
    std::array<std::int64_t, kMaxStates> offset{};
    for (std::size_t j = 0; j < static_cast<std::size_t>(spec.shape.cell->info.states); ++j)
      offset[j] = states[j].offset - states[0].offset;
    weights_ = Tensor({SmallCell::memory(spec.shape, kernels)});
    cell_.emplace(spec.shape, spec.weights, kernels, weights_.data<float>().data(), offset);
    if (cell_->is_large()) several_.emplace(plan, spec, input, states);
  }

  void run(const StreamRows& rows) const noexcept override {
    if (several_ && rows.count > 1) return run_several(rows);
    for (std::int64_t r = 0; r < rows.count; ++r) {
      cell_->step(rows.read(input_, r), rows.state(r, states_[0].offset), rows.write(next_h_, r),
                  rows.writer == this ? rows.y + r * rows.y_stride : nullptr, rows.backwards);
    }
  }
  bool can_write(const StreamSlot& slot) const override {
    return slot.home == StreamSlot::Home::state && slot.offset == states_[0].offset;
  }

 private:
  /// Rows together read weights from beyond the first-level cache once for several of them.
  void run_several(const StreamRows& rows) const noexcept {
    several_->run(rows);
    for (std::int64_t r = 0; rows.writer == this && r < rows.count; ++r)
      std::copy_n(rows.state(r, states_[0].offset), cell_->units(), rows.y + r * rows.y_stride);
  }

  std::optional<SmallCell> cell_;
  std::optional<RecurrentStep> several_;
  StreamSlot input_, next_h_;
  Slots states_;
  Tensor weights_;
};

}  // namespace

std::vector<StreamValue> recurrent_states(StreamPlan& plan, const RecurrentStepSpec& spec) {
  std::vector<StreamValue> states;
  for (int j = 0; j < spec.shape.cell->info.states; ++j)
    states.push_back(plan.state(j == 0 ? "h" : j == 1 ? "c" : "s" + std::to_string(j), {spec.width(j)}));
  return states;
}

StreamOperationPtr recurrent_step(StreamPlan& plan, const RecurrentStepSpec& spec, const StreamSlot& input,
                                  std::span<const StreamValue> states) {
  Slots slots;
  std::ranges::transform(states, slots.begin(), [](const StreamValue& state) { return state.slot; });
  if (SmallRecurrentStep::serves(spec)) return std::make_unique<SmallRecurrentStep>(plan, spec, input, slots);
  return std::make_unique<RecurrentStep>(plan, spec, input, slots);
}

}  // namespace rondo
