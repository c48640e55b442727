#include "rondo/data/windows.h"

#include <algorithm>
#include <cmath>

#include "base/index_range.h"
#include "base/text.h"
#include "rondo/base/error.h"

namespace rondo {

namespace {

std::vector<std::int64_t> places_of(const SeriesSet& series, const std::vector<std::string>& names,
                                    bool all_if_empty) {
  std::vector<std::int64_t> places;
  for (const std::string& name : names) places.push_back(series.column(name));
  if (names.empty() && all_if_empty) places = detail::range(0, std::ssize(series.columns));
  return places;
}

void check(const WindowOptions& options) {
  detail::check_at_least("length", options.length, 1);
  detail::check_at_least("horizon", options.horizon, 1);
  detail::check_at_least("gap", options.gap, 0);
  detail::check_at_least("stride", options.stride, 1);
  detail::place_among({"skip", "error", "mask"}, options.missing,
                      "unknown value of option missing for windows");
}

/// holes[t] = rows before t in which one of the columns is NaN.
std::vector<std::int64_t> count_holes(const Series& series, const std::vector<std::int64_t>& columns) {
  const auto values = series.values.data<double>();
  const auto width = static_cast<std::size_t>(series.values.dim(1));
  std::vector<std::int64_t> holes(static_cast<std::size_t>(series.length()) + 1, 0);
  for (std::size_t t = 0; t + 1 < holes.size(); ++t) {
    const bool hole = std::any_of(columns.begin(), columns.end(), [&](std::int64_t c) {
      return std::isnan(values[t * width + static_cast<std::size_t>(c)]);
    });
    holes[t + 1] = holes[t] + (hole ? 1 : 0);
  }
  return holes;
}

std::string label(const SeriesSet& set, std::size_t s) {
  return set.series[s].id.empty() ? "series" : "series '" + set.series[s].id + "'";
}

}  // namespace

Windows::Windows(std::shared_ptr<const SeriesSet> series, WindowOptions options,
                 std::vector<RowRange> target_rows)
    : series_(std::move(series)), options_(std::move(options)) {
  if (series_ == nullptr) throw Error(ErrorKind::usage, "windows need series");
  check(options_);
  scaling_ = parse_window_scaling(options_.scaling);
  inputs_ = places_of(*series_, options_.inputs, true);
  targets_ = places_of(*series_, options_.targets, true);
  future_ = places_of(*series_, options_.future_inputs, false);
  for (const Series& one : series_->series) {
    if (one.values.rank() == 2 && one.values.dtype() == DType::float64 &&
        one.values.shape() == Shape{one.length(), static_cast<std::int64_t>(series_->columns.size())}) {
      continue;
    }
    throw Error(ErrorKind::usage, "a series does not hold what it says")
        .where("series '" + one.id + "'")
        .seen("values of shape " + to_string(one.values.shape()))
        .expected("float64 [" + std::to_string(one.length()) + ", " +
                  std::to_string(series_->columns.size()) + "]");
  }
  if (!target_rows.empty() && target_rows.size() != series_->series.size()) {
    throw Error(ErrorKind::usage, "there must be one range of target rows for each series")
        .seen(std::to_string(target_rows.size()))
        .expected(std::to_string(series_->series.size()));
  }
  enumerate(target_rows);
}

void Windows::enumerate(const std::vector<RowRange>& target_rows) {
  const std::int64_t before =
      options_.length + options_.gap;  // rows from the first input to the first target
  const std::int64_t span = before + options_.horizon;
  std::int64_t longest = 0;
  std::vector<std::int64_t> target_columns = targets_;
  target_columns.insert(target_columns.end(), future_.begin(), future_.end());
  for (std::size_t s = 0; s < series_->series.size(); ++s) {
    const Series& one = series_->series[s];
    RowRange range{0, one.length()};
    if (!target_rows.empty()) {
      range = {std::max<std::int64_t>(target_rows[s].begin, 0), std::min(target_rows[s].end, one.length())};
    }
    longest = std::max(longest, one.length());
    const std::vector<std::int64_t> steps =
        options_.across_gaps ? std::vector<std::int64_t>() : one.times.steps();
    const bool mask = options_.missing == "mask";
    const std::vector<std::int64_t> input_holes =
        mask ? std::vector<std::int64_t>() : count_holes(one, inputs_);
    const std::vector<std::int64_t> target_holes =
        mask ? std::vector<std::int64_t>() : count_holes(one, target_columns);
    const std::int64_t first = std::max<std::int64_t>(0, range.begin - before);
    for (std::int64_t begin = first; begin + span <= range.end; begin += options_.stride) {
      const auto at = [&](std::int64_t offset) { return static_cast<std::size_t>(begin + offset); };
      if (!steps.empty() && steps[at(span - 1)] - steps[at(0)] != span - 1) continue;
      if (!mask) {
        const bool hole = input_holes[at(options_.length)] != input_holes[at(0)] ||
                          target_holes[at(span)] != target_holes[at(before)];
        if (hole && options_.missing == "error") {
          throw Error(ErrorKind::data, "a window holds a missing value")
              .where(label(*series_, s) + ", rows " + std::to_string(begin + 1) + " to " +
                     std::to_string(begin + span))
              .expected("numbers in every row")
              .fix(
                  "fill the series first, or skip such windows (missing = skip) or mask the steps (missing = "
                  "mask)");
        }
        if (hole) {
          ++skipped_;
          continue;
        }
      }
      places_.push_back({static_cast<std::int64_t>(s), begin});
    }
  }
  if (!places_.empty()) return;
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  throw Error(ErrorKind::data, "not one window fits into the series")
      .seen(number(series_->count()) + (series_->count() == 1 ? " series of " : " series, the longest of ") +
            number(longest) + " rows" +
            (skipped_ > 0 ? "; " + number(skipped_) + " windows hold missing values" : ""))
      .expected("at least " + number(span) + " rows in a row: " + number(options_.length) + " of input" +
                (options_.gap > 0 ? ", " + number(options_.gap) + " between" : "") + " and " +
                number(options_.horizon) + " of target")
      .fix("a shorter window, a shorter horizon or a smaller part held back for tests; or more rows");
}

WindowPlace Windows::place(std::int64_t index) const {
  detail::check_index(index, size(), "there is no such window");
  return places_[static_cast<std::size_t>(index)];
}

RowRange Windows::input_rows(std::int64_t index) const {
  const std::int64_t begin = place(index).begin;
  return {begin, begin + options_.length};
}

RowRange Windows::target_rows(std::int64_t index) const {
  const std::int64_t begin = place(index).begin + options_.length + options_.gap;
  return {begin, begin + options_.horizon};
}

WindowScale Windows::scale(std::int64_t series, std::int64_t begin, std::int64_t column) const {
  if (scaling_ == WindowScaling::none) return {};
  const Tensor& all = series_->series[static_cast<std::size_t>(series)].values;
  const std::int64_t width = all.dim(1);
  std::vector<double> values(static_cast<std::size_t>(options_.length));
  for (std::size_t t = 0; t < values.size(); ++t) {
    values[t] =
        all.data<double>()[static_cast<std::size_t>((begin + static_cast<std::int64_t>(t)) * width + column)];
  }
  return window_scale(values, scaling_);
}

WindowScale Windows::target_scale(std::int64_t index, std::int64_t target) const {
  const WindowPlace at = place(index);
  return scale(at.series, at.begin, targets_.at(static_cast<std::size_t>(target)));
}

Tensor Windows::unscale(const Tensor& predictions, std::span<const std::int64_t> indices) const {
  const auto count = static_cast<std::int64_t>(indices.size());
  const auto width = static_cast<std::int64_t>(targets_.size());
  if (predictions.rank() < 1 || predictions.dim(0) != count ||
      predictions.size() != count * options_.horizon * width) {
    throw Error(ErrorKind::usage, "predictions do not fit the windows")
        .seen("shape " + to_string(predictions.shape()))
        .expected("[" + std::to_string(count) + ", " + std::to_string(options_.horizon * width) + "]");
  }
  Tensor out = predictions;
  if (scaling_ == WindowScaling::none) return out;
  std::int64_t at = 0;
  for (const std::int64_t index : indices) {
    std::vector<WindowScale> scales;
    for (std::int64_t target = 0; target < width; ++target) scales.push_back(target_scale(index, target));
    for (std::int64_t step = 0; step < options_.horizon; ++step) {
      for (const WindowScale& s : scales) {
        out.set(at, s.inverse(out.at(at)));
        ++at;
      }
    }
  }
  return out;
}

}  // namespace rondo
