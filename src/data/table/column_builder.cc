#include "data/table/column_builder.h"

#include <utility>

#include "data/table/cell_text.h"

namespace rondo {

void ColumnBuilder::add(std::string_view cell) {
  double value = 0;
  const detail::CellKind kind = detail::read_cell(cell, decimal_, *more_, value);
  if (kind == detail::CellKind::missing) ++missing_;
  if (kind == detail::CellKind::text && first_bad_.row < 0) {
    first_bad_ = {rows_, std::string(cell)};
    if (state_ == State::open) {
      state_ = State::text;
      numbers_ = {};
    }
  }
  if (state_ != State::number) texts_.push_back(cell);
  if (state_ != State::text) numbers_.push_back(value);
  ++rows_;
}

void ColumnBuilder::settle() {
  if (state_ != State::open) return;
  state_ = State::number;
  texts_ = {};
}

Column ColumnBuilder::take() {
  settle();
  Column column = state_ == State::number ? Column(name_, std::exchange(numbers_, {}))
                                          : Column(name_, std::exchange(texts_, {}));
  column.missing_ = std::exchange(missing_, 0);
  column.first_bad_ = std::exchange(first_bad_, {});
  rows_ = 0;
  return column;
}

}  // namespace rondo
