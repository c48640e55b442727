#include "layers/lane_parts.h"
#include "layers/mask_bits.h"

// Random options of a step: recurrent dropout's masks of h and zoneout's bits, laid out as the lanes need them.

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

float* LaneRecurrence::masked_at(const Slice& slice, const LaneTrace& trace, std::int64_t slot,
                                 bool keeps) const {
  const std::int64_t gates = recurrent_range_[0].count * units_, slots = keeps ? schedule_.steps : 1;
  return trace.masked + slice.block_lane * gates * slots + (keeps ? slot : 0) * gates * slice.width +
         slice.first;
}

/// Adds each gate's product with its own masked h to the sums.
void LaneRecurrence::add_masked_products(const Slice& slice, const LaneTrace& trace, const Products& products,
                                         const CellCall<float>& call, float* masked) const {
  const GateRange& range = recurrent_range_[0];
  const std::int64_t width = slice.width, size = units_ * width;
  const float* masks = trace.masks + slice.block_lane * range.count * units_ + slice.first;
  for (int i = 0; i < range.count; ++i, masks += size, masked += size) {
    if (slice.lanes == width) {
      kernels::multiply_elements(call.state[0], masks, size, masked);
    } else {
      for (std::int64_t u = 0; u < size; u += width)
        kernels::multiply_elements(call.state[0] + u, masks + u, slice.lanes, masked + u);
    }
    multiply_lanes(products.masked_gates[static_cast<std::size_t>(i)], units_, masked, width,
                   Start::accumulate, nullptr, call.sums + (range.first + i) * size, width, slice.lanes);
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
