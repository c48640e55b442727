#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <limits>
#include <optional>

#include "rondo/base/error.h"
#include "rondo/base/run_files.h"
#include "rondo/tasks/online.h"
#include "tasks/common/archive.h"
#include "tasks/online/prediction_file.h"
#include "tasks/online/progress.h"
#include "tasks/online/row_stream.h"
#include "tasks/online/time_order.h"

namespace rondo {
namespace {

using online::csv_cell;
using online::PredictionFile;
using online::Progress;
using online::RowStream;
using online::StreamColumns;
using online::StreamRow;
using online::TimeOrder;
using tasks::Archive;
using Clock = std::chrono::steady_clock;

constexpr double kSecondsBetweenSnapshots = 5;

void require(bool holds, const std::string& what, const std::string& expected, const std::string& fix = {}) {
  if (!holds) throw Error(ErrorKind::usage, what).expected(expected).fix(fix);
}

/// Locks are held while the run lasts: its files grow and are replaced all the time.
std::optional<FileLock> lock_of(const std::string& file) {
  if (file.empty() || file == "-" || std::filesystem::is_other(file)) return std::nullopt;
  return FileLock::of_file(file);
}

void check_job(const OnlineJob& job, const RunControls& controls) {
  require(!job.file.empty(), "no CSV file given", "a file, or - for the standard input",
          "rondo online FILE.csv --target COLUMN");
  require(!job.targets.empty(), "no target given", "--target COLUMN", "name the column to forecast");
  require(job.missing == "error" || job.missing == "previous",
          "option missing is out of range: " + job.missing, "'error' or 'previous'");
  require(job.late_rows == "error" || job.late_rows == "skip",
          "option late_rows is out of range: " + job.late_rows, "'error' or 'skip'");
  require(job.snapshot_every >= 0, "option snapshot_every is out of range", "0 or more rows");
  require(!controls.resume || !job.snapshot.empty(), "there is no snapshot to resume from", "--snapshot FILE",
          "name the snapshot of the run to continue");
  check_is_no_input(job.predictions, {job.file});
  check_is_no_input(job.snapshot, {job.file, job.predictions == "-" ? "" : job.predictions});
  std::vector<std::string> names = job.targets;
  names.insert(names.end(), job.past.begin(), job.past.end());
  if (!job.time.empty()) names.push_back(job.time);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k)
      require(names[i] != names[k], "the column '" + names[i] + "' is named twice",
              "every column once among --target, --past and --time");
  }
  if (job.snapshot.empty() || controls.resume || job.force) return;
  std::error_code ignored;
  if (std::filesystem::exists(job.snapshot, ignored)) {
    throw Error(ErrorKind::usage, "there is a snapshot of an earlier run")
        .where(job.snapshot)
        .fix("--resume continues from it, --force starts over and replaces it");
  }
}

StreamColumns columns_of(const OnlineJob& job) {
  StreamColumns columns{job.targets, job.time, job.missing == "previous"};
  columns.values.insert(columns.values.end(), job.past.begin(), job.past.end());
  return columns;
}

/// FNV-1a over the bits of all rows, so that a run that resumes knows whether it was given the same ones.
std::uint64_t mix(std::uint64_t hash, std::span<const double> values) {
  for (const double value : values) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001B3ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

std::ostream* progress_stream(const RunControls& controls) {
  if (controls.verbose == 0) return nullptr;
  return controls.progress == nullptr ? &std::cerr : controls.progress;
}

class Run {
 public:
  Run(const OnlineJob& job, const RunControls& controls)
      : job_(job),
        controls_(controls),
        snapshot_lock_(lock_of(job.snapshot)),
        predictions_lock_(lock_of(job.predictions)),
        forecaster_(static_cast<std::int64_t>(job.targets.size()), static_cast<std::int64_t>(job.past.size()),
                    job.options),
        stream_(job.file, columns_of(job), job.csv, controls.stop),
        progress_(job.targets.size(), progress_stream(controls)),
        times_(job.zone) {}

  OnlineResult run() {
    std::error_code ignored;
    if (controls_.resume && std::filesystem::exists(job_.snapshot, ignored)) restore();
    if (!job_.predictions.empty()) predictions_.open(job_.predictions, predictions_length_, header());
    progress_.begin();
    started_ = last_snapshot_ = Clock::now();
    const std::int64_t before = forecaster_.rows();
    const StopWatch watch(controls_);
    try {
      learn();
    } catch (const Error&) {
      // What was learnt until then is not to be lost; should that fail too, the first trouble is the one to
      // tell of.
      try {
        save();
      } catch (const Error& second) {
        controls_.log.warning(second.what());
      }
      throw;
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    return finish(before, seconds);
  }

 private:
  void learn() {
    skip();
    while (const StreamRow* row = next()) {
      if (is_late(*row)) {
        hash_ = mix(hash_, row->values);
        ++late_rows_;
        continue;
      }
      const OnlineRow& learnt = forecaster_.partial_fit(row->values);
      hash_ = mix(hash_, row->values);
      progress_.add(learnt, forecaster_.rows());
      if (predictions_.is_open())
        predictions_.write_row(forecaster_.rows(), job_.time.empty() ? nullptr : &row->time, learnt.actual,
                               learnt.forecast, forecaster_.predict());
      if (snapshot_is_due()) save();
    }
    if (forecaster_.rows() == 0) {
      throw Error(ErrorKind::data, "the stream has no rows")
          .where(stream_.name())
          .seen("a row of names and nothing below")
          .expected("at least one row of values");
    }
  }

  bool is_late(const StreamRow& row) {
    if (job_.time.empty()) return false;
    const TimeOrder::Step step = times_.add(row.time, stream_.name(), row.line);
    if (step == TimeOrder::Step::same) ++same_times_;
    if (step != TimeOrder::Step::late) return false;
    if (job_.late_rows == "error") throw times_.late(row.time, stream_.name(), row.line);
    return true;
  }

  /// The next row of the stream, or null. Who waits for forecasts gets them before we wait for rows.
  const StreamRow* next() {
    if (stream_.live() && !stream_.ready()) predictions_.flush();
    const StreamRow* row = stream_.next();
    if (controls_.stop != nullptr && controls_.stop->load(std::memory_order_relaxed)) {
      throw Error(ErrorKind::interrupted, "stopped after row " + std::to_string(forecaster_.rows()))
          .fix(job_.snapshot.empty() ? "with --snapshot FILE it could be continued by --resume"
                                     : "continue with --resume");
    }
    return row;
  }

  /// Past the rows that the snapshot has learnt from already.
  void skip() {
    const std::int64_t wanted = forecaster_.rows() + late_rows_;
    std::uint64_t seen = hash_start();
    for (std::int64_t i = 0; i < wanted; ++i) {
      const StreamRow* row = next();
      if (row == nullptr) {
        throw Error(ErrorKind::data, "the stream is shorter than what the snapshot has learnt from")
            .where(stream_.name())
            .seen(std::to_string(i) + " rows")
            .expected("at least " + std::to_string(wanted) + " rows, the same ones again")
            .fix("give the stream from its beginning");
      }
      seen = mix(seen, row->values);
    }
    if (seen == hash_) return;
    throw Error(ErrorKind::model_file, "the snapshot was learnt from other rows than these")
        .where(job_.snapshot)
        .seen(stream_.name() + ", first " + std::to_string(wanted) + " rows")
        .fix("give the stream from its beginning, unchanged, or start over with --force");
  }

  bool snapshot_is_due() {
    if (job_.snapshot.empty()) return false;
    if (job_.snapshot_every > 0) return forecaster_.rows() % job_.snapshot_every == 0;
    return std::chrono::duration<double>(Clock::now() - last_snapshot_).count() >= kSecondsBetweenSnapshots;
  }

  static std::uint64_t hash_start() { return 0xCBF29CE484222325ULL; }

  void archive(Archive& archive) {
    archive.allow_nonfinite();
    archive.section("run", [&] {
      archive.field("hash", hash_);
      archive.field("predictions_length", predictions_length_, std::int64_t{0},
                    std::numeric_limits<std::int64_t>::max());
      archive.field("same_times", same_times_);
      archive.field("late_rows", late_rows_, std::int64_t{0}, std::numeric_limits<std::int64_t>::max() / 2);
      archive.field("time", times_);
      archive.field("progress", progress_);
    });
  }

  /// Names of columns and whatever else changes the numbers.
  std::string identity() const {
    return to_json(Json::object({{"targets", Json::list(job_.targets)},
                                 {"past", Json::list(job_.past)},
                                 {"time", job_.time},
                                 {"zone", job_.zone},
                                 {"late_rows", job_.late_rows},
                                 {"missing", job_.missing}}));
  }

  void save() {
    predictions_.flush(!job_.snapshot.empty());
    if (job_.snapshot.empty() || forecaster_.rows() == 0 || resumed_in_vain()) return;
    predictions_length_ = predictions_.is_open() ? predictions_.length() : 0;
    TensorFile file = forecaster_.state();
    file.metadata.emplace_back("job", identity());
    Archive writer = Archive::writer(file);
    archive(writer);
    write_tensor_file(job_.snapshot, file);
    last_snapshot_ = Clock::now();
    saved_rows_ = forecaster_.rows();
  }
  /// Nothing was learnt since the snapshot that stands: the trouble came while its rows were skipped.
  bool resumed_in_vain() const { return forecaster_.rows() == saved_rows_; }

  void restore() {
    const TensorFile file = read_tensor_file(job_.snapshot);
    forecaster_.restore(file, job_.snapshot);
    const std::string* saved = file.find_metadata("job");
    if (saved == nullptr || *saved != identity()) {
      throw Error(ErrorKind::model_file, "the snapshot belongs to another job")
          .where(job_.snapshot)
          .seen(saved == nullptr ? "nothing" : *saved)
          .expected(identity())
          .fix("resume with the columns of the run that wrote it, or start over with --force");
    }
    Archive reader = Archive::reader(file, job_.snapshot);
    archive(reader);
    saved_rows_ = resumed_from_ = forecaster_.rows();
  }

  std::string header() const {
    std::string text = "row";
    if (!job_.time.empty()) text += ',' + csv_cell(job_.time);
    for (const std::string& target : job_.targets)
      text +=
          ',' + csv_cell(target) + ',' + csv_cell(target + "_forecast") + ',' + csv_cell(target + "_next");
    return text + '\n';
  }

  OnlineResult finish(std::int64_t before, double seconds) {
    // The snapshot is that of a stream that may go on: without the table's last line.
    save();
    progress_.finish(forecaster_.rows());
    OnlineResult result{.job = job_,
                        .rows = forecaster_.rows(),
                        .scored = progress_.scored(),
                        .resumed_from = resumed_from_,
                        .same_times = same_times_,
                        .late_rows = late_rows_,
                        .outliers = forecaster_.outliers(),
                        .forecast = progress_.score(Progress::kForecast),
                        .persistence = progress_.score(Progress::kPersistence),
                        .linear = progress_.score(Progress::kLinear)};
    const auto skill = [&](const OnlineScore& other) {
      return other.loss > 0 ? 1 - std::sqrt(result.forecast.loss / other.loss)
                            : std::numeric_limits<double>::quiet_NaN();
    };
    result.skill = skill(result.persistence);
    result.skill_linear = skill(result.linear);
    result.progress = progress_.lines();
    result.drift_count = progress_.drift_count();
    result.drifts = progress_.drifts();
    const auto next = forecaster_.predict();
    result.next.assign(next.begin(), next.end());
    const auto shares = forecaster_.shares();
    result.shares.assign(shares.begin(), shares.end());
    result.seconds = seconds;
    result.rows_per_second = seconds > 0 ? static_cast<double>(forecaster_.rows() - before) / seconds : 0;
    return result;
  }

  const OnlineJob& job_;
  const RunControls& controls_;
  const std::optional<FileLock> snapshot_lock_, predictions_lock_;
  OnlineForecaster forecaster_;
  RowStream stream_;
  Progress progress_;
  PredictionFile predictions_;
  TimeOrder times_;
  Clock::time_point started_, last_snapshot_;
  std::uint64_t hash_ = hash_start();
  std::int64_t predictions_length_ = 0, same_times_ = 0, late_rows_ = 0, saved_rows_ = 0, resumed_from_ = 0;
};

}  // namespace

OnlineResult run_online(const OnlineJob& job, const RunControls& controls) {
  check_job(job, controls);
  return Run(job, controls).run();
}

}  // namespace rondo
