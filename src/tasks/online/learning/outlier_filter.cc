#include "tasks/online/learning/outlier_filter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rondo::online {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
/// How many times the largest move a reading must have moved to be far off.
constexpr double kFar = 10;
constexpr double kFirstMoves = 8;
/// Readings that are remembered: those of eight moves.
constexpr std::int64_t kReadings = 9;
/// Rows over which the share of readings that are far off is taken, and moves are compared.
constexpr double kFew = 16;
/// The share of those that three in a row make.
constexpr double kInARow = 0.18;
/// The largest move is that of the last one or two stretches of so many rows.
constexpr double kStretch = 1024;
/// Of readings that are far off in about so many rows, so many are no accident any more, and so many are as
/// usual as others. So many level shifts within a stretch or two are usual, too.
constexpr double kFarOffRows = 100, kFrequent = 6, kUsual = 12, kUsualShifts = 4;
/// Moves have become so much smaller that their scale is another one: over a stretch, and over the last
/// readings where the scale was found in an uproar.
constexpr double kCalmer = 100, kCalm = 1e5;

}  // namespace

double OutlierFilter::largest_move(std::span<const double> readings) {
  double largest = 0;
  for (std::size_t i = 1; i < readings.size(); ++i)
    largest = std::max(largest, std::abs(readings[i] - readings[i - 1]));
  return largest;
}

double OutlierFilter::Column::limit() const { return kFar * std::max(largest, largest_before); }

OutlierFilter::OutlierFilter(std::int64_t columns)
    : columns_(static_cast<std::size_t>(columns)),
      readings_of_(kReadings, columns),
      readings_(static_cast<std::size_t>(columns), Reading::missing) {}

bool OutlierFilter::settled(std::size_t column) const { return columns_[column].moves >= kFirstMoves; }

void OutlierFilter::add(std::span<const double> row) {
  for (std::size_t c = 0; c < row.size(); ++c) {
    readings_[c] = std::isnan(row[c]) ? Reading::missing : judge(c, row[c]);
    if (readings_[c] == Reading::outlier) ++outliers_;
  }
}

Reading OutlierFilter::judge(std::size_t c, double value) {
  Column& s = columns_[c];
  readings_of_[static_cast<std::int64_t>(s.count)][c] = value;
  const double last = std::exchange(s.last, value), doubted = std::exchange(s.doubted, kNone);
  s.count += 1;
  s.far_off *= 1 - 1 / kFarOffRows;
  if (s.moves < kFirstMoves) return judge_first(c, value, last, doubted);
  const double move = std::abs(value - s.level), limit = s.limit();
  const bool far_off = move > limit;
  s.share_far_off += ((far_off ? 1.0 : 0.0) - s.share_far_off) / kFew;
  if (s.share_far_off > 0.5) {
    s.on_trial = 1;
    return start_anew(c);
  }
  if (far_off && s.far_off < kUsual) {
    s.far_off += 1;
    if (std::abs(value - doubted) <= limit) {
      s.shifts += 1;
      if (s.shifts >= kUsualShifts) s.largest = move;
      s.level = value;
      return Reading::level_shift;
    }
    if (s.far_off > kFrequent || s.share_far_off > kInARow) {
      s.level = value;
      return Reading::burst;
    }
    s.doubted = value;
    return Reading::outlier;
  }
  s.level = value;
  s.largest = std::max(s.largest, move);
  const bool calm = s.on_trial > 0 && largest_move(recent(c)) * kCalm < s.limit();
  if (calm) s.on_trial = 0;
  return s.ends_stretch_calmer() || calm ? start_anew(c) : Reading::usual;
}

/// Before enough moves were seen to say what is far.
Reading OutlierFilter::judge_first(std::size_t c, double value, double last, double doubted) {
  Column& s = columns_[c];
  if (s.count == 1) s.level = value;
  if (value == s.level) return Reading::usual;
  s.moves += 1;
  if (s.moves == 1 && s.count > kFirstMoves) {  // the first that differs: one broken reading, or a beginning
    s.doubted = value;
    return Reading::outlier;
  }
  s.largest = std::max(s.largest, std::abs(value - last));
  s.level = value;
  const bool enough = s.moves == kFirstMoves && largest_move(recent(c)) > 0;  // but for a peak now and then
  if (enough && (s.count > 2 * kFew || std::ssize(recent_) < kReadings)) {
    start_anew(c);
    return Reading::beginning;
  }
  return std::isnan(doubted) ? Reading::usual : Reading::level_shift;
}

/// Whether a stretch of rows ends here whose moves are much smaller than those of the one before.
bool OutlierFilter::Column::ends_stretch_calmer() {
  stretch_rows += 1;
  if (stretch_rows < kStretch) return false;
  stretch_rows = on_trial = 0;
  shifts /= 2;
  if (largest == 0) return false;  // what stands still says nothing of how far it may move
  const bool calmer = largest * kCalmer < largest_before;
  largest_before = std::exchange(largest, 0.0);
  return calmer;
}

Reading OutlierFilter::start_anew(std::size_t c) {
  Column& s = columns_[c];
  const std::span<const double> from = recent(c);
  s.level = from.back();
  s.largest_before = s.stretch_rows = s.far_off = s.share_far_off = s.shifts = 0;
  s.largest = largest_move(from);
  if (s.largest == 0) s.moves = 0;  // it stands still: the next moves are the first again
  return Reading::new_scale;
}

std::span<const double> OutlierFilter::recent(std::size_t c) {
  const auto count = static_cast<std::int64_t>(columns_[c].count);
  recent_.clear();
  for (std::int64_t i = std::max<std::int64_t>(0, count - kReadings); i < count; ++i)
    recent_.push_back(readings_of_[i][c]);
  // One broken reading makes two large moves; the third largest is that of a usual one.
  sorted_.clear();
  for (std::size_t i = 1; i < recent_.size(); ++i) sorted_.push_back(std::abs(recent_[i] - recent_[i - 1]));
  if (sorted_.size() < 3) return recent_;
  std::nth_element(sorted_.begin(), sorted_.begin() + 2, sorted_.end(), std::greater<>());
  const double far = kFar * sorted_[2];
  sorted_ = recent_;
  const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>(sorted_.size() / 2);
  std::nth_element(sorted_.begin(), middle, sorted_.end());
  const double median = *middle;
  std::erase_if(recent_, [&](double value) { return std::abs(value - median) > far; });
  return recent_;
}

void OutlierFilter::Column::archive(tasks::Archive& archive) {
  archive.field("count", count);
  archive.field("level", level);
  archive.field("last", last);
  archive.field("doubted", doubted);
  archive.field("moves", moves);
  archive.field("stretch_rows", stretch_rows);
  archive.field("largest", largest);
  archive.field("largest_before", largest_before);
  archive.field("far_off", far_off);
  archive.field("share_far_off", share_far_off);
  archive.field("shifts", shifts);
  archive.field("on_trial", on_trial);
}

void OutlierFilter::archive(tasks::Archive& archive) {
  const std::size_t size = columns_.size();
  archive.field("columns", columns_);
  if (columns_.size() != size)
    archive.refuse("columns", "has another length", std::to_string(columns_.size()), std::to_string(size));
  for (const Column& column : columns_) {
    if (!(column.count >= 0 && column.count < 1e18)) archive.refuse("columns", "counts no readings");
  }
  readings_of_.archive(archive, "readings");
  archive.field("outliers", outliers_);
}

}  // namespace rondo::online
