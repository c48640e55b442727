#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "rondo/data/table.h"

namespace rondo::detail {

/// One row of a CSV text. A blank line is a row without cells.
struct RawRow {
  TextList cells;
  std::int64_t line = 0;  ///< on which it starts, from 1
};

/// Cuts CSV text (RFC 4180) into rows as it comes in. All of libcsv is behind this.
class CsvTokenizer {
 public:
  CsvTokenizer(char separator, std::string source, std::function<void(const RawRow&)> on_row);
  ~CsvTokenizer();
  CsvTokenizer(const CsvTokenizer&) = delete;
  CsvTokenizer& operator=(const CsvTokenizer&) = delete;

  /// Calls on_row for every row that `text` completes; what on_row throws comes out. Throws Error(data) for
  /// misplaced quotes.
  void feed(std::string_view text);
  /// The last row, when no line end follows it. Throws Error(data) for a quote that is not closed.
  void finish();

 private:
  struct Parser;
  static void cell_done(void* text, std::size_t size, void* self);
  static void row_done(int terminator, void* self);
  void rethrow();

  std::unique_ptr<Parser> parser_;
  std::string source_;
  char separator_;
  std::function<void(const RawRow&)> on_row_;
  RawRow row_;
  std::int64_t line_ = 1;
  std::int64_t lines_inside_ = 0;  // line ends within the cells of the row so far
  int last_terminator_ = 0;
  std::exception_ptr error_;  // must not pass through C code
};

}  // namespace rondo::detail
