#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "data/events/event_steps.h"
#include "rondo/base/error.h"
#include "rondo/base/options.h"
#include "rondo/data/events.h"

// What an EventGrid makes of records, and how it is saved.

namespace rondo {
namespace {

/// For every parameter of the events its place in `names`, or -1.
template <class Named>
std::vector<std::int64_t> slots(const Events& events, const std::vector<Named>& named) {
  std::map<std::string_view, std::int64_t> place;
  for (std::size_t i = 0; i < named.size(); ++i) place.emplace(named[i].name, static_cast<std::int64_t>(i));
  std::vector<std::int64_t> out;
  for (const std::string& name : events.parameters()) {
    const auto found = place.find(name);
    out.push_back(found == place.end() ? -1 : found->second);
  }
  return out;
}

}  // namespace

double EventGrid::mean_elapsed(const Events& events, std::span<const std::int64_t> training) const {
  const std::vector<std::int64_t> slot_of = slots(events, parameters_);
  double sum = 0;
  std::int64_t count = 0;
  for (const std::int64_t record : training) {
    const auto steps = detail::steps_of(events.readings(record), slot_of, parameter_count(), options_);
    for (const double e : detail::elapsed_times(steps, parameter_count())) sum += e, ++count;
  }
  return sum > 0 ? sum / static_cast<double>(count) : 1;
}

EventArrays EventGrid::arrays(const Events& events, std::span<const std::int64_t> records,
                              DType dtype) const {
  const std::vector<std::int64_t> slot_of = slots(events, parameters_);
  const std::int64_t width = parameter_count();
  const auto described = static_cast<std::int64_t>(static_columns().size());
  std::vector<double> statics(records.size() * static_cast<std::size_t>(described), 0.0);
  std::vector<Tensor> sequences;
  std::int64_t early = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    detail::check_index(records[i], events.size(), "there is no such record");
    const std::span<const Reading> readings = events.readings(records[i]);
    const detail::RecordSteps steps = detail::steps_of(readings, slot_of, width, options_);
    const std::vector<double> elapsed = detail::elapsed_times(steps, width);
    early += steps.early;
    const auto count = static_cast<std::int64_t>(steps.times.size());
    Tensor sequence({count, 3 * width}, dtype);
    with_dtype(dtype, [&]<class T>(T) {
      T* out = sequence.data<T>().data();
      for (std::int64_t c = 0; c < width; ++c) {
        T value{0};
        for (std::int64_t t = 0; t < count; ++t) {
          const double read = steps.values[static_cast<std::size_t>(t * width + c)];
          if (!std::isnan(read)) value = static_cast<T>(parameters_[static_cast<std::size_t>(c)].scale(read));
          T* row = out + t * 3 * width;
          row[c] = value;
          row[width + c] = std::isnan(read) ? T{0} : T{1};
          row[2 * width + c] =
              static_cast<T>(elapsed[static_cast<std::size_t>(t * width + c)] / elapsed_unit_);
        }
      }
    });
    sequences.push_back(std::move(sequence));
    fill_statics(events, readings,
                 std::span(statics).subspan(i * static_cast<std::size_t>(described),
                                            static_cast<std::size_t>(described)));
  }
  EventArrays out;
  out.sequences = Samples::ragged(sequences);
  out.statics =
      Tensor::from(std::span<const double>(statics), {static_cast<std::int64_t>(records.size()), described})
          .cast(dtype);
  if (early > 0) {
    out.notes.push_back(std::to_string(early) + " readings before time 0 are in no step");
  }
  note_left_out(events, records, out.notes);
  return out;
}

void EventGrid::fill_statics(const Events& events, std::span<const Reading> readings,
                             std::span<double> row) const {
  std::size_t column = 0;
  for (const Descriptor& d : descriptors_) {
    const auto names = events.parameters();
    const auto found = std::ranges::find(names, d.name);
    const bool there = found != names.end();
    const double v = there ? start_value(readings, static_cast<std::int32_t>(found - names.begin()))
                           : std::numeric_limits<double>::quiet_NaN();
    for (const double category : d.categories) row[column++] = v == category ? 1 : 0;
    if (d.categories.empty()) row[column++] = std::isnan(v) ? 0 : d.scale(v);
    if (d.flag) row[column++] = std::isnan(v) ? 0 : 1;
  }
}

void EventGrid::note_left_out(const Events& events, std::span<const std::int64_t> records,
                              std::vector<std::string>& notes) const {
  std::vector<std::int64_t> slot_of = slots(events, parameters_), described = slots(events, descriptors_);
  std::map<std::string_view, std::int64_t> unknown;
  std::int64_t late = 0, readings = 0;
  for (const std::int64_t record : records) {
    for (const Reading& r : events.readings(record)) {
      const auto p = static_cast<std::size_t>(r.parameter);
      late += options_.until > 0 && r.time >= options_.until;
      if (slot_of[p] >= 0 || described[p] >= 0) continue;
      const std::string& name = events.parameters()[p];
      if (std::ranges::find(left_out_, name) == left_out_.end()) ++unknown[name], ++readings;
    }
  }
  if (late > 0)
    notes.push_back(std::to_string(late) + " readings at the end of the window or later are not used");
  if (unknown.empty()) return;
  std::string list;
  for (const auto& [name, count] : unknown) {
    list += (list.empty() ? "" : ", ") + std::string(name) + " (" + std::to_string(count) + ")";
  }
  notes.push_back(std::to_string(readings) +
                  " readings of parameters that the training records do not have: " + list);
}

Json EventGrid::to_config() const {
  const auto scale = [](const Scale& s) {
    return Json::object({{"low", s.low},
                         {"high", s.high},
                         {"shift", s.shift},
                         {"scale", s.scale},
                         {"log", s.log},
                         {"offset", s.offset}});
  };
  Json parameters = Json::array(), descriptors = Json::array();
  for (const Parameter& p : parameters_)
    parameters.push_back(Json::object({{"name", p.name}, {"scale", scale(p.scale)}}));
  for (const Descriptor& d : descriptors_) {
    descriptors.push_back(Json::object({{"name", d.name},
                                        {"categories", Json::list(d.categories)},
                                        {"scale", scale(d.scale)},
                                        {"flag", d.flag}}));
  }
  return Json::object({{"options", rondo::to_config(options_)},
                       {"parameters", parameters},
                       {"descriptors", descriptors},
                       {"left_out", Json::list(left_out_)},
                       {"elapsed_unit", elapsed_unit_}});
}

EventGrid EventGrid::from_config(const Json& config, std::string_view path) {
  const std::string at(path);
  EventGrid grid;
  read_options(grid.options_, config.at("options", path), at + ".options");
  grid.check_options();
  const auto read_scale = [&](const Json& c, const std::string& where) {
    const auto number = [&](const char* key) { return c.at(key, where).as_real(where + "." + key); };
    Scale s{number("low"),
            number("high"),
            number("shift"),
            number("scale"),
            c.at("log", where).as_bool(where + ".log"),
            number("offset")};
    if (s.low <= s.high && s.scale > 0 && (!s.log || s.low + s.offset > 0)) return s;
    throw Error(ErrorKind::usage, "a scale makes no sense")
        .where(where)
        .expected("low <= high, scale > 0 and, with log, low + offset > 0");
  };
  for (const Json& p : config.at("parameters", path).as_array(at + ".parameters")) {
    const std::string where = at + ".parameters";
    grid.parameters_.push_back(
        {p.at("name", where).as_string(where + ".name"), read_scale(p.at("scale", where), where + ".scale")});
  }
  for (const Json& d : config.at("descriptors", path).as_array(at + ".descriptors")) {
    const std::string where = at + ".descriptors";
    Descriptor descriptor{.name = d.at("name", where).as_string(where + ".name")};
    for (const Json& c : d.at("categories", where).as_array(where + ".categories"))
      descriptor.categories.push_back(c.as_real(where + ".categories"));
    descriptor.scale = read_scale(d.at("scale", where), where + ".scale");
    descriptor.flag = d.at("flag", where).as_bool(where + ".flag");
    grid.descriptors_.push_back(std::move(descriptor));
  }
  for (const Json& name : config.at("left_out", path).as_array(at + ".left_out"))
    grid.left_out_.push_back(name.as_string(at + ".left_out"));
  grid.elapsed_unit_ = config.at("elapsed_unit", path).as_real(at + ".elapsed_unit");
  if (!(grid.elapsed_unit_ > 0) || grid.parameters_.empty()) {
    throw Error(ErrorKind::usage, "an event grid has parameters and a unit of elapsed times")
        .where(at)
        .expected("elapsed_unit > 0 and at least one parameter");
  }
  return grid;
}

}  // namespace rondo
