#pragma once

#include <cstdint>
#include <span>

#include "rondo/base/pool.h"
#include "rondo/base/random.h"
#include "rondo/tensor/layout.h"

// Dropout's masks of rows: 0 with probability `rate` (resolved to 1/65,536), else 1 / (1 - rate). Inside
// recurrent layers as in Keras: masks are drawn once a call and serve all its steps. And the bits of zoneout
// (Krueger et al. 2017): in training a unit keeps its old value with probability `rate`, drawn for every unit
// and step; in inference it takes the expected value rate·old + (1 - rate)·new.

namespace rondo {

/// Elements of scratch memory that drawing masks of `rows` rows at a time needs.
template <class T>
std::int64_t dropout_scratch(std::int64_t rows, std::int64_t width);

/// scale [firsts][width]; `firsts` from mask_row_first.
template <class T>
void draw_dropout(const RandomStream& stream, double rate, std::span<const std::uint64_t> firsts,
                  std::int64_t width, std::uint64_t* scratch, T* scale);

/// mask [rows][batch, width] by place. Row g of a sequence is a function of the stream, the sequence's index
/// in the batch and g alone.
template <class T>
void fill_dropout_masks(const RandomStream& stream, double rate, const Layout& layout, int rows,
                        std::int64_t width, std::uint64_t* scratch, T* mask);

/// to [total, width] = from · the mask of each row's place, added to `to` where kAdd.
template <bool kAdd = false, class T>
void apply_step_mask(const Layout& layout, std::int64_t width, const T* from, const T* mask, T* to) {
  for (std::int64_t t = 0; t < layout.longest(); ++t) {
    const std::int64_t count = layout.rows(t) * width;
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (kAdd) {
        to[i] += from[i] * mask[i];
      } else {
        to[i] = from[i] * mask[i];
      }
    }
    from += count;
    to += count;
  }
}

/// Zoneout's bits for every packed row and unit (common/mask_bits.h): `total` rows and one byte more, which
/// kernels may read. `firsts` is room for total numbers.
void draw_zoneout(const RandomStream& stream, double rate, const Layout& layout, std::int64_t width,
                  Pool& pool, std::uint64_t* firsts, std::uint8_t* bits);

}  // namespace rondo
