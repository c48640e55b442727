#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/order_statistics.h"
#include "base/text.h"
#include "data/events/event_steps.h"
#include "rondo/base/error.h"
#include "rondo/data/events.h"

// What an EventGrid learns from the training records.

namespace rondo {
namespace {

std::string percent(double share) {
  std::string text = std::to_string(share * 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " %";
}

std::int32_t parameter_of(const Events& events, const std::string& name) {
  const auto names = events.parameters();
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1 : static_cast<std::int32_t>(found - names.begin());
}

[[noreturn]] void unknown_parameter(const Events& events, const std::string& name,
                                    const std::string& option) {
  const std::vector<std::string> known(events.parameters().begin(), events.parameters().end());
  throw Error(ErrorKind::data, "the table of events has no parameter '" + name + "'")
      .where("option '" + option + "'")
      .expected("one of its " + std::to_string(known.size()) + " parameters, such as '" + known.front() + "'")
      .fix(detail::did_you_mean(name, known));
}

struct Moments {
  double mean = 0, deviation = 0, skewness = 0;
};

Moments moments_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Moments out;
  for (const double v : values) out.mean += v / n;
  double square = 0, cube = 0;
  for (const double v : values) {
    const double d = v - out.mean;
    square += d * d / n;
    cube += d * d * d / n;
  }
  out.deviation = std::sqrt(square);
  if (out.deviation > 0) out.skewness = cube / (square * out.deviation);
  return out;
}

/// What the training records say about one parameter.
struct Seen {
  std::int64_t records = 0;  // that have a reading
  bool later = false;        // some reading is after the start
};

}  // namespace

double EventGrid::Scale::operator()(double x) const {
  const double inside = std::clamp(x, low, high);
  return ((log ? std::log(inside + offset) : inside) - shift) / scale;
}

EventGrid::EventGrid(const Events& events, std::span<const std::int64_t> training, EventGridOptions options)
    : options_(std::move(options)) {
  check_options();
  if (training.empty()) {
    throw Error(ErrorKind::usage, "an event grid learns from training records")
        .seen("none")
        .expected("indices of records of the events");
  }
  for (const std::int64_t record : training) {
    detail::check_index(record, events.size(), "there is no such record");
  }
  choose_parameters(events, training);
  elapsed_unit_ = options_.elapsed_unit > 0 ? options_.elapsed_unit : mean_elapsed(events, training);
}

void EventGrid::check_options() const {
  const auto refuse = [](const char* option, double seen, const char* expected) {
    throw Error(ErrorKind::usage, std::string("event grid option '") + option + "' is out of range")
        .seen(std::to_string(seen))
        .expected(expected);
  };
  const EventGridOptions& o = options_;
  if (!(o.step >= 0) || std::isinf(o.step)) refuse("step", o.step, "0 or a width in units of time");
  if (!(o.until >= 0) || std::isinf(o.until)) refuse("until", o.until, "0 or a time");
  if (!(o.min_share >= 0 && o.min_share <= 1)) refuse("min_share", o.min_share, "0 to 1");
  if (!(o.outliers >= 0 && o.outliers < 0.5)) refuse("outliers", o.outliers, "0 up to 0.5");
  if (!(o.elapsed_unit >= 0) || std::isinf(o.elapsed_unit))
    refuse("elapsed_unit", o.elapsed_unit, "0 or a time");
  if (o.combine != "last" && o.combine != "mean") {
    throw Error(ErrorKind::usage, "event grid option 'combine' is unknown")
        .seen("'" + o.combine + "'")
        .expected("'last' or 'mean'");
  }
}

namespace {

std::string note_of_left_out(const std::set<std::string>& rare, const EventGridOptions& options) {
  return std::to_string(rare.size()) +
         (options.parameters.empty() ? " parameters were left out: fewer than " + percent(options.min_share) +
                                           " of the training records have them: "
                                     : " parameters were not asked for: ") +
         detail::listed({rare.begin(), rare.end()});
}

}  // namespace

void EventGrid::choose_parameters(const Events& events, std::span<const std::int64_t> training) {
  const std::size_t count = events.parameters().size();
  std::vector<Seen> seen(count);
  std::vector<std::vector<double>> values(count);
  std::vector<std::int64_t> last_record(count, -1);
  for (std::size_t i = 0; i < training.size(); ++i) {
    for (const Reading& r : events.readings(training[i])) {
      if (options_.until > 0 && r.time >= options_.until) continue;
      const auto p = static_cast<std::size_t>(r.parameter);
      if (!detail::says_unknown(r, options_)) {
        seen[p].records += last_record[p] != static_cast<std::int64_t>(i);
        last_record[p] = static_cast<std::int64_t>(i);
        values[p].push_back(r.value);
      }
      seen[p].later = seen[p].later || r.time > 0;
    }
  }
  const auto check_read = [&](const std::string& name, const std::string& option) {
    const std::int32_t p = parameter_of(events, name);
    if (p < 0) unknown_parameter(events, name, option);
    if (seen[static_cast<std::size_t>(p)].records > 0) return static_cast<std::size_t>(p);
    throw Error(ErrorKind::data, "parameter '" + name + "' has no reading in the training records")
        .where("option '" + option + "'")
        .seen(std::to_string(training.size()) + " training records")
        .fix("leave it out, or choose other training records");
  };
  std::set<std::string> described(options_.statics.begin(), options_.statics.end()), rare;
  for (const std::string& name : described) check_read(name, "statics");
  std::vector<std::string> over_time = options_.parameters;
  for (const std::string& name : over_time) check_read(name, "parameters");
  const auto often =
      static_cast<std::int64_t>(std::ceil(options_.min_share * static_cast<double>(training.size())));
  for (std::size_t p = 0; p < count; ++p) {
    const std::string& name = events.parameters()[p];
    const bool found = seen[p].records >= std::max<std::int64_t>(often, 1);
    if (options_.statics.empty() && found && !seen[p].later) described.insert(name);
    if (options_.parameters.empty() && found && (seen[p].later || !described.contains(name)))
      over_time.push_back(name);
    if (seen[p].records > 0 && !described.contains(name) &&
        std::ranges::find(over_time, name) == over_time.end())
      rare.insert(name);
  }
  detail::sort_unique(over_time);
  if (over_time.empty()) {
    throw Error(ErrorKind::data, "no parameter is read over time in the training records")
        .seen(std::to_string(count) + " parameters, " + std::to_string(rare.size()) + " of them rare, " +
              std::to_string(described.size()) + " read at the start only")
        .fix("lower min_share, or name them in 'parameters'");
  }
  for (const std::string& name : over_time) {
    std::vector<double>& read = values[static_cast<std::size_t>(parameter_of(events, name))];
    parameters_.push_back({name, fit_scale(read)});
    if (parameters_.back().scale.low == parameters_.back().scale.high)
      notes_.push_back("parameter '" + name +
                       "' is constant; its masks and elapsed times still tell when it was read");
  }
  for (const std::string& name : described) {
    std::vector<double> known;
    const std::int32_t p = parameter_of(events, name);
    for (const std::int64_t record : training) {
      const double v = start_value(events.readings(record), p);
      if (!std::isnan(v)) known.push_back(v);
    }
    if (known.empty()) {
      throw Error(ErrorKind::data, "descriptor '" + name + "' is never read at time 0 or before")
          .where("option 'statics'")
          .fix("take it out; what is read later belongs to 'parameters'");
    }
    add_descriptor(name, known, static_cast<std::int64_t>(training.size()));
  }
  left_out_.assign(rare.begin(), rare.end());
  if (!rare.empty()) notes_.push_back(note_of_left_out(rare, options_));
}

EventGrid::Scale EventGrid::fit_scale(std::vector<double> values) const {
  std::ranges::sort(values);
  Scale scale;
  scale.low = detail::quantile_of_sorted(values, options_.outliers);
  scale.high = detail::quantile_of_sorted(values, 1 - options_.outliers);
  for (double& v : values) v = std::clamp(v, scale.low, scale.high);
  Moments moments = moments_of(values);
  if (options_.log_skewed && scale.low >= 0 && moments.skewness > 1) {
    // Zero has no logarithm: it then counts as a tenth of what is usual where there is something.
    const auto positive = std::ranges::upper_bound(values, 0.0);
    scale.log = true;
    scale.offset =
        scale.low > 0 ? 0 : 0.1 * detail::quantile_of_sorted(std::span(positive, values.end()), 0.5);
    for (double& v : values) v = std::log(v + scale.offset);
    moments = moments_of(values);
  }
  scale.shift = moments.mean;
  scale.scale = moments.deviation;
  if (scale.low == scale.high || !(scale.scale > 0)) scale.scale = 1;
  return scale;
}

void EventGrid::add_descriptor(const std::string& name, const std::vector<double>& values,
                               std::int64_t records) {
  Descriptor descriptor{.name = name};
  std::set<double> different;
  for (const double v : values) {
    different.insert(v);
    if (static_cast<std::int64_t>(different.size()) > options_.max_categories) break;
  }
  const bool whole = std::ranges::all_of(different, [](double v) { return v == std::floor(v); });
  if (whole && static_cast<std::int64_t>(different.size()) <= options_.max_categories) {
    descriptor.categories.assign(different.begin(), different.end());
  } else {
    descriptor.scale = fit_scale(values);
    descriptor.flag = static_cast<std::int64_t>(values.size()) < records;
  }
  descriptors_.push_back(std::move(descriptor));
}

double EventGrid::start_value(std::span<const Reading> readings, std::int32_t parameter) const {
  double sum = 0, time = -std::numeric_limits<double>::infinity();
  std::int64_t count = 0;
  for (const Reading& r : readings) {
    if (r.time > 0) break;
    if (r.parameter != parameter || detail::says_unknown(r, options_)) continue;
    if (r.time != time) sum = 0, count = 0, time = r.time;
    sum += r.value;
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

std::vector<std::string> EventGrid::parameters() const {
  std::vector<std::string> names;
  for (const Parameter& p : parameters_) names.push_back(p.name);
  return names;
}

std::vector<std::string> EventGrid::static_columns() const {
  std::vector<std::string> names;
  for (const Descriptor& d : descriptors_) {
    for (const double category : d.categories)
      names.push_back(d.name + "=" + Column("", std::vector<double>{category}).text(0));
    if (d.categories.empty()) names.push_back(d.name);
    if (d.flag) names.push_back(d.name + " known");
  }
  return names;
}

}  // namespace rondo
