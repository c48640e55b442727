// A stream of CSV rows is learnt from to its end, or to where it can be used; what was learnt is not lost,
// whatever stops it.

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <sstream>

#include "rondo/base/atomic_file.h"
#include "rondo/base/error.h"
#include "rondo/tasks/online.h"
#include "support/mutate.h"
#include "tasks/online/row_stream.h"
#include "unit/data/expect_error.h"
#include "unit/data/scratch.h"

namespace rondo {
namespace {

/// day,load,wind with a season of seven days; `edit` may change a line (numbered from 1, the names).
std::string table(int rows, int changed_line = 0, const std::string& line = {}) {
  std::string text = "day,load,wind\n";
  for (int t = 0; t < rows; ++t) {
    const int noise = (t * 1103 + 7) % 97;
    text += t + 2 == changed_line
                ? line + "\n"
                : std::to_string(t) + "," + std::to_string(50 + 10 * (t % 7) + noise / 40.0) + "," +
                      std::to_string(noise) + "\n";
  }
  return text;
}

OnlineJob job_for(const std::filesystem::path& file) {
  OnlineJob job;
  job.file = file.string();
  job.targets = {"load"};
  job.time = "day";
  job.options.units = 8;
  return job;
}

const RunControls kResume{.verbose = 0, .resume = true};

std::string content(const std::filesystem::path& path) { return read_file(path.string()); }

TEST(OnlineRun, WritesAForecastBesideEveryRow) {
  const Scratch scratch;
  OnlineJob job = job_for(scratch.write("a.csv", table(300)));
  job.past = {"wind"};
  job.predictions = scratch.path("p.csv").string();
  const OnlineResult result = run_online(job);
  EXPECT_EQ(result.rows, 300);
  EXPECT_EQ(result.scored, 299);
  EXPECT_LT(result.forecast.loss, 0.5 * result.persistence.loss);
  const Table written = read_csv(job.predictions);
  EXPECT_EQ(written.names(), (std::vector<std::string>{"row", "day", "load", "load_forecast", "load_next"}));
  ASSERT_EQ(written.rows(), 300);
  double squares = 0;
  for (std::size_t t = 1; t < 300; ++t) {
    EXPECT_EQ(written.numbers("load_forecast")[t], written.numbers("load_next")[t - 1]);
    squares += std::pow(written.numbers("load_forecast")[t] - written.numbers("load")[t], 2);
  }
  EXPECT_NEAR(result.forecast.loss, squares / 299, 1e-9 * squares);
  EXPECT_EQ(written.numbers("load_next")[299], result.next[0]);
}

TEST(OnlineRun, PrintsALineAtPowersOfTwoAndAtTheEnd) {
  const Scratch scratch;
  std::ostringstream out;
  RunControls controls;
  controls.progress = &out;
  const OnlineResult result = run_online(job_for(scratch.write("a.csv", table(300))), controls);
  std::vector<std::int64_t> rows;
  double squares = 0;
  for (const OnlineProgressLine& line : result.progress) {
    const std::int64_t before = rows.empty() ? 1 : rows.back();
    if (line.rows > 1) squares += line.since_last * static_cast<double>(line.rows - before);
    rows.push_back(line.rows);
  }
  EXPECT_EQ(rows, (std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300}));
  EXPECT_NEAR(squares / 299, result.progress.back().since_start, 1e-9 * squares);
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);
}

TEST(OnlineRun, GzipIsReadLikeThePlainFile) {
  const Scratch scratch;
  const std::string text = table(200);
  const OnlineResult plain = run_online(job_for(scratch.write("a.csv", text)));
  const OnlineResult packed = run_online(job_for(scratch.write_gzip("a.csv.gz", text)));
  EXPECT_EQ(plain.next, packed.next);
}

TEST(OnlineRun, EveryRowThatCannotBeUsedIsNamedAndWhatWasLearntIsKept) {
  struct Bad {
    std::string line;
    std::vector<std::string> words;
  };
  const Scratch scratch;
  for (const Bad& bad :
       {Bad{"150,oops,1", {"'oops'", "not a number"}}, Bad{"150,,1", {"missing", "--missing previous"}},
        Bad{"150,NaN,1", {"missing"}}, Bad{"150,inf,1", {"not a number"}}, Bad{"150,1e200,1", {"too large"}},
        Bad{"150,1", {"2 cells", "3 cells"}}, Bad{"150,1,2,3", {"4 cells"}},
        Bad{"9,60,1", {"time runs backwards", "'9'"}}, Bad{"soon,60,1", {"time", "'soon'"}},
        Bad{"150,\"6\"0,1", {"quote"}}}) {
    OnlineJob job = job_for(scratch.write("bad.csv", table(300, 152, bad.line)));
    job.snapshot = scratch.path("s.rondo").string();
    job.predictions = scratch.path("p.csv").string();
    job.force = true;
    try {
      run_online(job);
      ADD_FAILURE() << "taken: " << bad.line;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
      const std::string text = error.what();
      EXPECT_NE(text.find("line 152"), std::string::npos) << text;
      for (const std::string& word : bad.words) EXPECT_NE(text.find(word), std::string::npos) << text;
    }
    // The row is put right, and the run goes on as if nothing had been wrong.
    job.file = scratch.write("good.csv", table(300)).string();
    job.force = false;
    const OnlineResult resumed = run_online(job, kResume);
    EXPECT_EQ(resumed.resumed_from, 150) << bad.line;
    const std::string predictions = content(job.predictions);
    OnlineJob whole = job_for(job.file);
    whole.predictions = scratch.path("whole.csv").string();
    EXPECT_EQ(run_online(whole).next, resumed.next);
    EXPECT_EQ(content(whole.predictions), predictions);
  }
}

TEST(OnlineRun, RowsAreCheckedOnlyWhereTheyAreUsed) {
  const Scratch scratch;
  EXPECT_EQ(run_online(job_for(scratch.write("a.csv", table(300, 152, "150,60,oops")))).rows, 300);
}

TEST(OnlineRun, AMissingValueMayCountAsTheLastOne) {
  const Scratch scratch;
  OnlineJob job = job_for(scratch.write("a.csv", table(300, 152, "150,NA,1")));
  job.missing = "previous";
  const OnlineResult result = run_online(job);
  EXPECT_EQ(result.rows, 300);
  EXPECT_EQ(result.scored, 298);
}

TEST(OnlineRun, EqualTimesAreCounted) {
  const Scratch scratch;
  EXPECT_EQ(run_online(job_for(scratch.write("a.csv", table(300, 152, "149,60,1")))).same_times, 1);
}

TEST(OnlineRun, LateRowsAreLeftOutWhereThatIsAskedFor) {
  const Scratch scratch;
  // Rows 41 and 151 come late; without them the stream is another one.
  const auto lines = [](bool late, int rows) {
    std::string text = "day,load,wind\n";
    for (int t = 0; t < rows; ++t) {
      if (t == 40 || t == 150) {
        if (late) text += std::to_string(t - 9) + ",1e9,1\n";
        continue;
      }
      text += std::to_string(t) + "," + std::to_string(50 + 10 * (t % 7)) + ",1\n";
    }
    return text;
  };
  OnlineJob job = job_for(scratch.write("late.csv", lines(true, 300)));
  expect_error(ErrorKind::data, {"line 42", "--late-rows skip"}, [&] { run_online(job); });
  job.late_rows = "skip";
  job.predictions = scratch.path("late-out.csv").string();
  const OnlineResult result = run_online(job);
  EXPECT_EQ(result.late_rows, 2);
  EXPECT_EQ(result.rows, 298);
  EXPECT_EQ(result.outliers, 0);
  OnlineJob without = job_for(scratch.write("plain.csv", lines(false, 300)));
  without.predictions = scratch.path("plain-out.csv").string();
  EXPECT_EQ(run_online(without).next, result.next);
  EXPECT_EQ(content(job.predictions), content(without.predictions));
  // Resumed between and after them.
  for (const int rows : {100, 151, 200}) {
    OnlineJob part = job;
    part.file = scratch.write("part.csv", lines(true, rows)).string();
    part.predictions = scratch.path("part-out.csv").string();
    part.snapshot = scratch.path("s.rondo").string();
    part.force = true;
    run_online(part);
    part.file = job.file;
    part.force = false;
    const OnlineResult resumed = run_online(part, kResume);
    EXPECT_EQ(resumed.late_rows, 2);
    EXPECT_EQ(resumed.rows, 298);
    EXPECT_EQ(content(part.predictions), content(job.predictions)) << "resumed after " << rows;
  }
  job.late_rows = "ignore";
  expect_error(ErrorKind::usage, {"late_rows", "'skip'"}, [&] { run_online(job); });
}

TEST(OnlineRun, TheHourThatComesTwiceInAZoneIsNoStepBack) {
  const Scratch scratch;
  std::string text = "time,load\n";
  for (const char* hour : {"00", "01", "02", "02", "03"}) {
    for (const char* minute : {"00", "15", "30", "45"})
      text += std::string("2020-10-25 ") + hour + ":" + minute + ",5\n";
  }
  OnlineJob job;
  job.file = scratch.write("a.csv", text).string();
  job.targets = {"load"};
  job.time = "time";
  expect_error(ErrorKind::data, {"line 14", "--zone"}, [&] { run_online(job); });
  job.zone = "Europe/Berlin";
  const OnlineResult result = run_online(job);
  EXPECT_EQ(result.rows, 20);
  EXPECT_EQ(result.same_times, 0);
  job.zone = "Europe/Berlim";
  expect_error(ErrorKind::usage, {"Europe/Berlin"}, [&] { run_online(job); });
}

TEST(OnlineRun, StreamsWithoutRowsOrColumnsAreRefused) {
  const Scratch scratch;
  const auto with = [&](const std::string& text, auto change) {
    OnlineJob job = job_for(scratch.write("x.csv", text));
    change(job);
    return [job] { run_online(job); };
  };
  const auto as_it_is = [](OnlineJob&) {};
  expect_error(ErrorKind::data, {"empty"}, with("", as_it_is));
  expect_error(ErrorKind::data, {"no rows"}, with("day,load\n", as_it_is));
  expect_error(ErrorKind::data, {"'laod'", "did you mean 'load'"},
               with(table(9), [](OnlineJob& job) { job.targets = {"laod"}; }));
  expect_error(ErrorKind::data, {"'dya'", "did you mean 'day'"},
               with(table(9), [](OnlineJob& job) { job.time = "dya"; }));
  expect_error(ErrorKind::data, {"two columns"}, with("day,load,load\n1,2,3\n", as_it_is));
  expect_error(ErrorKind::usage, {"named twice"},
               with(table(9), [](OnlineJob& job) { job.past = {"load"}; }));
  expect_error(ErrorKind::usage, {"no target"}, with(table(9), [](OnlineJob& job) { job.targets.clear(); }));
  expect_error(ErrorKind::usage, {"snapshot"},
               [&] { run_online(job_for(scratch.write("a.csv", table(9))), kResume); });
  expect_error(ErrorKind::data, {"cannot read"}, with(table(9), [](OnlineJob& job) { job.file += "x"; }));
}

TEST(OnlineRun, ASnapshotIsNotReplacedByAccident) {
  const Scratch scratch;
  OnlineJob job = job_for(scratch.write("a.csv", table(50)));
  job.snapshot = scratch.path("s.rondo").string();
  run_online(job);
  expect_error(ErrorKind::usage, {"--resume", "--force"}, [&] { run_online(job); });
  OnlineJob other = job;
  other.options.units = 9;
  expect_error(ErrorKind::model_file, {"other columns or options"}, [&] { run_online(other, kResume); });
  other = job;
  other.time.clear();
  expect_error(ErrorKind::model_file, {"another job"}, [&] { run_online(other, kResume); });
  other = job;
  other.file = scratch.write("b.csv", table(60, 20, "18,61,1")).string();
  expect_error(ErrorKind::model_file, {"other rows"}, [&] { run_online(other, kResume); });
  other.file = scratch.write("b.csv", table(20)).string();
  expect_error(ErrorKind::data, {"shorter"}, [&] { run_online(other, kResume); });
  job.file = scratch.write("a.csv", table(80)).string();  // what stood there is still good
  EXPECT_EQ(run_online(job, kResume).resumed_from, 50);
}

TEST(OnlineRun, StoppedAtAnyRowItGoesOnWithTheSameBits) {
  // A stop is asked for by whoever watches the table; the flag is looked at before the next row.
  struct Stopper : std::stringbuf {
    std::atomic<bool> stop{false};
    int lines = 0, limit = 0;
    int overflow(int c) override {
      if (c == '\n' && ++lines >= limit) stop = true;
      return c;
    }
    std::streamsize xsputn(const char* text, std::streamsize size) override {
      for (std::streamsize i = 0; i < size; ++i) overflow(text[i]);
      return size;
    }
  };
  const Scratch scratch;
  OnlineJob job = job_for(scratch.write("a.csv", table(1000)));
  job.predictions = scratch.path("whole.csv").string();
  job.snapshot = scratch.path("whole.rondo").string();
  const OnlineResult whole = run_online(job);
  for (const int limit : {2, 5, 9, 11}) {
    job.predictions = scratch.path("p.csv").string();
    job.snapshot = scratch.path("s.rondo").string();
    job.force = true;
    Stopper stopper;
    stopper.limit = limit;
    std::ostream out(&stopper);
    RunControls controls;
    controls.progress = &out;
    controls.stop = &stopper.stop;
    expect_error(ErrorKind::interrupted, {"--resume"}, [&] { run_online(job, controls); });
    job.force = false;
    const OnlineResult resumed = run_online(job, kResume);
    EXPECT_EQ(resumed.resumed_from, 1 << (limit - 2));
    EXPECT_EQ(resumed.forecast.loss, whole.forecast.loss);
    EXPECT_EQ(resumed.progress.size(), whole.progress.size());
    EXPECT_EQ(content(scratch.path("p.csv")), content(scratch.path("whole.csv")));
    EXPECT_EQ(content(scratch.path("s.rondo")), content(scratch.path("whole.rondo")));
  }
}

TEST(OnlineRun, PredictionsThatWereLostAreMissed) {
  const Scratch scratch;
  OnlineJob job = job_for(scratch.write("a.csv", table(100)));
  job.predictions = scratch.path("p.csv").string();
  job.snapshot = scratch.path("s.rondo").string();
  run_online(job);
  scratch.write("p.csv", "row\n");
  expect_error(ErrorKind::data, {"shorter"}, [&] { run_online(job, kResume); });
}

TEST(OnlineRun, ABrokenSnapshotIsRefusedAndNeverHarms) {
  const Scratch scratch;
  OnlineJob job = job_for(scratch.write("a.csv", table(60)));
  job.options.units = 2;
  job.options.lags = 2;
  job.snapshot = scratch.path("s.rondo").string();
  run_online(job);
  const std::vector<std::string> seeds = {content(job.snapshot)};
  std::mt19937_64 random(1);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    scratch.write("s.rondo", mutate(seeds, random));
    try {
      run_online(job, kResume);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(RowStream, GivesRowsAsTheyStand) {
  const Scratch scratch;
  online::RowStream stream(
      scratch.write("a.csv", "t;a;b\n2020-01-01;1,5;\"2\"\n\n2020-01-02;2,5;3\n").string(), {{"b", "a"}, "t"},
      {});
  const online::StreamRow* row = stream.next();
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->values, (std::vector<double>{2, 1.5}));
  EXPECT_EQ(row->time, "2020-01-01");
  EXPECT_EQ(row->line, 2);
  row = stream.next();
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->line, 4);
  EXPECT_EQ(stream.next(), nullptr);
  EXPECT_EQ(stream.next(), nullptr);
}

}  // namespace
}  // namespace rondo
