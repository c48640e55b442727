#include <algorithm>

#include "layers/common/mask_bits.h"
#include "layers/recurrent/drivers/lane_parts.h"

// Random options of a step: recurrent dropout's masks of h and zoneout's bits, laid out as the lanes need
// them.

namespace rondo {

using kernels::CellCall;
using kernels::kLaneBlock;
using kernels::kLaneGroup;
using kernels::multiply_lanes;
using kernels::PackedRows;
using kernels::Start;

/// Masks by place to [gate · units][lane]; in an aligned schedule a lane is a place, for all steps.
void LaneRecurrence::lay_out_masks(LaneTrace& trace) {
  const GateRange& range = recurrent_range_[0];
  const std::int64_t lanes = schedule_.lanes, busy = layout_.rows(0), gates = range.count * units_;
  trace.masks = take(lanes * gates);
  std::int32_t* places = take_integers(lanes);
  for (std::int64_t l = 0; l < lanes; ++l) places[l] = l < busy ? static_cast<std::int32_t>(l) : -1;
  for (std::int64_t block = 0; block < lanes; block += kLaneBlock) {
    const std::int64_t width = std::min(kLaneBlock, lanes - block);
    for (int i = 0; i < range.count; ++i) {
      const std::int64_t gate = range.gate[static_cast<std::size_t>(i)];
      const View<const float> of_gate{extras_.recurrent_masks + gate * layout_.batch() * units_,
                                      layout_.batch(), units_, units_};
      kernels::gather_lanes(of_gate, places + block, width, trace.masks + block * gates + i * units_ * width,
                            width);
    }
  }
}

/// What each gate's products read at step `s`: x, its own or a copy, and its own masked h. `room` [gates ·
/// (inputs + units)] [lane] of the slice.
void LaneRecurrence::mask_operands(const Slice& slice, const LaneTrace& trace, View<const float> x,
                                   std::int64_t s, const float* h, float* room) const {
  const GateRange& range = recurrent_range_[0];
  const std::int64_t width = slice.width, size = units_ * width, gate_size = (inputs_ + units_) * width;
  const std::int32_t* rows = schedule_.rows + s * schedule_.lanes + slice.block_lane + slice.first;
  for (int g = 0; g < info_.gates; ++g) {
    float* own = room + g * gate_size;
    if (g == 0 || extras_.input_gate_stride > 0) {
      kernels::gather_lanes({x.data + g * extras_.input_gate_stride, x.rows, x.cols, x.stride}, rows,
                            slice.lanes, own, width);
    } else {
      for (std::int64_t r = 0; r < inputs_ * width; r += width) std::copy_n(room + r, slice.lanes, own + r);
    }
  }
  const float* masks = trace.masks + slice.block_lane * range.count * units_ + slice.first;
  for (int i = 0; i < range.count; ++i, masks += size) {
    float* own = room + range.gate[static_cast<std::size_t>(i)] * gate_size + inputs_ * width;
    if (slice.lanes == width) {
      kernels::multiply_elements(h, masks, size, own);
    } else {
      for (std::int64_t u = 0; u < size; u += width)
        kernels::multiply_elements(h + u, masks + u, slice.lanes, own + u);
    }
  }
}

/// The sums when each gate reads its own.
void LaneRecurrence::make_masked_sums(const Slice& slice, const Products& products,
                                      const CellCall<float>& call, const float* read, bool h_is_zero) const {
  const std::int64_t width = slice.width, size = units_ * width, h_units = h_is_zero ? 0 : units_;
  const auto sum = [&](int s, const PackedRows& weights, std::int64_t k, const float* left) {
    multiply_lanes(weights, {left, k, slice.lanes, width}, Start::bias, products.bias + s * units_,
                   {call.sums + s * size, units_, slice.lanes, width});
  };
  for (int g = 0; g < info_.gates; ++g) {
    const auto gate = static_cast<std::size_t>(g);
    const int in = info_.input_sum[gate], recurrent = info_.recurrent_sum[gate];
    const float* own = read + g * (inputs_ + units_) * width;
    if (in == recurrent) {
      sum(in, products.gates[gate], inputs_ + h_units, own);
    } else {
      sum(in, products.gates[gate], inputs_, own);
      sum(recurrent, products.recurrent_gates[gate], h_units, own + inputs_ * width);
    }
  }
  for (int s = 0; s < info_.sums; ++s) {
    if (input_range_.covers(s) || recurrent_range_[0].covers(s)) continue;
    for (std::int64_t u = 0; u < units_; ++u)
      std::fill_n(call.sums + s * size + u * width, slice.lanes, products.bias[s * units_ + u]);
  }
}

/// Room for the random bits of one step of every slice.
void LaneRecurrence::take_zone_memory() {
  if (!extras_.zoned[0] && !extras_.zoned[1]) return;
  zone_memory_ = reinterpret_cast<std::uint8_t*>(take(schedule_.lanes * mask_row_bytes(units_) / 4));
}

/// A state's zone at step `s`, its bits transposed to [unit][lane] of the slice.
kernels::Zone<float> LaneRecurrence::zone_of(const Slice& slice, int state, std::int64_t s) const {
  kernels::Zone<float> zone = extras_.zones[static_cast<std::size_t>(state)];
  if (zone.bits == nullptr) return zone;
  const std::int64_t first = slice.block_lane + slice.first;
  std::uint8_t* bits = zone_memory_ + first * mask_row_bytes(units_);
  kernels::transpose_bits(zone.bits, zone.stride, mask_row_bytes(units_),
                          schedule_.rows + s * schedule_.lanes + first, slice.lanes, bits);
  zone.bits = bits;
  zone.stride = slice.lanes / 8;
  return zone;
}

}  // namespace rondo
