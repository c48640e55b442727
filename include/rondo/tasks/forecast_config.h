#pragma once

#include <string>
#include <vector>

#include "rondo/base/config_file.h"
#include "rondo/data/csv.h"
#include "rondo/tasks/forecast.h"

namespace rondo {

/// The words of a report that the table does not know.
struct ForecastReportText {
  std::string title = {};               ///< "": "Forecast of TARGET"
  std::string unit = {};                ///< of the target: "EUR", "°C"
  std::vector<std::string> names = {};  ///< "column=name to show"

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("title", self.title, "title of the report; '': 'Forecast of' and the target");
    option("unit", self.unit, "unit of the target, for the axes and tables of the report: 'EUR'");
    option("names", self.names, "names that the report has for columns: 'sales=Units sold,temp=Temperature'");
  }
};

/// A whole forecast: the table, how its file is written, and what to do with it. The [forecast] section of a
/// TOML file, and the options of `rondo forecast`.
struct ForecastConfig {
  std::string file;  ///< "": named elsewhere
  CsvOptions csv;
  ForecastOptions options;
  ForecastReportText report = {};

  template <class Self, class V>
  static void visit(Self& self, V&& option) {
    option("file", self.file, "the CSV file (plain or gzip)");
    CsvOptions::visit_format(self.csv, option);
    ForecastOptions::visit(self.options, option);
    ForecastReportText::visit(self.report, option);
  }
};

/// A table of a forecast: read_csv, but the ids of series (of a wide table its first column) are text from
/// the first byte on: 0007 is not 7, nor 1.10 the same as 1.1.
Table read_forecast_table(const std::string& file, const CsvOptions& csv, const ForecastOptions& options);

/// Reads what to_toml writes, all of it or a part. Throws Error(usage) with the line for unknown keys, wrong
/// types and other sections.
ForecastConfig read_forecast_config(const ConfigFile& file);

/// TOML with every option, its value and a comment.
std::string to_toml(const ForecastConfig& config);

/// "rondo forecast FILE …" with every option that differs from its default, quoted for a POSIX shell: the
/// command that reproduces a forecast. `out` is the folder of its files; "" leaves it open.
std::string forecast_command(const ForecastConfig& config, const std::string& out = {});

/// One word as a POSIX shell reads it back: unchanged where nothing in it is special to a shell, else in
/// quotes.
std::string quote_for_shell(std::string_view word);

}  // namespace rondo
