#include "tasks/forecast/prepare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/text.h"
#include "rondo/base/error.h"
#include "tasks/forecast/panel/transform.h"
#include "tasks/forecast/table/covariate_choice.h"
#include "tasks/forecast/table/encode.h"
#include "tasks/forecast/table/panel_series.h"
#include "tasks/forecast/table/split.h"

namespace rondo::forecasting {

namespace {

std::string counted(std::int64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

/// Where the parts of one id end, in rows of its raw series.
struct Cut {
  std::int64_t train = 0, validation = 0;  ///< rows before the test part; the last of them for validation
  std::int64_t end = 0;
  std::optional<Error> refusal;  ///< why the series cannot be cut
  bool raised = false;           ///< the test part was made as long as the horizon
};

/// What is said about all series together.
struct Counts {
  std::int64_t leading = 0, cut_off = 0, constant = 0, empty = 0, short_ones = 0, untested = 0,
               without_truth = 0, fractions = 0, raised = 0;
};

/// A series with fewer training rows is not tested.
constexpr std::int64_t kFewestTested = 4;

class PanelBuilder {
 public:
  PanelBuilder(RawPanel& raw, const Table& table, const ForecastOptions& options, Prepared& out)
      : raw_(raw), table_(table), options_(options), out_(out), panel_(out.panel) {}

  void run() {
    panel_.horizon = options_.horizon;
    panel_.truth_after_end = std::any_of(raw_.series.begin(), raw_.series.end(),
                                         [](const RawSeries& series) { return series.truth > 0; });
    panel_.has_future = panel_.truth_after_end || knows_future();
    for (const RawSeries& series : raw_.series) cuts_.push_back(cut(series));
    std::vector<std::int64_t> train_rows;
    for (const Cut& one : cuts_) train_rows.push_back(one.train);
    keep_best_covariates(raw_, train_rows, kMostCovariates, out_.notes);
    add_holidays(train_rows);
    out_.preparation.encodings = Encodings::learn(raw_, table_, train_rows);
    Encoder encoder(raw_, table_, out_.preparation.encodings);
    panel_.past = out_.preparation.encodings.past_names;
    panel_.known = out_.preparation.encodings.known_names;
    panel_.statics = out_.preparation.encodings.static_names;
    for (std::size_t s = 0; s < raw_.series.size(); ++s) {
      for (std::size_t c = 0; c < raw_.roles.targets.size(); ++c) add(raw_.series[s], cuts_[s], c, encoder);
    }
    const bool untested = counts_.untested == std::ssize(panel_.series);
    if (untested && first_refusal_) throw *first_refusal_;
    check_validation();
    align_positions();
    write_notes();
    for (const auto& notes : {out_.preparation.encodings.notes(raw_), encoder.unseen_notes()})
      out_.notes.insert(out_.notes.end(), notes.begin(), notes.end());
  }

 private:
  void add_holidays(const std::vector<std::int64_t>& train_rows) {
    HolidayColumns& holidays = out_.preparation.holidays;
    holidays = HolidayColumns(options_.holidays);
    if (holidays.empty()) return;
    const auto notes = std::ssize(raw_.notes);
    raw_.roles.holidays = holidays.choose(raw_, train_rows, options_.horizon);
    holidays.append_to(raw_, table_.source(), options_.horizon);
    out_.notes.insert(out_.notes.end(), raw_.notes.begin() + notes, raw_.notes.end());
  }

  Cut cut(const RawSeries& series) {
    Cut out;
    const std::int64_t rows = series.history;
    if (panel_.truth_after_end) {
      counts_.without_truth += series.truth == 0 ? 1 : 0;
      return {rows, 0, rows + series.truth, {}, false};
    }
    if (!options_.split.empty()) {
      const Parts parts = split_rows(options_.split, rows);
      out = {parts.train + parts.validation, parts.validation, parts.total(), {}, false};
      if (out.end > rows || parts.train < 1) out.train = 0;  // too short for the parts: left out below
      if (parts.test < options_.horizon) out = {0, 0, rows, horizon_error(series, parts.test), false};
      counts_.cut_off += std::max<std::int64_t>(0, rows - out.end);
      return out;
    }
    if (options_.backtest == kNoBacktest) return {rows, 0, rows, {}, false};
    const std::int64_t asked = backtest_rows(options_.backtest, rows);
    const bool raised = asked < options_.horizon;
    if (raised && is_row_count(options_.backtest)) throw horizon_error(series, asked);
    return {rows - std::max(asked, options_.horizon), 0, rows, {}, raised};
  }

  Error horizon_error(const RawSeries& series, std::int64_t test) const {
    return Error(ErrorKind::data, "the horizon is longer than the test part")
        .where(series_name(table_, series))
        .seen("a horizon of " + std::to_string(options_.horizon) + " and " + counted(test, "row", "rows") +
              " for the test")
        .expected("at least " + std::to_string(options_.horizon) + " rows for the test")
        .fix("a larger test part (--backtest or --split), or a smaller --horizon");
  }

  void refuse(const Error& error, std::int64_t& count) {
    if (!first_refusal_) first_refusal_ = error;
    ++count;
  }

  /// A transform that the user names has to be defined wherever it is learnt from.
  void check_transform(const RawSeries& series, const std::string& target, std::int64_t row,
                       double value) const {
    const Transform named = out_.limits.transform.value_or(Transform::none);
    if (is_applicable(named, {&value, 1})) return;
    throw Error(ErrorKind::data,
                std::string("--transform ") + transform_name(named) + " is not defined for this value")
        .where(place_of(table_, series, row, target))
        .seen(std::to_string(value))
        .expected(std::string("values ") + (named == Transform::log ? "> 0" : ">= 0") +
                  " in the training part of every series")
        .fix("leave --transform out (one is chosen among those that are defined), or correct the value");
  }

  void check_counts(const RawSeries& series, const std::string& target, std::int64_t row, double value) {
    if (options_.likelihood != "poisson" && options_.likelihood != "negative_binomial") return;
    counts_.fractions += value == std::floor(value) ? 0 : 1;
    if (value >= 0) return;
    throw Error(ErrorKind::data, "a count is negative")
        .where(place_of(table_, series, row, target))
        .seen(std::to_string(value))
        .expected("0, 1, 2 …, because of --likelihood " + options_.likelihood)
        .fix("correct the value, or use --likelihood gaussian or student_t");
  }

  void add(const RawSeries& series, const Cut& cut, std::size_t column, Encoder& encoder) {
    const std::string& target = raw_.roles.targets[column];
    const std::string where = series_name(table_, series, raw_.roles.targets.size() > 1 ? target : "");
    const std::int64_t last = std::min(cut.end, series.data.length());
    const std::int64_t first = first_value(series, column, last);
    if (first == last || series.history == 0) {
      refuse(Error(ErrorKind::data, "the series has no values")
                 .where(where)
                 .seen("column '" + target + "' is missing in all " + std::to_string(series.data.length()) +
                       " rows")
                 .fix("choose another --target, or leave this series out"),
             counts_.empty);
      return;
    }
    if (cut.refusal && !first_refusal_) first_refusal_ = cut.refusal;
    PanelSeries out;
    out.id = series.data.id;
    out.target = target;
    out.train_rows = std::max<std::int64_t>(0, cut.train - first);
    out.validation_rows = std::min(cut.validation, out.train_rows);
    std::int64_t filled = 0, learnt = 0;
    read_values(series, column, first, last, out);
    for (std::int64_t row = first; row < last; ++row) {
      const bool read = out.is_observed(row - first);
      if (read) check_counts(series, target, row, series.at(row, column));
      learnt += read && row < cut.train ? 1 : 0;
      filled += read ? 0 : 1;
    }
    const std::int64_t needed = std::max(kMinTrainingRows, options_.window) + 2 * options_.horizon;
    out.is_short = out.train_rows < needed || learnt < kMinTrainingRows;
    if (out.is_short && (asks_for_networks(options_) || options_.window > 0)) {
      refuse_short(series, where, cut, out.train_rows, learnt, needed);
      return;
    }
    keep_or_drop_test(series, cut.train - first, learnt, out);
    counts_.raised += cut.raised && out.rows() > out.train_rows ? 1 : 0;
    for (std::int64_t row = first; row < cut.train; ++row) {
      if (out.is_observed(row - first)) check_transform(series, target, row, series.at(row, column));
    }
    filled_[target] += filled;
    counts_.leading += first;
    const std::int64_t ahead = last + options_.horizon;
    const Encodings& encodings = out_.preparation.encodings;
    if (!panel_.truth_after_end && panel_.has_future)
      require_known(raw_, table_, encodings, series, last, options_.horizon);
    if (panel_.truth_after_end && series.truth > 0)
      require_known(raw_, table_, encodings, series, cut.train, options_.horizon);
    out.past = encoder.past(series, first, last);
    out.known = encoder.known(series, first, ahead);
    out.doubts = encoder.doubts(series, first, panel_.truth_after_end ? cut.train : last, ahead);
    out.statics = encoder.statics(series);
    Timeline times = series.data.times.slice(first, last);
    out.position = positions_of(times, options_.horizon);
    out.clock = clock_rows_of(times, options_.horizon);
    out_.times.push_back(std::move(times));
    panel_.series.push_back(std::move(out));
  }

  /// Whether a known column has a value behind the end of some series; without known columns nothing has to.
  bool knows_future() const {
    if (raw_.roles.known.empty()) return true;
    const std::size_t first = raw_.roles.targets.size() + raw_.roles.past.size();
    return std::ranges::any_of(raw_.series, [&](const RawSeries& series) {
      for (std::int64_t row = series.history; row < series.data.length(); ++row) {
        for (std::size_t e = 0; e < raw_.roles.known.size(); ++e) {
          if (!std::isnan(series.at(row, first + e))) return true;
        }
      }
      return false;
    });
  }

  /// Where nearly nothing would be left to learn from, a forecast that nobody has tested is worth more than
  /// none. A constant series is learnt from by nobody, either.
  void keep_or_drop_test(const RawSeries& series, std::int64_t train, std::int64_t learnt, PanelSeries& out) {
    const bool has_test = out.rows() > out.train_rows;
    const std::int64_t fewest = std::max(kFewestTested, (options_.horizon + 1) / 2);
    if (!panel_.truth_after_end && has_test && std::min(train, learnt) < fewest) {
      out.train_rows = out.rows();
      out.validation_rows = 0;
      name_first(counts_.untested, series, first_untested_);
      // A test part that the user has named is not left out for all.
      const bool named = !options_.split.empty() || options_.backtest != kDefaultBacktest;
      if (named && !first_refusal_) first_refusal_ = no_test_part(series, out.rows(), fewest);
    }
    const bool constant = out.is_constant();
    if (constant && out.train_rows > 1) ++counts_.constant;
    if (out.is_short) name_first(counts_.short_ones, series, first_short_);
    out.is_short = out.is_short || constant;
  }

  Error no_test_part(const RawSeries& series, std::int64_t rows, std::int64_t fewest) const {
    return Error(ErrorKind::data, "too few rows for the test part")
        .where(series_name(table_, series))
        .seen(counted(rows, "row", "rows") + " and " +
              (options_.split.empty() ? "--backtest " + options_.backtest : "--split " + options_.split))
        .expected("at least " + counted(fewest, "row", "rows") + " before the test part")
        .fix("give more rows, a smaller test part or --horizon, or --backtest none");
  }

  static void name_first(std::int64_t& count, const RawSeries& series, std::string& first) {
    if (count++ == 0 && !series.data.id.empty()) first = " (the first: '" + series.data.id + "')";
  }

  void refuse_short(const RawSeries& series, const std::string& where, const Cut& cut, std::int64_t train,
                    std::int64_t learnt, std::int64_t needed) {
    const std::int64_t test = cut.end - cut.train;
    const bool holes = train >= needed;
    refuse(Error(ErrorKind::data, "too few rows to learn from")
               .where(where)
               .seen(holes ? counted(learnt, "value", "values") + " in " + std::to_string(train) +
                                 " training rows"
                           : std::to_string(series.history) + " rows, of which the " +
                                 (options_.split.empty() ? "backtest" : "split") + " keeps " +
                                 std::to_string(test) + (options_.split.empty() ? "" : " for the test"))
               .expected(
                   "at least " +
                   (holes ? std::to_string(kMinTrainingRows) + " values"
                          : std::to_string(needed + (panel_.truth_after_end ? 0 : test)) +
                                " rows for a horizon of " + std::to_string(options_.horizon) +
                                (options_.window > 0 ? " and a window of " + std::to_string(options_.window)
                                                     : "")))
               .fix("give more rows, or a smaller --backtest, --horizon or --window"),
           counts_.short_ones);
  }

  /// Calendar waves mean the same moment in all series: positions count from the earliest row.
  void align_positions() {
    if (panel_.series.size() < 2) return;
    const auto earliest =
        std::min_element(out_.times.begin(), out_.times.end(),
                         [](const auto& a, const auto& b) { return a.ticks().front() < b.ticks().front(); });
    const Timeline start = earliest->slice(0, 1);
    if (!start.format().is_calendar() || !start.frequency().regular()) return;
    for (std::size_t s = 0; s < panel_.series.size(); ++s) {
      if (!(out_.times[s].frequency() == start.frequency())) continue;
      const auto offset = steps_by_clock(start.joined(out_.times[s].slice(0, 1))).back();
      for (double& position : panel_.series[s].position) position += offset;
    }
  }

  /// One whole forecast at least has to fit into the validation part of some series.
  void check_validation() const {
    std::int64_t most = 0;
    for (const PanelSeries& series : panel_.series) most = std::max(most, series.validation_rows);
    if (most == 0 || most >= options_.horizon) return;
    throw Error(ErrorKind::data, "the horizon is longer than the validation part")
        .where(table_.source())
        .seen("a horizon of " + std::to_string(options_.horizon) + " and " + counted(most, "row", "rows") +
              " for validation")
        .expected("at least " + std::to_string(options_.horizon) + " rows for validation")
        .fix("a larger validation part of --split, or none, or a smaller --horizon");
  }

  void write_notes() {
    if (!panel_.has_future) {
      out_.notes.push_back("known columns (" + detail::listed(raw_.roles.known) +
                           ") end with the target: the backtest was made, but no forecast past the end; give "
                           "their values in --future FILE, or in rows whose target is empty");
    }
    const auto note = [&](std::int64_t n, const char* one, const char* many, const std::string& rest) {
      if (n > 0) out_.notes.push_back(counted(n, one, many) + " " + rest);
    };
    note(counts_.empty, "series", "series", "without any value left out");
    if (panel_.series.size() == 1 && counts_.short_ones == 1) {
      out_.notes.push_back("few rows: statistical methods alone make the forecast");
    } else {
      note(counts_.short_ones, "series", "series",
           "too short to learn a model of all series from" + first_short_ +
               ": statistical methods alone forecast them");
    }
    if (panel_.series.size() == 1 && counts_.untested == 1) {
      out_.notes.push_back("too few rows for a test part: the forecast was not tested");
    } else {
      note(counts_.untested, "series", "series",
           "too short for a test part" + first_untested_ + ": forecast, not tested");
    }
    note(counts_.constant, "series", "series",
         "constant in the training part: not counted in MASE and RMSSE");
    note(counts_.without_truth, "series", "series", "not in the test file: learnt from, not tested");
    note(counts_.raised, "series", "series",
         "with a test part shorter than the horizon: it was made as long");
    for (const auto& [target, filled] : filled_) {
      note(filled, "missing value", "missing values",
           "of '" + target + "' filled from the values before; not counted in errors");
    }
    note(counts_.leading, "row", "rows", "at the start without a target value left out");
    note(counts_.cut_off, "row", "rows", "after the parts of --split left out");
    note(counts_.fractions, "value is", "values are",
         "no whole numbers, though the likelihood is one of counts");
  }

  RawPanel& raw_;
  const Table& table_;
  const ForecastOptions& options_;
  Prepared& out_;
  Panel& panel_;
  std::vector<Cut> cuts_;
  Counts counts_;
  std::string first_short_, first_untested_;
  std::map<std::string, std::int64_t> filled_;  ///< missing values by target
  std::optional<Error> first_refusal_;
};

}  // namespace

void build_panel(RawPanel& raw, const Table& table, const ForecastOptions& options, Prepared& out) {
  PanelBuilder(raw, table, options, out).run();
}

}  // namespace rondo::forecasting
