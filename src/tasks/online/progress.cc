#include "tasks/online/progress.h"

#include <cmath>
#include <limits>
#include <ostream>

#include "base/text.h"

namespace rondo {

static void archive_fields(tasks::Archive& archive, OnlineProgressLine& line) {
  archive.field("rows", line.rows);
  archive.field("since_last", line.since_last);
  archive.field("since_start", line.since_start);
  archive.field("persistence", line.persistence);
  archive.field("linear", line.linear);
  archive.field("skill", line.skill);
}

static void archive_fields(tasks::Archive& archive, OnlineDrift& drift) {
  archive.field("row", drift.row);
  archive.field("before", drift.before);
  archive.field("after", drift.after);
  archive.field("rolled_back", drift.rolled_back);
  archive.field("good_row", drift.good_row);
  archive.field("alarm", drift.alarm);
}

}  // namespace rondo

namespace rondo::online {
namespace {

constexpr std::size_t kMaxLines = 64, kMaxDrifts = 100;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string number(double value) { return std::isnan(value) ? "-" : detail::print("%.5g", value); }

}  // namespace

Progress::Progress(std::size_t targets, std::ostream* table) : scaled_(targets > 1), table_(table) {
  lines_.reserve(kMaxLines);
  drifts_.reserve(kMaxDrifts);
}

void Progress::begin() {
  if (table_ == nullptr) return;
  *table_ << detail::print("%12s %12s %12s %12s %12s %8s\n", "rows", "loss", "since start", "persistence",
                           "linear", "skill");
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
  OnlineProgressLine line{.rows = rows,
                          .since_last = mean(recent_[kForecast]),
                          .since_start = mean(all_[kForecast]),
                          .persistence = mean(recent_[kPersistence]),
                          .linear = mean(recent_[kLinear])};
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
  *table_ << detail::print("%12lld %12s %12s %12s %12s %8s\n", static_cast<long long>(line.rows),
                           number(line.since_last).c_str(), number(line.since_start).c_str(),
                           number(line.persistence).c_str(), number(line.linear).c_str(),
                           number(line.skill).c_str())
          << std::flush;
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

void Progress::archive(tasks::Archive& archive) {
  archive.field("scored", scored_);
  archive.field("next_line", next_line_);
  archive.field("drift_count", drift_count_);
  for (std::size_t who = 0; who < kWho; ++who) {
    for (auto [name, sums] : {std::pair("all_", &all_[who]), std::pair("recent_", &recent_[who])})
      archive.field(name + std::to_string(who), *sums);
  }
  archive.field("lines", lines_);
  archive.field("drifts", drifts_);
  if (lines_.size() > kMaxLines || drifts_.size() > kMaxDrifts) archive.refuse("lines", "is too long");
}

}  // namespace rondo::online
