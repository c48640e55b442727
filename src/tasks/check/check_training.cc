// A job of `rondo train`.

#include <algorithm>
#include <optional>

#include "rondo/model/network.h"
#include "tasks/check/forecast_leaks.h"
#include "tasks/check/subject.h"
#include "tasks/csv_training/samples.h"

namespace rondo {

namespace {

using checking::contains;
using checking::count_of;
using checking::Findings;
using checking::Subject;

Subject subject_of(const CsvTraining& job, const Table& table, const CheckOptions& check) {
  Subject subject;
  subject.table = &table;
  for (const std::string& target : job.data.target) subject.targets.push_back(table.column(target).name());
  for (const std::string& input : input_columns(job, table))
    subject.used.push_back(table.column(input).name());
  if (!job.data.time.empty()) subject.time = table.column(job.data.time).name();
  if (!job.data.id.empty()) subject.id = table.column(job.data.id).name();
  for (const std::string& name : check.allow) subject.allow.push_back(table.column(name).name());
  subject.times = job.data.times;
  subject.horizon = job.samples.kind == "windows" ? job.samples.horizon + job.samples.gap : 1;
  subject.refuses_missing = job.data.missing == "error";
  subject.refuses_unsorted = job.data.arrange.unsorted == "error";
  subject.refuses_duplicates = job.data.arrange.duplicates == "error";
  const double rows = static_cast<double>(table.rows());
  subject.test_share = std::clamp(job.split.test < 1 ? job.split.test : job.split.test / rows, 0.0, 0.9);
  return subject;
}

/// Inputs that are the answer, parts that are drawn at random although rows have times, filling from the
/// future.
void check_job_leaks(const CsvTraining& job, const Subject& subject, bool has_times, CheckReport& report) {
  Findings out(report, "leaks");
  if (job.samples.kind != "windows") {
    for (const std::string& target : subject.targets) {
      if (!contains(subject.used, target)) continue;
      out.add(CheckLevel::error, "the target '" + target + "' is an input too", "inputs of [data]",
              "samples of kind '" + job.samples.kind + "', whose inputs and targets stand in the same rows",
              "take it out of the inputs");
    }
    for (const std::string& target : subject.targets) {
      const Column& truth = subject.table->column(target);
      if (!truth.is_number()) continue;
      for (const std::string& input : subject.used) {
        const Column& column = subject.table->column(input);
        if (input == target || !std::equal(truth.numbers().begin(), truth.numbers().end(),
                                           column.numbers().begin(), column.numbers().end()))
          continue;
        std::string same = "the input '" + input;
        same.append("' is the target '").append(target).append("' itself");
        out.add(CheckLevel::error, same, "inputs of [data]", "equal in all rows",
                "take it out of the inputs");
      }
    }
  }
  const bool by_time = has_times || job.samples.kind == "windows";
  if (job.split.shuffle && job.samples.kind == "rows" && by_time) {
    out.add(CheckLevel::error, "rows of one time series are assigned to training and test at random",
            "shuffle of [split]", "a test row stands between training rows",
            "set shuffle = false, so that the last rows test");
  }
  bool holes = false;
  for (const std::string& name : subject.used) holes = holes || subject.table->column(name).missing() > 0;
  if (job.data.missing == "linear" && holes) {
    out.add(CheckLevel::error, "missing inputs are filled from the future", "missing of [data]",
            "'linear' draws a line to the next value, which is not known yet",
            "set missing = \"previous\", or \"mask\"");
  }
}

std::int64_t size_of(const std::shared_ptr<const Dataset>& part) { return part ? part->size() : 0; }

/// Whether test targets come after all training targets, and none is shared.
void check_overlap(const PreparedData& data, Findings& out) {
  if (!data.windows) return;
  const auto range = [&](const std::shared_ptr<const Dataset>& part, std::int64_t series, bool last) {
    const auto windows = std::static_pointer_cast<const Windows>(part);
    std::optional<std::int64_t> edge;
    for (std::int64_t i = 0; windows && i < windows->size(); ++i) {
      if (windows->place(i).series != series) continue;
      const RowRange rows = windows->target_rows(i);
      edge = !edge  ? (last ? rows.end : rows.begin)
             : last ? std::max(*edge, rows.end)
                    : std::min(*edge, rows.begin);
    }
    return edge;
  };
  std::int64_t shared = 0;
  constexpr std::int64_t kMaxSeries = 50;
  for (std::int64_t s = 0; s < std::min(kMaxSeries, data.original->count()); ++s) {
    const auto train_end = range(data.train, s, true), validation_end = range(data.validation, s, true);
    const auto validation_begin = range(data.validation, s, false), test_begin = range(data.test, s, false);
    if (train_end && validation_begin) shared += std::max<std::int64_t>(0, *train_end - *validation_begin);
    if (train_end && test_begin) shared += std::max<std::int64_t>(0, *train_end - *test_begin);
    if (validation_end && test_begin) shared += std::max<std::int64_t>(0, *validation_end - *test_begin);
  }
  if (shared > 0) {
    out.add(CheckLevel::error, "training, validation and test share target rows", "[split]",
            count_of(shared, "row"), "let the parts follow each other");
  } else {
    out.ok("no target row belongs to two parts");
  }
}

void check_split(const CsvTraining& job, const PreparedData& data, CheckReport& report) {
  constexpr std::int64_t kFewTraining = 50, kFewOthers = 10;
  Findings out(report, "split");
  const std::int64_t train = size_of(data.train), validation = size_of(data.validation),
                     test = size_of(data.test);
  out.ok(count_of(train, "sample") + " to train on, " + std::to_string(validation) + " to validate, " +
         std::to_string(test) + " to test");
  if (train < kFewTraining) {
    out.add(CheckLevel::warning, "few samples to train on", "", count_of(train, "sample"),
            "give more rows, shorter windows, or a smaller network");
  }
  const auto small = [&](const char* name, std::int64_t size, const char* without) {
    if (size >= kFewOthers) return;
    out.add(CheckLevel::warning,
            size == 0 ? std::string("there is no ") + name + " part"
                      : std::string("the ") + name + " part is small",
            "[split]", count_of(size, "sample"),
            size == 0 ? without : "make it larger: a mean of so few errors is unreliable");
  };
  small("validation", validation, "without one nothing stops the training before it overfits");
  small("test", test, "without one nobody knows how good the network is");
  if (job.training.batch_size > train) {
    out.add(CheckLevel::warning, "a batch is larger than the training part", "batch_size of [training]",
            std::to_string(job.training.batch_size) + " for " + count_of(train, "sample"),
            "take a smaller batch_size: there is one step an epoch now");
  }
  check_overlap(data, out);
}

void check_network(const CsvTraining& job, const PreparedData& data, CheckReport& report) {
  Findings out(report, "model");
  try {
    const Network network = build_network(job, data);
    report.parameters = network.parameters().total_count();
    std::string layers;
    for (const Json& layer : job.layers.as_array()) {
      layers += (layers.empty() ? "" : " > ") + layer.at("type").as_string();
    }
    out.ok(layers + ": the shapes fit, " + count_of(report.parameters, "parameter"));
    constexpr std::int64_t kMany = 50;
    const std::int64_t targets = size_of(data.train) * data.outputs;
    if (report.parameters > kMany * targets) {
      out.add(CheckLevel::warning, "the network is far larger than what it can learn from", "[model]",
              count_of(report.parameters, "parameter") + " for " + count_of(targets, "target value"),
              "fewer units, or dropout");
    }
  } catch (const Error& error) {
    out.add(CheckLevel::error, error);
  }
}

std::int64_t fewest_rows(const CsvTraining& job) {
  return job.samples.kind == "windows" ? job.samples.length + job.samples.gap + job.samples.horizon : 1;
}

}  // namespace

CheckReport check_csv_training(const CsvTraining& job, const CheckOptions& check) {
  const Table table = read_csv(job.data_path(), job.data.csv);
  CheckReport report;
  report.kind = "train";
  if (!checking::check_size(table, report) || report.has_errors()) return report;
  Subject subject = subject_of(job, table, check);
  const std::optional<Timeline> times =
      checking::check_table(subject, job.samples.kind == "windows", fewest_rows(job), report);
  check_job_leaks(job, subject, times.has_value(), report);
  std::optional<PreparedData> data;
  try {
    data = prepare_csv(job, table, nullptr, Logger(LogLevel::off));
  } catch (const Error& error) {
    checking::report_refusal(error, report);
    return report;
  }
  if (check.leaks) {
    checking::report_leaks(checking::find_job_leaks(job, table, *data), "the preparation", report);
  }
  check_split(job, *data, report);
  check_network(job, *data, report);
  if (report.parameters > 0 && data->train) {
    const std::int64_t steps = job.samples.kind == "windows" ? job.samples.length
                               : job.samples.kind == "rows"
                                   ? 1
                                   : std::max<std::int64_t>(1, table.rows() / report.series);
    const auto used = static_cast<std::int64_t>(subject.used.size() + subject.targets.size());
    checking::report_cost(
        checking::training_cost(report.parameters, steps, data->train->size(), job.training.batch_size,
                                job.training.epochs, table.rows() * used, 1),
        report);
  }
  return report;
}

}  // namespace rondo
