#include "rondo/data/leaks.h"

#include <algorithm>
#include <cmath>

#include "base/index_range.h"
#include "base/order_statistics.h"
#include "data/leaks/leak_probe.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

using detail::Change;
using detail::check_sizes;
using detail::compare_fitted;
using detail::compare_rows;
using detail::Moments;
using detail::rows_before;
using detail::same_bits;
using Pipeline = std::function<LeakTrace(const Table&)>;

constexpr std::int64_t kPlanted = 3;  ///< moments of missing values before a cut-off
/// More than this share of the values moved: not a few rows at a border.
constexpr double kMaxOfThem = 0.5;
constexpr double kAllOfWhatWasLearnt = 0.9;

class Detector {
 public:
  Detector(const Table& table, const Pipeline& pipeline, const LeakOptions& options)
      : table_(table), pipeline_(pipeline), options_(options), moments_(table, options.time, options.times) {
    keep_ = options.keep;
    if (!options.time.empty()) keep_.push_back(table.column(options.time).name());
    for (const std::string& name : options.keep) {
      knows_numbers_ = knows_numbers_ || table.column(name).is_number();
    }
    check_options();
  }

  LeakReport run() {
    const LeakTrace base = trace_of(table_);
    check_pure(base);
    report_.cuts = choose_cuts();
    for (const std::int64_t cut : report_.cuts) {
      for (const Change change : {Change::other, Change::extreme, Change::missing, Change::removed}) {
        if (change == Change::removed && knows_numbers_) continue;
        probe(table_, base, cut, change, false);
      }
      if (options_.plant_missing) probe_planted(cut);
    }
    return std::move(report_);
  }

 private:
  void check_options() const {
    if (moments_.count < 2) {
      throw Error(ErrorKind::data, "a table of one row has no past and no future")
          .where(table_.source())
          .seen(std::to_string(moments_.count) + " moments")
          .expected("2 at least");
    }
    if (options_.training < 0 || options_.training >= moments_.count) {
      throw Error(ErrorKind::usage, "the training part must end within the table")
          .where("LeakOptions::training")
          .seen(std::to_string(options_.training))
          .expected("0 to " + std::to_string(moments_.count - 1));
    }
    if (options_.count < 1) {
      throw Error(ErrorKind::usage, "at least one cut-off must be tried")
          .where("LeakOptions::count")
          .seen(std::to_string(options_.count));
    }
    for (const std::int64_t cut : options_.cuts) {
      if (cut >= std::max<std::int64_t>(1, options_.training) && cut < moments_.count) continue;
      throw Error(ErrorKind::usage, "a cut-off lies where nothing can be compared")
          .where("LeakOptions::cuts")
          .seen(std::to_string(cut))
          .expected(std::to_string(std::max<std::int64_t>(1, options_.training)) + " to " +
                    std::to_string(moments_.count - 1));
    }
  }

  LeakTrace trace_of(const Table& table) {
    ++report_.runs;
    LeakTrace trace = pipeline_(table);
    check_sizes(trace);
    return trace;
  }

  void check_pure(const LeakTrace& base) {
    if (!base.fitted.empty() && options_.training == 0) {
      throw Error(ErrorKind::usage, "the pipeline learns, but nobody says from which rows")
          .where("find_leaks")
          .seen("'" + base.fitted.front().name + "' in LeakTrace::fitted")
          .fix("set LeakOptions::training to the number of moments of the training part");
    }
    const LeakTrace again = trace_of(table_);
    if (compare_rows(base, again, moments_.count).empty() && compare_fitted(base, again).empty()) return;
    throw Error(ErrorKind::usage, "the pipeline gives other bits for the same table")
        .where("find_leaks")
        .expected("a pure function: the same table, the same trace")
        .fix("fix the seeds of whatever is random in it, and keep no state between calls");
  }

  std::vector<std::int64_t> choose_cuts() const {
    if (!options_.cuts.empty()) return options_.cuts;
    std::vector<std::int64_t> cuts;
    const std::int64_t n = moments_.count, first = options_.training;
    for (std::int64_t i = 0; i < options_.count; ++i) {
      const std::int64_t cut =
          first > 0 ? first + i * (n - first) / options_.count : (i + 1) * n / (options_.count + 1);
      cuts.push_back(std::clamp<std::int64_t>(cut, 1, n - 1));
    }
    const std::int64_t after = after_missing(std::max<std::int64_t>(1, first));
    if (after > 0) cuts.push_back(after);
    detail::sort_unique(cuts);
    return cuts;
  }

  /// A moment from `first` on that follows a missing value; 0: there is none.
  std::int64_t after_missing(std::int64_t first) const {
    std::vector<std::int64_t> found;
    for (const Column& column : table_.columns()) {
      if (!column.is_number() || column.missing() == 0 || is_kept(column)) continue;
      for (std::size_t row = 0; row < column.numbers().size(); ++row) {
        const std::int64_t cut = moments_.of_row[row] + 1;
        if (std::isnan(column.numbers()[row]) && cut >= first && cut < moments_.count) found.push_back(cut);
      }
    }
    return found.empty() ? 0 : detail::median_of(std::move(found));
  }

  bool is_kept(const Column& column) const {
    return std::find(keep_.begin(), keep_.end(), column.name()) != keep_.end();
  }

  std::vector<Leak> differences(const Table& table, const LeakTrace& base, std::int64_t cut,
                                std::int64_t first, Change change) {
    const LeakTrace other = trace_of(detail::changed(table, moments_, first, change, keep_, options_.seed));
    std::vector<Leak> leaks = compare_rows(base, other, cut);
    if (options_.training > 0 && cut >= options_.training) {
      for (Leak& leak : compare_fitted(base, other)) leaks.push_back(std::move(leak));
    }
    for (Leak& leak : leaks) leak.cut = cut;
    return leaks;
  }

  void probe(const Table& table, const LeakTrace& base, std::int64_t cut, Change change, bool planted) {
    std::vector<Leak> leaks;
    try {
      leaks = differences(table, base, cut, cut, change);
    } catch (const Error& error) {
      if (planted) return;
      report_.not_tried.push_back(std::string(detail::change_name(change)) + " from " + std::to_string(cut) +
                                  " on: " + error.summary());
      return;
    }
    for (Leak& leak : leaks) {
      leak.change = detail::change_name(change);
      Leak* known = find(leak);
      if (known != nullptr && !is_wider(leak, *known)) continue;
      leak.reach = leak.kind == LeakKind::shape ? -1 : reach_of(leak, table, base, change);
      if (leak.kind != LeakKind::shape) leak.kind = kind_of(leak, table, base, cut, change);
      if (known != nullptr) {
        *known = std::move(leak);
      } else {
        report_.leaks.push_back(std::move(leak));
      }
    }
  }

  void probe_planted(std::int64_t cut) {
    const std::int64_t begin = std::max<std::int64_t>(1, cut - kPlanted);
    if (begin >= cut) return;
    const Table table = detail::with_missing(table_, moments_, begin, cut, keep_);
    LeakTrace base;
    try {
      base = trace_of(table);
    } catch (const Error&) {
      return;  // it does not take missing values, so it fills none
    }
    probe(table, base, cut, Change::other, true);
  }

  Leak* find(const Leak& leak) {
    const auto same = std::find_if(report_.leaks.begin(), report_.leaks.end(), [&](const Leak& other) {
      return other.fitted == leak.fitted && other.output == leak.output;
    });
    return same == report_.leaks.end() ? nullptr : &*same;
  }

  static bool is_wider(const Leak& leak, const Leak& known) {
    if (known.kind == LeakKind::shape) return leak.kind != LeakKind::shape;
    return leak.kind != LeakKind::shape && leak.moved > 2 * known.moved;
  }

  /// The fewest moments (of a scale 1, 2, 3, 4, 6, 8, 12 …) beyond which changes leave the output alone.
  std::int64_t reach_of(const Leak& leak, const Table& table, const LeakTrace& base, Change change) {
    for (std::int64_t k = 1, power = 4; leak.cut + k < moments_.count;) {
      bool moves = true;
      try {
        const std::vector<Leak> left = differences(table, base, leak.cut, leak.cut + k, change);
        moves = std::any_of(left.begin(), left.end(), [&](const Leak& other) {
          return other.fitted == leak.fitted && other.output == leak.output;
        });
      } catch (const Error&) {
        return -1;
      }
      if (!moves) return k;
      if (k < 4) {
        ++k;
      } else if (k == power) {
        k += power / 2;
      } else {
        power *= 2;
        k = power;
      }
    }
    return -1;
  }

  LeakKind kind_of(const Leak& leak, const Table& table, const LeakTrace& base, std::int64_t cut,
                   Change change) {
    const double share = static_cast<double>(leak.moved) / static_cast<double>(leak.compared);
    if (leak.fitted) {
      if (leak.reach > 0) return LeakKind::overlap;
      return share > kAllOfWhatWasLearnt || leak.compared <= 4 ? LeakKind::everything : LeakKind::samples;
    }
    if (moved_only_where_missing(leak, table, base, cut, change)) return LeakKind::imputation;
    return leak.reach < 0 && share > kMaxOfThem ? LeakKind::everything : LeakKind::look_ahead;
  }

  bool moved_only_where_missing(const Leak& leak, const Table& table, const LeakTrace& base, std::int64_t cut,
                                Change change) {
    std::vector<bool> missing(static_cast<std::size_t>(moments_.count), false);
    for (const Column& column : table.columns()) {
      if (!column.is_number() || is_kept(column)) continue;
      for (std::size_t row = 0; row < column.numbers().size(); ++row) {
        if (std::isnan(column.numbers()[row])) missing[static_cast<std::size_t>(moments_.of_row[row])] = true;
      }
    }
    const LeakTrace other = trace_of(detail::changed(table, moments_, cut, change, keep_, options_.seed));
    const std::vector<std::size_t> a = rows_before(base, cut), b = rows_before(other, cut);
    const std::size_t width = base.columns.size();
    const auto c = static_cast<std::size_t>(std::find(base.columns.begin(), base.columns.end(), leak.output) -
                                            base.columns.begin());
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      if (same_bits(base.values[a[i] * width + c], other.values[b[i] * width + c])) continue;
      const std::int64_t moment = base.last_known[a[i]];
      if (moment < 0 || !missing[static_cast<std::size_t>(moment)]) return false;
    }
    return true;
  }

  const Table& table_;
  const Pipeline& pipeline_;
  const LeakOptions& options_;
  Moments moments_;
  std::vector<std::string> keep_;
  bool knows_numbers_ = false;  ///< of the future: rows cannot be taken away without them
  LeakReport report_;
};

}  // namespace

LeakTrace LeakTrace::by_row(std::string name, std::vector<double> values) {
  LeakTrace trace;
  trace.columns = {std::move(name)};
  trace.last_known = detail::range(0, std::ssize(values));
  trace.values = std::move(values);
  return trace;
}

LeakTrace LeakTrace::by_row(std::vector<std::string> names, const Tensor& values) {
  LeakTrace trace;
  trace.columns = std::move(names);
  trace.last_known = detail::range(0, values.dim(0));
  trace.values.resize(static_cast<std::size_t>(values.size()));
  for (std::int64_t i = 0; i < values.size(); ++i) trace.values[static_cast<std::size_t>(i)] = values.at(i);
  return trace;
}

LeakReport find_leaks(const Table& table, const std::function<LeakTrace(const Table&)>& pipeline,
                      const LeakOptions& options) {
  return Detector(table, pipeline, options).run();
}

LeakReport find_leaks(const Tensor& values, const std::function<LeakTrace(const Tensor&)>& pipeline,
                      const LeakOptions& options) {
  if (values.rank() != 2) {
    throw Error(ErrorKind::usage, "find_leaks needs a matrix")
        .seen("shape " + to_string(values.shape()))
        .expected("[rows, columns]");
  }
  Table table("matrix");
  for (std::int64_t c = 0; c < values.dim(1); ++c) {
    std::vector<double> column;
    for (std::int64_t r = 0; r < values.dim(0); ++r) column.push_back(values.at(r * values.dim(1) + c));
    table.add(Column("column_" + std::to_string(c + 1), std::move(column)));
  }
  const DType dtype = values.dtype();
  return find_leaks(
      table, [&](const Table& changed) { return pipeline(changed.matrix(changed.names(), dtype)); }, options);
}

}  // namespace rondo
