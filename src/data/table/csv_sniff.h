#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/table/csv_tokenizer.h"
#include "rondo/data/csv.h"

namespace rondo::detail {

/// What is to know about a CSV file before it is read.
struct CsvDialect {
  char separator = ',';
  char decimal = '.';
  char thousands = '\0';  ///< between groups of three digits; none
  bool header = true;
  std::vector<std::string> names;  ///< of all columns of the file
  std::int64_t title_rows = 0;     ///< above the table, to be left out; blank lines do not count
  std::int64_t header_line = 1;    ///< line of the first row that is not blank
};

/// Makes the start of a file fit for `sniff`: UTF-8, and without the line "sep=;" that spreadsheets write,
/// which goes into `options`; its line end stays, so that lines are counted on. True: what follows is
/// Windows-1252, too.
bool prepare_start(std::string& sample, bool whole, CsvOptions& options);

/// Finds the dialect from the start of a file (`sample`, of which an incomplete last row is ignored unless
/// `whole`) and the options. Throws Error(usage) for wrong options, Error(data) for a file without any row.
CsvDialect sniff(std::string_view sample, bool whole, const CsvOptions& options, const std::string& source);

/// Error(data): there is no such column.
[[noreturn]] void throw_unknown_column(const CsvDialect& dialect, const std::string& name,
                                       const std::string& source);
/// Error(data): the row has another number of cells than there are names.
[[noreturn]] void throw_ragged(const CsvDialect& dialect, const RawRow& row, const std::string& source);

}  // namespace rondo::detail
