#include "tasks/report/time_texts.h"

#include <cstdlib>
#include <functional>

namespace rondo {
namespace {

using nlohmann::json;

constexpr std::size_t kFewUsers = 4;

/// Tells lists apart: equal ones have equal keys, others do not but by an accident of 64 bits and both ends.
std::string key(const std::vector<std::string>& times) {
  if (times.empty()) return {};
  std::size_t hash = times.size();
  for (const std::string& time : times) hash = hash * 1'000'003 + std::hash<std::string>{}(time);
  return times.front() + '\n' + times.back() + '\n' + std::to_string(hash);
}

std::optional<long long> counted_from(const std::vector<std::string>& times) {
  char* end = nullptr;
  const long long first = std::strtoll(times.front().c_str(), &end, 10);
  if (*end != '\0') return std::nullopt;
  for (std::size_t i = 0; i < times.size(); ++i)
    if (times[i] != std::to_string(first + static_cast<long long>(i))) return std::nullopt;
  return first;
}

}  // namespace

TimeTexts::TimeTexts(const std::vector<ReportSeries>& series, bool shared) {
  if (!shared) return;
  for (const ReportSeries& one : series)
    for (const auto* times : {&one.times, &one.forecast.times, &one.backtest.times, &one.one_step.times})
      ++users_[key(*times)];
}

json TimeTexts::operator()(const std::vector<std::string>& times, std::span<const std::size_t> rows) {
  const auto user = users_.find(key(times));
  if (user != users_.end() && !times.empty()) {
    if (const std::optional<long long> first = counted_from(times)) return {{"from", *first}};
    if (user->second >= kFewUsers) return {{"list", list_of(times)}};
  }
  json picked = json::array();
  for (const std::size_t row : rows) picked.push_back(times[row]);
  return picked;
}

std::size_t TimeTexts::list_of(const std::vector<std::string>& times) {
  const auto [found, fresh] = known_.try_emplace(key(times), lists_.size());
  if (fresh) {
    lists_.push_back(times);
    for (const std::string& time : times) bytes_ += time.size() + 3;
  }
  return found->second;
}

}  // namespace rondo
