#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/tensor/tensor.h"

namespace rondo {

/// Many short texts in one piece of memory.
class TextList {
 public:
  TextList() = default;
  TextList(std::initializer_list<std::string_view> texts);
  explicit TextList(std::span<const std::string> texts);

  std::int64_t size() const { return static_cast<std::int64_t>(ends_.size()); }
  bool empty() const { return ends_.empty(); }
  std::string_view operator[](std::int64_t index) const;
  void push_back(std::string_view text);
  void clear();

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
};

/// A cell that is no number where numbers were expected.
struct BadCell {
  std::int64_t row = -1;  ///< -1: there is none
  std::string text;
};

/// A named column: numbers (NaN = missing) or text.
class Column {
 public:
  enum class Kind { number, text };

  Column(std::string name, std::vector<double> numbers);
  Column(std::string name, TextList texts);

  const std::string& name() const { return name_; }
  Kind kind() const { return kind_; }
  bool is_number() const { return kind_ == Kind::number; }
  std::int64_t size() const;
  /// The numbers; empty for a text column (Table::numbers says why).
  std::span<const double> numbers() const { return numbers_; }
  /// The texts; empty for a number column.
  const TextList& texts() const { return texts_; }
  /// The cell as text: for numbers the shortest that reads back to the same value, "" for NaN.
  std::string text(std::int64_t row) const;
  /// Cells that were empty or said NA, null, "?" and the like.
  std::int64_t missing() const { return missing_; }
  /// The first cell that kept this from being a number column; in a number column the first text that came so
  /// late that the column had been taken for numbers already (it stands there as NaN).
  const BadCell& first_bad() const { return first_bad_; }

 private:
  friend class ColumnBuilder;
  std::string name_;
  Kind kind_;
  std::vector<double> numbers_;
  TextList texts_;
  std::int64_t missing_ = 0;
  BadCell first_bad_;
};

/// Columns of equal length that know where they came from, so that every complaint can name file, line and
/// column.
class Table {
 public:
  Table() = default;
  explicit Table(std::string source) : source_(std::move(source)) {}

  std::int64_t rows() const { return columns_.empty() ? 0 : columns_.front().size(); }
  std::span<const Column> columns() const { return columns_; }
  std::vector<std::string> names() const;
  /// File name or other origin, for messages.
  const std::string& source() const { return source_; }
  /// The names stood in the file (else they are column_1, column_2 …).
  bool has_header() const { return has_header_; }
  /// The separator that was found in the file.
  char separator() const { return separator_; }

  bool has(std::string_view name) const;
  /// The column `name`. In a table without header "column_2" and "2" both mean the second. Throws Error(data)
  /// naming the nearest name when missing, or both places when two columns bear it.
  const Column& column(std::string_view name) const;
  /// The numbers of a column. Throws Error(data) naming file, line, column and text when a cell is not a
  /// number.
  std::span<const double> numbers(std::string_view name) const;
  /// [rows, names], NaN where missing.
  Tensor matrix(std::span<const std::string> names, DType dtype = DType::float64) const;

  /// Throws Error(usage) when the length differs from the other columns'.
  void add(Column column);
  /// Line of the file (from 1) on which the row starts; 0 when the table did not come from a file.
  std::int64_t line_of(std::int64_t row) const;
  /// "prices.csv, line 12, column 'price'".
  std::string where(std::int64_t row, std::string_view column) const;

 private:
  friend class CsvReader;
  std::string source_ = "table";
  std::vector<Column> columns_;
  bool has_header_ = true;
  char separator_ = ',';
  /// (row, line): from that row on the lines count up by one; in order of rows.
  std::vector<std::pair<std::int64_t, std::int64_t>> lines_;
};

}  // namespace rondo
