#include "data/events/event_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "rondo/base/error.h"

namespace rondo::detail {
namespace {

/// Readings of one parameter within one step, as they come in order of time: readings of one time count by
/// their mean.
class Combined {
 public:
  void add(const Reading& reading) {
    if (count_ > 0 && reading.time != time_) close();
    time_ = reading.time;
    sum_ += reading.value;
    ++count_;
  }
  bool empty() const { return count_ == 0; }
  double last() const { return sum_ / static_cast<double>(count_); }
  double mean() {
    close();
    return sum_of_times_ / static_cast<double>(times_);
  }

 private:
  void close() {
    sum_of_times_ += last();
    ++times_;
    sum_ = 0;
    count_ = 0;
  }
  double time_ = 0, sum_ = 0, sum_of_times_ = 0;
  std::int64_t count_ = 0, times_ = 0;
};

}  // namespace

bool says_unknown(const Reading& reading, const EventGridOptions& options) {
  return reading.time <= 0 &&
         std::ranges::find(options.unknown_at_start, reading.value) != options.unknown_at_start.end();
}

RecordSteps steps_of(std::span<const Reading> readings, std::span<const std::int64_t> slot_of,
                     std::int64_t columns, const EventGridOptions& options) {
  RecordSteps out;
  const auto used = [&](const Reading& r) {
    return slot_of[static_cast<std::size_t>(r.parameter)] >= 0 &&
           (options.until == 0 || r.time < options.until) && !says_unknown(r, options);
  };
  const bool bins = options.step > 0;
  const auto bin_of = [&](double time) { return static_cast<std::int64_t>(std::floor(time / options.step)); };
  if (bins) {
    std::int64_t count = 0;
    if (options.until > 0) {
      count = static_cast<std::int64_t>(std::ceil(options.until / options.step));
    } else {
      for (const Reading& r : readings) count = used(r) ? std::max(count, bin_of(r.time) + 1) : count;
    }
    constexpr std::int64_t kMaxSteps = 1'000'000;
    if (count > kMaxSteps) {
      throw Error(ErrorKind::data, "a record of the table of events would have too many steps")
          .seen(std::to_string(count) + " steps of width " + std::to_string(options.step))
          .expected("at most " + std::to_string(kMaxSteps))
          .fix("count times from each record's first reading (from_first), or take a larger step");
    }
    for (std::int64_t k = 0; k < count; ++k) out.times.push_back(static_cast<double>(k) * options.step);
  } else {
    for (const Reading& r : readings) {
      if (used(r) && (out.times.empty() || out.times.back() != r.time)) out.times.push_back(r.time);
    }
  }
  const auto steps = static_cast<std::int64_t>(out.times.size());
  out.values.assign(static_cast<std::size_t>(steps * columns), std::numeric_limits<double>::quiet_NaN());

  std::vector<Combined> row(static_cast<std::size_t>(columns));
  std::int64_t step = 0;
  const auto finish = [&] {
    for (std::int64_t c = 0; c < columns; ++c) {
      Combined& cell = row[static_cast<std::size_t>(c)];
      if (cell.empty()) continue;
      out.values[static_cast<std::size_t>(step * columns + c)] =
          options.combine == "mean" ? cell.mean() : cell.last();
      cell = {};
    }
  };
  for (const Reading& r : readings) {
    if (!used(r)) continue;
    if (bins && r.time < 0) {
      ++out.early;
      continue;
    }
    std::int64_t own = step;
    if (bins) {
      own = std::min(bin_of(r.time), steps - 1);  // rounding of time / step at the very end
    } else {
      while (out.times[static_cast<std::size_t>(own)] != r.time) ++own;
    }
    if (own != step) {
      finish();
      step = own;
    }
    row[static_cast<std::size_t>(slot_of[static_cast<std::size_t>(r.parameter)])].add(r);
  }
  if (steps > 0) finish();
  return out;
}

std::vector<double> elapsed_times(const RecordSteps& steps, std::int64_t columns) {
  std::vector<double> elapsed(steps.values.size(), 0.0);
  const auto width = static_cast<std::size_t>(columns);
  for (std::size_t t = 1; t < steps.times.size(); ++t) {
    const double gap = steps.times[t] - steps.times[t - 1];
    for (std::size_t c = 0; c < width; ++c) {
      const std::size_t before = (t - 1) * width + c;
      elapsed[before + width] = gap + (std::isnan(steps.values[before]) ? elapsed[before] : 0);
    }
  }
  return elapsed;
}

}  // namespace rondo::detail
