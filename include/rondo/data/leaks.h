#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rondo/data/table.h"
#include "rondo/data/timeline.h"
#include "rondo/tensor/tensor.h"

// The leak detector: changes everything after a cut-off and looks whether anything before it moved.
//
//     const LeakReport report = find_leaks(table, [](const Table& table) { … return trace; });
//     EXPECT_TRUE(report.clean()) << report.text();

namespace rondo {

/// What a pipeline makes of a table: features, windows, predictions, and what it fits on the way.
///
/// Times are counted in moments: rows of the table, or, where LeakOptions::time names a column, places among
/// its different times in order (so that tables of many series have one clock).
struct LeakTrace {
  std::vector<std::string> columns;      ///< names of the values of a row
  std::vector<std::int64_t> last_known;  ///< by row: the last moment that this row may depend on
  std::vector<double> values;            ///< [rows, columns]

  /// Numbers that were fixed by the training part: of scalers, imputers, weights; or the training samples
  /// themselves. They must not move when anything from moment LeakOptions::training on changes.
  struct Fitted {
    std::string name;
    std::vector<double> values;
  };
  std::vector<Fitted> fitted;

  /// A trace of one value a row of the table, that knows nothing later than its row.
  static LeakTrace by_row(std::string name, std::vector<double> values);
  /// The same of a matrix [rows, names].
  static LeakTrace by_row(std::vector<std::string> names, const Tensor& values);
};

/// How the detector looks.
struct LeakOptions {
  /// Moments that belong to the training part; what is fitted on those may be used at all of them, so that
  /// only cut-offs from here on are tried. 0: nothing is fitted, every moment may be a cut-off.
  std::int64_t training = 0;
  std::vector<std::int64_t> cuts;  ///< moments; empty: `count` of them, chosen
  std::int64_t count = 4;
  std::string time;   ///< column of times; "": rows are in order
  TimeOptions times;  ///< how it is read
  /// Columns known beforehand (ids, calendars, plans), which never change; nor does `time`. Where one of them
  /// holds numbers, rows are not taken away: its future would go with them.
  std::vector<std::string> keep;
  bool plant_missing = true;  ///< also try a table with missing values just before the cut-off, for imputers
  std::uint64_t seed = 1;     ///< of the values that are put in
};

enum class LeakKind {
  everything,  ///< (nearly) all values before the cut-off moved: something is fitted on all rows
  look_ahead,  ///< values shortly before the cut-off moved: a centred window, a shifted target
  imputation,  ///< values moved where the table has none: they were filled from the future
  samples,     ///< some of what was fitted moved: rows of the test part are among the training samples
  overlap,     ///< the same, of rows shortly after the border only: windows reach over it
  shape        ///< rows came or went
};

/// One output that depends on what it must not know.
struct Leak {
  LeakKind kind = LeakKind::everything;
  std::string output;      ///< column of the trace or name of what was fitted
  bool fitted = false;     ///< which of both
  std::string change;      ///< what was done to the rows from the cut-off on: "other values" …
  std::int64_t cut = 0;    ///< moment
  std::int64_t row = 0;    ///< first entry that moved (row of the trace, or element of what was fitted)
  std::int64_t moved = 0;  ///< entries that moved, of
  std::int64_t compared = 0;
  std::int64_t reach = -1;       ///< moments after the cut-off that it depends on, at most; -1: up to the end
  double before = 0, after = 0;  ///< the value at `row`

  std::string what() const;  ///< in one sentence
  std::string fix() const;
};

struct LeakReport {
  std::vector<Leak> leaks;             ///< at most one for each output, the widest
  std::vector<std::int64_t> cuts;      ///< that were tried
  std::int64_t runs = 0;               ///< of the pipeline
  std::vector<std::string> not_tried;  ///< changes that the pipeline refused, with its reason

  bool clean() const { return leaks.empty(); }
  std::string text() const;
};

/// Runs `pipeline` on the table, then with everything from some cut-offs on replaced by other values, by
/// extreme ones, by missing ones, and taken away; and compares bit by bit everything that the trace says to
/// have been known before (NaN equals NaN). A change that the pipeline refuses with rondo::Error is not a
/// leak but listed. The pipeline must be a pure function of the table.
///
/// Throws Error(usage) for a trace whose sizes do not fit or that differs between two runs on the same table,
/// and for options out of range; Error(data) for a table without rows; what `pipeline` throws on the
/// unchanged table passes through.
LeakReport find_leaks(const Table& table, const std::function<LeakTrace(const Table&)>& pipeline,
                      const LeakOptions& options = {});

/// The same for a matrix [rows, columns] of raw values, which are rows in order of time.
LeakReport find_leaks(const Tensor& values, const std::function<LeakTrace(const Tensor&)>& pipeline,
                      const LeakOptions& options = {});

}  // namespace rondo
