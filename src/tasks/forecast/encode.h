#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tasks/forecast/raw_series.h"

namespace rondo::forecasting {

/// "table.csv, series 'a'" and, with a target, its column.
std::string series_name(const Table& table, const RawSeries& series, const std::string& target = {});

/// Makes numbers without holes of the covariates. What it knows comes from the training part: which texts
/// there are, the mean that stands before the first value.
class Encoder {
 public:
  /// `train_rows` by series: rows before its test part.
  Encoder(const RawPanel& raw, const Table& table, const std::vector<std::int64_t>& train_rows);

  /// Names of the numbers; "wind=NW" for a text.
  std::vector<std::string> past_names, known_names, static_names;

  /// Rows begin … end - 1 as [rows, names]; a hole is the value before, also from before `begin`.
  std::vector<double> past(const RawSeries& series, std::int64_t begin, std::int64_t end);
  std::vector<double> known(const RawSeries& series, std::int64_t begin, std::int64_t end);
  /// [static names]. Throws Error(data) for one that changes.
  std::vector<double> statics(const RawSeries& series) const;
  /// Texts met so far that the training part does not have.
  std::int64_t unseen() const { return unseen_; }

 private:
  struct Encoding {
    std::size_t column = 0;  ///< of the raw series
    std::optional<OneHot> one_hot;
    double mean = 0;
  };

  Encoding learn(const std::string& name, std::size_t column, bool constant) const;
  std::vector<Encoding> learn_group(const std::vector<std::string>& names, std::size_t& column, bool constant,
                                    std::vector<std::string>& out_names) const;
  double constant_of(const RawSeries& series, std::size_t column) const;
  std::vector<double> rows_of(const RawSeries& series, const std::vector<Encoding>& encodings,
                              std::int64_t begin, std::int64_t end);

  const RawPanel& raw_;
  const Table& table_;
  const std::vector<std::int64_t>& train_rows_;
  std::vector<Encoding> past_, known_, statics_;
  std::int64_t unseen_ = 0;
};

}  // namespace rondo::forecasting
