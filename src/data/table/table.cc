#include "rondo/data/table.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "data/table/cell_text.h"
#include "rondo/base/error.h"

namespace rondo {

TextList::TextList(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) push_back(text);
}

TextList::TextList(std::span<const std::string> texts) {
  for (const std::string& text : texts) push_back(text);
}

std::string_view TextList::operator[](std::int64_t index) const {
  const auto i = static_cast<std::size_t>(index);
  const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(begin, ends_[i] - begin);
}

void TextList::push_back(std::string_view text) {
  bytes_ += text;
  ends_.push_back(bytes_.size());
}

void TextList::clear() {
  bytes_.clear();
  ends_.clear();
}

Column::Column(std::string name, std::vector<double> numbers)
    : name_(std::move(name)), kind_(Kind::number), numbers_(std::move(numbers)) {
  missing_ = std::count_if(numbers_.begin(), numbers_.end(), [](double v) { return std::isnan(v); });
}

Column::Column(std::string name, TextList texts)
    : name_(std::move(name)), kind_(Kind::text), texts_(std::move(texts)) {
  if (!texts_.empty()) first_bad_ = {0, std::string(texts_[0])};
}

std::int64_t Column::size() const {
  return is_number() ? static_cast<std::int64_t>(numbers_.size()) : texts_.size();
}

std::string Column::text(std::int64_t row) const {
  return is_number() ? detail::number_text(numbers_[static_cast<std::size_t>(row)])
                     : std::string(texts_[row]);
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name());
  return names;
}

namespace {

std::optional<std::size_t> place_from_number(std::string_view name, std::size_t count) {
  if (name.empty() || name.size() > 6 || name.find_first_not_of("0123456789") != std::string_view::npos)
    return {};
  const std::size_t place = std::stoul(std::string(name));
  if (place < 1 || place > count) return {};
  return place - 1;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > 12) text += ", … (" + std::to_string(names.size()) + " in all)";
  return text;
}

}  // namespace

bool Table::has(std::string_view name) const {
  if (std::any_of(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name() == name; }))
    return true;
  return !has_header_ && place_from_number(name, columns_.size()).has_value();
}

const Column& Table::column(std::string_view name) const {
  const auto matches = [&](const Column& column) { return column.name() == name; };
  const auto found = std::find_if(columns_.begin(), columns_.end(), matches);
  if (found != columns_.end()) {
    const auto again = std::find_if(found + 1, columns_.end(), matches);
    if (again == columns_.end()) return *found;
    throw Error(ErrorKind::data, "two columns are named '" + std::string(name) + "'")
        .where(source_)
        .seen("columns " + std::to_string(found - columns_.begin() + 1) + " and " +
              std::to_string(again - columns_.begin() + 1))
        .fix("give them different names");
  }
  if (!has_header_) {
    if (const auto place = place_from_number(name, columns_.size())) return columns_[*place];
  }
  const std::vector<std::string> known = names();
  Error error(ErrorKind::data, "there is no column '" + std::string(name) + "'");
  error.where(source_).seen((known.size() == 1 ? "column " : "columns ") + listed(known));
  std::string fix = detail::did_you_mean(name, known);
  if (fix.empty() && !has_header_)
    fix =
        "the file has no row of names: call columns by number, 1 for the first, or say that it has a header";
  error.fix(std::move(fix));
  throw error;
}

std::span<const double> Table::numbers(std::string_view name) const {
  const Column& column = this->column(name);
  const BadCell& bad = column.first_bad();
  if (column.is_number() && bad.row < 0) return column.numbers();
  if (bad.row < 0) {  // kept as text because the reader was told to
    throw Error(ErrorKind::usage, "the column was read as text")
        .where(source_ + ", column '" + column.name() + "'")
        .fix("take it out of text_columns");
  }
  throw Error(ErrorKind::data, "a cell is not a number")
      .where(where(bad.row, column.name()))
      .seen(detail::shown(bad.text))
      .expected("a number such as 12.5, or nothing (empty, NA, ?) where the value is missing")
      .fix(detail::has_thousands(bad.text, ',')
               ? "if the comma groups digits in threes, say thousands = ',' (--thousands ,)"
               : "correct the cell, or empty it if the value is not known; if another sign separates "
                 "decimals, "
                 "say which");
}

Tensor Table::matrix(std::span<const std::string> names, DType dtype) const {
  const auto width = static_cast<std::int64_t>(names.size());
  Tensor out({rows(), width}, dtype);
  with_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    const std::span<T> values = out.data<T>();
    for (std::size_t c = 0; c < names.size(); ++c) {
      const std::span<const double> column = numbers(names[c]);
      for (std::size_t r = 0; r < column.size(); ++r)
        values[r * names.size() + c] = static_cast<T>(column[r]);
    }
  });
  return out;
}

void Table::add(Column column) {
  if (!columns_.empty() && column.size() != rows()) {
    throw Error(ErrorKind::usage, "a column has another length than the table")
        .where("column '" + column.name() + "'")
        .seen(std::to_string(column.size()) + " rows")
        .expected(std::to_string(rows()));
  }
  columns_.push_back(std::move(column));
}

std::int64_t Table::line_of(std::int64_t row) const {
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), row,
                                      [](std::int64_t r, const auto& entry) { return r < entry.first; });
  if (after == lines_.begin()) return 0;
  const auto& [first_row, line] = *(after - 1);
  return line + (row - first_row);
}

std::string Table::where(std::int64_t row, std::string_view column) const {
  const std::int64_t line = line_of(row);
  return source_ + (line > 0 ? ", line " + std::to_string(line) : ", row " + std::to_string(row + 1)) +
         ", column '" + std::string(column) + "'";
}

}  // namespace rondo
