#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tasks/forecast/panel/panel.h"
#include "tasks/forecast/table/raw_series.h"

namespace rondo::forecasting {

/// "table.csv, series 'a'" and, with a target, its column.
std::string series_name(const Table& table, const RawSeries& series, const std::string& target = {});

/// Where a row stands in the table: file, line and column; of a row that the table does not have, its series.
std::string place_of(const Table& table, const RawSeries& series, std::int64_t row,
                     const std::string& column);

/// What an empty cell of a column of numbers means.
enum class Empty : std::uint8_t {
  previous,      ///< nothing: the value before stands for it
  zero,          ///< 0: the column is mostly empty, and its cells all say the same (a flag)
  zero_and_mark  ///< 0, and a column more says which cells are filled: mostly empty, of different numbers
};

/// How a covariate becomes numbers.
struct Encoding {
  std::size_t column = 0;         ///< of the raw series
  std::optional<OneHot> one_hot;  ///< of a text
  double mean = 0;                ///< stands before the first value of a number
  Empty empty = Empty::previous;  ///< of a number

  /// How many numbers it becomes.
  std::size_t width() const {
    return one_hot ? one_hot->chosen.size() : empty == Empty::zero_and_mark ? 2 : 1;
  }
};

/// What the training part says about the covariates: which texts there are, the mean that stands before the
/// first value. A plain value: part of a model file.
struct Encodings {
  std::vector<Encoding> past, known, statics;
  /// Names of the numbers; "wind=NW" for a text, "discount (given)" for which cells are filled.
  std::vector<std::string> past_names, known_names, static_names;

  /// `train_rows` by series: rows before its test part. Throws Error(data) for a static column that changes.
  static Encodings learn(const RawPanel& raw, const Table& table,
                         const std::vector<std::int64_t>& train_rows);

  /// Whether an empty cell of the known column `index` is a value of its own.
  bool known_may_be_empty(std::size_t index) const { return known[index].empty != Empty::previous; }
  /// What is made of empty cells, a sentence for each column that has some.
  std::vector<std::string> notes(const RawPanel& raw) const;
};

/// Makes numbers without holes of the covariates of a table.
class Encoder {
 public:
  Encoder(const RawPanel& raw, const Table& table, const Encodings& encodings)
      : raw_(raw), table_(table), encodings_(encodings) {}

  /// Rows begin … end - 1 as [rows, names]; a hole is the value before, also from before `begin`.
  std::vector<double> past(const RawSeries& series, std::int64_t begin, std::int64_t end);
  std::vector<double> known(const RawSeries& series, std::int64_t begin, std::int64_t end);
  /// About the texts of rows from … end - 1 that are not learnt; rows count from `begin`.
  std::vector<KnownDoubt> doubts(const RawSeries& series, std::int64_t begin, std::int64_t from,
                                 std::int64_t end) const;
  /// [static names]. Throws Error(data) for one that changes.
  std::vector<double> statics(const RawSeries& series) const;
  /// Of the texts met so far that the training part does not have: a sentence for each column, "" for none.
  std::vector<std::string> unseen_notes() const;

 private:
  std::vector<double> rows_of(const RawSeries& series, const std::vector<Encoding>& encodings,
                              std::int64_t begin, std::int64_t end);
  void note_unseen(const RawSeries& series, std::size_t column, std::int64_t row, double code);

  const RawPanel& raw_;
  const Table& table_;
  const Encodings& encodings_;
  std::map<std::size_t, std::map<std::string, std::set<std::pair<const RawSeries*, std::int64_t>>>> unseen_;
};

}  // namespace rondo::forecasting
