#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/json.h"
#include "rondo/data/table.h"
#include "rondo/tasks/csv_training.h"
#include "rondo/tasks/forecast.h"

// Checks a table or a job before time is spent on training: `rondo check FILE.csv` and `rondo check
// CONFIG.toml`.

namespace rondo {

enum class CheckLevel : std::uint8_t { ok, warning, error };
/// "ok", "warning" or "error".
const char* check_level_name(CheckLevel level);

/// The outcome of one check.
struct CheckFinding {
  CheckLevel level = CheckLevel::ok;
  std::string topic;  ///< "table", "times", "columns", "series", "leaks", "split", "model" or "cost"
  std::string what, where, seen, fix;
};

/// All of them, and what was found out on the way.
struct CheckReport {
  std::string source, kind;  ///< kind: "table", "forecast" or "train"
  std::vector<std::string> targets;
  std::string time, id, frequency;
  std::int64_t rows = 0, columns = 0, series = 0;
  std::int64_t parameters = 0;    ///< of the network; 0: it could not be built
  double seconds = 0, bytes = 0;  ///< estimates for the training; 0: nothing can be trained
  std::vector<CheckFinding> findings;

  std::int64_t count(CheckLevel level) const;
  bool has_errors() const { return count(CheckLevel::error) > 0; }
  /// What `rondo check --json` prints.
  Json to_config() const;
};

/// Settings of the checks themselves.
struct CheckOptions {
  std::vector<std::string> allow;
  bool named_only = false;
  bool leaks = true;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option(
        "allow", self.allow,
        "columns that may know the target's future because they really do (plans, sensors upstream), or that "
        "look scaled by nature");
    option("named_only", self.named_only,
           "only the covariates named will be used; otherwise any column may be");
    option("leaks", self.leaks, "look for leaks by running the preparation repeatedly");
  }
};

/// Checks a table that is to be forecast. A target or time column that is not named is guessed: the last
/// column of numbers, the first that reads as times. Names that are not in the table and options out of range
/// throw Error(data) and Error(usage); everything else becomes a finding.
CheckReport check_forecast(const Table& table, ForecastOptions options, const CheckOptions& check = {});

/// What a forecast of the table says of it in one line each, without being asked: columns in use that are
/// constant, made from the target's future or scaled with the test part in it, and how to look further. Of
/// large tables, whose search would take seconds, and of wide ones nothing.
std::vector<std::string> forecast_remarks(const Table& table, const ForecastOptions& options);

/// As check_forecast for a job of `rondo train`: its table, parts and network. Throws Error(data) when the
/// table cannot be read.
CheckReport check_csv_training(const CsvTraining& job, const CheckOptions& check = {});

/// A column that seems to be made from the future of the target.
struct ColumnLeak {
  enum class Kind : std::uint8_t {
    copy,      ///< column[t] = target[t + ahead], exactly or but for scale
    smoothed,  ///< column[t] is a weighted sum of target[t - …] … target[t + ahead]
    mean       ///< … with equal weights: a centred moving average of 2 · ahead + 1 rows
  };
  std::string column, target;
  Kind kind = Kind::copy;
  std::int64_t ahead = 1;
  double unexplained = 0;     ///< share of the column's variance that this leaves
  double without_future = 1;  ///< the share that target[t], target[t - 1] … alone leave
  bool exact = false;         ///< beyond doubt, rather than nearly

  std::string what() const;
};

/// Searches for such columns among the numbers of a table (all but time and id when `columns` is empty), up
/// to `horizon` rows ahead and at least 24, within each series. Columns that the target's past explains as
/// well are left alone.
std::vector<ColumnLeak> find_column_leaks(const Table& table, std::string_view target,
                                          const std::vector<std::string>& columns = {},
                                          std::string_view time = {}, std::string_view id = {},
                                          std::int64_t horizon = 1);

}  // namespace rondo
