#include <algorithm>

#include "base/index_range.h"
#include "base/text.h"
#include "data/time/timeline_access.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

class Arranger {
 public:
  Arranger(const Timeline& times, const ArrangeOptions& options, const Table* table, std::string_view column,
           std::span<const std::int64_t> table_rows)
      : times_(times), options_(options), table_(table), column_(column), table_rows_(table_rows) {
    const std::string unknown = "unknown value of option ";
    detail::place_among({"error", "sort"}, options.unsorted, unknown + "unsorted");
    detail::place_among({"error", "first", "last"}, options.duplicates, unknown + "duplicates");
    detail::place_among({"insert", "keep", "error", "auto"}, options.gaps, unknown + "gaps");
  }

  Arrangement run() {
    out_.source = detail::range(0, times_.size());
    put_in_order();
    drop_doubles();
    out_.times = (out_.sorted || out_.dropped > 0) ? rows_of(times_, out_.source) : times_;
    drop_weekends();
    fill_gaps();
    return std::move(out_);
  }

 private:
  /// With the frequency that all have.
  static Timeline rows_of(const Timeline& times, std::span<const std::int64_t> rows) {
    const Timeline chosen = times.gather(rows);
    return TimelineAccess::make({chosen.ticks().begin(), chosen.ticks().end()},
                                TimelineAccess::offsets(chosen), chosen.format(), times.frequency());
  }

  std::int64_t tick(std::int64_t row) const { return times_.ticks()[static_cast<std::size_t>(row)]; }

  std::string where(std::int64_t row) const {
    const std::int64_t shown = table_rows_.empty() ? row : table_rows_[static_cast<std::size_t>(row)];
    return table_ != nullptr ? table_->where(shown, column_) : "row " + std::to_string(shown + 1);
  }

  std::string line(std::int64_t row) const {
    const std::int64_t shown = table_rows_.empty() ? row : table_rows_[static_cast<std::size_t>(row)];
    const std::int64_t number = table_ != nullptr ? table_->line_of(shown) : 0;
    return number > 0 ? "line " + std::to_string(number) : "row " + std::to_string(shown + 1);
  }

  void put_in_order() {
    const auto ticks = times_.ticks();
    const auto later = std::is_sorted_until(ticks.begin(), ticks.end());
    if (later == ticks.end()) return;
    const std::int64_t row = later - ticks.begin();
    if (options_.unsorted == "error") {
      throw Error(ErrorKind::data, "the rows are not in order of time")
          .where(where(row))
          .seen("'" + times_.text(row) + "' after '" + times_.text(row - 1) + "'")
          .expected("every time later than the one before")
          .fix(
              "sort the file, or let it be sorted (unsorted = sort); if the rows belong to several series, "
              "name the column that tells them apart (id)");
    }
    std::int64_t latest = ticks.front();
    for (const std::int64_t one : ticks) {
      out_.unsorted += one < latest ? 1 : 0;
      latest = std::max(latest, one);
    }
    std::stable_sort(out_.source.begin(), out_.source.end(),
                     [&](std::int64_t a, std::int64_t b) { return tick(a) < tick(b); });
    out_.sorted = true;
  }

  void drop_doubles() {
    std::vector<std::int64_t> kept;
    kept.reserve(out_.source.size());
    for (const std::int64_t row : out_.source) {
      if (kept.empty() || tick(kept.back()) != tick(row)) {
        kept.push_back(row);
        continue;
      }
      if (options_.duplicates == "error") {
        throw Error(ErrorKind::data, "a time occurs twice")
            .where(where(row))
            .seen("'" + times_.text(row) + "' on " + line(kept.back()) + " and on " + line(row))
            .expected("one row for every time")
            .fix(
                "remove one of the rows, or keep the first or the last (duplicates = first or last); if the "
                "rows belong to several series, name the column that tells them apart (id); if it is the "
                "hour that occurs twice when summer time ends, name the zone (zone = Europe/Berlin)");
      }
      if (options_.duplicates == "last") kept.back() = row;
      ++out_.dropped;
    }
    out_.source = std::move(kept);
  }

  /// A few rows on Saturdays and Sundays are no steps of business days.
  void drop_weekends() {
    if (out_.times.frequency().unit != TimeUnit::business_day) return;
    std::vector<std::int64_t> kept, source;
    for (std::int64_t row = 0; row < out_.times.size(); ++row) {
      if (out_.times.fields(row).weekday <= 4) {
        kept.push_back(row);
        source.push_back(out_.source[static_cast<std::size_t>(row)]);
      } else if (++out_.weekend_rows == 1) {
        out_.first_weekend = out_.times.text(row);
      }
    }
    if (out_.weekend_rows == 0) return;
    out_.times = rows_of(out_.times, kept);
    out_.source = std::move(source);
  }

  void fill_gaps() {
    const Timeline& times = out_.times;
    if (options_.gaps == "keep" || times.size() < 2 || !times.frequency().regular()) return;
    if (options_.gaps == "auto" && times.frequency().unit == TimeUnit::business_day) return;
    const std::vector<std::int64_t> steps = times.steps();
    const std::int64_t missing = steps.back() - times.size() + 1;
    if (missing == 0) return;
    if (options_.gaps == "error" || (missing > 10'000 && missing > 20 * times.size()))
      throw_gap(steps, missing);
    std::vector<std::int64_t> ticks, source;
    std::vector<std::int32_t> offsets;
    const std::vector<std::int32_t>& given = TimelineAccess::offsets(times);
    for (std::int64_t row = 0; row < times.size(); ++row) {
      const auto i = static_cast<std::size_t>(row);
      ticks.push_back(times.ticks()[i]);
      if (!given.empty()) offsets.push_back(given[i]);
      source.push_back(out_.source[i]);
      const std::int64_t holes = row + 1 < times.size() ? steps[i + 1] - steps[i] - 1 : 0;
      if (holes <= 0) continue;
      detail::append_steps(times, row, holes, ticks, offsets);
      source.insert(source.end(), static_cast<std::size_t>(holes), -1);
    }
    out_.inserted = missing;
    out_.source = std::move(source);
    out_.times =
        TimelineAccess::make(std::move(ticks), std::move(offsets), times.format(), times.frequency());
  }

  [[noreturn]] void throw_gap(const std::vector<std::int64_t>& steps, std::int64_t missing) const {
    std::size_t i = 1;
    while (steps[i] - steps[i - 1] == 1) ++i;
    const auto row = static_cast<std::int64_t>(i);
    throw Error(ErrorKind::data, "rows are missing between two times")
        .where(where(out_.source[i]))
        .seen("'" + out_.times.text(row) + "' after '" + out_.times.text(row - 1) + "' in a series that is " +
              out_.times.frequency().name() + "; " + std::to_string(missing) + " rows are missing in all")
        .expected("a row for every step of time")
        .fix(
            "add the rows, or have them inserted without values (gaps = insert), or leave them out (gaps = "
            "keep)");
  }

  const Timeline& times_;
  const ArrangeOptions& options_;
  const Table* table_;
  std::string_view column_;
  std::span<const std::int64_t> table_rows_;
  Arrangement out_;
};

}  // namespace

Arrangement arrange(const Timeline& times, const ArrangeOptions& options, const Table* table,
                    std::string_view column, std::span<const std::int64_t> table_rows) {
  return Arranger(times, options, table, column, table_rows).run();
}

}  // namespace rondo
