#include "tasks/online/progress.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <ostream>

#include "rondo/base/error.h"

namespace rondo::online {
namespace {

constexpr std::size_t kMaxLines = 64, kMaxDrifts = 100;
constexpr std::size_t kLineNumbers = 6, kDriftNumbers = 6;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string number(double value) {
  if (std::isnan(value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

/// The first `count` rows of a table of fixed size; Error(model_file) for a count that does not fit.
std::size_t count_of(std::vector<double>& numbers, std::size_t most, StateArchive& archive) {
  if (numbers[0] >= 0 && numbers[0] <= static_cast<double>(most) && numbers[0] == std::floor(numbers[0]))
    return static_cast<std::size_t>(numbers[0]);
  throw Error(ErrorKind::model_file, "a number of the snapshot is out of range").where(archive.where());
}

}  // namespace

Progress::Progress(std::size_t targets, std::ostream* table) : scaled_(targets > 1), table_(table) {
  lines_.reserve(kMaxLines);
  drifts_.reserve(kMaxDrifts);
}

void Progress::begin() {
  if (table_ == nullptr) return;
  char text[128];
  std::snprintf(text, sizeof text, "%12s %12s %12s %12s %12s %8s\n", "rows", "loss", "since start",
                "persistence", "linear", "skill");
  *table_ << text;
  for (const OnlineProgressLine& line : lines_) print(line);
}

void Progress::add(const OnlineRow& row, std::int64_t rows) {
  bool any = false;
  const std::array<std::span<const double>, kWho> by = {row.forecast, row.persistence, row.linear};
  for (std::size_t d = 0; d < row.actual.size(); ++d) {
    if (std::isnan(row.actual[d]) || std::isnan(row.forecast[d])) continue;
    any = true;
    const double unit = scaled_ ? row.unit[d] : 1;
    for (std::size_t who = 0; who < kWho; ++who) {
      const double error = (by[who][d] - row.actual[d]) / unit;
      for (Sums* sums : {&all_[who], &recent_[who]}) {
        sums->squares += error * error;
        sums->absolute += std::abs(error);
        sums->rows += 1;
      }
    }
  }
  if (any) ++scored_;
  if (row.drift) {
    ++drift_count_;
    if (drifts_.size() == kMaxDrifts) drifts_.erase(drifts_.begin());
    drifts_.push_back(*row.drift);
    print(*row.drift);
  }
  if (rows == next_line_) {
    add_line(rows);
    next_line_ *= 2;
  }
}

void Progress::add_line(std::int64_t rows) {
  const auto mean = [](const Sums& sums) { return sums.rows > 0 ? sums.squares / sums.rows : kNaN; };
  OnlineProgressLine line;
  line.rows = rows;
  line.since_last = mean(recent_[kForecast]);
  line.since_start = mean(all_[kForecast]);
  line.persistence = mean(recent_[kPersistence]);
  line.linear = mean(recent_[kLinear]);
  line.skill = line.persistence > 0 ? 1 - std::sqrt(line.since_last / line.persistence) : kNaN;
  recent_ = {};
  if (lines_.size() < kMaxLines) lines_.push_back(line);
  print(line);
}

void Progress::finish(std::int64_t rows) {
  if (rows > 0 && (lines_.empty() || lines_.back().rows != rows)) add_line(rows);
}

void Progress::print(const OnlineProgressLine& line) const {
  if (table_ == nullptr) return;
  char text[160];
  std::snprintf(text, sizeof text, "%12lld %12s %12s %12s %12s %8s\n", static_cast<long long>(line.rows),
                number(line.since_last).c_str(), number(line.since_start).c_str(),
                number(line.persistence).c_str(), number(line.linear).c_str(), number(line.skill).c_str());
  *table_ << text << std::flush;
}

void Progress::print(const OnlineDrift& drift) const {
  if (table_ == nullptr) return;
  *table_ << "  row " << drift.row << ": ";
  if (drift.alarm)
    *table_ << "errors have grown from " << number(drift.before) << " to " << number(drift.after)
            << " deviations; ";
  if (drift.rolled_back)
    *table_ << "back to the weights of row " << drift.good_row << '\n';
  else
    *table_ << "the weights stay, no earlier ones do better\n";
  *table_ << std::flush;
}

OnlineScore Progress::score(Who who) const {
  const Sums& sums = all_[who];
  if (sums.rows == 0) return {kNaN, kNaN};
  return {sums.squares / sums.rows, sums.absolute / sums.rows};
}

void Progress::archive(StateArchive& archive) {
  archive.field("scored", scored_);
  archive.field("next_line", next_line_);
  archive.field("drift_count", drift_count_);
  std::vector<double> sums;
  for (const auto* some : {&all_, &recent_}) {
    for (const Sums& one : *some) sums.insert(sums.end(), {one.squares, one.absolute, one.rows});
  }
  archive.field("sums", sums);
  auto at = sums.begin();
  for (auto* some : {&all_, &recent_}) {
    for (Sums& one : *some) one = {at[0], at[1], at[2]}, at += 3;
  }
  std::vector<double> lines(1 + kLineNumbers * kMaxLines), drifts(1 + kDriftNumbers * kMaxDrifts);
  lines[0] = static_cast<double>(lines_.size());
  drifts[0] = static_cast<double>(drifts_.size());
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const OnlineProgressLine& line = lines_[i];
    const std::array<double, kLineNumbers> numbers = {static_cast<double>(line.rows),
                                                      line.since_last,
                                                      line.since_start,
                                                      line.persistence,
                                                      line.linear,
                                                      line.skill};
    std::copy(numbers.begin(), numbers.end(),
              lines.begin() + 1 + static_cast<std::ptrdiff_t>(i * kLineNumbers));
  }
  for (std::size_t i = 0; i < drifts_.size(); ++i) {
    const OnlineDrift& drift = drifts_[i];
    const std::array<double, kDriftNumbers> numbers = {static_cast<double>(drift.row),
                                                       drift.before,
                                                       drift.after,
                                                       drift.rolled_back ? 1.0 : 0.0,
                                                       static_cast<double>(drift.good_row),
                                                       drift.alarm ? 1.0 : 0.0};
    std::copy(numbers.begin(), numbers.end(),
              drifts.begin() + 1 + static_cast<std::ptrdiff_t>(i * kDriftNumbers));
  }
  archive.field("lines", lines);
  archive.field("drifts", drifts);
  if (!archive.reading()) return;
  lines_.clear();
  drifts_.clear();
  const std::size_t line_count = count_of(lines, kMaxLines, archive);
  for (std::size_t i = 0; i < line_count; ++i) {
    const double* n = lines.data() + 1 + i * kLineNumbers;
    lines_.push_back({static_cast<std::int64_t>(n[0]), n[1], n[2], n[3], n[4], n[5]});
  }
  const std::size_t drift_rows = count_of(drifts, kMaxDrifts, archive);
  for (std::size_t i = 0; i < drift_rows; ++i) {
    const double* n = drifts.data() + 1 + i * kDriftNumbers;
    drifts_.push_back(
        {static_cast<std::int64_t>(n[0]), n[1], n[2], n[3] != 0, static_cast<std::int64_t>(n[4]), n[5] != 0});
  }
}

}  // namespace rondo::online
