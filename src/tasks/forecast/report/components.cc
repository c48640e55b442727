#include "tasks/forecast/report/components.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "base/text.h"
#include "tasks/forecast/report/drawn_series.h"
#include "tasks/forecast/statistical/harmonic.h"
#include "tasks/forecast/statistical/mstl.h"
#include "tasks/forecast/statistical/observed.h"

namespace rondo::forecasting {
namespace {

constexpr std::int64_t kMostRows = 20'000, kFewestValues = 8;
constexpr std::int64_t kMostNumbers = 60;  // of known columns
constexpr std::size_t kMostColumns = 6;    // with a part of their own

using Part = SeriesComponent::Kind;

struct Decomposition {
  std::vector<double> values;  // NaN = missing
  std::int64_t rows, ahead;
  std::vector<SeriesComponent> parts;

  void take_out(SeriesComponent part) {
    for (std::size_t row = 0; row < values.size(); ++row) values[row] -= part.past[row];
    parts.push_back(std::move(part));
  }
};

/// An effect says by how much values are moved: by a flag against the rows without, by a number that is
/// always there against its mean.
void centre(SeriesComponent& part) {
  const auto rows = static_cast<double>(part.past.size());
  const auto zeros = static_cast<double>(std::ranges::count(part.past, 0.0));
  if (2 * zeros >= rows) return;
  double mean = 0;
  for (const double value : part.past) mean += value / rows;
  for (std::vector<double>* values : {&part.past, &part.ahead})
    for (double& value : *values) value -= mean;
}

double size_of(const SeriesComponent& part) {
  double square = 0;
  for (const double value : part.past) square += value * value;
  return square;
}

/// Columns with the largest effects, the others together; holidays are one.
std::vector<SeriesComponent> merged(std::vector<SeriesComponent> all) {
  std::ranges::stable_sort(all, std::greater<>(), size_of);
  std::vector<SeriesComponent> out;
  const auto add_to = [&](const char* name, Part kind, SeriesComponent part) {
    const auto found = std::ranges::find_if(
        out, [&](const SeriesComponent& one) { return one.kind == kind && one.name == name; });
    if (found == out.end()) {
      part.name = name;
      part.kind = kind;
      out.push_back(std::move(part));
      return;
    }
    for (std::size_t i = 0; i < part.past.size(); ++i) found->past[i] += part.past[i];
    for (std::size_t i = 0; i < part.ahead.size(); ++i) found->ahead[i] += part.ahead[i];
  };
  std::size_t columns = 0;
  for (SeriesComponent& part : all) {
    if (size_of(part) == 0) continue;
    if (part.kind == Part::holidays)
      add_to("holidays", Part::holidays, std::move(part));
    else if (++columns <= kMostColumns)
      out.push_back(std::move(part));
    else
      add_to("other known columns", Part::known, std::move(part));
  }
  return out;
}

void take_out_known(const ForecastSeries& series, const ForecastResult& result, std::int64_t first,
                    Decomposition& split) {
  std::int64_t numbers = 0;
  for (const ForecastKnown& column : result.known) numbers += column.numbers;
  const std::int64_t needed = (first + split.rows + split.ahead) * numbers;
  if (numbers == 0 || numbers > kMostNumbers || std::ssize(series.known) < needed) return;
  const std::span<const double> known(series.known);
  const auto begin = static_cast<std::size_t>(first * numbers);
  const auto middle = static_cast<std::size_t>((first + split.rows) * numbers);
  const statistical::KnownColumns columns{numbers, known.subspan(begin, middle - begin),
                                          known.subspan(middle)};
  const statistical::HarmonicRegression regression(split.values, result.seasons, columns);
  std::vector<SeriesComponent> effects;
  std::int64_t number = 0;
  for (const ForecastKnown& column : result.known) {
    SeriesComponent& part = effects.emplace_back();
    part.kind = column.holiday ? Part::holidays : Part::known;
    part.name = column.name;
    for (std::int64_t row = 0; row < split.rows + split.ahead; ++row) {
      double effect = 0;
      for (std::int64_t i = 0; i < column.numbers; ++i) effect += regression.known_effect(row, number + i);
      (row < split.rows ? part.past : part.ahead).push_back(effect);
    }
    number += column.numbers;
    centre(part);
  }
  for (SeriesComponent& part : merged(std::move(effects))) split.take_out(std::move(part));
}

/// "season over the week (7 rows)", "season of 83 rows".
std::string season_name(std::int64_t period, const std::string& frequency) {
  struct Named {
    const char* frequency;
    std::int64_t period;
    const char* name;
  };
  constexpr std::array kNamed{Named{"monthly", 12, "year"},         Named{"quarterly", 4, "year"},
                              Named{"weekly", 52, "year"},          Named{"daily", 7, "week"},
                              Named{"daily", 365, "year"},          Named{"business days", 5, "week"},
                              Named{"hourly", 24, "day"},           Named{"business days", 261, "year"},
                              Named{"hourly", 168, "week"},         Named{"hourly", 8766, "year"},
                              Named{"half-hourly", 48, "day"},      Named{"half-hourly", 336, "week"},
                              Named{"every 15 minutes", 96, "day"}, Named{"every 15 minutes", 672, "week"}};
  const std::string rows = detail::count_of(period, "row");
  for (const Named& one : kNamed)
    if (frequency == one.frequency && period == one.period)
      return "season over the " + std::string(one.name) + " (" + rows + ")";
  return "season of " + rows;
}

void take_out_seasons(const ForecastResult& result, Decomposition& split) {
  const std::vector<double>& seasons = result.seasons;
  std::vector<std::int64_t> periods;
  for (const double season : seasons) periods.push_back(std::llround(season));
  statistical::Mstl seasonal = statistical::mstl(split.values, periods);
  for (std::size_t i = 0; i < seasonal.periods.size(); ++i) {
    const std::int64_t period = seasonal.periods[i];
    SeriesComponent part{
        Part::season, season_name(period, result.frequency), std::move(seasonal.seasons[i]), {}};
    for (std::int64_t step = 0; step < split.ahead; ++step)
      part.ahead.push_back(part.past[part.past.size() - static_cast<std::size_t>(period - step % period)]);
    split.take_out(std::move(part));
  }
}

/// The trend, and what nothing of all explains.
void split_rest(const ForecastSeries& series, std::span<const double> seasons, Decomposition& split) {
  double longest = 1;
  for (const double season : seasons)
    if (2 * season <= static_cast<double>(split.rows)) longest = std::max(longest, season);
  const std::int64_t least = longest > 1 ? std::llround(1.5 * longest) : split.rows / 6;
  statistical::Loess how{.window = std::max<std::int64_t>(7, least) | 1};
  how.jump = std::max<std::int64_t>(1, how.window / 10);
  SeriesComponent trend{
      Part::trend, "trend", statistical::loess(statistical::interpolate(split.values, 1), how, {}), {}};
  std::vector<double> left(series.forecast.begin(), series.forecast.begin() + split.ahead);
  for (const SeriesComponent& part : split.parts)
    for (std::size_t step = 0; step < left.size(); ++step) left[step] -= part.ahead[step];
  std::vector<double> joined(trend.past.end() - std::min(how.window, split.rows), trend.past.end());
  const auto before = static_cast<std::int64_t>(joined.size());
  joined.insert(joined.end(), left.begin(), left.end());
  if (split.ahead > 0) joined = statistical::loess(joined, how, {});
  trend.ahead.assign(joined.begin() + before, joined.end());
  SeriesComponent rest{Part::rest, "rest", {}, std::move(left)};
  for (std::size_t step = 0; step < trend.ahead.size(); ++step) rest.ahead[step] -= trend.ahead[step];
  split.take_out(std::move(trend));
  std::rotate(split.parts.begin(), split.parts.end() - 1, split.parts.end());
  rest.past = split.values;
  split.parts.push_back(std::move(rest));
}

}  // namespace

const char* SeriesComponent::kind_name() const {
  switch (kind) {
    case Kind::trend: return "trend";
    case Kind::season: return "season";
    case Kind::holidays: return "holidays";
    case Kind::known: return "known";
    case Kind::rest: break;
  }
  return "rest";
}

SeriesComponents components_of(const ForecastSeries& series, const ForecastResult& result) {
  const std::vector<double> all = known_values(series);
  const auto is_known = [](double value) { return std::isfinite(value); };
  const auto begin = std::ranges::find_if(all, is_known);
  const std::int64_t first = std::max<std::int64_t>(begin - all.begin(), std::ssize(all) - kMostRows);
  if (first >= std::ssize(all) || std::count_if(all.begin() + first, all.end(), is_known) < kFewestValues)
    return {};
  Decomposition split{{all.begin() + first, all.end()}, std::ssize(all) - first, 0, {}};
  for (double& value : split.values)
    if (!std::isfinite(value)) value = ForecastScore::kNone;
  // Where the truth came from a file of its own the forecast begins before its end.
  const bool goes_on = !series.forecast.empty() && !series.future_times.empty() && !series.times.empty() &&
                       series.future_times.ticks().front() > series.times.ticks().back();
  split.ahead = goes_on ? std::ssize(series.forecast) : 0;
  take_out_known(series, result, first, split);
  take_out_seasons(result, split);
  split_rest(series, result.seasons, split);
  return {first, std::move(split.parts)};
}

}  // namespace rondo::forecasting
