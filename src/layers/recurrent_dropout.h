#pragma once

#include <cstdint>

#include "rondo/layout.h"
#include "rondo/random.h"

// Dropout inside recurrent layers as in Keras: masks are drawn once a call and serve all its steps.

namespace rondo {

/// mask [rows][batch, width] by place: 0 with probability `rate`, else 1 / (1 - rate). Row g of a sequence is a function of
/// the stream, the sequence's index in the batch and g alone. `words` is room for row_words(width) words.
template <class T>
void fill_dropout_masks(const RandomStream& stream, double rate, const Layout& layout, int rows,
                        std::int64_t width, std::uint32_t* words, T* mask);
/// Words that one row of a mask is made of: whole blocks of four.
constexpr std::int64_t dropout_row_words(std::int64_t width) { return (width + 3) / 4 * 4; }

/// to [total, width] = from · the mask of each row's place.
template <class T>
void apply_step_mask(const Layout& layout, std::int64_t width, const T* from, const T* mask, T* to);
/// to [total, width] += from · the mask of each row's place.
template <class T>
void add_step_mask(const Layout& layout, std::int64_t width, const T* from, const T* mask, T* to);

}  // namespace rondo
