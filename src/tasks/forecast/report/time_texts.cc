#include "tasks/forecast/report/time_texts.h"

#include <optional>

namespace rondo::forecasting {
namespace {

constexpr std::size_t kFewUsers = 4;

/// Tells lists apart: equal ones have equal keys, others do not but by an accident of 64 bits and both ends.
/// All times of a table are written in one way.
std::string key(const TimeRows& times) {
  if (times.size() == 0) return {};
  std::uint64_t hash = times.size();
  for (std::size_t i = 0; i < times.size(); ++i)
    hash = hash * 1'000'003 + static_cast<std::uint64_t>(times.tick(i));
  const std::size_t last = times.size() - 1;
  return std::to_string(times.tick(0)) + ' ' + std::to_string(times.tick(last)) + ' ' + std::to_string(hash);
}

std::optional<std::int64_t> counted_from(const TimeRows& times) {
  const std::int64_t first = times.tick(0);
  for (std::size_t i = 0; i < times.size(); ++i)
    if (times.tick(i) != first + static_cast<std::int64_t>(i)) return std::nullopt;
  if (times.text(0) != std::to_string(first)) return std::nullopt;
  return first;
}

}  // namespace

TimeTexts::TimeTexts(const std::vector<ForecastSeries>& series, bool shared) {
  if (!shared) return;
  for (const ForecastSeries& one : series)
    for (const TimeRows& times : {TimeRows::all_of(one.times), TimeRows::all_of(one.future_times),
                                  latest_forecasts(one).times, one_step_residuals(one).times})
      ++users_[key(times)];
}

Json TimeTexts::operator()(const TimeRows& times, std::span<const std::size_t> rows) {
  const auto user = times.size() == 0 ? users_.end() : users_.find(key(times));
  if (user != users_.end()) {
    if (const std::optional<std::int64_t> first = counted_from(times))
      return Json::object({{"from", *first}});
    if (user->second >= kFewUsers) return Json::object({{"list", list_of(times)}});
  }
  Json picked = Json::array();
  for (const std::size_t row : rows) picked.push_back(times.text(row));
  return picked;
}

std::int64_t TimeTexts::list_of(const TimeRows& times) {
  const auto [found, fresh] = known_.try_emplace(key(times), static_cast<std::int64_t>(known_.size()));
  if (!fresh) return found->second;
  Json texts = Json::array();
  for (std::size_t i = 0; i < times.size(); ++i) {
    texts.push_back(times.text(i));
    bytes_ += times.text(i).size() + 3;
  }
  lists_.push_back(std::move(texts));
  return found->second;
}

}  // namespace rondo::forecasting
