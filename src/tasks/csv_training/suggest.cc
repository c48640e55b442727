// A first job for a table that nobody has described yet.

#include <algorithm>

#include "rondo/base/error.h"
#include "rondo/data/calendar.h"
#include "rondo/tasks/csv_training.h"
#include "tasks/csv_training/samples.h"

namespace rondo {
namespace {

/// The first column, of the leading ones, that reads as calendar times in strict order.
std::string find_time_column(const Table& table) {
  constexpr std::size_t kColumnsToTry = 3;
  for (std::size_t i = 0; i < table.columns().size() && i < kColumnsToTry; ++i) {
    const std::string& name = table.columns()[i].name();
    try {
      const Timeline times = read_times(table, name);
      if (times.format().is_calendar() && times.is_sorted()) return name;
    } catch (const Error&) {
      // not a column of times
    }
  }
  return "";
}

std::string find_target_column(const Table& table, const std::string& time) {
  for (std::size_t i = table.columns().size(); i-- > 0;) {
    const Column& column = table.columns()[i];
    if (column.is_number() && column.name() != time) return column.name();
  }
  throw Error(ErrorKind::data, "no column can be predicted")
      .where(table.source())
      .seen("no column of numbers")
      .fix("name one with --target");
}

std::int64_t suggest_length(const Table& table, const std::string& time) {
  constexpr std::int64_t kDefault = 24, kLongest = 336;
  std::int64_t length = kDefault;
  if (!time.empty()) {
    for (const double season : natural_seasons(read_times(table, time).frequency())) {
      if (2 * season <= static_cast<double>(kLongest)) length = static_cast<std::int64_t>(2 * season);
    }
  }
  return std::clamp<std::int64_t>(length, 1, std::max<std::int64_t>(1, table.rows() / 8));
}

Json layer(const char* type, std::int64_t units, const char* activation) {
  Json spec = Json::object({{"type", type}, {"units", units}});
  if (activation != nullptr) spec.set("activation", activation);
  return spec;
}

}  // namespace

CsvTraining suggest_csv_training(const std::string& file, const std::string& target,
                                 const std::string& time) {
  const Table table = read_csv(file);
  CsvTraining job;
  job.data.file = file;
  job.data.time = time.empty() ? find_time_column(table) : table.column(time).name();
  const std::string wanted =
      target.empty() ? find_target_column(table, job.data.time) : table.column(target).name();
  job.data.target = {wanted};

  constexpr std::int64_t kUnits = 32;
  const Column& column = table.column(wanted);
  if (column.is_number()) {
    if (!job.data.time.empty())
      read_times(table, job.data.time);  // complains with the line when it holds none
    job.samples.length = suggest_length(table, job.data.time);
    job.data.missing = column.missing() > 0 ? "previous" : "error";
    job.layers.push_back(layer("lstm", kUnits, nullptr));
    job.layers.push_back(layer("dense", job.samples.horizon, nullptr));
    job.training.metrics.push_back("mae");
  } else {
    job.samples.kind = "rows";
    job.split.shuffle = true;
    job.layers.push_back(layer("dense", kUnits, "tanh"));
    job.layers.push_back(layer(
        "dense", std::max<std::int64_t>(2, static_cast<std::int64_t>(words_of(column).size())), "softmax"));
    job.training.loss = "sparse_categorical_crossentropy";
    job.training.metrics.push_back("accuracy");
  }
  return job;
}

}  // namespace rondo
