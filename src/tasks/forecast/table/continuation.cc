#include "tasks/forecast/table/raw_series.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "rondo/base/error.h"

namespace rondo::forecasting {

namespace {

std::string listed(const std::vector<std::string>& ids) {
  std::string text;
  for (std::size_t i = 0; i < ids.size() && i < 5; ++i) text += (i > 0 ? ", '" : "'") + ids[i] + "'";
  return text + (ids.size() > 5 ? " and " + std::to_string(ids.size() - 5) + " more" : "");
}

/// For each of the `horizon` times after the history the row of `more` with that time, or -1.
std::vector<std::int64_t> matching_rows(const Timeline& history, const Timeline& next, const Timeline& more,
                                        bool timed) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(next.size()), -1);
  const bool regular = timed && history.frequency().regular();
  if (!regular) {
    // Without times all rows follow the end; with irregular ones those that are later.
    std::int64_t row = 0;
    while (timed && row < more.size() &&
           more.ticks()[static_cast<std::size_t>(row)] <= history.ticks().back()) {
      ++row;
    }
    for (std::size_t h = 0; h < rows.size() && row < more.size(); ++h) rows[h] = row++;
    return rows;
  }
  std::map<std::string, std::int64_t> by_text;
  std::map<std::int64_t, std::int64_t> by_tick;
  const bool same_ticks =
      more.format().is_calendar() == history.format().is_calendar() &&
      (more.format().is_calendar() || more.format().decimals == history.format().decimals);
  for (std::int64_t row = 0; row < more.size(); ++row) {
    if (same_ticks) {
      by_tick.emplace(more.ticks()[static_cast<std::size_t>(row)], row);
    } else {
      by_text.emplace(more.text(row), row);
    }
  }
  for (std::size_t h = 0; h < rows.size(); ++h) {
    if (same_ticks) {
      const auto found = by_tick.find(next.ticks()[h]);
      if (found != by_tick.end()) rows[h] = found->second;
    } else {
      const auto found = by_text.find(next.text(static_cast<std::int64_t>(h)));
      if (found != by_text.end()) rows[h] = found->second;
    }
  }
  return rows;
}

}  // namespace

void lengthen(Series& series, std::int64_t rows) {
  const std::int64_t missing = rows - series.length();
  if (missing <= 0) return;
  const std::int64_t width = series.values.dim(1);
  Tensor values({rows, width}, DType::float64);
  const std::span<double> numbers = values.data<double>();
  const auto old = series.values.data<double>();
  std::fill(std::copy(old.begin(), old.end(), numbers.begin()), numbers.end(),
            std::numeric_limits<double>::quiet_NaN());
  series.values = std::move(values);
  series.times = series.times.joined(series.times.next(missing));
  if (!series.source.empty()) series.source.resize(static_cast<std::size_t>(rows), -1);
}

void continue_series(RawPanel& panel, const std::vector<std::string>& columns, const SeriesSet& more,
                     const std::string& source, const ForecastOptions& options, bool truth) {
  std::map<std::string, RawSeries*> by_id;
  for (RawSeries& series : panel.series) by_id.emplace(series.data.id, &series);
  std::vector<std::string> unknown;
  for (const Series& series : more.series) {
    if (!by_id.contains(series.id)) unknown.push_back(series.id);
  }
  if (!unknown.empty()) {
    throw Error(ErrorKind::data, "the file has series that the table does not have")
        .where(source)
        .seen(std::to_string(unknown.size()) + " new of " + std::to_string(more.series.size()) + ": " +
              listed(unknown))
        .expected("ids of the table, which the model has learnt from")
        .fix("add their history to the table, or take them out of the file");
  }
  const std::vector<std::string> names = panel.roles.all();
  std::vector<std::size_t> place;
  for (const std::string& column : columns) {
    place.push_back(static_cast<std::size_t>(std::find(names.begin(), names.end(), column) - names.begin()));
  }
  for (const Series& from : more.series) {
    RawSeries& to = *by_id.at(from.id);
    if (to.history < 2) continue;  // too short to learn from, whatever follows
    const std::string where = source + (from.id.empty() ? "" : ", series '" + from.id + "'");
    const Timeline history = to.data.times.slice(0, to.history);
    const Timeline next = history.next(options.horizon);
    const std::vector<std::int64_t> rows =
        matching_rows(history, next, from.times, !options.time.empty() && !options.wide);
    const auto found = static_cast<std::int64_t>(
        std::find_if(rows.rbegin(), rows.rend(), [](std::int64_t r) { return r >= 0; }).base() -
        rows.begin());
    if (found == 0 && from.length() > 0) {
      throw Error(ErrorKind::data, "the file does not go on where the table ends")
          .where(where)
          .seen("times from '" + from.times.text(0) + "' to '" + from.times.text(from.length() - 1) + "'")
          .expected("rows from '" + next.text(0) + "' on, after '" + history.text(history.size() - 1) + "'")
          .fix("give the rows that follow the last target value");
    }
    if (truth && found < options.horizon) {
      throw Error(ErrorKind::data, "the horizon is longer than the test part")
          .where(where)
          .seen(std::to_string(found) + (found == 1 ? " row" : " rows") + " after the end of the table")
          .expected("at least " + std::to_string(options.horizon) + ", the horizon")
          .fix("give more rows of truth, or a smaller --horizon");
    }
    lengthen(to.data, to.history + options.horizon);
    const auto width = static_cast<std::size_t>(to.data.values.dim(1));
    const auto from_width = static_cast<std::size_t>(from.values.dim(1));
    const std::span<double> numbers = to.data.values.data<double>();
    const auto given = from.values.data<double>();
    for (std::size_t h = 0; h < rows.size(); ++h) {
      if (rows[h] < 0) continue;
      const std::size_t at = (static_cast<std::size_t>(to.history) + h) * width;
      for (std::size_t c = 0; c < place.size(); ++c) {
        const double value = given[static_cast<std::size_t>(rows[h]) * from_width + c];
        if (!std::isnan(value)) numbers[at + place[c]] = value;
      }
    }
    to.named = std::max(to.named, to.history + found);
    if (truth) to.truth = options.horizon;
  }
}

}  // namespace rondo::forecasting
