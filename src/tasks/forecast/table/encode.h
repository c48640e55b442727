#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// "table.csv, series 'a'" and, with a target, its column.
std::string series_name(const Table& table, const RawSeries& series, const std::string& target = {});

/// Where a row stands in the table: file, line and column; of a row that the table does not have, its series.
std::string place_of(const Table& table, const RawSeries& series, std::int64_t row,
                     const std::string& column);

/// How a covariate becomes numbers.
struct Encoding {
  std::size_t column = 0;         ///< of the raw series
  std::optional<OneHot> one_hot;  ///< of a text
  double mean = 0;                ///< stands before the first value of a number
};

/// What the training part says about the covariates: which texts there are, the mean that stands before the
/// first value. A plain value: part of a model file.
struct Encodings {
  std::vector<Encoding> past, known, statics;
  /// Names of the numbers; "wind=NW" for a text.
  std::vector<std::string> past_names, known_names, static_names;

  /// `train_rows` by series: rows before its test part. Throws Error(data) for a static column that changes.
  static Encodings learn(const RawPanel& raw, const Table& table,
                         const std::vector<std::int64_t>& train_rows);
};

/// Makes numbers without holes of the covariates of a table.
class Encoder {
 public:
  Encoder(const RawPanel& raw, const Table& table, const Encodings& encodings)
      : raw_(raw), table_(table), encodings_(encodings) {}

  /// Rows begin … end - 1 as [rows, names]; a hole is the value before, also from before `begin`.
  std::vector<double> past(const RawSeries& series, std::int64_t begin, std::int64_t end);
  std::vector<double> known(const RawSeries& series, std::int64_t begin, std::int64_t end);
  /// [static names]. Throws Error(data) for one that changes.
  std::vector<double> statics(const RawSeries& series) const;
  /// Texts met so far that the training part does not have.
  std::int64_t unseen() const { return unseen_; }

 private:
  std::vector<double> rows_of(const RawSeries& series, const std::vector<Encoding>& encodings,
                              std::int64_t begin, std::int64_t end);

  const RawPanel& raw_;
  const Table& table_;
  const Encodings& encodings_;
  std::int64_t unseen_ = 0;
};

}  // namespace rondo::forecasting
