#include <algorithm>
#include <cmath>

#include "data/table/cell_text.h"
#include "data/time/civil_time.h"
#include "data/time/time_read.h"
#include "data/time/time_zone.h"
#include "data/time/timeline_access.h"
#include "data/time/written_numbers.h"
#include "rondo/base/error.h"

namespace rondo::detail {

namespace {

using Style = TimeFormat::Style;

double power_of_ten(int exponent) {
  double value = 1;
  for (int i = 0; i < exponent; ++i) value *= 10;
  return value;
}

/// Decimal places that all numbers get along with, at most `most`.
int decimals_of(std::span<const double> numbers, int most) {
  constexpr double kExact = 9e15;  // integers up to here are exact in double
  for (int decimals = 0; decimals < most; ++decimals) {
    const double scale = power_of_ten(decimals);
    const bool fits = std::all_of(numbers.begin(), numbers.end(), [&](double v) {
      return std::abs(v * scale - std::round(v * scale)) <= 4e-16 * std::abs(v * scale) + 1e-9;
    });
    const bool too_large = std::any_of(numbers.begin(), numbers.end(),
                                       [&](double v) { return std::abs(v) * scale * 10 > kExact; });
    if (fits || too_large) return decimals;
  }
  return most;
}

bool all_whole(std::span<const double> numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double v) { return v == std::floor(v); });
}

bool all_within(std::span<const double> numbers, double low, double high) {
  return std::all_of(numbers.begin(), numbers.end(), [&](double v) { return v >= low && v < high; });
}

Style style_of(std::span<const double> numbers, const std::string& format) {
  if (format == "number") return Style::number;
  if (format == "epoch_seconds") return Style::epoch_seconds;
  if (format == "epoch_milliseconds") return Style::epoch_milliseconds;
  if (format == "epoch_microseconds") return Style::epoch_microseconds;
  if (format == "epoch_nanoseconds") return Style::epoch_nanoseconds;
  if (all_within(numbers, 1e8, 1e11)) return Style::epoch_seconds;
  if (!all_whole(numbers)) return Style::number;
  if (all_within(numbers, 1e11, 1e14)) return Style::epoch_milliseconds;
  if (all_within(numbers, 1e14, 1e17)) return Style::epoch_microseconds;
  if (all_within(numbers, 1e17, 1e20)) return Style::epoch_nanoseconds;
  if (all_within(numbers, 1500, 2500)) return Style::year;
  return Style::number;
}

/// v · scale, exact in its whole part.
std::int64_t scaled(double v, int decimals) {
  const double whole = std::trunc(v), scale = power_of_ten(decimals);
  return static_cast<std::int64_t>(whole) * static_cast<std::int64_t>(scale) +
         std::llround((v - whole) * scale);
}

std::int64_t tick_of(double v, Style style, int decimals) {
  const auto whole = static_cast<std::int64_t>(v);
  switch (style) {
    case Style::epoch_seconds: return scaled(v, 6);
    case Style::epoch_milliseconds: return scaled(v, 3);
    case Style::epoch_microseconds: return std::llround(v);
    case Style::epoch_nanoseconds: return std::llround(v / 1000);
    case Style::year: return day_in_month(whole * 12, 1) * kDay;
    default: return scaled(v, decimals);
  }
}

}  // namespace

Timeline read_time_numbers(std::span<const double> numbers, const TimeOptions& options,
                           const RowName& where) {
  if (numbers.empty()) return {};
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    if (std::isfinite(numbers[row]) && std::abs(numbers[row]) < 9e18) continue;
    const bool missing = std::isnan(numbers[row]);
    throw Error(ErrorKind::data, missing ? "a time is missing" : "a number is too large for a time")
        .where(where(static_cast<std::int64_t>(row)))
        .seen(missing ? "no value" : number_text(numbers[row]))
        .fix("fill in the time or take the row out; gaps between rows are no problem");
  }
  if (options.format == "auto") {
    if (std::optional<Timeline> read = read_written_numbers(numbers, options, where)) return *std::move(read);
  }
  TimeFormat format;
  format.style = style_of(numbers, options.format);
  switch (format.style) {
    case Style::number: format.decimals = decimals_of(numbers, 9); break;
    case Style::epoch_seconds: format.decimals = decimals_of(numbers, 6); break;
    case Style::epoch_milliseconds: format.decimals = decimals_of(numbers, 3); break;
    default: break;
  }
  if (is_epoch(format.style)) {
    format.zone = options.zone;  // whose clock calendar features follow
    ZoneClock check(format.zone);
  }
  std::vector<std::int64_t> ticks;
  ticks.reserve(numbers.size());
  for (const double v : numbers) ticks.push_back(tick_of(v, format.style, format.decimals));
  return TimelineAccess::make(std::move(ticks), {}, std::move(format));
}

}  // namespace rondo::detail
