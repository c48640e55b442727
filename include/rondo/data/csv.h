#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/data/table.h"

namespace rondo {

/// How a CSV file is read. Everything is found out from the file unless told.
struct CsvOptions {
  std::string separator = "auto";              ///< "auto", ",", ";", "tab", "|" or any single character
  std::string header = "auto";                 ///< "auto", "yes" or "no"
  std::string decimal = "auto";                ///< "auto", "." or ","
  std::string thousands = "none";              ///< "none", or the sign between groups of three digits
  std::string encoding = "auto";               ///< "auto", "utf-8" or "latin1"
  std::vector<std::string> missing = {};       ///< more texts that mean "no value", besides the usual ones
  std::vector<std::string> text_columns = {};  ///< columns to keep as text though they look like numbers
  std::vector<std::string> columns = {};       ///< keep these only; empty: all

  /// How the file is written, in the options of every task that reads one.
  template <class Self, class V>
  static void visit_format(Self& self, V&& option) {
    option("separator", self.separator, "'auto', ',', ';', 'tab', '|' or any one character");
    option("header", self.header, "'auto', 'yes' or 'no': whether the first row holds column names");
    option("decimal", self.decimal, "decimal sign of numbers: 'auto', '.' or ','");
    option("thousands", self.thousands,
           "sign that groups the digits of numbers in threes, such as ',' in 1,234,567; 'none'");
    option("encoding", self.encoding, "'auto', 'utf-8' or 'latin1' (Windows-1252)");
    option("missing_words", self.missing,
           "texts that mean a missing value, besides empty, NA, NaN, null, None, ?, -");
  }
  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    visit_format(self, option);
    option("text_columns", self.text_columns, "columns to keep as text though they look like numbers");
    option("columns", self.columns, "read these columns only; empty: all");
  }
};

/// Reads a CSV file (RFC 4180; plain or gzip, told apart by content; UTF-8, with or without byte order mark,
/// else taken as Windows-1252). A first line `sep=;` says what separates cells. Rows of a title above the
/// table, of fewer cells than all rows below have, are left out where the separator is "auto".
///
/// Header "auto": the first row holds names when one of its cells is text in a column whose further cells are
/// numbers, or when no column holds numbers. A column holds numbers when every cell is a number or missing
/// (empty, NA, N/A, NaN, null, None, ?, -, --, ., in any case); infinities count as text. Blank
/// lines are skipped, except that inside a file of one column they are missing values. The file is read in
/// blocks and only the columns are kept.
///
/// Throws Error(data) for a file that is missing, empty, not text (binary, another compression, UTF-16), with
/// rows of unequal numbers of cells, broken quotes, or numbers whose sign may separate decimals as well as
/// thousands (1,234 1,250 …): each with file and line.
Table read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// The same from text in memory; `source` names it in messages.
Table parse_csv(std::string_view text, const CsvOptions& options = {}, std::string source = "CSV text");

/// Reads a CSV file piece by piece, for files that do not fit in memory. What the columns are (names, kinds)
/// is settled by the first 4096 rows and is the same in every piece; a text after that makes Table::numbers
/// throw, naming it.
class CsvReader {
 public:
  explicit CsvReader(const std::filesystem::path& path, const CsvOptions& options = {});
  /// Refers to `text`.
  static CsvReader from_text(std::string_view text, const CsvOptions& options = {},
                             std::string source = "CSV text");
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  /// The next rows, at least `rows` of them unless the file ends; a table without rows at the end.
  Table read(std::int64_t rows);

 private:
  struct State;
  explicit CsvReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// CSV text with a header: numbers with the fewest digits that read back to the same bits, NaN as an empty
/// cell, quotes where needed, lines ended by "\n".
std::string to_csv(const Table& table);

/// Writes the table as CSV, all or nothing (see write_file_atomically). Throws Error(resources) when it
/// cannot.
void write_csv(const std::filesystem::path& path, const Table& table);

}  // namespace rondo
