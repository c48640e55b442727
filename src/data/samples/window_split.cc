#include <cmath>

#include "rondo/base/error.h"
#include "rondo/data/windows.h"

namespace rondo {

namespace {

std::int64_t rows_of_part(double part, std::int64_t length, const char* name) {
  if (!(part >= 0) || !std::isfinite(part)) {
    throw Error(ErrorKind::usage, std::string("the size of the ") + name + " part makes no sense")
        .seen(std::to_string(part))
        .expected("a share below 1 or a number of rows");
  }
  if (part < 1) return std::llround(part * static_cast<double>(length));
  return std::llround(part);
}

}  // namespace

TimeSplit split_by_time(const SeriesSet& series, double validation, double test) {
  TimeSplit split;
  for (const Series& one : series.series) {
    const std::int64_t length = one.length();
    const std::int64_t held_back = rows_of_part(test, length, "test");
    const std::int64_t checked = rows_of_part(validation, length, "validation");
    const std::int64_t trained = length - held_back - checked;
    if (trained < 1) {
      throw Error(ErrorKind::data, "nothing is left to train on")
          .where(one.id.empty() ? "series" : "series '" + one.id + "'")
          .seen(std::to_string(length) + " rows, of which " + std::to_string(checked) + " validate and " +
                std::to_string(held_back) + " test")
          .fix("hold back less, or give more rows");
    }
    split.train.push_back({0, trained});
    split.validation.push_back({trained, trained + checked});
    split.test.push_back({trained + checked, length});
  }
  return split;
}

}  // namespace rondo
