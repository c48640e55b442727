#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <vector>

#include "rondo/tasks/online.h"
#include "tasks/common/archive.h"

namespace rondo::online {

/// Progressive validation (Blum, Kalai and Langford 1999): errors of forecasts that were made before their
/// rows were seen, summed up as the stream goes by, with a line at rows 1, 2, 4, 8 … as in Vowpal Wabbit.
class Progress {
 public:
  enum Who { kForecast, kPersistence, kLinear, kWho };

  /// `table` may be null.
  Progress(std::size_t targets, std::ostream* table);
  /// Prints the names of the columns, and the lines that there are.
  void begin();
  void add(const OnlineRow& row, std::int64_t rows);
  /// The last line, where the table has not come there by itself.
  void finish(std::int64_t rows);

  std::int64_t scored() const { return scored_; }
  OnlineScore score(Who who) const;
  const std::vector<OnlineProgressLine>& lines() const { return lines_; }
  const std::vector<OnlineDrift>& drifts() const { return drifts_; }
  std::int64_t drift_count() const { return drift_count_; }

  void archive(tasks::Archive& archive);

 private:
  struct Sums {
    double squares = 0, absolute = 0, rows = 0;
    void archive(tasks::Archive& archive) {
      archive.field("squares", squares);
      archive.field("absolute", absolute);
      archive.field("rows", rows);
    }
  };
  void add_line(std::int64_t rows);
  void print(const OnlineProgressLine& line) const;
  void print(const OnlineDrift& drift) const;

  bool scaled_;
  std::ostream* table_;
  std::array<Sums, kWho> all_{}, recent_{};
  std::int64_t scored_ = 0, next_line_ = 1, drift_count_ = 0;
  std::vector<OnlineProgressLine> lines_;
  std::vector<OnlineDrift> drifts_;
};

}  // namespace rondo::online
