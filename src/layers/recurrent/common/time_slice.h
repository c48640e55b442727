#pragma once

#include <algorithm>
#include <cstdint>

#include "rondo/tensor/layout.h"

namespace rondo {

/// Neighbouring steps of a layout, as if they were all of it: a sequence that ended before has none of them.
/// Its packed rows begin at first_row() of the layout's. Does not own the layout.
class TimeSlice {
 public:
  TimeSlice(const Layout& layout) : TimeSlice(layout, 0, layout.longest()) {}
  TimeSlice(const Layout& layout, std::int64_t first, std::int64_t steps)
      : layout_(&layout), first_(first), steps_(steps), first_row_(row_of(first)) {}

  /// `steps` of its own steps.
  TimeSlice part(std::int64_t first, std::int64_t steps) const { return {*layout_, first_ + first, steps}; }

  std::int64_t batch() const { return layout_->batch(); }
  std::int64_t longest() const { return steps_; }
  std::int64_t total() const { return row_of(first_ + steps_) - first_row_; }
  std::int64_t rows(std::int64_t t) const { return layout_->rows(first_ + t); }
  std::int64_t offset(std::int64_t t) const { return layout_->offset(first_ + t) - first_row_; }
  std::int64_t length_at(std::int64_t place) const {
    return std::clamp<std::int64_t>(layout_->length_at(place) - first_, 0, steps_);
  }
  std::int64_t first_row() const { return first_row_; }

 private:
  std::int64_t row_of(std::int64_t t) const {
    return t < layout_->longest() ? layout_->offset(t) : layout_->total();
  }
  const Layout* layout_;
  std::int64_t first_, steps_, first_row_;
};

}  // namespace rondo
