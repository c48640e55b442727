#pragma once

#include <cstdint>

#include "kernels/row_passes.h"
#include "rondo/layout.h"
#include "rondo/pool.h"
#include "rondo/random.h"

// Zoneout (Krueger et al. 2017): in training a unit keeps its old value with probability `rate`, drawn for every unit and
// step; in inference it takes the expected value rate·old + (1 - rate)·new.

namespace rondo {

/// Room for the random words of one state, in 16-bit words.
std::int64_t zoneout_words(const Layout& layout, std::int64_t width);

/// Draws for every packed row and unit. A number is a function of the stream, the sequence's index in the batch, the step's
/// position in the padded array and the unit alone; rates are resolved to 1/65,536. `firsts` is room for total numbers.
void draw_zoneout(const RandomStream& stream, const Layout& layout, std::int64_t width, Pool& pool,
                  std::uint64_t* firsts, std::uint16_t* words);

/// What the driver needs; `words` null: expected values.
template <class T>
kernels::Zone<T> make_zone(double rate, std::int64_t width, const std::uint16_t* words);

}  // namespace rondo
