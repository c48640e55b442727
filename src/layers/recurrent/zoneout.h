#pragma once

#include <cstdint>

#include "kernels/row_passes.h"
#include "rondo/base/pool.h"
#include "rondo/base/random.h"
#include "rondo/tensor/layout.h"

// Zoneout (Krueger et al. 2017): in training a unit keeps its old value with probability `rate`, drawn for
// every unit and step; in inference it takes the expected value rate·old + (1 - rate)·new.

namespace rondo {

/// Room for the random bits of one state, in bytes.
std::int64_t zoneout_bytes(const Layout& layout, std::int64_t width);

/// Draws for every packed row and unit (layers/mask_bits.h); rates are resolved to 1/65,536. `firsts` is room
/// for total numbers.
void draw_zoneout(const RandomStream& stream, double rate, const Layout& layout, std::int64_t width,
                  Pool& pool, std::uint64_t* firsts, std::uint8_t* bits);

/// What the driver needs; `bits` null: expected values.
template <class T>
kernels::Zone<T> make_zone(double rate, std::int64_t width, const std::uint8_t* bits);

}  // namespace rondo
