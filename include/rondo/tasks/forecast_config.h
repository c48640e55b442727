#pragma once

#include <string>

#include "rondo/base/config_file.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

namespace rondo {

/// How the table of a forecast is read, under the names that the command line and a [forecast] section have
/// for it
/// (`missing` says there what becomes of missing values).
struct ForecastTableOptions {
  CsvOptions csv;

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("separator", self.csv.separator, "'auto', ',', ';', 'tab', '|' or any one character");
    option("header", self.csv.header, "'auto', 'yes' or 'no': whether the first row holds names");
    option("decimal", self.csv.decimal, "'auto', '.' or ','");
    option("missing_words", self.csv.missing, "more texts that mean a missing value");
  }
};

/// A [forecast] section.
struct ForecastConfig {
  ForecastOptions options;
  ForecastTableOptions table;
  std::string file;  ///< "": it names none
};

/// What forecast_toml writes, all of it or a part. Throws Error(usage) with the line for unknown keys, wrong
/// types and other sections.
ForecastConfig read_forecast_config(const ConfigFile& config);

}  // namespace rondo
