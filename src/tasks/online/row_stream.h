#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "data/table/csv_sniff.h"
#include "data/table/csv_tokenizer.h"
#include "data/table/stream_bytes.h"
#include "rondo/data/csv.h"

namespace rondo::online {

/// One row of a stream.
struct StreamRow {
  std::int64_t line = 0;
  std::vector<double> values;  ///< of the columns asked for, NaN where missing
  std::string time;            ///< the cell as it stands; "" without a time column
};

/// Which columns are read.
struct StreamColumns {
  std::vector<std::string> values;
  std::string time;
  bool allow_missing = false;  ///< else a missing value is an error
};

/// Rows of a CSV text as they come, in constant memory, from a file or from the standard input.
class RowStream {
 public:
  /// Reads as far as the first row, for the names of the columns. Throws Error(data) for a stream without a
  /// row of names, or without one of the columns.
  RowStream(const std::string& path, StreamColumns columns, const CsvOptions& csv,
            const std::atomic<bool>* stop = nullptr);
  RowStream(const RowStream&) = delete;
  RowStream& operator=(const RowStream&) = delete;

  /// The next row, valid until the next call; null at the end. Throws Error(data) with file and line for a
  /// row that cannot be used, after all rows before it.
  const StreamRow* next();
  /// Whether the next row is here already, or must be waited for.
  bool ready() const { return given_ < count_; }
  bool live() const { return bytes_.live(); }
  const std::string& name() const { return bytes_.name(); }

 private:
  void open(CsvOptions csv);
  std::size_t place_of(const std::string& column) const;
  void add(const detail::RawRow& row);
  void read_cell_into(const detail::RawRow& row, std::size_t which, double& value) const;
  /// Takes in more bytes; false at the end.
  bool advance();

  StreamColumns columns_;
  detail::StreamBytes bytes_;
  detail::CsvDialect dialect_;
  std::int64_t titles_ = 0;  // rows of a title that have been left out
  std::vector<std::string> more_missing_;
  std::vector<std::size_t> places_;
  std::optional<std::size_t> time_place_;
  std::optional<detail::CsvTokenizer> tokenizer_;
  std::string block_;
  bool latin1_ = false;
  std::vector<StreamRow> rows_;  // read and not yet given away: given_ to count_; their memory is used again
  std::size_t given_ = 0, count_ = 0;
  std::exception_ptr error_;  // thrown once the rows before it are given away
  bool any_row_ = false, ended_ = false;
};

}  // namespace rondo::online
